"""Building the site: submissions in, a folder out that opens from disk or any host.

The folder is written beside its place and moved there when it is whole, so that nobody ever sees
half a site. The same submissions give the same bytes: no clock, no order of the disk.
"""

from __future__ import annotations

import gc
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from heschl.disk import usable
from heschl.errors import InvalidInput, MissingData
from heschl.leaderboard import (
    about_page,
    benchmark_pages,
    compare_page,
    downloads,
    main_page,
    model_pages,
    social_card,
    surface_pages,
)
from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.board import Board
from heschl.leaderboard.numbers import web_address
from heschl.leaderboard.score_file import Provenance
from heschl.leaderboard.site import STATIC, Site
from heschl.leaderboard.submissions import read_submissions, uncollected
from heschl.leaderboard.two_shares import both

__all__ = ["build", "first_page"]

_SECTIONS: tuple[Literal["real", "phantom"], ...] = ("real", "phantom")
# Two shares that take as long. Downloads need most memory, of which this process keeps more.
_OUR_WRITERS = (main_page, benchmark_pages)
_THEIR_WRITERS = (
    downloads,
    surface_pages,
    model_pages,
    compare_page,
    about_page,
    social_card,
)
_MARK = "heschl-site.txt"
_MARK_TEXT = b"Written by `heschl board build`, which replaces this folder and all that is in it.\n"


def build(submissions: Path, folder: Path, address: str = "") -> Path:
    """Write the site of a folder of submissions.

    Parameters
    ----------
    submissions
        A folder of folders, each with a ``card.toml`` and score files.
    folder
        Where to; a site that is there is replaced, anything else is refused.
    address
        Where on the web the site will be, if that is known: others then show a picture beside links
        to it. All else is the same wherever it is.

    Returns
    -------
    Path
        The folder, in full.
    """
    submissions, folder = submissions.expanduser().resolve(), folder.expanduser().resolve()
    _require_submissions(submissions)
    _require_place(folder, submissions)
    address = _whole_address(address)
    with uncollected():
        found = read_submissions(submissions)
        boards: dict[str, Board] = {section: assemble(found, section) for section in _SECTIONS}
        # Pages make cycles, which are collected; a search of what boards hold each time, a million
        # objects that none of them will leave, would take a tenth of the build.
        gc.freeze()
    try:
        with _moved_into(folder) as fresh:
            write_site(fresh, boards, submissions, address)
    finally:
        gc.unfreeze()
    return folder


def write_site(
    folder: Path, boards: Mapping[str, Board], submissions: Path | None = None, address: str = ""
) -> None:
    """Write the pages, data and files of boards into a folder that is empty."""
    site = Site(folder, _latest_day(boards.values()), submissions, address)
    site.file(_MARK, _MARK_TEXT)
    for asset in sorted(path for path in STATIC.iterdir() if not path.name.startswith(".")):
        site.file(f"static/{asset.name}", asset.read_bytes())

    def write(writers: Iterable[ModuleType]) -> None:
        for writer in writers:
            writer.write(site, boards)

    both(partial(write, _OUR_WRITERS), partial(write, _THEIR_WRITERS))


def first_page(folder: Path) -> str:
    """Return the address of a built site's first page on this disk."""
    return (folder / "index.html").resolve().as_uri()


def _require_submissions(submissions: Path) -> None:
    if submissions.is_dir():
        return
    raise MissingData(
        f"there is no folder of submissions at {submissions}; name one, make one with "
        "`heschl submit SCORE.nc`, or clone Heschl's repository, whose `submissions` folder holds "
        "the published ones (an installed package does not)"
    )


def _require_place(folder: Path, submissions: Path) -> None:
    if folder == submissions or submissions in folder.parents:
        raise InvalidInput(
            f"the site would lie at {folder}, within the submissions; name a folder elsewhere"
        )
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is a file; name a folder for the site")
    if any(folder.iterdir()) and not (folder / _MARK).is_file():
        raise InvalidInput(
            f"{folder} holds something else than a site ({_MARK} is not in it), which would be "
            "lost; name an empty folder or one that `heschl board build` has written"
        )


def _whole_address(address: str) -> str:
    """Return a site's address with its last slash; nothing of nothing."""
    if not address:
        return ""
    if not web_address(address) or set(address) & set('?# \\"'):
        raise InvalidInput(
            f"the address is {address!r}; give that of the site's folder on the web, such as "
            "https://example.org/board/"
        )
    return address.rstrip("/") + "/"


@contextmanager
def _moved_into(folder: Path) -> Iterator[Path]:
    """Give a new folder that takes the place of ``folder`` if all goes well, and is gone if not."""
    name = f".{folder.name}.{uuid.uuid4().hex}"
    fresh, old = folder.with_name(f"{name}.new"), folder.with_name(f"{name}.old")
    try:
        with usable(folder, "name another folder"):
            fresh.mkdir(parents=True)
        yield fresh
        with usable(folder, "name another folder"):
            if folder.exists():
                folder.rename(old)
            try:
                fresh.rename(folder)
            except BaseException:
                if old.exists():
                    old.rename(folder)
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _latest_day(boards: Iterable[Board]) -> str:
    started = (_started(file.provenance) for board in boards for file in board.files.values())
    return max((moment[:10] for moment in started), default="")


def _started(provenance: Mapping[str, Any]) -> str:
    if isinstance(provenance, Provenance):
        return provenance.started
    return str(provenance.get("started", ""))
