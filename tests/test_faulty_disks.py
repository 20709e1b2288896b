"""Disks that are full, forbidden or damaged: one error that says what to do, and no half entry."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from toy import Loudness, ToyDataset
from undisturbed import assert_untouched, assert_whole, by_stage, run, untouched
from warm_runs import SCRIPT

from heschl import registry
from heschl.cards import DatasetCard
from heschl.cli import main
from heschl.cli.score_files import file_of
from heschl.data_folders import phantom_folder
from heschl.errors import CellsFailed, DiskRefused
from heschl.scores import Score
from heschl.store import Store


@pytest.fixture
def refuse(monkeypatch):
    """Let a function fail from the n-th call on, as a disk would."""

    def install(owner, name, number, after=0):
        real, n_calls = getattr(owner, name), 0

        def failing(*arguments, **settings):
            nonlocal n_calls
            n_calls += 1
            if n_calls > after:
                raise OSError(number, os.strerror(number), str(arguments[0]))
            return real(*arguments, **settings)

        monkeypatch.setattr(owner, name, failing)

    return install


@pytest.mark.parametrize(
    ("owner", "name"), [(np, "save"), (os, "fsync"), (Path, "rename"), (Path, "mkdir")]
)
def test_full_disk_ends_the_run_and_keeps_what_is_finished(
    tmp_path, refuse, monkeypatch, owner, name
):
    with monkeypatch.context():
        refuse(owner, name, errno.ENOSPC, after=20 if name in ("fsync", "mkdir") else 3)
        with pytest.raises(DiskRefused, match=r"no room left on its disk.*another store") as caught:
            run(tmp_path)
    monkeypatch.undo()
    assert str(tmp_path) in str(caught.value)
    n_finished = len(list(Store(tmp_path).entries()))
    assert_whole(Store(tmp_path))

    score = run(tmp_path)

    assert 0 < n_finished < 15
    assert_untouched(score)


@pytest.mark.slow
def test_write_that_the_system_cuts_short_leaves_no_entry(tmp_path):
    def limited():
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (500, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
        )

    folder = tmp_path / "store"
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(tmp_path / "score.nc")],
        cwd=Path(__file__).parent,
        preexec_fn=limited,
        check=False,
        capture_output=True,
        text=True,
    )
    assert process.stderr.splitlines()[-1].startswith("heschl.errors.DiskRefused")
    assert "no room left" in process.stderr
    assert not list(Store(folder).entries())

    assert_untouched(run(folder))


def test_command_says_that_the_disk_is_full(tmp_path, moth_phantom, refuse, capsys):
    refuse(os, "fsync", errno.ENOSPC, after=10)
    words = ["score", "phantom-words", "lebel_moth-ridge", "--data", str(moth_phantom)]

    assert main([*words, "--store", str(tmp_path)]) == 1

    error = capsys.readouterr().err.splitlines()[-1]
    assert "no room left on its disk" in error
    assert "--store" in error


@pytest.fixture
def read_only(monkeypatch):
    """Let nothing below a folder be written."""

    def protect(folder):
        def refusing(real, is_write=lambda *_: True):
            def call(path, *arguments, **settings):
                if Path(path).is_relative_to(folder) and is_write(*arguments):
                    raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
                return real(path, *arguments, **settings)

            return call

        for name in ("mkdir", "rename", "replace"):
            monkeypatch.setattr(Path, name, refusing(getattr(Path, name)))
        is_write = lambda mode="r", *_: "w" in mode  # noqa: E731
        monkeypatch.setattr(Path, "open", refusing(Path.open, is_write))
        monkeypatch.setattr(os, "utime", refusing(os.utime))

    return protect


def test_read_only_store_serves_what_it_has(tmp_path, read_only):
    run(tmp_path)
    read_only(tmp_path)

    assert_untouched(run(tmp_path))
    with pytest.raises(DiskRefused, match=r"may not be used.*Read-only"):
        run(tmp_path, Loudness(scale=2.0))


def test_entry_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    run(tmp_path)
    key = by_stage(Store(tmp_path), "ceiling")[0]
    real = Path.read_bytes

    def forbidden(path):
        if key in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    with pytest.raises(DiskRefused, match=f"{key}.*mend its permissions"):
        run(tmp_path)
    assert len(list(Store(tmp_path).entries())) == 14


def torn(path):
    path.write_bytes(path.read_bytes()[:-20])


def emptied(path):
    path.write_bytes(b"")


def noise(path):
    path.write_bytes(bytes(range(256)))


def other(path):
    path.write_text("[1, 2]\n")


@pytest.mark.parametrize("damage", [torn, emptied, noise, other, Path.unlink])
@pytest.mark.parametrize("name", ["run.json", "plan.jsonl", "failures/6.json"])
@pytest.mark.filterwarnings("ignore:the files of the run:RuntimeWarning")
def test_status_survives_damaged_files_and_the_next_run_mends_them(tmp_path, capsys, name, damage):
    data = ToyDataset(hurt="S2")
    with pytest.raises(CellsFailed):
        run(tmp_path, data=data)
    ((folder),) = (tmp_path / "runs").iterdir()
    damaged = folder / name
    damaged = damaged if damaged.exists() else next((folder / "failures").iterdir())
    damage(damaged)

    assert main(["status", "--store", str(tmp_path)]) == 0
    assert main(["status", folder.name, "--store", str(tmp_path)]) in (0, 1)

    with pytest.raises(CellsFailed, match="2 of 9"):
        run(tmp_path, data=data)
    capsys.readouterr()
    assert main(["status", folder.name, "--store", str(tmp_path)]) == 0
    assert "the disk of this listener is gone" in capsys.readouterr().out


def test_run_folder_that_is_removed_meanwhile_hurts_nothing(tmp_path):
    class Removing(ToyDataset):
        def recording(self, subject, stimuli=None):
            shutil.rmtree(tmp_path / "runs", ignore_errors=True)
            return super().recording(subject, stimuli)

    assert_untouched(run(tmp_path, data=Removing()))


@pytest.mark.parametrize("name", ["with space", "Größe – 音声", "-dash", "a" * 200, "#%?&'\"$(x)"])
def test_store_may_have_any_name(tmp_path, name):
    assert_untouched(run(tmp_path / name))
    assert_whole(Store(tmp_path / name))


@pytest.mark.parametrize(
    "model", ["hf:a/b", "hf:a_b", "features:/" + "very/long/" * 40 + "x", "ä" * 300]
)
def test_any_model_has_a_file_of_its_own(tmp_path, model):
    def path(name):
        tree = untouched().tree.copy()
        tree.attrs["model"] = name
        return file_of(Score(tree), tmp_path)

    assert untouched().save(path(model)).is_file()
    assert path(model) == path(model)
    assert path(model) != path(f"{model}/") != path("hf:a-b")


def test_store_may_be_a_link_to_another_disk(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    assert_untouched(run(tmp_path / "store"))
    assert_untouched(run(tmp_path / "elsewhere"))


def test_gc_lives_with_times_ahead_of_the_clock(tmp_path):
    store = Store(tmp_path)
    keys = [store.write({"n": n}, {"values": np.zeros(100)}) for n in range(3)]
    ahead = time.time() + 10 * 86400
    os.utime(store.place(keys[0]) / "entry.json", (ahead, ahead))
    remains = store.folder / "tmp" / "killed-writer"
    remains.mkdir()
    os.utime(remains, (ahead, ahead))

    assert store.gc(unused_days=1) == (0, 0)
    assert not remains.exists()
    size = next(store.entries()).n_bytes
    store.gc(max_bytes=size + 100)
    assert [store.has(key) for key in keys] == [True, False, False]


def test_phantom_of_a_killed_writer_is_written_again_and_its_remains_go(tmp_path, monkeypatch):
    def write(folder, seed):
        (folder / "half").write_text("half")
        if is_killed:
            raise KeyboardInterrupt
        (folder / "whole").write_text("whole")

    card = DatasetCard("toy", load="none:none", summary="x", phantom="none:none")
    monkeypatch.setattr(DatasetCard, "phantom_target", lambda _: write)
    monkeypatch.setattr(registry.datasets, "card", lambda _: card)
    store = Store(tmp_path / "store")
    is_killed = True
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # the dead do not tidy
        with pytest.raises(KeyboardInterrupt):
            phantom_folder("toy", 0, store)
    (remains,) = (store.folder / "phantoms").iterdir()
    is_killed = False

    folder = phantom_folder("toy", 0, store)

    assert sorted(path.name for path in folder.glob("[!.]*")) == ["half", "whole"]
    store.gc(unused_days=1)
    assert remains.exists(), "its writer may be alive"
    long_ago = time.time() - 2 * 86400
    os.utime(remains, (long_ago, long_ago))
    store.gc(unused_days=1)
    assert not remains.exists()
    assert folder.exists()
