"""Files that may not be read: what every reader says of them, before any library is asked."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import h5py
import pytest
from small_dataset import folder_of, manifest_of
from sounds import tone, write

from heschl.errors import DiskRefused
from heschl.folder_check import check_folder
from heschl.hdf5 import opened
from heschl.manifest import Manifest
from heschl.sound import Sound
from heschl.untrusted import check_file, read_bytes


def forbid(monkeypatch, forbidden: Path) -> None:
    """Have the system refuse to open a file, as it does whoever is not its owner."""
    real = Path.open

    def refusing(path, *arguments, **options):
        if path == forbidden:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refusing)


def test_file_that_may_not_be_read_is_no_damaged_one(tmp_path, monkeypatch):
    sound = write(tmp_path / "a.wav", tone(16000, 1.0))
    recording = tmp_path / "a.hf5"
    with h5py.File(recording, "w") as file:
        file["data"] = [[1.0]]

    for path, read in (
        (sound, Sound.from_file),
        (recording, lambda path: opened(path).__enter__()),
    ):
        with monkeypatch.context() as patch:
            forbid(patch, path)
            with pytest.raises(DiskRefused, match=rf"{path.name}: it may not be used .*mend its"):
                read(path)
        read(path)


def test_links_in_a_circle_are_told(tmp_path):
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")

    for read in (check_file, lambda path: read_bytes(path, at_most=10)):
        with pytest.raises(DiskRefused, match=r"a\.csv: the system refuses .*symbolic links"):
            read(tmp_path / "a.csv")


def test_check_names_the_file_that_may_not_be_read(tmp_path, monkeypatch):
    folder = folder_of(tmp_path)
    forbid(monkeypatch, folder / "stimuli/b.wav")

    with pytest.raises(DiskRefused, match=r"b\.wav: it may not be used"):
        check_folder(Manifest.read(manifest_of(tmp_path)), folder)
