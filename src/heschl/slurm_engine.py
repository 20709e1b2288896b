"""Cells as job arrays of Slurm, through submitit.

Each job takes a part of the cells of a stage, one after the other. A job that is preempted or runs
out of time goes back into the queue: what it has finished is in the store.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heschl.code_snapshot import check_runs_from, snapshot
from heschl.errors import InvalidInput, MissingExtra

__all__ = ["JobLost", "SlurmEngine"]

_POLL_S = 1.0
_LOOK_AT_QUEUE_S = 15.0
"""How often Slurm is asked which jobs it still has: one call for all of them."""

_TIMEOUT_MIN = 240
"""Of a job, where nothing is said; submitit's own 5 minutes would go back into the queue often."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


_Promised = Sequence[tuple[tuple[Any, ...], Future[Any]]]
"""Arguments of calls, each with the future of its result."""


class JobLost(BrokenExecutor):
    """A job ended without a word; its cells may be tried again."""


class SlurmEngine:
    """Slurm by default; ``cluster="local"`` runs the same jobs as processes here.

    Parameters
    ----------
    folder
        For what submitit writes: the jobs, their code, results and logs. All machines must see it.
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
        self._folder = folder = folder.absolute()
        self._code = snapshot(folder / "code")
        self._is_slurm = cluster == "slurm"
        chosen = {"name": "heschl", "timeout_min": _TIMEOUT_MIN, **(parameters or {})}
        try:
            self._executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
            self._executor.update_parameters(
                **chosen, **{f"{cluster}_setup": _setup(self._code, chosen)}
            )
        except (RuntimeError, NameError, ValueError, TypeError) as error:
            problem = str(error).strip().partition("\n")[0]
            raise InvalidInput(
                f"job arrays cannot be had here: {problem}; run where Slurm's `sbatch` is, and "
                "give settings that submitit knows, such as partition=gpu,timeout_min=240"
            ) from error
        self._running: dict[Any, tuple[_Part, _Promised]] = {}
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._watcher: threading.Thread | None = None

    def submit(self, call: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Schedule ``call(*args)`` as a job of its own."""
        return self.submit_all(call, [args])[0]

    def submit_all(
        self, call: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]
    ) -> list[Future[Any]]:
        """Schedule a call for each of ``arguments`` (call, argument) in one job array.

        The ``log`` of a future is the file that its job writes to.
        """
        promised = [(each, Future[Any]()) for each in arguments]
        for _, future in promised:
            future.set_running_or_notify_cancel()
        parts = [promised[start :: self.n_workers] for start in range(self.n_workers)]
        self._start(call, [part for part in parts if part])
        return [future for _, future in promised]

    def close(self) -> None:
        """Cancel whatever has not ended."""
        self._is_over.set()
        with self._lock:
            running = list(self._running)
        for job in running:
            job.cancel(check=False)

    def _start(self, call: Callable[..., Any], parts: Sequence[_Promised]) -> None:
        """Hand a job array over, a job for each part."""
        works = [_Part(call, self._code, self._folder / f"{uuid.uuid4().hex}.begun") for _ in parts]
        with self._lock:
            if self._is_over.is_set():
                return
            with self._executor.batch():
                jobs = [
                    self._executor.submit(work, [each for each, _ in part])
                    for work, part in zip(works, parts, strict=True)
                ]
            for job, work, part in zip(jobs, works, parts, strict=True):
                for _, future in part:
                    future.log = str(job.paths.stderr)  # type: ignore[attr-defined]  # for execution
                self._running[job] = work, part
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="jobs", daemon=True)
                self._watcher.start()

    def _watch(self) -> None:
        """Hand results over as jobs end, and tell of those that are gone without one."""
        missed: set[str] = set()
        looked = time.monotonic()
        while not self._is_over.wait(_POLL_S):
            for job in [each for each in list(self._running) if self._has_ended(each)]:
                self._settle(job, *self._running.pop(job))
            if not self._is_slurm or time.monotonic() - looked < _LOOK_AT_QUEUE_S:
                continue
            looked = time.monotonic()
            absent = _absent([job.job_id for job in list(self._running)])
            # A result may reach this machine's view of the disk after its job has left the queue.
            for job in [each for each in list(self._running) if each.job_id in absent & missed]:
                gone = "Slurm has it no more, and it left no result"
                self._lose(job, *self._running.pop(job), gone)
            missed = absent

    def _has_ended(self, job: Any) -> bool:  # a job of submitit
        # Where Slurm keeps no accounts, submitit could ask it for nothing else.
        return bool(job.paths.result_pickle.exists() if self._is_slurm else job.done())

    def _settle(self, job: Any, work: _Part, part: _Promised) -> None:  # a job of submitit
        """Hand over the results of a job that has ended."""
        try:
            results = job.results()[0]
        except Exception as error:  # noqa: BLE001  whatever ended a job, its log says more
            tail = str(error).strip().splitlines()[-1:] or [type(error).__name__]
            self._lose(job, work, part, tail[0])
            return
        for (_, future), (result, fault) in zip(part, results, strict=True):
            future.set_result(result) if fault is None else future.set_exception(fault)
        _forget(work.note)

    def _lose(self, job: Any, work: _Part, part: _Promised, reason: str) -> None:
        """Tell of the one call that a job died of, and start another for those after it.

        Those before it are in the store, and are found there.
        """
        loss = JobLost(f"job {job.job_id} ended early ({reason}); see {job.paths.stderr}")
        at = work.number()
        for _, future in part if at is None else part[at : at + 1]:
            future.set_exception(loss)
        if at is not None and len(part) > 1:
            self._start(work.call, [[*part[:at], *part[at + 1 :]]])
        _forget(work.note)


@dataclass(frozen=True)
class _Part:
    """The calls of one job, one after the other, and a file that says which one is at work."""

    call: Callable[..., Any]
    code: Path
    note: Path

    def __call__(self, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        check_runs_from(self.code)
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


def _forget(note: Path) -> None:
    with suppress(OSError):
        note.unlink(missing_ok=True)


def _setup(code: Path, parameters: Mapping[str, Any]) -> list[str]:
    """Return what a job's shell does first."""
    n_processors = parameters.get("cpus_per_task", 1)
    return [
        f"export PYTHONPATH={shlex.quote(str(code))}${{PYTHONPATH:+:$PYTHONPATH}}",
        *(f"export {name}={n_processors}" for name in _THREADS),
        # Since Slurm 22.05, srun takes this from nowhere else.
        f"export SRUN_CPUS_PER_TASK={n_processors}",
    ]


def _absent(job_ids: Sequence[str]) -> set[str]:
    """Return which of some jobs neither wait nor run; none where Slurm does not answer."""
    if not job_ids:
        return set()
    arrays = ",".join(sorted({job_id.partition("_")[0] for job_id in job_ids}))
    command = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={arrays}"]
    try:
        answer = subprocess.run(  # noqa: S603  numbers of our own jobs
            command,
            env=os.environ | {"LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return set()
    if answer.returncode and "Invalid job id" not in answer.stderr:
        return set()
    return set(job_ids) - set(answer.stdout.split())
