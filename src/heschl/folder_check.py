"""Whether a folder holds what a manifest lists: file by file, by size and by hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heschl.disk import usable
from heschl.errors import MissingData
from heschl.manifest import Manifest, ManifestFile
from heschl.progress import Progress

__all__ = ["FolderCheck", "WrongFile", "check_folder"]

_BLOCK = 2**20
_POINTER_BYTES = 4096
"""No pointer of git-annex or Git LFS is longer."""


@dataclass(frozen=True)
class WrongFile:
    """A file whose content is not the manifest's: what was expected, and what is there."""

    path: str
    expected: str
    found: str


@dataclass(frozen=True)
class FolderCheck:
    """How a folder differs from a manifest.

    ``unlisted`` are files that the manifest expects without knowing their content (its lines
    ``# unlisted:``), ``extra`` those that it knows nothing of.
    """

    root: Path
    right: tuple[str, ...]
    missing: tuple[str, ...]
    wrong_size: tuple[WrongFile, ...]
    wrong_hash: tuple[WrongFile, ...]
    unlisted: tuple[str, ...]
    extra: tuple[str, ...]
    is_hashed: bool

    @property
    def is_right(self) -> bool:
        """Whether every file that is there is what the manifest says; some may be missing."""
        return not (self.wrong_size or self.wrong_hash)

    @property
    def is_empty(self) -> bool:
        """Whether files are missing and none that belongs here is there."""
        there = (self.right, self.wrong_size, self.wrong_hash, self.unlisted)
        return bool(self.missing) and not any(there)


def check_folder(
    manifest: Manifest, root: str | Path, *, hashes: bool = True, progress: Progress | None = None
) -> FolderCheck:
    """Compare a folder with a manifest, or with the part of it that was selected.

    Parameters
    ----------
    manifest
        What should be there.
    root
        The dataset's folder.
    hashes
        Whether to read every file and compare its hash; else sizes alone.
    progress
        Hears of every file.
    """
    place = Path(root)
    if not place.is_dir():
        raise MissingData(f"{place} is no folder; name the one that holds {manifest.dataset}")
    there = [file for file in manifest.files if (place / file.path).is_file()]
    missing = [file.path for file in manifest.files if not (place / file.path).is_file()]
    right, wrong_size, wrong_hash = [], [], []
    if progress:
        progress.begin(len(there), sum((place / file.path).stat().st_size for file in there))
    try:
        for file in there:
            path = place / file.path
            size = path.stat().st_size
            if size != file.size:
                told = f"{size} bytes" + _pointer_in_words(path, size)
                wrong_size.append(WrongFile(file.path, f"{file.size} bytes", told))
                if progress:
                    progress.advance(size)
            elif hashes and (found := _hash(path, file, progress)) != file.hash:
                wrong_hash.append(WrongFile(file.path, file.hash, found))
            else:
                right.append(file.path)
                if progress and not hashes:
                    progress.advance(size)
            if progress:
                progress.fetched(file.path)
    finally:
        if progress:
            progress.end()
    strangers = _strangers(place, manifest)
    expected = [path for path in strangers if manifest.expects(path)]
    known = set(expected)
    return FolderCheck(
        place,
        tuple(right),
        tuple(missing),
        tuple(wrong_size),
        tuple(wrong_hash),
        tuple(expected),
        tuple(path for path in strangers if path not in known),
        hashes,
    )


def _hash(path: Path, file: ManifestFile, progress: Progress | None) -> str:
    """Return the hash of a file as the manifest writes it."""
    algorithm, _, _ = file.hash.partition(":")
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with usable(path, "copy the folder to where it can be read"), path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            if progress:
                progress.advance(len(block))
    return f"{algorithm}:{digest.hexdigest()}"


def _pointer_in_words(path: Path, size: int) -> str:
    """Return what a small file is that stands where a large one should."""
    if size > _POINTER_BYTES:
        return ""
    content = path.read_bytes()
    if b"annex/objects/" in content:
        return ", a git-annex pointer in place of the content"
    if content.startswith(b"version https://git-lfs"):
        return ", a Git LFS pointer in place of the content"
    return ""


def _strangers(root: Path, manifest: Manifest) -> Sequence[str]:
    """Return what lies below the folder and is not listed, hidden files and folders left out."""
    listed = {file.path for file in manifest.whole_files}
    return sorted(path for path in _visible(root) if path not in listed)


def _visible(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield (Path(folder) / name).relative_to(root).as_posix()
