"""Score files as they were submitted, to take away: a list of them for each model."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from heschl.errors import MissingData
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.score_file_checks import read_bounded
from heschl.leaderboard.score_file_reading import LARGEST_FILE_BYTES
from heschl.leaderboard.site import Site
from heschl.leaderboard.submissions import score_file_name

__all__ = ["ScoreDownload", "copied_scores"]


@dataclass(frozen=True)
class ScoreDownload:
    """A file that a model's page offers."""

    path: str
    """From the site's folder on."""
    n_files: int
    bytes: int
    sha256: str


def copied_scores(
    site: Site, submissions: Path, slug: str, files: Iterable[ScoreFile]
) -> ScoreDownload | None:
    """Copy what was submitted for a model into one list of JSON, each file to the letter.

    Parameters
    ----------
    site
        Where to.
    submissions
        The folder that the files were read from.
    slug
        The model's.
    files
        Its files on all boards, in their order. A number that Heschl itself has from a paper is in
        no submission, and left out.

    Returns
    -------
    ScoreDownload or None
        None where nothing was submitted.
    """
    found = []
    for file in files:
        name = score_file_name(file.benchmark, file.data_kind)
        path = f"{submissions}{os.sep}{slug}{os.sep}{name}"  # thousands of a Path would be felt
        with suppress(MissingData):
            found.append(read_bounded(path, LARGEST_FILE_BYTES, "a score file").strip())
    if not found:
        return None
    content = b"[\n" + b",\n".join(found) + b"\n]\n"
    target = f"data/scores/{slug}.json"
    site.file(target, content)
    return ScoreDownload(target, len(found), len(content), hashlib.sha256(content).hexdigest())
