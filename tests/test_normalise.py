"""Normalised scores of models whose score is known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from simulated_repeats import columns_r, simulated

from heschl.ceilings import (
    CorrelationCeiling,
    ExplainableVariance,
    SplitHalf,
    normalise,
)
from heschl.errors import InvalidInput


@pytest.mark.parametrize("score_power", ["correlation", "variance"])
@pytest.mark.parametrize("ceiling", [CorrelationCeiling(), SplitHalf()], ids=lambda each: each.kind)
def test_normalised_perfect_model_of_the_mean_scores_one(ceiling, score_power):
    signal, repeats = simulated(0.5, n_rows=1000)
    r = columns_r(signal, repeats.values.mean(axis=0))
    score = xr.DataArray(r if score_power == "correlation" else r**2, dims="unit")

    normalised = normalise(score, ceiling(repeats), score_power=score_power, ceiling=ceiling)

    assert normalised.mean() == pytest.approx(1.0, abs=0.03)
    assert normalised.max() > 1, "nothing is clipped"


@pytest.mark.parametrize("score_power", ["correlation", "variance"])
def test_normalised_perfect_model_of_single_repeats_scores_one(score_power):
    signal, repeats = simulated(0.5, n_rows=1000)
    r = np.mean([columns_r(signal, each) for each in repeats.values], axis=0)
    score = xr.DataArray(r if score_power == "correlation" else r**2, dims="unit")
    ceiling = ExplainableVariance()

    normalised = normalise(score, ceiling(repeats), score_power=score_power, ceiling=ceiling)

    assert normalised.mean() == pytest.approx(1.0, abs=0.03)


def test_normalised_model_of_a_share_scores_its_root():
    signal, repeats = simulated(0.3, n_rows=1000)
    other = np.random.default_rng(9).normal(size=signal.shape) * np.sqrt(0.3)
    r = columns_r(0.5 * signal + np.sqrt(0.75) * other, repeats.values.mean(axis=0))
    ceiling = CorrelationCeiling()

    normalised = normalise(
        xr.DataArray(r, dims="unit"), ceiling(repeats), score_power="correlation", ceiling=ceiling
    )

    assert normalised.mean() == pytest.approx(0.5, abs=0.03)


def test_normalise_leaves_units_at_or_below_the_minimum_out():
    values = xr.DataArray([-0.2, 0.0, 0.4, 0.5], dims="unit", coords={"unit": [3, 4, 5, 6]})
    score = xr.DataArray(
        [[0.1, 0.1, 0.1, 0.1], [0.5, 0.5, 0.5, -0.5]],
        dims=("layer", "unit"),
        coords={"unit": [3, 4, 5, 6]},
    )

    normalised, filtered = (
        normalise(score, values, score_power="correlation", ceiling=CorrelationCeiling(minimum))
        for minimum in (0.0, 0.4)
    )

    np.testing.assert_allclose(normalised[1], [np.nan, np.nan, 1.25, -1.0])
    np.testing.assert_allclose(filtered[0], [np.nan, np.nan, np.nan, 0.2])


def test_normalise_refuses_what_does_not_fit():
    values = xr.DataArray([0.5, 0.5], dims="unit", coords={"unit": [1, 2]})
    by_subject = values.expand_dims(subject=["a"])
    of_other_units = values.assign_coords(unit=[1, 3])
    ceiling = SplitHalf()

    with pytest.raises(InvalidInput, match="power 'r2'"):
        normalise(values, values, score_power="r2", ceiling=ceiling)
    with pytest.raises(InvalidInput, match="different units"):
        normalise(values, of_other_units, score_power="variance", ceiling=ceiling)
    with pytest.raises(InvalidInput, match="both need the dim unit"):
        normalise(values, by_subject, score_power="variance", ceiling=ceiling)
    with pytest.raises(InvalidInput, match="the score holds NaN"):
        normalise(values * np.nan, values, score_power="variance", ceiling=ceiling)
    with pytest.raises(InvalidInput, match="the ceiling holds NaN"):
        normalise(values, values * np.nan, score_power="variance", ceiling=ceiling)
