"""Scans: their names, and which of them the authors left out.

``code/scan_exclude.json`` in the dataset's own repository lists scans by the beginning of their
file names. The authors' code looks for such a text anywhere in a file name, so that what excludes
``sub-021_task-pieman`` would exclude ``sub-021_task-piemanpni``. Here subject, task and run must be
the same; an entry without a run is of all runs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from heschl.errors import CorruptData
from heschl.untrusted import read_json

__all__ = ["EXCLUDED", "Scan", "read_excluded"]

_NAME = re.compile(r"(sub-[A-Za-z0-9]+)_task-([A-Za-z0-9]+)(?:_run-([0-9]{1,4}))?")


class Scan(NamedTuple):
    """One scan of one listener; tasks with a single one have no run."""

    subject: str
    task: str
    run: int | None = None

    @classmethod
    def of(cls, name: str) -> Scan:
        """Return what a name such as ``sub-001_task-pieman_run-1`` stands for."""
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(name)
        return cls(match[1], match[2], None if match[3] is None else int(match[3]))

    def is_among(self, excluded: frozenset[Scan]) -> bool:
        """Return whether it is excluded, alone or with all runs of its task."""
        return self in excluded or self._replace(run=None) in excluded


def _of_task(task: str, subjects: str) -> set[Scan]:
    return {Scan(f"sub-{subject}", task) for subject in subjects.split()}


EXCLUDED: frozenset[Scan] = frozenset(
    {
        *_of_task("lucy", "053 065"),
        *_of_task("merlin", "158"),
        *_of_task("milkyway", "038 105 123"),
        *_of_task("notthefallintact", "317 335"),
        *_of_task("notthefalllongscram", "066 335"),
        *_of_task("notthefallshortscram", "333"),
        *_of_task("pieman", "021 022 038 056 068 069"),
        Scan("sub-001", "pieman", 1),
        Scan("sub-001", "pieman", 2),
        Scan("sub-013", "pieman", 2),
        Scan("sub-014", "pieman", 2),
        *_of_task("prettymouth", "038 105"),
        *_of_task("shapessocial", "238"),
        *_of_task("slumlordreach", "139"),
        *_of_task("tunnel", "004 013"),
    }
)
"""The content of the authors' ``scan_exclude.json``, for folders that lack it."""


def read_excluded(path: Path) -> frozenset[Scan]:
    """Return the scans that a ``scan_exclude.json`` names: ``{task: {subject: [name, ...]}}``."""
    try:
        content = read_json(path, at_most=2**20)
        named = [
            (task, subject, Scan.of(name))
            for task, of_task in content.items()
            for subject, names in of_task.items()
            for name in ([names] if isinstance(names, str) else names)
        ]
    except (ValueError, AttributeError, TypeError) as error:
        raise CorruptData(
            f"{path} is not the authors' list of scans, {{task: {{subject: [scan, ...]}}}} with "
            f"scans such as 'sub-001_task-pieman_run-1' ({type(error).__name__}: {error}); take it "
            "away to use the published one"
        ) from error
    for task, subject, scan in named:
        if (scan.subject, scan.task) != (subject, task):
            raise CorruptData(
                f"{path} lists {scan} under {subject} and {task}; take the file away to use the "
                "published list"
            )
    return frozenset(scan for _, _, scan in named)
