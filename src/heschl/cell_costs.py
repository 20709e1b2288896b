"""What a cell costs, as benchmarks say it and plans add it up."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CellCost"]


@dataclass(frozen=True)
class CellCost:
    """Of cells that are made together by one worker.

    Parameters
    ----------
    seconds
        Of a processor, or of the device that the work is done on.
    memory
        Bytes at the peak, beside what a process takes anyway.
    """

    seconds: float
    memory: float
