"""What `plan` and `run --plan` print of costs, and what they refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from heschl.capacity import refused_memory, refused_room
from heschl.costs import Cost
from heschl.progress import readable_size
from heschl.store import Store
from heschl.wording import counted, some

__all__ = ["cost_record", "readable_duration", "refusals_of", "sum_of", "table_of"]


def cost_record(cost: Cost) -> dict[str, Any]:
    """Return a cost for JSON."""
    return {
        **asdict(cost),
        "seconds": cost.seconds,
        "processor_s": cost.processor_s,
        "device_s": cost.device_s,
        "memory": cost.memory,
    }


def table_of(cost: Cost) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows, one for each stage."""
    rows = [
        [
            stage.stage,
            str(stage.n_cells),
            str(stage.n_cached),
            readable_size(stage.n_bytes),
            "not known" if stage.seconds is None else readable_duration(stage.seconds),
            "not known" if stage.memory is None else readable_size(stage.memory),
            stage.on,
        ]
        for stage in cost.stages
    ]
    return ["stage", "cells", "cached", "to store", "time", "memory", "on"], rows


def sum_of(costs: Sequence[Cost]) -> str:
    """Return in one sentence what plans take together."""
    n_cells, n_cached = (sum(getattr(c, name) for c in costs) for name in ("n_cells", "n_cached"))
    processor_s, device_s = (
        sum(getattr(cost, name) for cost in costs) for name in ("processor_s", "device_s")
    )
    memory = max((cost.memory for cost in costs), default=0.0)
    words = [
        f"{counted(n_cells, 'cell')}, {n_cached / max(n_cells, 1):.0%} cached",
        f"{_hours(processor_s)} of a processor",
        f"{_hours(device_s)} of a graphics card",
        f"{readable_size(memory)} of memory a worker",
    ]
    unknown = list(dict.fromkeys(stage for cost in costs for stage in cost.unknown))
    without = f", without {some(unknown)}, whose time is not known before" if unknown else ""
    return "; ".join(words) + without


def refusals_of(cost: Cost, store: Store, engine: str | None = None) -> list[str]:
    """Return why a plan cannot be run, with what to change."""
    found = (
        refused_memory(cost.memory, engine),
        refused_room(cost.n_bytes_stored, store.folder),
    )
    return [refusal for refusal in found if refusal]


def readable_duration(seconds: float) -> str:
    """Return a time in the unit that suits it.

    >>> readable_duration(5), readable_duration(90), readable_duration(7200)
    ('5 s', '1.5 min', '2.0 h')
    """
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2g} h" if seconds else "0 h"
