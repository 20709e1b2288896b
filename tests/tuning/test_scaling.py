"""Gain over sizes: S-moussa.scaling, on Scores whose gains are planted."""

from __future__ import annotations

import copy
import csv

import numpy as np
import pytest
import scipy.stats
from made_cards import card
from made_scores import made_score

from heschl.braintuning.pairing import Pair
from heschl.braintuning.scaling import scaling, spearman
from heschl.braintuning.scaling_writing import table, write_scaling
from heschl.errors import InvalidInput

LISTENERS = [f"S{number}" for number in range(1, 9)]
HOURS = (0.8, 1.6, 3.2, 6.4)
WEIGHTS = (94e6, 315e6, 962e6)
N_LAYERS, N_UNITS = 3, 4


def base(digest="made"):
    values = np.full((len(LISTENERS), N_LAYERS, N_UNITS), 0.2)
    score = made_score(values)
    score.tree["provenance"].attrs["model_digest"] = digest
    return score


def pair(subject, gain, before, n_stories=2, hours=1.0, weights=94e6, digest="made"):
    made = copy.deepcopy(card(subject))
    made["plan"]["stories"]["training"] = [f"story {k}" for k in range(n_stories)]
    made |= {"training_hours": hours, "n_weights": weights, "base_digest": digest}
    made |= {"base": f"hf:{digest}"}
    after = made_score(np.full((1, N_LAYERS, N_UNITS), 0.2 + gain), subjects=[subject])
    return Pair(made, before, after)


def over_hours(gains):
    """Return pairs with planted gains (listener, size)."""
    before = base()
    return [
        pair(subject, gain, before, n_stories=2**k, hours=hours)
        for subject, row in zip(LISTENERS, gains, strict=True)
        for k, (hours, gain) in enumerate(zip(HOURS, row, strict=True))
    ]


def over_weights(gains):
    befores = [base(f"net {k}") for k in range(len(WEIGHTS))]
    return [
        pair(subject, gain, befores[k], weights=weights, digest=f"net {k}")
        for subject, row in zip(LISTENERS, gains, strict=True)
        for k, (weights, gain) in enumerate(zip(WEIGHTS, row, strict=True))
    ]


def test_gains_that_fall_with_the_log_of_size_correlate_by_minus_one():
    gains = np.tile(0.1 - 0.01 * np.log(np.divide(WEIGHTS, 1e6)), (len(LISTENERS), 1))

    (trend,) = scaling(over_weights(gains))

    assert trend.axis == "weights"
    assert trend.rho == trend.low == trend.high == -1
    assert trend.sizes == WEIGHTS
    np.testing.assert_allclose(trend.gains, gains[0])
    np.testing.assert_allclose(trend.errors, 0, atol=1e-12)
    assert trend.n == len(LISTENERS)


def test_noisy_gains_over_hours_are_those_of_scipy():
    generator = np.random.default_rng(0)
    gains = 0.02 * np.log(HOURS) + 0.02 * generator.standard_normal((len(LISTENERS), len(HOURS)))
    pairs = over_hours(gains)
    generator.shuffle(pairs)

    (trend,) = scaling(pairs)

    assert trend.axis == "hours"
    np.testing.assert_allclose(trend.gains, gains.mean(axis=0))
    np.testing.assert_allclose(trend.errors, scipy.stats.sem(gains))
    assert trend.rho == pytest.approx(scipy.stats.spearmanr(HOURS, gains.mean(axis=0)).statistic)
    own = [scipy.stats.spearmanr(HOURS, row).statistic for row in gains]
    assert min(own) <= trend.low < np.mean(own) < trend.high <= max(own)


def test_gains_that_are_all_alike_have_no_rank():
    assert np.isnan(spearman([1, 2, 3], [0.1, 0.1, 0.1]))
    (trend,) = scaling(over_hours(np.zeros((len(LISTENERS), len(HOURS)))))
    assert np.isnan([trend.rho, trend.low, trend.high]).all()


def test_parts_that_are_not_nested_are_refused():
    pairs = over_hours(np.zeros((len(LISTENERS), len(HOURS))))
    pairs[1].card["plan"]["stories"]["training"] = ["story 0", "another"]
    with pytest.raises(InvalidInput, match=r"of S1 the stories of one model are no part of"):
        scaling(pairs)


def test_what_is_no_curve_is_refused():
    gains = np.zeros((len(LISTENERS), len(HOURS)))
    of_hours, of_weights = over_hours(gains), over_weights(gains[:, :3])
    with pytest.raises(InvalidInput, match="differ both in their bases and in the stories"):
        scaling([*of_hours, *of_weights])
    with pytest.raises(InvalidInput, match="differ neither in their bases nor in the stories"):
        scaling(of_hours[::4])
    with pytest.raises(InvalidInput, match="listeners have 3, 4 models"):
        scaling(of_hours[:-1])
    with pytest.raises(InvalidInput, match="listeners have 2 models"):
        scaling([each for k, each in enumerate(of_hours) if k % 4 < 2])
    with pytest.raises(InvalidInput, match="two models of S1 have the same base and stories"):
        scaling([*of_hours, of_hours[0]])
    del of_hours[2].card["training_hours"]
    with pytest.raises(InvalidInput, match="does not tell training_hours"):
        scaling(of_hours)
    with pytest.raises(InvalidInput, match="no tuned model was given"):
        scaling([])


def test_table_has_a_row_for_each_size_and_the_figure_a_panel(tmp_path):
    pytest.importorskip("matplotlib")
    trends = scaling(over_hours(np.tile(np.log(HOURS), (len(LISTENERS), 1))))

    rows = list(csv.DictReader(table(trends).splitlines()))
    files = write_scaling(trends, tmp_path)

    assert [float(row["size"]) for row in rows] == pytest.approx(HOURS)
    assert [float(row["gain"]) for row in rows] == list(trends[0].gains)
    assert {row["rho"] for row in rows} == {"1.0"}
    assert [path.name for path in files] == ["scaling.csv", "scaling.svg", "scaling.pdf"]
    assert files[1].read_text().count('id="axes_') == 1


def test_listeners_with_models_of_other_bases_are_refused():
    pairs = over_weights(np.zeros((len(LISTENERS), len(WEIGHTS))))
    pairs[-1].card["base_digest"] = "another net"
    pairs[-1].card["base"] = "hf:another net"

    with pytest.raises(InvalidInput, match=r"S1 has models of hf:net 0, .* and S8 of hf:another"):
        scaling(pairs)


def test_gains_of_bases_of_one_size_are_never_mixed():
    gains = np.tile([0.01, 0.02, 0.03], (len(LISTENERS), 1))
    pairs = over_weights(gains)
    for each in pairs:
        each.card["n_weights"] = WEIGHTS[0] if each.card["base_digest"] != "net 2" else WEIGHTS[2]
    pairs[:2] = pairs[1::-1]  # S1 has them in another order

    (trend,) = scaling(pairs)

    np.testing.assert_allclose(trend.gains, gains[0])
    np.testing.assert_allclose(trend.errors, 0, atol=1e-12)
