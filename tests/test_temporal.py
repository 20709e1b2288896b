"""Clocks and design rows against nilearn, dense loops and the published constants."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from nilearn.glm.first_level import compute_regressor, glover_hrf

from heschl.errors import InvalidInput, MissingExtra
from heschl.splits import StratifiedKFold
from heschl.temporal import HemodynamicResponse, Lanczos, Trim, delayed, stacked, zscore

TR_S = 2.0045
HOP_S = 0.1


def story_clocks(n_targets=120):
    """Frame times at window ends every 0.1 s, targets in the middle of each acquisition."""
    targets = (np.arange(n_targets) + 0.5) * TR_S
    frames = np.arange(1, int(n_targets * TR_S / HOP_S) + 1) * HOP_S
    return frames, targets


def dense_lanczos(frames, targets, lobes):
    """The definition, one number at a time."""
    cutoff = 1 / np.mean(np.diff(targets))
    weights = np.zeros((len(targets), len(frames)))
    for i, target in enumerate(targets):
        for j, frame in enumerate(frames):
            lag = (target - frame) * cutoff
            if lag == 0:
                weights[i, j] = 1.0
            elif abs(lag) <= lobes:
                weights[i, j] = (
                    lobes * np.sin(np.pi * lag) * np.sin(np.pi * lag / lobes) / (np.pi * lag) ** 2
                )
    return weights


@pytest.mark.parametrize("lobes", [1, 3])
def test_lanczos_equals_the_dense_definition(lobes):
    frames, targets = story_clocks(40)

    matrix = Lanczos(lobes).matrix(frames, targets, HOP_S)

    assert matrix.shape == (len(targets), len(frames))
    assert matrix.dtype == np.float64
    np.testing.assert_allclose(matrix.toarray(), dense_lanczos(frames, targets, lobes), atol=1e-14)


def test_lanczos_stores_its_band_alone():
    frames, targets = story_clocks(400)

    matrix = Lanczos().matrix(frames, targets, HOP_S)

    assert matrix.nnz <= len(targets) * (6 * TR_S / HOP_S + 1)


def test_lanczos_block_products_add_up_to_the_whole():
    frames, targets = story_clocks(40)
    features = np.random.default_rng(0).normal(size=(len(frames), 5))
    matrix = Lanczos().matrix(frames, targets, HOP_S)

    streamed = np.zeros((len(targets), 5))
    for start in range(0, len(frames), 77):
        streamed += matrix[:, start : start + 77] @ features[start : start + 77]

    np.testing.assert_allclose(streamed, matrix @ features, atol=1e-12)


def test_lanczos_constant_gain_is_that_of_the_kernel_integral():
    frames, targets = story_clocks()

    gain = Lanczos().matrix(frames, targets, HOP_S).sum(axis=1)[10:-10]

    np.testing.assert_allclose(gain, 19.986, atol=0.01)


@pytest.mark.parametrize(
    ("frequency_hz", "low", "high"),
    [(0.02, 0.99, 1.03), (0.1, 0.99, 1.03), (0.2, 0.80, 0.84), (0.4, 0.0, 0.01)],
)
def test_lanczos_sinusoid_gain_is_the_published_one(frequency_hz, low, high):
    frames, targets = story_clocks(1000)
    matrix = Lanczos().matrix(frames, targets, HOP_S)
    wave = np.exp(2j * np.pi * frequency_hz * frames)

    passed = (matrix @ wave)[20:-20] * np.exp(-2j * np.pi * frequency_hz * targets[20:-20])

    # At the target rate's fold the alias is another frequency; its mean over targets vanishes.
    gain = abs(passed.mean()) / matrix.sum(axis=1)[20:-20].mean()
    assert low <= gain <= high


def test_lanczos_turns_events_into_rates():
    _, targets = story_clocks(500)
    events = np.sort(np.random.default_rng(0).uniform(0, targets[-1], size=3000))
    rate_hz = 3000 / targets[-1]

    counts = Lanczos().matrix(events, targets, 0.0) @ np.ones(3000)

    assert counts[10:-10].mean() == pytest.approx(rate_hz * TR_S, rel=0.01)


def test_lanczos_gives_zeros_where_the_sound_has_ended():
    frames, targets = story_clocks(60)

    matrix = Lanczos().matrix(frames[:400], targets, HOP_S)

    assert not matrix[[40, 59]].toarray().any()


def nilearn_matrix(frames, duration, targets, resampler):
    """One call of nilearn for every frame."""
    columns = []
    for frame in frames:
        event = (np.array([frame - duration / 2]), np.array([duration]), np.array([1.0]))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            regressor, _ = compute_regressor(
                event,
                resampler.model,
                targets,
                oversampling=resampler.oversampling,
                min_onset=resampler.min_onset_s,
            )
        columns.append(regressor[:, 0])
    return np.stack(columns, axis=1)


@pytest.mark.parametrize(
    ("resampler", "hop_s", "first_s", "tr_s"),
    [
        (HemodynamicResponse(), 0.5, 0.0, 2.0),
        (HemodynamicResponse("spm"), 0.37, 0.75, 1.5),
        (HemodynamicResponse(oversampling=16), 0.25, TR_S / 2, TR_S),
        (HemodynamicResponse(min_onset_s=0.0), 0.5, 0.0, 2.0),
        (HemodynamicResponse(min_onset_s=-48.0), 0.5, 30.0, 2.0),
        (HemodynamicResponse(oversampling=16), 0.02, 0.0, 2.0),
    ],
    ids=["little prince", "spm", "millet code", "no lead", "late clock", "frames below the grid"],
)
def test_hemodynamic_response_equals_nilearn(resampler, hop_s, first_s, tr_s):
    targets = first_s + np.arange(30) * tr_s
    frames = (np.arange(120) + 0.5) * hop_s

    matrix = resampler.matrix(frames, targets, hop_s).toarray()

    expected = nilearn_matrix(frames, hop_s, targets, resampler)
    assert np.abs(matrix - expected).max() <= 1e-6 * np.abs(expected).max()


def test_hemodynamic_response_equals_nilearn_on_a_speech_feature():
    rng = np.random.default_rng(0)
    hop_s, offset_s = 0.02, 0.0125
    frames = offset_s + np.arange(49 * 100) * hop_s
    targets = np.arange(65) * 1.5
    values = rng.normal(size=len(frames))

    resampled = HemodynamicResponse().matrix(frames, targets, hop_s) @ values

    events = (frames - hop_s / 2, np.full(len(frames), hop_s), values)
    expected = compute_regressor(events, "glover", targets, oversampling=50)[0][:, 0]
    assert np.abs(resampled - expected).max() <= 1e-6 * np.abs(expected).max()


def test_hemodynamic_response_peaks_at_five_seconds():
    targets = np.arange(400) * 0.02
    frames = np.array([0.01])

    response = HemodynamicResponse().matrix(frames, targets, 0.02).toarray()[:, 0]

    assert targets[response.argmax()] == pytest.approx(5.04, abs=0.04)


def test_hemodynamic_response_of_a_short_event_has_the_published_shape():
    """Relative to the kernel's peak; sampled every 2 s, the event is largest at 6 s."""
    targets = np.arange(20) * 2.0

    response = HemodynamicResponse().matrix(np.array([0.0]), targets, 0.0).toarray()[:, 0]

    np.testing.assert_allclose(
        response[1:7] / glover_hrf(2.0, 50).max(),
        [0.148, 0.858, 0.899, 0.347, -0.107, -0.260],
        atol=0.003,
    )
    assert targets[response.argmax()] == 6.0


def test_hemodynamic_response_without_nilearn_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "nilearn.glm.first_level", None)

    with pytest.raises(MissingExtra, match=r'pip install "heschl\[brain\]"'):
        HemodynamicResponse().matrix(np.array([1.0]), np.arange(3.0), 0.1)


def test_hemodynamic_response_refuses_frames_before_its_grid():
    frames, targets = np.arange(100.0), 40.0 + 2 * np.arange(10)

    with pytest.raises(InvalidInput, match=r"lower min_onset_s from -24\.0 by at least 16\.5"):
        HemodynamicResponse().matrix(frames, targets, 1.0)


def test_hemodynamic_response_refuses_a_clock_before_the_sound():
    with pytest.raises(InvalidInput, match="seconds of the sound"):
        HemodynamicResponse().matrix(np.arange(3.0), np.arange(-9.0, -5.0), 1.0)


@pytest.mark.parametrize(
    "setting", [{"model": "fir"}, {"oversampling": 0}, {"min_onset_s": 1.0}], ids=str
)
def test_hemodynamic_response_refuses_settings(setting):
    with pytest.raises(InvalidInput):
        HemodynamicResponse(**setting)


def test_lanczos_refuses_no_lobes():
    with pytest.raises(InvalidInput, match="lobes=0"):
        Lanczos(0)


@pytest.mark.parametrize("resampler", [Lanczos(), HemodynamicResponse()], ids=["lanczos", "hrf"])
@pytest.mark.parametrize(
    ("frames", "targets", "duration", "message"),
    [
        ([0, 1, 2], [1.0], 1, "at least 2 responses"),
        ([0, 1, 2], [1, 2, 4, 5], 1, "irregular"),
        ([0, 1, 2], [3, 2, 1], 1, "do not increase"),
        ([0, 1, 2], [1, 1, 2], 1, "do not increase"),
        ([2, 1, 0], [1, 2, 3], 1, "go backwards"),
        ([0, np.nan], [1, 2, 3], 1, "1 finite"),
        ([], [1, 2, 3], 1, "at least one"),
        ([[0, 1]], [1, 2, 3], 1, r"shape \(1, 2\)"),
        ([0, 1], [1, 2, np.inf], 1, "2 finite"),
        ([0, 1], [1, 2, 3], -1, "frame_duration_s=-1"),
        ([0, 1], [1, 2, 3], np.nan, "frame_duration_s=nan"),
        ([9000, 9001], [1, 2, 3], 1, "within reach"),
    ],
)
def test_resampler_refuses_clocks(resampler, frames, targets, duration, message):
    with pytest.raises(InvalidInput, match=message):
        resampler.matrix(np.array(frames), np.array(targets), duration)


def test_resampler_accepts_a_clock_in_float32():
    targets = ((np.arange(1500) + 0.5) * TR_S).astype(np.float32)

    matrix = Lanczos().matrix(np.arange(30000) * HOP_S, targets, HOP_S)

    assert matrix.shape == (1500, 30000)


def test_resampler_configuration_holds_every_setting():
    assert Lanczos().configuration() == {"kind": "Lanczos", "lobes": 3, "numerics": 1}
    assert HemodynamicResponse().configuration() == {
        "kind": "HemodynamicResponse",
        "model": "glover",
        "oversampling": 50,
        "min_onset_s": -24.0,
        "numerics": 1,
    }


def test_trim_drops_rows_at_both_ends():
    story = xr.DataArray(np.arange(20.0), dims="time", coords={"time": np.arange(20)})

    trimmed = Trim(10, 5)(story)

    assert trimmed["time"].values.tolist() == [10, 11, 12, 13, 14]
    assert Trim()(np.arange(3)).tolist() == [0, 1, 2]


def test_trim_refuses_what_leaves_nothing():
    with pytest.raises(InvalidInput, match="15 rows"):
        Trim(10, 5)(np.arange(15))
    with pytest.raises(InvalidInput, match="counts"):
        Trim(-1, 0)


@settings(max_examples=30, deadline=None)
@given(scale=st.floats(1e-150, 1e150), offset=st.floats(-100, 100), seed=st.integers(0, 1000))
def test_zscore_has_mean_zero_and_unit_sd_whatever_the_scale(scale, offset, seed):
    values = (np.random.default_rng(seed).normal(size=(50, 3)) + offset) * scale

    standard = zscore(values)

    np.testing.assert_allclose(standard.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(standard.std(axis=0), 1, atol=1e-12)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e200, 1e-300], ids=str)
def test_zscore_of_a_constant_is_zero(constant):
    values = np.full((1001, 2), constant)

    assert not zscore(values).any()
    assert not zscore(values[:1]).any()


def test_zscore_of_permuted_columns_is_permuted_to_the_bit():
    values = np.random.default_rng(0).normal(size=(101, 40))
    order = np.random.default_rng(1).permutation(40)

    np.testing.assert_array_equal(zscore(values[:, order]), zscore(values)[:, order])
    np.testing.assert_array_equal(zscore(np.asfortranarray(values)), zscore(values))


def test_zscore_leaves_its_input_alone():
    values = np.random.default_rng(0).normal(size=(5, 2))
    before = values.copy()

    zscore(values)

    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("values", [np.zeros((0, 2)), np.array([[np.nan], [1.0]])], ids=str)
def test_zscore_refuses_what_has_no_sd(values):
    with pytest.raises(InvalidInput, match="z-score"):
        zscore(values)


def test_delayed_puts_all_features_at_the_first_delay_first():
    values = np.arange(12.0).reshape(6, 2) + 1

    design = delayed(values, (1, 2, 3, 4))

    for position, delay in enumerate((1, 2, 3, 4)):
        block = design[:, 2 * position : 2 * position + 2]
        np.testing.assert_array_equal(block[delay:], values[:-delay])
        assert not block[:delay].any()


def test_delayed_looks_ahead_with_negative_delays():
    design = delayed(np.arange(1.0, 5.0)[:, None], (-1, 9, -9))

    np.testing.assert_array_equal(design.T, [[2, 3, 4, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize("delays", [(), (1, 1), (0.5,)], ids=str)
def test_delayed_refuses_delays(delays):
    with pytest.raises(InvalidInput, match="delays"):
        delayed(np.zeros((3, 1)), delays)


def test_delayed_refuses_a_single_column_without_its_axis():
    with pytest.raises(InvalidInput, match="expected"):
        delayed(np.zeros(3), (1,))


def test_delayed_regression_puts_the_weight_at_the_planted_lag():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2000, 3))
    response = np.concatenate([np.zeros((2, 1)), values[:-2] @ rng.normal(size=(3, 1))])
    response += 0.5 * rng.normal(size=response.shape)

    weights = np.linalg.lstsq(delayed(values, (1, 2, 3, 4)), response, rcond=None)[0]

    energy = (weights.reshape(4, 3) ** 2).sum(axis=1)
    assert energy[1] / energy.sum() >= 0.95


def stories(rng, lengths, n_features=4, offset=0.0):
    return {
        f"story{number}": xr.DataArray(
            rng.normal(size=(length, n_features)) + offset,
            dims=("time", "feature"),
            coords={"time": (np.arange(length) + 0.5) * TR_S},
        )
        for number, length in enumerate(lengths)
    }


def test_stacked_trims_then_standardises_then_delays_each_story():
    raw = stories(np.random.default_rng(0), (30, 40), offset=5.0)

    design = stacked(raw, trim=Trim(10, 5), delays=(1, 2))

    expected = [delayed(zscore(raw[name].values[10:-5]), (1, 2)) for name in raw]
    np.testing.assert_array_equal(design.values, np.concatenate(expected))
    assert design["stimulus"].values.tolist() == ["story0"] * 15 + ["story1"] * 25
    assert design["time"].values[[0, 15]].tolist() == [10.5 * TR_S] * 2
    assert design["feature"].values.tolist() == [0, 1, 2, 3] * 2
    assert design["delay"].values.tolist() == [1] * 4 + [2] * 4


def test_stacked_rows_depend_on_their_own_story_alone():
    raw = stories(np.random.default_rng(0), (30, 40, 20))
    changed = dict(raw, story0=raw["story0"] * 7 + 3, story2=-raw["story2"])

    before, after = (stacked(each, delays=(0, 1, 2, 3)) for each in (raw, changed))

    rows = before["stimulus"].values == "story1"
    np.testing.assert_array_equal(before.values[rows], after.values[rows])


def test_stacked_without_steps_is_the_stories_one_after_the_other():
    raw = stories(np.random.default_rng(0), (3, 4))

    design = stacked(raw, standardise=False)

    np.testing.assert_array_equal(design, np.concatenate([story.values for story in raw.values()]))
    assert "delay" not in design.coords


def test_stacked_keeps_the_units_of_responses():
    response = xr.DataArray(
        np.eye(3), dims=("time", "unit"), coords={"time": [1.0, 2.0, 3.0], "unit": [7, 8, 9]}
    )

    assert stacked({"a": response, "b": response})["unit"].values.tolist() == [7, 8, 9]


def test_stacked_columns_that_are_kept_are_those_of_kept_stories():
    generator = np.random.default_rng(0)
    stories = {
        name: xr.DataArray(
            generator.normal(size=(n_rows, 4)).astype(np.float32),
            dims=("time", "unit"),
            coords={"time": np.arange(n_rows), "unit": [5, 6, 7, 8]},
        )
        for name, n_rows in (("one", 5), ("two", 7))
    }
    kept = np.array([True, False, True, True])

    found = stacked(stories, kept=kept, delays=(1, 2))

    chosen = {name: story.isel(unit=kept) for name, story in stories.items()}
    xr.testing.assert_identical(found, stacked(chosen, delays=(1, 2)))
    assert found["unit"].to_numpy().tolist() == [5, 7, 8, 5, 7, 8]


def test_stacked_refuses_stories_that_do_not_match():
    rng = np.random.default_rng(0)
    wide, narrow = stories(rng, (5,), 3)["story0"], stories(rng, (5,), 2)["story0"]

    with pytest.raises(InvalidInput, match="2 columns"):
        stacked({"a": wide, "b": narrow})
    with pytest.raises(InvalidInput, match="3 columns along 'unit'"):
        stacked({"a": wide, "b": wide.rename(feature="unit")})
    with pytest.raises(InvalidInput, match="coordinate time"):
        stacked({"a": wide.drop_vars("time")})
    with pytest.raises(InvalidInput, match="coordinate time"):
        stacked({"a": wide.T})
    with pytest.raises(InvalidInput, match="no stimulus"):
        stacked({})


def test_stacked_standardising_by_story_stops_the_leak_of_story_means():
    """The canary: x and y share nothing but a constant of each story."""
    rng = np.random.default_rng(0)
    n_stories, n_rows, n_pairs = 20, 30, 200
    means = rng.normal(size=(n_stories, 1, n_pairs))
    x = {str(s): _pair(rng, mean, n_rows) for s, mean in enumerate(means)}
    y = {str(s): _pair(rng, mean, n_rows) for s, mean in enumerate(means)}

    leaky = _cross_validated(stacked(x, standardise=False), stacked(y, standardise=False))
    honest = _cross_validated(stacked(x), stacked(y))

    assert leaky == pytest.approx(0.5, abs=0.05)
    assert honest == pytest.approx(0.0, abs=0.03)


def _pair(rng, mean, n_rows):
    values = mean + rng.normal(size=(n_rows, mean.size))
    return xr.DataArray(values, dims=("time", "unit"), coords={"time": np.arange(n_rows) * 2.0})


def _cross_validated(x, y):
    """Mean over folds that cut stories, and over pairs, of r(y, one-feature prediction)."""
    rows = {"stimulus": x["stimulus"].values}
    scores = []
    for fold in StratifiedKFold(5, by="stimulus").folds(rows):
        x_mean, y_mean = x.values[fold.train].mean(axis=0), y.values[fold.train].mean(axis=0)
        x_train, y_train = x.values[fold.train] - x_mean, y.values[fold.train] - y_mean
        slope = (x_train * y_train).sum(axis=0) / (x_train**2).sum(axis=0)
        predicted = zscore((x.values[fold.test] - x_mean) * slope)
        scores.append((predicted * zscore(y.values[fold.test])).mean(axis=0))
    return np.mean(scores)
