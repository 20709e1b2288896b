"""Sites built from made submissions, and what building them took."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.board import Board
from heschl.leaderboard.submissions import Submissions, read_submissions

_BUILD = """
import json, resource, sys, time
from pathlib import Path
from heschl.leaderboard.build import build
started = time.perf_counter()
build(Path(sys.argv[1]), Path(sys.argv[2]))
seconds = time.perf_counter() - started
# Of the larger process: what the other one shares with it would be counted twice.
whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
kilobytes = max(resource.getrusage(each).ru_maxrss for each in whose)
print(json.dumps({"seconds": seconds, "bytes": kilobytes * 1024}))
"""


@dataclass(frozen=True)
class BuiltSite:
    """A site, the submissions that it was built from, and what that took."""

    submitted: Path
    folder: Path
    seconds: float
    peak_bytes: int

    @property
    def origin(self) -> str:
        """The site on disk, as a browser addresses it."""
        return self.folder.as_uri()

    @cached_property
    def submissions(self) -> Submissions:
        return read_submissions(self.submitted)

    @cached_property
    def boards(self) -> dict[str, Board]:
        """Return what `heschl.leaderboard.assembly` says of the submissions, by section."""
        return {section: assemble(self.submissions, section) for section in ("real", "phantom")}


def built(submitted: Path, folder: Path) -> BuiltSite:
    """Build a site in a process of its own, so that its memory can be told."""
    run = subprocess.run(
        [sys.executable, "-c", _BUILD, str(submitted), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert run.returncode == 0, run.stderr
    took = json.loads(run.stdout.splitlines()[-1])
    return BuiltSite(submitted, folder, took["seconds"], took["bytes"])


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
