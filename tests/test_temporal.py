"""Design rows: trimmed, standardised, delayed and stacked story by story."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl.errors import InvalidInput
from heschl.splits import StratifiedKFold
from heschl.temporal import Trim, delayed, stacked, zscore

TR_S = 2.0045


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
