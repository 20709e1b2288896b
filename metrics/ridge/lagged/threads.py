"""Independent pieces of work, one on each thread instead of each on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_info, threadpool_limits

__all__ = ["run_each"]

_Item = TypeVar("_Item")


LEAST_ORDER = 128
"""Matrices smaller than this are done before another thread has woken up."""


def run_each(work: Callable[[_Item], None], items: Iterable[_Item], *, order: int) -> None:
    """Do ``work`` for all items, as many at a time as BLAS has threads.

    Factorisations of matrices of an ``order`` of hundreds gain nothing from
    more threads, and wait for them.

    >>> found = []
    >>> run_each(found.append, [1, 2], order=500)
    >>> sorted(found)
    [1, 2]
    """
    if order < LEAST_ORDER:
        for item in items:
            work(item)
        return
    pools = threadpool_info()
    n_threads = max(
        (each["num_threads"] for each in pools if each["user_api"] == "blas"), default=1
    )
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(n_threads) as pool,
    ):
        for _ in pool.map(work, items):
            pass
