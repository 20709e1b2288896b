"""Cells as job arrays of Slurm, through submitit.

Each job takes a part of the cells of a stage, one after the other. A job that is preempted or runs
out of time goes back into the queue: what it has finished is in the store. Of one that dies, the
call is lost that it was at, and a job of their own takes the others.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heschl.errors import MissingExtra

__all__ = ["JobLost", "SlurmEngine"]

_FIRST_POLL_S, _POLL_S = 0.1, 2.0
"""How soon to look after a job, and how often in the long run."""


_Promised = Sequence[tuple[tuple[Any, ...], Future[Any]]]
"""Arguments of calls, each with the future of its result."""


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
        self._lock = threading.Lock()
        self._is_closed = False

    def submit(self, call: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Schedule ``call(*args)`` as a job of its own."""
        return self.submit_all(call, [args])[0]

    def submit_all(
        self, call: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]
    ) -> list[Future[Any]]:
        """Schedule a call for each of ``arguments`` (call, argument) in one job array."""
        promised = [(each, Future[Any]()) for each in arguments]
        for _, future in promised:
            future.set_running_or_notify_cancel()
        parts = [promised[start :: self.n_workers] for start in range(self.n_workers)]
        self._start(call, [part for part in parts if part])
        return [future for _, future in promised]

    def _start(self, call: Callable[..., Any], parts: Sequence[_Promised]) -> None:
        """Hand a job array over, a job for each part."""
        works = [_Part(call, self.logs / f"{uuid.uuid4().hex}.begun") for _ in parts]
        with self._lock:
            if self._is_closed:
                return
            with self._executor.batch():
                jobs = [
                    self._executor.submit(work, [each for each, _ in part])
                    for work, part in zip(works, parts, strict=True)
                ]
            self._jobs += jobs
        for job, work, part in zip(jobs, works, parts, strict=True):
            threading.Thread(target=self._settle, args=(job, work, part), daemon=True).start()

    def _settle(self, job: Any, work: _Part, part: _Promised) -> None:  # a job of submitit
        """Wait for a job and hand its results over; of one that dies, one call is lost."""
        pause_s = _FIRST_POLL_S
        while not job.done():
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _POLL_S)
        try:
            results = job.results()[0]
        except Exception as error:  # noqa: BLE001  whatever ended a job, its log says more
            tail = str(error).strip().splitlines()[-1:] or [type(error).__name__]
            loss = JobLost(f"job {job.job_id} ended early ({tail[0]}); see {job.paths.stderr}")
            at = work.number()
            for _, future in part if at is None else part[at : at + 1]:
                future.set_exception(loss)
            # Those that are finished are in the store; the others had not begun.
            if at is not None and len(part) > 1:
                self._start(work.call, [[*part[:at], *part[at + 1 :]]])
        else:
            for (_, future), (result, fault) in zip(part, results, strict=True):
                future.set_result(result) if fault is None else future.set_exception(fault)
        finally:
            with suppress(OSError):
                work.note.unlink(missing_ok=True)

    def close(self) -> None:
        """Cancel whatever has not ended."""
        with self._lock:
            self._is_closed = True
        for job in self._jobs:
            if not job.done():
                job.cancel()


@dataclass(frozen=True)
class _Part:
    """The calls of one job, one after the other, and a file that says which one is at work."""

    call: Callable[..., Any]
    note: Path

    def __call__(self, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [self._called(number, each) for number, each in enumerate(arguments)]

    def _called(self, number: int, arguments: tuple[Any, ...]) -> tuple[Any, Exception | None]:
        with suppress(OSError):  # without it all calls of a job that dies are lost
            self.note.write_text(str(number))
        try:
            return self.call(*arguments), None
        except Exception as error:  # noqa: BLE001  a full disk is no job that died
            return None, error

    def number(self) -> int | None:
        """Return which call a job was at when it ended, where that is known."""
        try:
            return int(self.note.read_text())
        except (OSError, ValueError):
            return None

    def checkpoint(self, arguments: Sequence[tuple[Any, ...]]) -> Any:
        """Go back into the queue with everything: cells that are finished take no time again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, arguments)
