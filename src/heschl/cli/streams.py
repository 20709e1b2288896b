"""Where commands write: what must be printable in any locale, to a closed or a full output."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from heschl.errors import DiskRefused

__all__ = ["finish_output", "is_unicode", "prepare_streams", "write"]


def prepare_streams() -> None:
    """Let standard output and error be there and take every text, whatever the locale."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us (`>&-`), who wants to read nothing
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif isinstance(stream, io.TextIOWrapper):
            # Signs that the locale lacks are spelled out, and so are bytes of a name of a file.
            stream.reconfigure(errors="backslashreplace")


def is_unicode(stream: TextIO) -> bool:
    """Say whether a stream takes every sign as it is.

    >>> is_unicode(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    False
    """
    try:
        return codecs.lookup(stream.encoding or "utf-8").name.startswith("utf")
    except (AttributeError, LookupError):  # somebody's stream, such as that of a notebook
        return True


def write(stream: TextIO, text: str) -> None:
    """Write, or say that whatever the output goes to refuses it."""
    with _printable(stream):
        stream.write(text)


def finish_output() -> None:
    """Have written what still waits in standard output."""
    with _printable(sys.stdout):
        sys.stdout.flush()


@contextmanager
def _printable(stream: TextIO) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader has read enough, which is no fault
        raise
    except OSError as error:
        # What waits would be tried once more when Python ends, and end in a trace.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        raise DiskRefused(
            f"what was found cannot be printed ({error}): print it elsewhere; what was computed is "
            "kept, so that the same command finds it again"
        ) from error
