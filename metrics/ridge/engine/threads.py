"""The threads of a solution: one problem at a time, one BLAS thread in each of its own threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import TypeVar

from threadpoolctl import threadpool_info

__all__ = ["ENGINE", "blas_threads", "run"]

ENGINE = RLock()
"""One problem at a time: it takes all cores, and sets the threads of BLAS while it does."""


def blas_threads() -> int:
    """Return how many threads BLAS has now."""
    counts = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
    return max(counts, default=os.cpu_count() or 1)


_Item = TypeVar("_Item")


def run(pool: ThreadPoolExecutor, work: Callable[[_Item], None], items: Iterable[_Item]) -> None:
    """Do the work for every item, and raise what it raises."""
    for _ in pool.map(work, items):
        pass
