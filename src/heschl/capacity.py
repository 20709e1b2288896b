"""Whether a plan fits: what a worker has of memory, and a store of room, against what is needed."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from heschl.progress import readable_size

__all__ = ["memory_of_worker", "n_workers_of", "refused_memory", "refused_room", "room_of"]

_ROOM_TO_LEAVE = 0.02
"""The share of a disk that a plan may not fill."""

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def n_workers_of(engine: str | None) -> int:
    """Return how many workers an engine's name says; 1 where it does not.

    >>> n_workers_of("processes:4"), n_workers_of("slurm:partition=gpu,jobs=64"), n_workers_of(None)
    (4, 64, 1)
    """
    found = re.fullmatch(r"(?:processes|dask):(\d+)|slurm:(?:.*,)?jobs=(\d+)(?:,.*)?", engine or "")
    return int(found[1] or found[2]) if found else 1


def memory_of_worker(engine: str | None) -> int | None:
    """Return the bytes that each worker of an engine may take; None if that is not known here.

    Workers of this machine share what it has; a job of Slurm has what ``mem_gb`` asks for. The
    scheduler of a Dask cluster is asked, and the largest of its workers counts.
    """
    kind, _, detail = (engine or "serial").partition(":")
    if kind == "slurm" and "cluster=local" not in detail:
        asked = re.search(r"(?:^|,)mem_gb=(\d+)(?:,|$)", detail)
        return int(asked[1]) * 10**9 if asked else None
    if kind == "dask" and not detail.isdecimal():
        from heschl.dask_engine import memory_of_workers

        return max(memory_of_workers(detail), default=None)
    memory = _memory_here()
    return memory and memory // n_workers_of(engine)


def _memory_here() -> int | None:
    """Return the bytes of this machine, or of the container that this process is held in."""
    found = []
    with suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in _LIMITS:
        with suppress(OSError, ValueError):
            found.append(int(Path(limit).read_text(encoding="ascii")))
    return min(found, default=None)


def room_of(folder: Path) -> int:
    """Return the bytes that a plan may store in a folder."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    usage = shutil.disk_usage(there)
    return max(usage.free - int(_ROOM_TO_LEAVE * usage.total), 0)


def refused_memory(n_bytes: float, engine: str | None) -> str | None:
    """Return why a plan does not fit into the memory of a worker, and what to change."""
    memory = memory_of_worker(engine)
    if memory is None or n_bytes <= memory:
        return None
    kind = (engine or "").partition(":")[0]
    remedy = {
        "slurm": "ask for more (mem_gb=...)",
        "processes": "take fewer workers (--workers), or a machine with more",
        "dask": "take fewer workers (--dask), or start one with more",
    }.get(kind, "take a machine with more")
    is_far = kind == "dask" and not (engine or "").partition(":")[2].isdecimal()
    has = "and none of the cluster has more than" if is_far else "and has"
    return (
        f"a worker would need {readable_size(n_bytes)} of memory {has} {readable_size(memory)}; "
        f"{remedy}, or score fewer layers or listeners at a time (--layers, --subjects)"
    )


def refused_room(n_bytes: float, folder: Path) -> str | None:
    """Return why a store has no room for what a plan would keep, and what to change."""
    room = room_of(folder)
    if n_bytes <= room:
        return None
    return (
        f"{readable_size(n_bytes)} would be stored in {folder}, whose disk has room for "
        f"{readable_size(room)}; take another store (--store), fewer models or benchmarks, or "
        "remove what was not used for long (`heschl cache gc`)"
    )
