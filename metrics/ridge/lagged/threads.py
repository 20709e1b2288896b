"""Independent pieces of work, one on each thread instead of each on all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from heschl.metrics.ridge.engine.threads import run

__all__ = ["blas_threads", "run_each"]

_Item = TypeVar("_Item")

LEAST_ORDER = 128
"""Matrices smaller than this are done before another thread has woken up."""


@functools.cache
def _blas() -> ThreadpoolController:
    """Look for BLAS once: it takes longer than a small product."""
    return ThreadpoolController().select(user_api="blas")


def blas_threads() -> int:
    """Return how many threads BLAS has now: one, in the midst of `run_each`."""
    return max((library["num_threads"] for library in _blas().info()), default=1)


def run_each(work: Callable[[_Item], None], items: Iterable[_Item], *, order: int) -> None:
    """Do ``work`` for all items, as many at a time as BLAS has threads, each with one of its own.

    Factorisations of matrices of an ``order`` of hundreds gain nothing from
    more threads, and wait for them. NumPy and SciPy have a BLAS each, whose idle
    threads keep the other's from their cores. Their number is one for the whole
    process meanwhile, so that callers hold the `ENGINE`.

    >>> found = []
    >>> run_each(found.append, [1, 2], order=500)
    >>> sorted(found)
    [1, 2]
    """
    n_threads = blas_threads() if order >= LEAST_ORDER else 1
    with _blas().limit(limits=1), ThreadPoolExecutor(n_threads) as pool:
        run(pool, work, items)
