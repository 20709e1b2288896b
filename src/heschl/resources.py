"""Tables that lie beside the code of a package, or in a file of the user's."""

from __future__ import annotations

import importlib.resources
import re
from pathlib import Path

from heschl.errors import CorruptData, MissingData

__all__ = ["read_text"]

_MAXIMUM_BYTES = 32 * 2**20


def read_text(resource: str | Path) -> str:
    """Return the text of ``"package:relative/path"``, or of a file.

    >>> read_text("heschl.data_registry:lebel_moth/manifest.tsv").splitlines()[0]
    '# dataset: ds003020'
    """
    if isinstance(resource, str) and re.fullmatch(r"[\w.]+:[^\\].*", resource):
        package, _, relative = resource.partition(":")
        location = importlib.resources.files(package).joinpath(relative)
        if not location.is_file():
            raise MissingData(f"{package} holds no {relative}; is the package installed whole?")
        data = location.read_bytes()
    else:
        path = Path(resource)
        if not path.is_file():
            raise MissingData(f"{path} is not a file; give a path or 'package:path'")
        if path.stat().st_size > _MAXIMUM_BYTES:
            raise CorruptData(
                f"{path} has {path.stat().st_size} bytes; a table has at most {_MAXIMUM_BYTES}"
            )
        data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptData(f"{resource} is not UTF-8 text: {error}") from error
