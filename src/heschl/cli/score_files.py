"""Names of the files that scores are written to."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from heschl.scores import Score

__all__ = ["file_of"]

_LONGEST_WORD = 60


def file_of(result: Score, folder: Path) -> Path:
    """Return a place in a folder that names the score and that no other configuration shares."""
    digest = str(result.provenance["configuration_digest"])[:8]
    kind = str(result.tree.attrs["data_kind"])
    words = [result.model, result.benchmark, kind, digest]
    name = "--".join(_file_word(word) for word in words)
    return folder / f"{name}.nc"


def _file_word(word: str) -> str:
    """Return a word as part of a file's name, none like another's and none too long for a disk."""
    plain = re.sub(r"[^A-Za-z0-9._@+-]+", "_", word)
    if plain == word and len(word) <= _LONGEST_WORD:
        return plain
    return f"{plain[-_LONGEST_WORD:]}~{hashlib.sha256(word.encode()).hexdigest()[:8]}"
