"""Fetching: bring the files of a manifest below a folder, whole and verified.

Places are tried in order: the mirror named by ``HESCHL_MIRROR``, the pinned public address, the
unpinned one. What an interrupted file has so far stays beside its place as ``.<name>.part`` and is
continued. No file gets its own name before its size and hash were checked, and one process at a
time works on a file, so that several may fetch the same dataset at once.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote, urlsplit

import pooch
import requests

from heschl.disk import usable
from heschl.errors import InvalidInput, MissingData
from heschl.manifest import Manifest, ManifestFile
from heschl.progress import Progress, readable_size
from heschl.transfer import PassingFault, Refusal, Unreachable, open_transfer

__all__ = ["MIRROR_VARIABLE", "FetchReport", "Patience", "fetch"]

MIRROR_VARIABLE = "HESCHL_MIRROR"


@dataclass(frozen=True)
class Patience:
    """How long to try again after timeouts, dropped connections and server errors."""

    attempts: int = 5
    """Attempts in a row without a new byte after which a place is given up."""
    wait_s: float = 1.0
    """The pause after the first of them; it doubles each time."""
    longest_wait_s: float = 30.0
    timeout_s: float = 30.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class FetchReport:
    """The paths that a fetch brought, and those that were there already."""

    fetched: tuple[str, ...]
    kept: tuple[str, ...]


def fetch(
    manifest: Manifest,
    root: Path,
    *,
    progress: Progress | None = None,
    verify: bool = False,
    patience: Patience | None = None,
) -> FetchReport:
    """Bring what is missing of ``manifest`` below ``root``.

    Parameters
    ----------
    progress
        Told what happens; by default nobody is.
    verify
        Also check the hash of files that are there with the right size, and fetch them anew
        if it differs.

    Raises
    ------
    MissingData
        If a file could be had nowhere. The others are fetched all the same, unless no place
        could be reached at all. A host to which no connection could be made for one file is not
        tried again for the next ones.
    DiskRefused
        If a file cannot be written: the disk is full or may not be used, or a folder lies where
        the file belongs.
    """
    missing = manifest.missing(root, verify=verify)
    _check_space(missing, root)
    fetched: list[str] = []
    failures: list[MissingData] = []
    unreachable: set[str] = set()
    if progress:
        progress.begin(len(missing.files), missing.n_bytes)
    try:
        with requests.Session() as session, _quiet_pooch():
            for file in missing.files:
                errand = _Errand(
                    manifest,
                    file,
                    root,
                    session,
                    patience or Patience(),
                    _Counter(progress),
                    unreachable,
                )
                try:
                    with usable(root / file.path, "fetch to another folder"):
                        errand.run()
                except MissingData as error:
                    failures.append(error)
                    if errand.reached_nothing:
                        break
                else:
                    fetched.append(file.path)
                    if progress:
                        progress.fetched(file.path)
    finally:
        if progress:
            progress.end()
    if failures:
        n_lacking = len(missing.files) - len(fetched)
        more = f"{n_lacking} of {len(missing.files)} files could not be had; " * (n_lacking > 1)
        raise MissingData(f"{more}{failures[0]}") from failures[0].__cause__
    asked = {file.path for file in missing.files}
    return FetchReport(
        tuple(fetched), tuple(file.path for file in manifest.files if file.path not in asked)
    )


class _Counter:
    """How much of one file is on disk, told on as differences."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._n_bytes = 0

    def reach(self, n_bytes: int) -> None:
        if self._progress and n_bytes != self._n_bytes:
            self._progress.advance(n_bytes - self._n_bytes)
        self._n_bytes = n_bytes


@dataclass
class _Errand:
    """One file, on its way from the first place that gives it."""

    manifest: Manifest
    file: ManifestFile
    root: Path
    session: requests.Session
    patience: Patience
    counter: _Counter
    unreachable: set[str]
    """The hosts to which no connection could be made, shared by the errands of one fetch."""
    reached_nothing: bool = False

    def run(self) -> None:
        """Fetch the file, or raise with every place that was tried."""
        places = (*_mirrored(self.manifest, self.file), *self.manifest.addresses(self.file))
        tried: list[str] = []
        self.reached_nothing = True
        for place in places:
            host = urlsplit(place).netloc
            if host in self.unreachable:
                tried.append(f"{place}: no connection, as before")
                continue
            try:
                self._fetch_from(place)
            except Refusal as refusal:
                self.reached_nothing = False
                tried.append(f"{place}: {refusal}")
            except PassingFault as fault:
                if isinstance(fault, Unreachable):
                    self.unreachable.add(host)
                tried.append(f"{place}: {fault}")
            else:
                return
        self.counter.reach(0)
        raise MissingData(self._advice(tried))

    def _fetch_from(self, place: str) -> None:
        """Complete, check and name the file; start anew if earlier bytes spoil it."""
        target = self.root / self.file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        had_leftovers = True
        while had_leftovers:
            with _claimed(target.with_name(f".{target.name}.part")) as part:
                # While this process waited for the claim, another may have brought the file.
                if self.file.is_on_disk(self.root, verify=True):
                    self.counter.reach(self.file.size)
                    return
                had_leftovers = _size(part) > 0
                # pooch names what its downloader made if the hash is right; else a ValueError.
                with contextlib.suppress(ValueError):
                    pooch.retrieve(
                        place,
                        self.file.hash,
                        target.name,
                        target.parent,
                        downloader=lambda url, made, _, part=part: self._make(url, part, made),
                    )
                    return
        raise Refusal("its content has another hash than the manifest's")

    def _make(self, place: str, part: Path, made: str) -> None:
        """Complete ``part`` and move it to where pooch wants it; it stays if that fails."""
        self._complete(place, part)
        part.replace(made)

    def _complete(self, place: str, part: Path) -> None:
        """Bring ``part`` to its full size, through interruptions."""
        furthest, failures = _size(part), 0
        while True:
            try:
                return self._continue(place, part)
            except PassingFault as fault:
                failures = 0 if _size(part) > furthest else failures
                failures += 1
                furthest = max(furthest, _size(part))
                if failures == self.patience.attempts:
                    raise type(fault)(f"{fault}, {failures} times in a row") from fault
                pause_s = self.patience.wait_s * 2 ** (failures - 1)
                self.patience.sleep(min(pause_s, self.patience.longest_wait_s))

    def _continue(self, place: str, part: Path) -> None:
        """Append to ``part`` what it lacks, in one attempt."""
        size, start = self.file.size, _size(part)
        if start > size:
            start = 0
        if start == size and part.exists():
            self.counter.reach(size)
            return
        with (
            open_transfer(
                place, start, session=self.session, timeout_s=self.patience.timeout_s
            ) as transfer,
            part.open("r+b") as stream,
        ):
            if transfer.size not in (None, size):
                raise Refusal(self._wrong_size(transfer.size, next(transfer.blocks, b"")))
            position = transfer.offset
            stream.truncate(position)
            stream.seek(position)
            for block in transfer.blocks:
                if position + len(block) > size:
                    stream.truncate(0)
                    raise Refusal(f"it goes on after the {size} bytes of the manifest")
                stream.write(block)
                position += len(block)
                self.counter.reach(position)
        if position < size:
            raise PassingFault(f"it ended after {position} of {size} bytes")

    def _wrong_size(self, size: int | None, beginning: bytes) -> str:
        told = f"it has {size} bytes where the manifest says {self.file.size}"
        if b"annex/objects/" in beginning:
            told += ", a git-annex pointer in place of the content"
        return told

    def _advice(self, tried: list[str]) -> str:
        dataset, path = self.manifest.dataset, self.file.path
        advice = (
            f"{path} of {dataset} could not be fetched (tried {'; '.join(tried)}); run the command "
            f"again to continue, or set {MIRROR_VARIABLE} to a folder or address that holds "
            f"{dataset}/{path}"
        )
        if self.manifest.datalad:
            advice += (
                f", or use DataLad: datalad clone {self.manifest.datalad} && datalad get {path}"
            )
        return advice


def _mirrored(manifest: Manifest, file: ManifestFile) -> Iterator[str]:
    """Yield where the mirror would hold the file, if one is set."""
    mirror = os.environ.get(MIRROR_VARIABLE, "").strip()
    if not mirror:
        return
    parts = urlsplit(mirror)
    if parts.scheme in ("http", "https"):
        yield f"{mirror.rstrip('/')}/{quote(manifest.dataset)}/{quote(file.path)}"
        return
    folder = Path(unquote(parts.path) if parts.scheme == "file" else mirror).expanduser()
    if not folder.is_dir():
        raise InvalidInput(
            f"{MIRROR_VARIABLE} is {mirror!r}, which is neither a folder nor an http address; "
            f"expected one that holds {manifest.dataset}/"
        )
    yield str(folder / manifest.dataset / file.path)


@contextlib.contextmanager
def _claimed(part: Path) -> Iterator[Path]:
    """Hold a partial file alone; others that want it wait here.

    The lock ends with the process, however it ends. Without locks (Windows, some network drives)
    the part is this call's own and not continued by the next.
    """
    stream = _locked(part)
    held = part if stream else part.with_name(f"{part.name}.{uuid.uuid4().hex}")
    held.touch()
    try:
        yield held
    finally:
        if held.exists() and (stream is None or _size(held) == 0):
            held.unlink()
        if stream:
            stream.close()


def _locked(part: Path) -> BinaryIO | None:
    """Return the open and locked part, or None where there are no locks."""
    try:
        import fcntl
    except ImportError:
        return None
    while True:
        stream = part.open("ab")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError:
            stream.close()
            if _size(part) == 0:
                part.unlink(missing_ok=True)
            return None
        # The holder before may have moved the part to its place; then lock the new one.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(stream.fileno()), part.stat()):
                return stream
        stream.close()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check_space(missing: Manifest, root: Path) -> None:
    """Refuse to begin what the disk cannot hold."""
    place = root.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if missing.n_bytes > free:
        raise InvalidInput(
            f"{readable_size(missing.n_bytes)} are to be fetched, but {place} has "
            f"{readable_size(free)} free; choose fewer files or another folder"
        )


@contextlib.contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Keep pooch from printing a line for each file while the progress bar is drawn."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
