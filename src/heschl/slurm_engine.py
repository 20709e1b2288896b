"""Cells as job arrays of Slurm, through submitit.

Each job takes a part of the cells of a stage, one after the other. A job that is preempted or runs
out of time goes back into the queue: what it has finished is in the store.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import Any

from heschl.errors import MissingExtra

__all__ = ["JobLost", "SlurmEngine"]

_POLL_S = 2.0


class JobLost(BrokenExecutor):
    """A job ended without a word; its cells may be tried again."""


class SlurmEngine:
    """Slurm by default; ``cluster="local"`` runs the same jobs as processes here.

    Parameters
    ----------
    folder
        For what submitit writes: the jobs, their results and logs. All machines must see it.
    n_jobs
        Into how many jobs of an array a stage is cut at most.
    cluster
        ``slurm``, or ``local`` to try it out.
    parameters
        As submitit's ``AutoExecutor.update_parameters`` takes them: ``timeout_min``, ``mem_gb``,
        ``gpus_per_node``, ``slurm_partition``, …
    """

    def __init__(
        self,
        folder: Path,
        *,
        n_jobs: int = 32,
        cluster: str = "slurm",
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        try:
            import submitit
        except ImportError as error:
            raise MissingExtra(
                'job arrays need submitit, which is not installed; run: pip install "heschl[slurm]"'
            ) from error
        self.n_workers = n_jobs
        self.logs = folder
        self._executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        self._executor.update_parameters(**dict(parameters or {}))
        self._jobs: list[Any] = []

    def submit(self, call: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Schedule ``call(*args)`` as a job of its own."""
        return self.submit_all(call, [args])[0]

    def submit_all(
        self, call: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]
    ) -> list[Future[Any]]:
        """Schedule a call for each of ``arguments`` (call, argument) in one job array."""
        parts = [arguments[start :: self.n_workers] for start in range(self.n_workers)]
        parts = [part for part in parts if part]
        futures: dict[int, Future[Any]] = {index: Future() for index in range(len(arguments))}
        with self._executor.batch():
            jobs = [self._executor.submit(_Part(call), part) for part in parts]
        self._jobs += jobs
        for future in futures.values():
            future.set_running_or_notify_cancel()
        for start, job in enumerate(jobs):
            own = [futures[index] for index in range(start, len(arguments), self.n_workers)]
            threading.Thread(target=_settle, args=(job, own), daemon=True).start()
        return list(futures.values())

    def close(self) -> None:
        """Cancel whatever has not ended."""
        for job in self._jobs:
            if not job.done():
                job.cancel()


class _Part:
    """The calls of one job, one after the other."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __call__(self, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [self.call(*each) for each in arguments]

    def checkpoint(self, arguments: Sequence[tuple[Any, ...]]) -> Any:
        """Go back into the queue with everything: cells that are finished take no time again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, arguments)


def _settle(job: Any, futures: Sequence[Future[Any]]) -> None:  # a job of submitit
    """Wait for a job and hand its results over."""
    while not job.done():
        time.sleep(_POLL_S)
    try:
        results = job.results()[0]
    except Exception as error:  # noqa: BLE001  whatever ended a job, its log says more
        tail = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        loss = JobLost(f"job {job.job_id} ended early ({tail[0]}); see {job.paths.stderr}")
        for future in futures:
            future.set_exception(loss)
        return
    for future, result in zip(futures, results, strict=True):
        future.set_result(result)
