"""Worker processes on this machine, each held to its share of processors and graphics cards."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

__all__ = ["Processes"]

Result = TypeVar("Result")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Processes:
    """A pool that begins anew when a worker dies, as `heschl.execution` tries what was lost again.

    Parameters
    ----------
    n_workers
        How many processes.
    n_threads
        Of linear algebra in each; by default the processors are shared out.
    gpus
        Names of graphics cards as ``CUDA_VISIBLE_DEVICES`` takes them: each worker sees one.
    """

    def __init__(
        self, n_workers: int, *, n_threads: int | None = None, gpus: Sequence[str] = ()
    ) -> None:
        self.n_workers = n_workers
        self._n_threads = n_threads or max(1, (os.cpu_count() or 1) // n_workers)
        self._gpus = tuple(gpus)
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPoolExecutor:
        # A forked child inherits threads and locks in whatever state they are.
        context = get_context("spawn")
        return ProcessPoolExecutor(
            self.n_workers,
            mp_context=context,
            initializer=_prepare,
            initargs=(self._n_threads, self._gpus, context.Value("i", 0)),
        )

    def submit(self, call: Callable[..., Result], /, *args: Any) -> Future[Result]:
        """Schedule ``call(*args)``, in new processes if one has died."""
        try:
            return self._pool.submit(call, *args)
        except BrokenProcessPool:
            self._pool.shutdown(wait=False)
            self._pool = self._new_pool()
            return self._pool.submit(call, *args)

    def close(self) -> None:
        """End the processes; what has not begun is dropped."""
        self._pool.shutdown(cancel_futures=True)


def _prepare(n_threads: int, gpus: Sequence[str], n_started: Any) -> None:  # a shared counter
    """Hold a new process to its share, before any library counts processors or cards."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    with n_started.get_lock():
        number = n_started.value
        n_started.value += 1
    for name in _THREADS:
        os.environ[name] = str(n_threads)
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]
    from threadpoolctl import threadpool_limits

    threadpool_limits(n_threads)  # of libraries that are loaded by now


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, which could not say so if killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
