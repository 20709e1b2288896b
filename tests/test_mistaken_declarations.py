"""The likeliest mistakes in a dataset, a metric or a benchmark of one's own give no number."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.errors import BrokenPlugin, CellsFailed, InvalidInput
from heschl.metrics.ridge import Ridge
from heschl.recording import Recording


def run(store, data=None, **changes):
    return heschl.score(
        Loudness(), toy_benchmark(**changes), data=data or ToyDataset(), store=store
    )


@pytest.mark.parametrize("fingerprint", [None, "", b"bytes", 3])
def test_dataset_without_a_fingerprint_is_refused(tmp_path, fingerprint):
    class Nameless(ToyDataset):
        def fingerprint(self, subject, stimuli):
            return fingerprint

    with pytest.raises(BrokenPlugin, match=r"fingerprint\('S1', ...\) gave .*expected a text"):
        run(tmp_path, Nameless())


@pytest.mark.parametrize("scale", [1000, 4000, -1000], ids=["ms", "samples", "before"])
def test_clock_that_is_not_in_seconds_of_the_sound_is_refused(tmp_path, scale):
    class Otherwise(ToyDataset):
        def clock(self, stimulus):
            return np.sort(scale * super().clock(stimulus))

    with pytest.raises(InvalidInput, match="neither milliseconds nor samples"):
        run(tmp_path, Otherwise())


def test_clock_that_goes_on_after_the_sound_is_taken(tmp_path):
    class Longer(ToyDataset):
        def clock(self, stimulus):
            return super().clock(stimulus) + 40.0

    assert heschl.plan(Loudness(), toy_benchmark(), data=Longer(), store=tmp_path).cells


class Brief(ToyDataset):
    """One response to each sound."""

    def clock(self, stimulus):
        return np.array([1.0])


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"standardise": True}, "more than one; give standardise=False"),
        ({"delays": (1, 2)}, r"by 1 rows or more .* more than 1; give delays=\(\)"),
        ({"delays": (-1,)}, "by 1 rows or more"),
    ],
)
def test_what_takes_neighbouring_rows_is_refused_where_there_are_none(tmp_path, changes, match):
    settings = {"standardise": False, "delays": (), "skipped_rows": {}} | changes
    with pytest.raises(InvalidInput, match=match):
        heschl.plan(Loudness(), toy_benchmark(**settings), data=Brief(), store=tmp_path)


def test_delay_of_none_is_taken_of_single_rows(tmp_path):
    declared = toy_benchmark(standardise=False, delays=(0, 1), skipped_rows={})
    assert heschl.plan(Loudness(), declared, data=Brief(), store=tmp_path).cells


def test_units_of_one_number_are_refused():
    recording = ToyDataset().recording("S1", ["one"])
    twice = recording.responses["one"].assign_coords(unit=np.arange(12) // 2)
    with pytest.raises(InvalidInput, match="names a unit twice"):
        Recording("S1", {"one": twice})


@pytest.mark.parametrize("field", ["left_out", "included", "rois", "delays"])
@pytest.mark.parametrize("given", ["S10", 2])
def test_what_should_be_a_tuple_is_refused_otherwise(field, given):
    """Of a bare "S10" a listener "S1" would be part, and left out as well."""
    with pytest.raises(InvalidInput, match=rf"{field}={given!r}; expected a tuple"):
        toy_benchmark(**{field: given})


@dataclasses.dataclass(frozen=True)
class Answering(Ridge):
    """A metric whose answer is about other units or folds than it was asked for."""

    change: str = ""

    def __call__(self, *arguments, **settings):
        found = super().__call__(*arguments, **settings)
        return {
            "reversed": found.isel(unit=slice(None, None, -1)),
            "fewer": found.isel(unit=slice(4)),
            "unnamed and fewer": found.isel(unit=slice(4)).drop_vars("unit"),
            "fold twice": found.isel(fold=[0, 0]),
            "unnamed": found.drop_vars(["unit", "fold"]),
            "normalised": found.assign(normalised=found["score"] * 2),
        }[self.change]


@pytest.mark.parametrize("change", ["reversed", "fewer", "unnamed and fewer", "fold twice"])
def test_metric_that_answers_for_others_is_refused(tmp_path, change):
    with pytest.raises(CellsFailed, match=r"BrokenPlugin: the metric 'ridge' .*as they come"):
        run(tmp_path, metric=Answering(change=change))


def test_metric_that_normalises_without_a_word_is_refused(tmp_path):
    with pytest.raises(CellsFailed, match="does not say how it came about"):
        run(tmp_path, metric=Answering(change="normalised"))


def test_metric_may_leave_out_the_names(tmp_path):
    answering = run(tmp_path / "one", metric=Answering(change="unnamed"))
    assert answering.value == run(tmp_path / "two", metric=Ridge()).value
