"""Whatever breaks, nothing false is served and nothing finished is lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from toy import Loudness, ToyDataset
from undisturbed import assert_untouched, assert_whole, by_stage, run

from heschl.cells import Outcome
from heschl.errors import CellsFailed, EntryLost
from heschl.runs import list_runs
from heschl.scores import open_score
from heschl.store import Store


@pytest.mark.slow
@pytest.mark.parametrize("n_processes", [pytest.param(2, marks=pytest.mark.long), 4])
def test_processes_on_one_store_do_not_hurt_each_other(tmp_path, warm_runs, n_processes):
    outputs = [tmp_path / f"{n}.nc" for n in range(n_processes)]
    runs = [warm_runs.start(tmp_path / "store", output) for output in outputs]
    for each in runs:
        each.finish()

    for output in outputs:
        assert_untouched(open_score(output))
    assert_whole(Store(tmp_path / "store"))


@dataclass
class Deadly(Loudness):
    """Kills the process that it runs in, unless the antidote is there."""

    antidote: str = ""

    def forward(self, waveforms, taps):
        if not Path(self.antidote).exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(waveforms, taps)


@pytest.mark.slow
def test_killed_worker_is_told_of_and_the_run_goes_on_later(tmp_path):
    model = Deadly(antidote=str(tmp_path / "antidote"))
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(CellsFailed, match="a worker died, most often for lack of memory"),
    ):
        run(tmp_path / "store", model, executor=executor)
    states = [cell.state for cell in list_runs(Store(tmp_path / "store"))[0].cells(Store(tmp_path))]
    assert set(states) == {"failed"}
    (tmp_path / "antidote").touch()

    assert_untouched(run(tmp_path / "store", model))


def test_cells_that_do_not_pickle_are_failed_cells(tmp_path):
    class Local(Loudness):
        pass

    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(CellsFailed, match=r"pickle.*Local"),
    ):
        run(tmp_path, Local(), executor=executor)


class Interrupted(Loudness):
    def forward(self, waveforms, taps):
        outputs = super().forward(waveforms, taps)
        if self.n_calls == 30:
            raise KeyboardInterrupt
        return outputs


def test_interrupted_cell_leaves_the_finished_ones_and_can_be_run_again(tmp_path):
    model = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, model)
    n_finished = len(by_stage(Store(tmp_path), "features"))
    assert_whole(Store(tmp_path))

    score = run(tmp_path, model)

    assert 0 < n_finished < 6
    assert_untouched(score)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_in_the_middle_leaves_a_store_to_go_on_with(tmp_path, warm_runs, number):
    process = warm_runs.start(tmp_path / "store", tmp_path / "score.nc")
    while not by_stage(Store(tmp_path / "store"), "features"):
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait() == -number
    for entry in Store(tmp_path / "store").entries():
        assert Store(tmp_path / "store").read(entry.key) is not None

    warm_runs.start(tmp_path / "store", tmp_path / "score.nc").finish()

    assert_untouched(open_score(tmp_path / "score.nc"))


def test_memory_that_runs_out_is_a_failed_cell(tmp_path):
    class Large(ToyDataset):
        def recording(self, subject, stimuli=None):
            if subject == "S2":
                np.empty((10**7, 10**7))
            return super().recording(subject, stimuli)

    with pytest.raises(CellsFailed, match=r"2 of 9 cells failed.*MemoryError: Unable to allocate"):
        run(tmp_path, data=Large())
    assert len(by_stage(Store(tmp_path), "scores")) == 4


def flip(store, key):
    path = max(store.place(key).glob("*.npy"), key=lambda each: each.stat().st_size)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.filterwarnings("ignore:the stored entry:RuntimeWarning")
@pytest.mark.parametrize("is_pooled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_damaged_features_are_made_anew_in_the_same_run(tmp_path, is_pooled):
    store = Store(tmp_path)
    run(store)
    for key in by_stage(store, "scores"):
        shutil.rmtree(store.place(key))
    for key in by_stage(store, "features")[:2]:
        flip(store, key)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        score = run(store, executor=pool if is_pooled else None)
    assert_untouched(score)
    assert_whole(store)
    assert not [cell for cell in list_runs(store)[0].cells(store) if cell.state != "done"]


@pytest.mark.parametrize("stage", ["ceiling", "scores"])
def test_damaged_result_is_made_anew_in_the_same_run(tmp_path, stage):
    store = Store(tmp_path)
    run(store)
    flip(store, by_stage(store, stage)[0])

    with pytest.warns(RuntimeWarning, match="is damaged"):
        score = run(store)

    assert_untouched(score)
    assert json.loads(score.provenance["cells"]) == {"cached": 8, "done": 1}


def test_everything_damaged_at_once_is_made_anew(tmp_path):
    store = Store(tmp_path)
    run(store)
    for entry in list(store.entries()):
        flip(store, entry.key)

    with pytest.warns(RuntimeWarning, match="is damaged"):
        score = run(store)

    assert_untouched(score)


class Cleaning(ToyDataset):
    """Somebody empties the store while recordings are read."""

    n_left: int = 1

    def recording(self, subject, stimuli=None):
        if self.n_left:
            self.n_left -= 1
            shutil.rmtree(self.store.folder / "objects", ignore_errors=True)
        return super().recording(subject, stimuli)


def test_entries_that_vanish_in_the_middle_are_made_anew(tmp_path):
    data = Cleaning()
    data.store = Store(tmp_path)

    assert_untouched(run(tmp_path, data=data))
    assert data.n_left == 0


def test_entries_that_always_vanish_end_the_run(tmp_path):
    data = Cleaning()
    data.store, data.n_left = Store(tmp_path), 1000

    with pytest.raises(EntryLost, match=r"as fast as they are made.*gc"):
        run(tmp_path, data=data)


def test_failed_features_are_not_tried_again_for_those_who_wait(tmp_path):
    model = Loudness(fails_at=1)
    with pytest.raises(CellsFailed, match=r"4 of 9 cells failed.*the toy broke"):
        run(tmp_path, model)
    (attempt,) = list_runs(Store(tmp_path))
    kinds = [cell.failure.kind for cell in attempt.cells(Store(tmp_path)) if cell.failure]
    assert kinds == ["BrokenPlugin", "EntryLost", "EntryLost", "EntryLost"]


def test_remains_without_a_sidecar_do_not_bar_the_place(tmp_path):
    store = Store(tmp_path)
    key = store.write({"n": 1}, {"values": np.arange(3)})
    (store.place(key) / "entry.json").unlink()

    with pytest.warns(RuntimeWarning, match="no entry.json"):
        store.write({"n": 1}, {"values": np.arange(3)})
    assert store.read(key)["values"].tolist() == [0, 1, 2]


def vanished(*_):
    raise FileNotFoundError


def test_entry_that_vanishes_while_it_is_read_was_read_or_missed(tmp_path, monkeypatch):
    store = Store(tmp_path)
    key = store.write({"n": 1}, {"values": np.arange(3)})
    monkeypatch.setattr(os, "utime", vanished)
    assert store.read(key)["values"].tolist() == [0, 1, 2]

    monkeypatch.setattr(np, "fromfile", lambda *_, **__: store.gc(max_bytes=0) and vanished())
    assert store.read(key) is None


def test_entry_that_a_network_disk_calls_stale_is_a_miss(tmp_path, monkeypatch):
    def stale(*_, **__):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    store = Store(tmp_path)
    key = store.write({"n": 1}, {"values": np.arange(3)})
    monkeypatch.setattr(np, "fromfile", stale)
    assert store.read(key) is None


def test_entry_of_another_version_is_served_as_its_key_tells_all(tmp_path):
    store = Store(tmp_path)
    key = store.write({"n": 1}, {"values": np.arange(3)})
    sidecar = store.place(key) / "entry.json"
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"heschl": "99", "new": [1]}))
    assert store.read(key) is not None


def test_outcome_of_a_run_is_told_once_for_each_cell(tmp_path):
    told = []

    class Listening:
        def planned(self, cells, n_cached):
            told.append((len(cells), n_cached))

        def progressed(self, cell, fraction):
            pass

        def finished(self, cell, outcome):
            assert isinstance(outcome, Outcome)
            told.append(outcome.status)

    data = Cleaning()
    data.store = Store(tmp_path)
    run(tmp_path, data=data, watcher=Listening())

    # The first listener's ceiling finds the store emptied; its scores wait for features anew.
    assert told[0] == (9, 0)
    assert told[10:11] == [(6, 0)]
