from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from toy import ToyDataset

from heschl.aggregation import over_subjects
from heschl.ceilings import CorrelationCeiling, SplitHalf
from heschl.errors import BrokenPlugin, InvalidInput
from heschl.gathering import SubjectScores, gather_groups

N_UNITS = 12


def result(subject, score, ceiling):
    """Return scores (layer,) and ceilings that all units share, unless given (layer, unit)."""
    score = np.asarray(score, dtype=float)
    score = np.tile(score[:, None], N_UNITS) if score.ndim == 1 else score
    return SubjectScores(
        subject=subject,
        unit=np.arange(N_UNITS),
        score=score,
        alpha=np.ones((len(score), 1, N_UNITS)),
        flag_constant=np.zeros(score.shape, dtype=bool),
        ceiling=np.broadcast_to(np.asarray(ceiling, dtype=float), N_UNITS).copy(),
        n_repeats=4,
        n_units_dropped=0,
        n_stimuli=3,
        n_train=95,
        n_test=37,
    )


def gather(results, layers=("low", "high"), rois=("A1", "all"), ceiling=None, power="correlation"):
    return gather_groups(
        results,
        ToyDataset(),
        layers,
        rois,
        ceiling or CorrelationCeiling(minimum=0.4),
        score_power=power,
        seed=0,
    )


def test_score_above_its_ceiling_is_not_clipped():
    groups = gather([result("S1", [0.9, 0.3], 0.6)])
    np.testing.assert_allclose(groups["summary"]["normalised"].sel(layer="low", roi="A1"), [1.5])


def test_units_below_the_minimum_count_only_among_all():
    ceiling = np.full(N_UNITS, 0.8)
    ceiling[:3] = 0.4  # not above
    score = np.full((2, N_UNITS), 0.4)
    score[:, :3] = 0.0
    summary = gather([result("S1", score, ceiling)])["summary"].sel(roi="A1", subject="S1")

    assert int(summary["n_units"]) == 3
    assert int(summary["n_units_of_region"]) == 6
    np.testing.assert_allclose(summary["score"], 0.4)
    np.testing.assert_allclose(summary["normalised"], 0.5)
    np.testing.assert_allclose(summary["ceiling"], 0.8)
    np.testing.assert_allclose(summary["score_of_all_units"], 0.2)


def test_normalised_is_the_mean_of_ratios_and_not_the_ratio_of_means():
    """The example of S-millet.noise_ceiling: .5 against .74."""
    ceiling = np.where(np.arange(N_UNITS) % 2, 0.4, 0.1)
    score = np.where(np.arange(N_UNITS) % 2, 0.36, 0.01)[None]
    groups = gather(
        [result("S1", score, ceiling)], layers=("low",), ceiling=CorrelationCeiling(minimum=0.0)
    )
    summary = groups["summary"].sel(roi="A1", subject="S1", layer="low")
    assert float(summary["normalised"]) == pytest.approx(0.5)
    assert float(summary["score"] / summary["ceiling"]) == pytest.approx(0.74)


def test_variance_ceiling_divides_a_correlation_by_its_root():
    groups = gather([result("S1", [0.3, 0.6], 0.36)], ceiling=SplitHalf())
    np.testing.assert_allclose(groups["summary"]["normalised"].sel(roi="A1")[:, 0], [0.5, 1.0])


def test_region_that_nobody_has_is_empty_and_not_zero():
    with pytest.warns(UserWarning, match=r"region 'V1' of toy, .*no score; known: 'A1', 'all'"):
        groups = gather([result("S1", [0.5, 0.5], 0.8)], rois=("A1", "V1"))
    assert int(groups["summary"]["n_units"].sel(roi="V1")[0]) == 0
    assert np.isnan(groups["summary"]["score"].sel(roi="V1")).all()
    assert np.isnan(groups["population"]["rule_value"].sel(roi="V1")).all()
    assert groups["population"]["best_layer"].sel(roi="V1").item() == ""


def test_no_known_region_at_all_is_refused():
    with pytest.raises(InvalidInput, match="did you mean 'A1'"):
        gather([result("S1", [0.5, 0.5], 0.8)], rois=("A11",))


def test_nested_choice_never_sees_the_listener_itself():
    # Alone S1 prefers "low" so strongly that the mean over all does too.
    results = [
        result("S1", [0.8, 0.0], 0.8),
        result("S2", [0.3, 0.4], 0.8),
        result("S3", [0.3, 0.4], 0.8),
    ]
    population = gather(results)["population"].sel(roi="A1")

    assert population["best_layer"].item() == "low"
    assert population["nested_layer"].to_numpy().tolist() == ["high", "low", "low"]
    nested = population["rule_value"].sel(quantity="score", layer_rule="nested")
    best = population["rule_value"].sel(quantity="score", layer_rule="best")
    mean = population["rule_value"].sel(quantity="score", layer_rule="mean")
    np.testing.assert_allclose([nested, best, mean], [0.2, 1.4 / 3, 2.2 / 6], rtol=1e-6)


def test_error_interval_and_p_are_over_listeners():
    scipy_stats = pytest.importorskip("scipy.stats")
    values = np.array([0.1, 0.2, 0.25, 0.3, 0.35, 0.5, -0.05, 0.4])
    summary = xr.Dataset(
        dict.fromkeys(
            ("score", "normalised"), (("layer", "subject", "roi"), values[None, :, None] * 1.0)
        )
        | {"ceiling": (("subject", "roi"), np.full((8, 1), 0.5))},
        coords={"layer": ["low"], "subject": [f"S{n}" for n in range(8)], "roi": ["A1"]},
    )
    population = over_subjects(summary, seed=3).sel(quantity="score", layer="low", roi="A1")

    assert float(population["value"]) == pytest.approx(values.mean())
    assert float(population["error"]) == pytest.approx(scipy_stats.sem(values))
    assert float(population["p"]) == pytest.approx(scipy_stats.wilcoxon(values).pvalue)
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    np.testing.assert_allclose([population["low"], population["high"]], theirs, atol=0.01)


def test_unit_that_no_region_array_labels_is_named():
    stray = dataclasses.replace(result("S1", [0.4, 0.3], 0.8), unit=np.arange(1, N_UNITS + 1))
    with pytest.raises(BrokenPlugin, match=r"rois\('S1'\) lacks units"):
        gather([stray])


def test_units_find_their_region_in_any_order():
    shuffled = np.random.default_rng(0).permutation(N_UNITS)
    score = np.tile(np.arange(N_UNITS) / N_UNITS, (2, 1))
    straight = result("S1", score, 0.8)
    moved = dataclasses.replace(straight, unit=shuffled, score=score[:, shuffled])

    xr.testing.assert_allclose(gather([straight])["summary"], gather([moved])["summary"])
