"""Transfers: the bytes of one file from one place, from a given offset on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

__all__ = ["PassingFault", "Refusal", "Transfer", "Unreachable", "open_transfer"]

_BLOCK_BYTES = 2**16
_WHOLE, _PARTIAL, _TIMEOUT, _BEYOND_END, _TOO_MANY, _SERVER_ERROR = 200, 206, 408, 416, 429, 500


class Refusal(Exception):
    """A place does not give the file; another may."""


class PassingFault(Exception):
    """An attempt failed in a way that may pass."""


class Unreachable(PassingFault):
    """No connection could be made at all, which says the same of everything at that host."""


@dataclass(frozen=True)
class Transfer:
    """What a place is about to send."""

    offset: int
    """Where in the file the first byte belongs: what was asked, or 0."""
    size: int | None
    """The size of the whole file, if the place tells it."""
    blocks: Iterator[bytes]


@contextlib.contextmanager
def open_transfer(
    place: str, offset: int, *, session: requests.Session, timeout_s: float
) -> Iterator[Transfer]:
    """Open a path or an http address to read from ``offset`` on.

    Raises
    ------
    Refusal, PassingFault
        On opening, or inside of the ``with`` block while the blocks are read.
    """
    if urlsplit(place).scheme in ("http", "https"):
        with _open_http(place, offset, session, timeout_s) as transfer:
            yield transfer
        return
    path = Path(place)
    if not path.is_file():
        raise Refusal("there is no such file")
    with path.open("rb") as stream:
        stream.seek(offset)
        blocks = iter(lambda: stream.read(_BLOCK_BYTES), b"")
        yield Transfer(offset, path.stat().st_size, blocks)


@contextlib.contextmanager
def _open_http(
    address: str, offset: int, session: requests.Session, timeout_s: float
) -> Iterator[Transfer]:
    # Identity: a compressed transfer has neither the offsets nor the length of the file.
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        with session.get(address, headers=headers, stream=True, timeout=timeout_s) as response:
            status = response.status_code
            if status in (_TIMEOUT, _TOO_MANY) or status >= _SERVER_ERROR:
                raise PassingFault(f"the server answers {status} {response.reason}")
            if status == _BEYOND_END:
                raise Refusal(f"it has fewer than the {offset} bytes that are here already")
            if status not in (_WHOLE, _PARTIAL):
                raise Refusal(f"the server answers {status} {response.reason}")
            first, size = _granted(status, response.headers)
            if first not in (0, offset):
                raise Refusal(f"the server sends from byte {first} where {offset} was asked")
            yield Transfer(first, size, response.iter_content(_BLOCK_BYTES))
    except requests.exceptions.RequestException as error:
        kind = Unreachable if _is_unconnected(error) else PassingFault
        raise kind(_plainly(error)) from error


def _is_unconnected(error: requests.exceptions.RequestException) -> bool:
    # A connection that was made and dropped is a ConnectionError too, of another cause.
    return isinstance(error, requests.exceptions.ConnectionError) and any(
        isinstance(cause, urllib3.exceptions.MaxRetryError) for cause in error.args
    )


def _plainly(error: requests.exceptions.RequestException) -> str:
    """Say what went wrong without the pools and retries that it went through."""
    if isinstance(error, requests.exceptions.SSLError):
        return f"no secure connection: {error}"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.exceptions.ReadTimeout):
        return "no answer in time"
    host = urlsplit(error.request.url or "").hostname if error.request is not None else None
    if isinstance(error, requests.exceptions.ConnectionError) and host:
        return f"no connection to {host}"
    return f"{type(error).__name__}: {error}"


def _granted(status: int, headers: Mapping[str, str]) -> tuple[int, int | None]:
    """Return where the answer starts, and the size of the whole file if told."""
    if status == _WHOLE:
        length = headers.get("Content-Length", "")
        return 0, int(length) if length.isdigit() else None
    unit, _, span = headers.get("Content-Range", "").partition(" ")
    bounds, _, size = span.partition("/")
    first = bounds.partition("-")[0]
    if unit != "bytes" or not first.isdigit():
        raise Refusal("the server sends a part without saying which")
    return int(first), int(size) if size.isdigit() else None
