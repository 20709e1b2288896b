"""What submissions were before: a folder, or what a git revision has of this one."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from heschl.errors import InvalidInput
from heschl.leaderboard.submissions import Submissions, surveyed

__all__ = ["DEFAULT_REVISION", "Base", "base_of"]

DEFAULT_REVISION = "origin/main"
_LONGEST_S = 120


@dataclass(frozen=True)
class Base:
    """What is compared against, or why nothing is."""

    name: str
    submissions: Submissions | None
    why_not: str = ""


def base_of(folder: Path, against: str | None = None) -> Base:
    """Return the submissions to compare a folder with.

    Parameters
    ----------
    folder
        That of the submissions now.
    against
        Another folder, or a git revision; by default `DEFAULT_REVISION`, if there is one.
    """
    if against is not None and Path(against).is_dir():
        return _read(against, Path(against))
    revision = against or DEFAULT_REVISION
    commit = _git(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if commit is None:
        if against is not None:
            raise InvalidInput(
                f"--against {against!r} is neither a folder nor a revision that git knows in "
                f"{folder}; name one of them"
            )
        return Base(revision, None, f"{folder} is in no checkout of git that has {revision}")
    # Of the folder alone, as it is the working directory.
    archive = _git(folder, "archive", "--format=tar", commit.decode().strip())
    if archive is None:
        return Base(revision, None, f"{revision} has no {folder}")
    with tempfile.TemporaryDirectory() as name:
        _unpack(archive, Path(name))
        return _read(revision, Path(name))


def _read(name: str, folder: Path) -> Base:
    submissions, problems = surveyed(folder)
    if problems:
        return Base(name, None, f"what is there cannot be read: {problems[0]}")
    return Base(name, submissions)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git says of a folder; None if it fails, or there is none."""
    try:
        return subprocess.run(  # noqa: S603  words of ours, and a revision that is one argument
            ["git", *arguments],  # noqa: S607  the user's own git
            cwd=folder,
            capture_output=True,
            check=True,
            timeout=_LONGEST_S,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None


def _unpack(archive: bytes, folder: Path) -> None:
    """Write the regular files of an archive of git, and nothing outside of the folder."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        for member in opened:
            path = PurePosixPath(member.name)
            content = opened.extractfile(member) if member.isreg() else None
            if content is None or path.is_absolute() or ".." in path.parts:
                continue
            target = folder.joinpath(*path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
