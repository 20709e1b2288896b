"""Contrasts between models against SciPy and the closed forms of S-millet.specificity."""

import numpy as np
import pytest
import scipy.stats
from made_scores import made_score, without_values

from heschl.comparison import compare, of_listeners, reductions, specificity
from heschl.errors import InvalidInput, UnknownName
from heschl.layer_choice import best_on_all, best_on_others

N_SUBJECTS, N_LAYERS, N_UNITS = 12, 3, 40
RNG = np.random.default_rng(0)
LISTENERS = RNG.normal(0.3, 0.1, (N_SUBJECTS, 1, 1))
"""What listeners differ in, whoever predicts them."""
FRONT = np.arange(N_UNITS) < 20


def values(gain=0.0, seed=1, n_layers=N_LAYERS):
    rng = np.random.default_rng(seed)
    noise = 0.01 * rng.standard_normal((N_SUBJECTS, n_layers, N_UNITS))
    return LISTENERS + gain * FRONT + noise


def test_differences_are_paired_by_listener():
    first, second = (
        made_score(values(gain, seed), name, {"front": FRONT})
        for gain, seed, name in ((0.02, 1, "a"), (0.0, 2, "b"))
    )
    found = compare(first, second, quantity="score", rule="mean")
    expected = values(0.02, 1).mean(1)[:, FRONT].mean(1) - values(0.0, 2).mean(1)[:, FRONT].mean(1)
    front = found.regions.sel(roi="front")
    np.testing.assert_allclose(found.listeners.sel(roi="front"), expected, rtol=1e-9)
    assert float(front["difference"]) == pytest.approx(expected.mean())
    assert float(front["error"]) == pytest.approx(scipy.stats.sem(expected))
    assert float(front["p"]) == pytest.approx(scipy.stats.wilcoxon(expected).pvalue)
    assert float(front["low"]) < expected.mean() < float(front["high"])
    both = found.regions["p"].to_numpy()
    np.testing.assert_allclose(found.regions["adjusted"], scipy.stats.false_discovery_control(both))
    # What the listeners differ in is far larger than the difference, and is gone.
    assert expected.std() < 0.1 * LISTENERS.std()


@pytest.mark.parametrize("rule", ["nested", "mean", "best"])
@pytest.mark.parametrize("quantity", ["score", "normalised"])
def test_numbers_of_listeners_average_to_the_population(rule, quantity):
    score = made_score(values(), rois={"front": FRONT}, ceiling=np.linspace(0.5, 1, N_UNITS))
    mean = of_listeners(score, quantity, rule).mean("subject")
    population = score.tree["population"]["rule_value"].sel(quantity=quantity, layer_rule=rule)
    np.testing.assert_allclose(mean, population, rtol=1e-12)


def test_a_listener_without_a_value_in_one_layer_is_compared_by_the_others():
    gaps = [("block.0", "S2"), ("block.2", "S5"), *((f"block.{each}", "S7") for each in range(3))]
    full = made_score(values()[:8], "a")
    holed = without_values(full, *gaps)
    expected = np.delete(
        [
            values()[s, [k for k in range(3) if (f"block.{k}", f"S{s + 1}") not in gaps]].mean()
            for s in range(6)
        ]
        + [np.nan, values()[7].mean()],
        6,
    )

    of_each = of_listeners(holed).sel(roi="all").to_numpy()
    found = compare(without_values(full), holed, quantity="score").regions.sel(roi="all")

    assert np.flatnonzero(np.isnan(of_each)).tolist() == [6]  # S7, who has no layer at all
    np.testing.assert_allclose(np.delete(of_each, 6), expected, rtol=1e-12)
    assert holed.value == pytest.approx(np.nanmean(of_each))
    assert int(found["n"]) == 7


def test_only_what_both_have_is_compared():
    first = made_score(values()[:8], "a", {"front": FRONT}, subjects=list("abcdefgh"))
    second = made_score(values(0, 2)[:8], "b", subjects=list("cdefghij"))
    with pytest.warns(UserWarning, match="left out of the comparison") as warned:
        found = compare(first, second)
    assert {str(each.message).partition(":")[0] for each in warned} == {"a, b, i, j", "front"}
    assert found.listeners["subject"].to_numpy().tolist() == list("cdefgh")
    assert found.regions["roi"].to_numpy().tolist() == ["all"]


def test_few_listeners_are_not_testable():
    found = compare(made_score(values()[:5], "a"), made_score(values(0, 2)[:5], "b"))
    assert np.isnan(found.regions["p"]).all()
    assert np.isfinite(found.regions["error"]).all()


@pytest.mark.parametrize(
    ("attrs", "match"),
    [
        ({"benchmark": "other"}, "other values of benchmark: 'made-ridge' and 'other'"),
        ({"benchmark_version": 2}, "other values of benchmark_version: 1 and 2"),
        ({"data_kind": "real"}, "other values of data_kind"),
        ({"n_stimuli": 2}, r"S1 differ in n_stimuli: \[3\] for a and \[2\] for b"),
    ],
)
def test_other_experiments_are_refused(attrs, match):
    with pytest.raises(InvalidInput, match=match):
        compare(made_score(values(), "a"), made_score(values(), "b", **attrs))


def test_nobody_in_common_is_refused():
    first = made_score(values()[:2], "a")
    second = made_score(values()[:2], "b", subjects=["X", "Y"])
    with pytest.raises(InvalidInput, match="no listener in common"):
        compare(first, second)
    with pytest.raises(UnknownName, match="no layer_rule 'inner'"):
        of_listeners(first, rule="inner")
    with pytest.raises(UnknownName, match="no quantity 'r'"):
        of_listeners(first, "r")


# --- what training adds -------------------------------------------------------------------


def arm(share_explained, seed):
    """Return scores of a model that knows a share of an explainable variance of .3, in layer 1."""
    r = np.sqrt(0.3 * np.asarray(share_explained))
    rng = np.random.default_rng(seed)
    profile = np.array([0.8, 1.0, 0.9])[None, :, None]
    return r * profile + 0.02 * rng.standard_normal((30, 3, 200))


def test_specificity_is_what_each_block_adds():
    shares = np.cumsum([0.4, 0.3, 0.2, 0.1])
    scores = [made_score(arm(share, seed), f"m{seed}") for seed, share in enumerate(shares)]
    other = made_score(arm(shares[2], 9), "m9")
    found = specificity(scores[0], scores[1], [scores[2], other], scores[3])
    expected = np.diff(np.sqrt(0.3 * shares))
    np.testing.assert_allclose(found["difference"].sel(roi="all"), expected, atol=0.01)
    assert found["contrast"].to_numpy().tolist() == ["acoustic", "speech", "language"]
    assert (found["p"] < 1e-5).all()
    assert found["of_listener"].dims == ("contrast", "subject", "roi")


def test_language_contrast_is_zero_where_the_own_language_adds_nothing():
    shares = [0.4, 0.7, 0.9, 0.9]
    false_positives = 0
    for seed in range(20):
        scores = [made_score(arm(s, [seed, n])[:12, :, :20], f"m{n}") for n, s in enumerate(shares)]
        found = specificity(*scores).sel(contrast="language", roi="all")
        assert abs(float(found["difference"])) < 0.01
        false_positives += float(found["p"]) < 0.05
    assert false_positives <= 3  # of 20 at 5 %: more has a chance of 2 %


def test_arms_must_be_alike():
    first, second = made_score(values(), "a"), made_score(values(n_layers=2), "b")
    with pytest.raises(InvalidInput, match="the arms have other layers"):
        specificity(first, second, first, first)
    with pytest.raises(InvalidInput, match="non_native holds no score"):
        specificity(first, first, [], first)


# --- reductions ---------------------------------------------------------------------------


def test_both_reductions_of_two_groups_of_units():
    """S-millet.noise_ceiling: ceilings .1 and .4, scores .01 and .36 give .5 and .74."""
    odd = np.arange(10) % 2 > 0
    score = made_score(
        np.tile(np.where(odd, 0.36, 0.01), (3, 1, 1)), ceiling=np.where(odd, 0.4, 0.1)
    )
    found = reductions(score).sel(layer_rule="nested", roi="all")
    assert float(found["average_of_ratios"]) == pytest.approx(0.5)
    assert float(found["ratio_of_averages"]) == pytest.approx(0.74)


def test_choices_on_others_and_on_all():
    table = np.array([[1.0, 0.0, np.nan], [0.5, 0.6, np.nan]])
    assert best_on_others(table).tolist() == [1, 0, 1]
    assert best_on_all(table) == 1
    assert best_on_all(np.full((2, 2), np.nan)) == -1
    assert best_on_others(np.array([[0.3]])).tolist() == [0]


def test_a_comparison_says_what_it_is_over():
    scores = [made_score(values(0, seed)[:8], name) for seed, name in enumerate("ab")]
    assert compare(*scores).sample == "listener"

    for score in scores:
        score.tree.attrs["unit_of_uncertainty"] = "pair of phones"

    found = compare(*scores)
    assert found.sample == "pair of phones"
    assert np.isfinite(found.regions["p"]).all()
    fewer = made_score(values(0, 2)[:7], "c", unit_of_uncertainty="pair of phones")
    with pytest.warns(UserWarning, match="S8: only one of the scores has this pair of phones"):
        compare(scores[0], fewer)
