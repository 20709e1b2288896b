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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
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
        folder = folder.absolute()
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
        self._running: dict[Any, list[Future[Any]]] = {}
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
        parts = [arguments[start :: self.n_workers] for start in range(self.n_workers)]
        parts = [part for part in parts if part]
        futures: list[Future[Any]] = [Future() for _ in arguments]
        with self._executor.batch():
            jobs = [self._executor.submit(_Part(call, self._code), part) for part in parts]
        for future in futures:
            future.set_running_or_notify_cancel()
        for start, job in enumerate(jobs):
            own = futures[start :: self.n_workers]
            for future in own:
                future.log = str(job.paths.stderr)  # type: ignore[attr-defined]  # for execution
            self._running[job] = own
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="jobs", daemon=True)
            self._watcher.start()
        return futures

    def close(self) -> None:
        """Cancel whatever has not ended."""
        self._is_over.set()
        for job in list(self._running):
            job.cancel(check=False)

    def _watch(self) -> None:
        """Hand results over as jobs end, and tell of those that are gone without one."""
        missed: set[str] = set()
        looked = time.monotonic()
        while not self._is_over.wait(_POLL_S):
            for job in [each for each in list(self._running) if self._has_ended(each)]:
                _settle(job, self._running.pop(job))
            if not self._is_slurm or time.monotonic() - looked < _LOOK_AT_QUEUE_S:
                continue
            looked = time.monotonic()
            absent = _absent([job.job_id for job in list(self._running)])
            # A result may reach this machine's view of the disk after its job has left the queue.
            for job in [each for each in list(self._running) if each.job_id in absent & missed]:
                _lose(job, self._running.pop(job), "Slurm has it no more, and it left no result")
            missed = absent

    def _has_ended(self, job: Any) -> bool:  # a job of submitit
        # Where Slurm keeps no accounts, submitit could ask it for nothing else.
        return bool(job.paths.result_pickle.exists() if self._is_slurm else job.done())


class _Part:
    """The calls of one job, one after the other."""

    def __init__(self, call: Callable[..., Any], code: Path) -> None:
        self.call = call
        self.code = code

    def __call__(self, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        check_runs_from(self.code)
        return [self.call(*each) for each in arguments]

    def checkpoint(self, arguments: Sequence[tuple[Any, ...]]) -> Any:
        """Go back into the queue with everything: cells that are finished take no time again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, arguments)


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


def _settle(job: Any, futures: Sequence[Future[Any]]) -> None:  # a job of submitit
    """Hand over the results of a job that has ended."""
    try:
        results = job.results()[0]
    except Exception as error:  # noqa: BLE001  whatever ended a job, its log says more
        tail = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        _lose(job, futures, tail[0])
        return
    for future, result in zip(futures, results, strict=True):
        future.set_result(result)


def _lose(job: Any, futures: Sequence[Future[Any]], reason: str) -> None:
    loss = JobLost(f"job {job.job_id} ended early ({reason}); see {job.paths.stderr}")
    for future in futures:
        future.set_exception(loss)
