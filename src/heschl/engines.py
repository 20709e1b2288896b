"""Engines by name: where cells run, as the command line and suites say it.

``serial``; ``processes:4``; ``dask:tcp://host:8786`` or ``dask:4`` for a cluster of this machine's
own; ``slurm:partition=gpu,gpus_per_node=1,jobs=64``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heschl.errors import InvalidInput
from heschl.execution import Executor, SerialExecutor

__all__ = ["engine"]

_FORMS = (
    "'serial', 'processes:4', 'dask:tcp://host:8786', 'dask:4' or 'slurm:partition=gpu,jobs=64'"
)
_OF_SUBMITIT = {
    *("timeout_min", "mem_gb", "cpus_per_task", "gpus_per_node", "nodes", "tasks_per_node"),
    *("name", "stderr_to_stdout"),
}
"""Settings that submitit has a word of its own for; every other one is Slurm's."""

_OF_OURS = ("jobs", "cluster")
"""Into how many jobs a stage is cut, and whether they are Slurm's or ``local``, to try it out."""


@contextmanager
def engine(chosen: str | Executor | None, folder: Path) -> Iterator[Executor]:
    """Yield an engine, and end it if it was made here.

    Parameters
    ----------
    chosen
        A name as above, an object with ``submit``, or None for this process.
    folder
        Where an engine may keep files that all its workers see: that of the store.
    """
    if chosen is None or chosen == "serial":
        yield SerialExecutor()
        return
    if not isinstance(chosen, str):
        if not callable(getattr(chosen, "submit", None)):
            raise InvalidInput(
                f"executor={chosen!r}; expected an object with submit(), such as "
                f"concurrent.futures.ProcessPoolExecutor(), or one of {_FORMS}"
            )
        yield chosen
        return
    found: Any  # each has a close() beside what an engine needs
    kind, _, detail = chosen.partition(":")
    if kind == "processes" and re.fullmatch(r"[1-9]\d{0,3}", detail):
        from heschl.processes import Processes

        found = Processes(int(detail), gpus=_gpus())
    elif kind == "dask" and detail:
        from heschl.dask_engine import DaskEngine

        found = DaskEngine(detail)
    elif kind in ("slurm", "submitit-local"):
        from heschl.slurm_engine import SlurmEngine

        settings = _settings(detail)
        cluster = settings.pop("cluster", "slurm" if kind == "slurm" else "local")
        if cluster not in ("slurm", "local"):
            raise InvalidInput(
                f"cluster={cluster!r}; expected slurm, or local for jobs of this machine's own"
            )
        n_jobs = settings.pop("jobs", 32)
        found = SlurmEngine(folder / "jobs", n_jobs=n_jobs, cluster=cluster, parameters=settings)
    else:
        raise InvalidInput(f"the engine {chosen!r} is not known; expected {_FORMS}")
    try:
        yield found
    finally:
        found.close()


def _settings(text: str) -> dict[str, Any]:
    """Return ``key=value,…`` as submitit takes it."""
    found: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if not equals or not re.fullmatch(r"[a-z_]+", key):
            raise InvalidInput(
                f"{part!r} is no setting of Slurm; expected key=value, such as partition=gpu"
            )
        known = key if key in _OF_SUBMITIT or key in _OF_OURS else f"slurm_{key}"
        found[known] = int(value) if value.isdecimal() else value
    return found


def _gpus() -> tuple[str, ...]:
    """Return the names of several graphics cards, by which workers are kept apart."""
    try:
        import torch
    except ImportError:
        return ()
    n_cards = torch.cuda.device_count()
    return tuple(map(str, range(n_cards))) if n_cards > 1 else ()
