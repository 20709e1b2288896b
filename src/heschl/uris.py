"""URIs with their paths written out, so that they mean the same from any folder."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote

__all__ = ["anywhere"]

_OF_NAMES = ("audio2025", "s3prl", "untrained")
"""Schemes whose location is a name, whatever lies in the working directory under that name."""

_PARTS = re.compile(r"([^?:]*)([^?]*)(.*)", re.DOTALL)
_SETTING = re.compile(r"(?<==)[^&]*/[^&]*")


def anywhere(uri: str) -> str:
    """Return a URI in which what is a path here is an absolute one; ids stay as they are.

    >>> anywhere("logmel"), anywhere("hf:no/such/folder@main")
    ('logmel', 'hf:no/such/folder@main')
    >>> anywhere("file:.:Net") == f"file:{Path.cwd()}:Net"
    True
    """
    scheme, colon, rest = uri.partition(":")
    if not colon:
        return uri
    path, attribute, settings = _PARTS.match(rest).groups()  # type: ignore[union-attr]  # it matches any text
    if path and scheme not in _OF_NAMES and _is_there(path):
        path = str(Path(path).expanduser().resolve())

    def written_out(value: re.Match[str]) -> str:
        text = unquote(value[0])
        return quote(str(Path(text).expanduser().resolve())) if _is_there(text) else value[0]

    return f"{scheme}:{path}{attribute}{_SETTING.sub(written_out, settings)}"


def _is_there(path: str) -> bool:
    try:
        return Path(path).expanduser().exists()
    except (OSError, RuntimeError):  # too long for a name, or no such user
        return False
