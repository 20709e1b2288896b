"""What a folder of tuning says of itself, in files of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from heschl.errors import CorruptData
from heschl.untrusted import read_bytes

__all__ = ["read_record"]

_MOST_BYTES = 16 << 20


def read_record(path: Path) -> dict[str, Any]:
    """Return what ``card.json`` or ``plan.json`` of a tuned model's folder says."""
    try:
        found = json.loads(read_bytes(path, at_most=_MOST_BYTES))
        problem = "" if isinstance(found, dict) else f"it holds {type(found).__name__}"
    except (ValueError, RecursionError, CorruptData) as error:  # of decoding, too
        found, problem = {}, str(error)
    if problem:
        raise CorruptData(
            f"{path} is not what `heschl tune` wrote ({problem}); copy the folder again, or remove "
            "it and tune again"
        )
    record: dict[str, Any] = found
    return record
