"""What a listener's gigabytes may cost, in miniature."""

from __future__ import annotations

import tracemalloc
import weakref

import numpy as np
import xarray as xr
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.ceilings import CorrelationCeiling
from heschl.metrics.ridge import KFold, LeaveOneOut, Ridge
from heschl.shared_ceilings import SharedPrediction
from heschl.splits import ContiguousKFold
from heschl.temporal import stacked


def test_stacking_takes_the_result_and_little_more():
    generator = np.random.default_rng(0)
    stories = {
        f"story-{n}": xr.DataArray(
            generator.standard_normal((50, 2000), dtype=np.float32),
            dims=("time", "unit"),
            coords={"time": np.arange(50.0)},
        )
        for n in range(40)
    }
    kept = np.ones(2000, dtype=bool)
    kept[::100] = False

    tracemalloc.start()
    rows = stacked(stories, kept=kept)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert rows.dtype == np.float32
    assert peak < 1.4 * rows.nbytes


class Watched(ToyDataset):
    """Remembers which of its recordings are still in memory."""

    _given: list = []  # noqa: RUF012
    most_held = 0

    def recording(self, subject, stimuli=None):
        self.most_held = max(self.most_held, self.n_held())
        made = super().recording(subject, stimuli)
        self._given.append(weakref.ref(made))
        return made

    def n_held(self):
        return sum(reference() is not None for reference in self._given)


def test_recordings_are_let_go_before_the_metric_and_the_ceiling_work(tmp_path, monkeypatch):
    data = Watched()
    held = []

    def watched(method):
        def call(self, *arguments, **settings):
            held.append(data.n_held())
            return method(self, *arguments, **settings)

        return call

    for kind, name in ((Ridge, "score_many"), (CorrelationCeiling, "__call__")):
        monkeypatch.setattr(kind, name, watched(getattr(kind, name)))
    benchmark = toy_benchmark(metric=Ridge(KFold(n_folds=2, alphas=(1.0, 100.0))))

    heschl.score(Loudness(), benchmark, data=data, store=tmp_path)

    assert len(held) == 3 + 2, "a ceiling for each listener, and two layers for all"
    assert not any(held)


def test_listeners_of_a_shared_ceiling_are_read_one_at_a_time_and_let_go(tmp_path, monkeypatch):
    data = Watched(n_listeners=4)
    held = []
    of_listener = SharedPrediction.of_listener

    def watched(self, *arguments, **settings):
        held.append(data.n_held())
        return of_listener(self, *arguments, **settings)

    monkeypatch.setattr(SharedPrediction, "of_listener", watched)
    benchmark = toy_benchmark(
        metric=Ridge(LeaveOneOut(alphas=(1.0, 100.0)), score="pearson"),
        splitter=ContiguousKFold(3),
        skipped_rows={},
        ceiling=SharedPrediction(n_components=2),
    )

    heschl.score(Loudness(), benchmark, data=data, store=tmp_path)

    assert held == [0] * 4
    assert data.most_held == 0
