"""Scores whose ceiling is what listeners share, from recordings to the Score."""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.errors import InvalidInput, MissingData
from heschl.metrics.ridge import LeaveOneOut, Ridge
from heschl.shared_ceilings import SharedCorrelation, SharedPrediction
from heschl.splits import ContiguousKFold
from heschl.temporal import stacked

RIDGE = Ridge(LeaveOneOut(alphas=(1.0, 10.0, 100.0)), score="pearson")


@dataclass
class Shared(ToyDataset):
    """Four listeners; the last never heard the story 'two', and lacks unit 1 in 'one'."""

    n_listeners: int = 4
    noise: float = 1.0

    def stimuli_of(self, subject):
        names = super().stimuli_of(subject)
        return tuple(name for name in names if subject != "S4" or name != "two")

    def recording(self, subject, stimuli=None):
        found = super().recording(subject, stimuli or self.stimuli_of(subject))
        if subject == "S4" and "one" in found.responses:
            found.responses["one"][3, 1] = np.nan
        return found


def benchmark(ceiling, **changes):
    settings = {
        "metric": RIDGE,
        "splitter": ContiguousKFold(3),
        "skipped_rows": {},
        "ceiling": ceiling,
        **changes,
    }
    return toy_benchmark(**settings)


def rows(dataset, subject, stimuli):
    """Return responses (row, unit) as they are scored, with NaN in units that are not finite."""
    recording = dataset.recording(subject, stimuli)
    finite = np.all(
        [np.isfinite(recording.responses[name]).all("time") for name in stimuli], axis=0
    )
    values = stacked({name: recording.responses[name].fillna(0.0) for name in stimuli})
    return values.where(xr.DataArray(finite, dims="unit"))


def expected(dataset, subject, ceiling):
    """Return the ceiling by the definition, story by story and listener by listener."""
    heard = dataset.stimuli_of(subject)
    others = []
    for name in heard:
        values = [
            rows(dataset, other, (name,)).to_numpy()
            for other in dataset.subjects()
            if other != subject and name in dataset.stimuli_of(other)
        ]
        with np.errstate(all="ignore"):
            others.append(np.nanmean(values, axis=0) if len(values) > 1 else np.nan)
    others = np.concatenate(others)
    own = rows(dataset, subject, heard)
    own = own[:, np.isfinite(own).all("time").to_numpy()]
    folds = ContiguousKFold(3).folds({"time": own["time"].to_numpy()})
    comparable = np.isfinite(others).all(axis=0)
    found = ceiling.of_listener(own, others[:, comparable], folds, RIDGE, seed=0)
    return found, own["unit"].to_numpy()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_ceilings_are_those_of_each_listener_against_the_others(tmp_path):
    dataset, ceiling = Shared(), SharedPrediction(n_components=4)
    score = heschl.score(Loudness(), benchmark(ceiling), data=dataset, store=tmp_path)
    found = score.tree["ceiling"].to_dataset()
    for subject in dataset.subjects():
        of_subject = found.where(found["subject"] == subject, drop=True)
        values, units = expected(dataset, subject, ceiling)
        np.testing.assert_array_equal(of_subject["unit_of_subject"], units)
        np.testing.assert_allclose(of_subject["ceiling"], values, atol=2e-5)
    # The univariate form stands beside it.
    own = rows(dataset, "S1", dataset.stimuli_of("S1"))
    assert found["univariate"].dims == ("unit",)
    assert float(found["univariate"].where(found["subject"] == "S1").max()) <= 1.0
    assert own.sizes["unit"] > 0


def test_scores_are_divided_by_the_mean_ceiling_of_all_listeners(tmp_path):
    score = heschl.score(Loudness(), benchmark(SharedCorrelation()), data=Shared(), store=tmp_path)
    units, ceilings = score.tree["units"].to_dataset(), score.tree["ceiling"].to_dataset()
    shared = ceilings["ceiling"].groupby("unit_of_subject").mean()
    of_unit = shared.sel(unit_of_subject=units["unit_of_subject"]).to_numpy()
    np.testing.assert_allclose(ceilings["shared_ceiling"], of_unit, rtol=1e-12)
    with np.errstate(invalid="ignore"):
        quotient = np.where(of_unit > 0, units["score"].to_numpy() / of_unit, np.nan)
    np.testing.assert_allclose(units["normalised"], quotient, rtol=1e-5)
    assert "NC-SHARED" in score.explain()


@pytest.mark.parametrize("kind", [SharedCorrelation(), SharedPrediction(n_components=4)])
def test_who_has_too_few_others_in_a_unit_has_no_ceiling_there(tmp_path, kind):
    class Thin(Shared):
        """Nobody but S4, who heard 'one' alone, has two others in unit 2; in unit 3 nobody has."""

        def recording(self, subject, stimuli=None):
            found = super().recording(subject, stimuli)
            if subject == "S3" and "two" in found.responses:
                found.responses["two"][3, 2] = np.nan
            if subject in ("S2", "S3") and "one" in found.responses:
                found.responses["one"][3, 3] = np.nan
            return found

    score = heschl.score(Loudness(), benchmark(kind), data=Thin(), store=tmp_path)
    ceilings, units = score.tree["ceiling"].to_dataset(), score.tree["units"].to_dataset()
    place, subject = ceilings["unit_of_subject"].to_numpy(), ceilings["subject"].to_numpy()
    own, shared = ceilings["ceiling"].to_numpy(), ceilings["shared_ceiling"].to_numpy()
    has_none = ((place == 2) & np.isin(subject, ["S1", "S2"])) | (place == 3)
    np.testing.assert_array_equal(np.isnan(own), has_none)
    np.testing.assert_array_equal(np.isnan(ceilings.get("univariate", own)), has_none)
    (of_fourth,) = own[(place == 2) & (subject == "S4")]
    assert set(shared[place == 2]) == {of_fourth} != {0.0}
    assert set(shared[place == 3]) == {0.0}
    assert np.isnan(units["normalised"].to_numpy()[:, place == 3]).all()
    # Of a region's mean ceiling they are no part, and spread no NaN.
    counts = (shared > kind.minimum) & np.isfinite(own)
    for name in ("S1", "S4"):
        of_listener = float(score.tree["summary"]["ceiling"].sel(subject=name, roi="all"))
        assert of_listener == pytest.approx(own[counts & (subject == name)].mean())


def test_the_ceiling_of_a_listener_does_not_depend_on_who_is_scored(tmp_path):
    declared = benchmark(SharedPrediction(n_components=4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = heschl.score(Loudness(), declared, data=Shared(), store=tmp_path / "a")
    with pytest.warns(UserWarning, match="of the 1 listeners that are scored, without 3 more"):
        alone = heschl.score(
            Loudness(), declared, data=Shared(), store=tmp_path / "b", subjects=["S2"]
        )
    of_whole = whole.tree["ceiling"]["ceiling"].to_numpy()
    is_second = (whole.tree["ceiling"]["subject"] == "S2").to_numpy()
    np.testing.assert_array_equal(alone.tree["ceiling"]["ceiling"], of_whole[is_second])


def test_ceilings_are_fitted_on_the_device_asked_for(tmp_path, monkeypatch):
    class Watched(SharedPrediction):
        def of_listener(self, own, others, folds, estimator, *, seed):
            devices.append(estimator.device)
            return super().of_listener(own, others, folds, estimator, seed=seed)

    devices = []
    declared = benchmark(Watched(n_components=4))
    assert declared.metric.device == "auto"
    heschl.score(Loudness(), declared, data=Shared(), store=tmp_path, device="cpu")
    assert set(devices) == {"cpu"}


def test_two_listeners_are_too_few(tmp_path):
    with pytest.raises(MissingData, match="S1 heard none that as many heard; fetch more listeners"):
        heschl.score(
            Loudness(), benchmark(SharedCorrelation()), data=Shared(n_listeners=2), store=tmp_path
        )


def test_listeners_need_one_space(tmp_path):
    class Elsewhere(Shared):
        def recording(self, subject, stimuli=None):
            found = super().recording(subject, stimuli)
            if subject != "S3":
                return found
            return type(found)(subject, {k: v[:, 1:] for k, v in found.responses.items()})

    with pytest.raises(heschl.errors.CellsFailed, match="needs the same rows and units for all"):
        heschl.score(Loudness(), benchmark(SharedCorrelation()), data=Elsewhere(), store=tmp_path)


def test_the_tenth_with_the_highest_ceilings_is_a_region(tmp_path):
    declared = benchmark(SharedCorrelation(), rois=("all", "Top10"))
    score = heschl.score(Loudness(), declared, data=Shared(), store=tmp_path)
    units = score.tree["units"].to_dataset()
    shared = score.tree["ceiling"]["shared_ceiling"].to_numpy()
    chosen = units["in_roi"].sel(roi="Top10").to_numpy().astype(bool)
    # Two of eleven places, in every listener who has them.
    assert len(set(units["unit_of_subject"].to_numpy()[chosen])) == 2
    assert shared[chosen].min() > shared[~chosen].max()


def test_who_is_left_out_is_neither_scored_nor_shared_with(tmp_path):
    declared = benchmark(SharedCorrelation(), left_out=("S2",))
    score = heschl.score(Loudness(), declared, data=Shared(), store=tmp_path)
    assert score.tree["summary"]["subject"].to_numpy().tolist() == ["S1", "S3", "S4"]

    class Without(Shared):
        def subjects(self):
            return tuple(name for name in super().subjects() if name != "S2")

    other = heschl.score(
        Loudness(), benchmark(SharedCorrelation()), data=Without(), store=tmp_path / "other"
    )
    np.testing.assert_array_equal(
        score.tree["ceiling"]["ceiling"], other.tree["ceiling"]["ceiling"]
    )
    with pytest.raises(InvalidInput, match="toy-ridge leaves out S2; choose other listeners"):
        heschl.score(Loudness(), declared, data=Shared(), store=tmp_path, subjects=["S2"])
    nobody = benchmark(SharedCorrelation(), left_out=("S1", "S2", "S3", "S4"))
    with pytest.raises(MissingData, match="no listener on disk whom toy-ridge does not leave out"):
        heschl.score(Loudness(), nobody, data=Shared(), store=tmp_path)
