"""Listeners beside a model: the probit against statsmodels, ranks against SciPy, plain means."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
import xarray as xr
from scipy.stats import spearmanr

from heschl.errors import InvalidInput
from heschl.metrics.abx.listeners import heard, likeness, spearman
from heschl.metrics.abx.native import effect_of
from heschl.metrics.abx.probit import probit


def answered(n_listeners=6, n=80, seed=0):
    """Return simulated answers: whether yes, predictors (answer, 2), and who."""
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_listeners), n)
    predictors = generator.standard_normal((len(group), 2))
    drive = generator.normal(0, 0.5, n_listeners)[group] + predictors @ [0.8, -0.3]
    return drive + generator.standard_normal(len(group)) > 0, predictors, group


def of_statsmodels(is_yes, predictors, group):
    design = np.column_stack([predictors, group[:, None] == np.unique(group)])
    model = sm.Probit(is_yes.astype(float), design)
    fit = model.fit(disp=0, method="newton", tol=1e-12)
    return fit, np.bincount(group, model.loglikeobs(fit.params))


def test_probit_is_that_of_statsmodels():
    is_yes, predictors, group = answered()

    found = probit(is_yes, predictors, group)

    expected, by_listener = of_statsmodels(is_yes, predictors, group)
    np.testing.assert_allclose(found.coefficients, expected.params[:2], rtol=1e-5)
    np.testing.assert_allclose(found.log_likelihood.sum(), expected.llf, rtol=1e-9)
    np.testing.assert_allclose(found.log_likelihood, by_listener, rtol=1e-5)


def test_who_always_answers_the_same_is_certain_and_changes_nothing_else():
    is_yes, predictors, group = answered()
    alone = probit(is_yes, predictors, group)
    is_yes = np.append(is_yes, np.ones(30, dtype=bool))
    predictors = np.concatenate([predictors, np.random.default_rng(1).normal(size=(30, 2))])

    found = probit(is_yes, predictors, np.append(group, np.full(30, 6)))

    np.testing.assert_allclose(found.coefficients, alone.coefficients, rtol=1e-12)
    np.testing.assert_array_equal(found.log_likelihood, [*alone.log_likelihood, 0.0])


def test_predictors_that_never_change_tell_nothing():
    is_yes, predictors, group = answered()
    predictors[:, 1] = 3.0

    found = probit(is_yes, predictors, group)

    expected, _ = of_statsmodels(is_yes, predictors[:, :1], group)
    assert found.coefficients[1] == 0
    np.testing.assert_allclose(found.log_likelihood.sum(), expected.llf, rtol=1e-9)


def test_answers_that_cannot_be_fitted_are_refused():
    is_yes, predictors, group = answered()

    with pytest.raises(InvalidInput, match="not finite"):
        probit(is_yes, np.where(predictors > 2, np.nan, predictors), group)
    with pytest.raises(InvalidInput, match="no answer"):
        probit(is_yes, predictors, group + 1)


def test_rank_correlation_is_that_of_scipy():
    generator = np.random.default_rng(0)
    first, second = generator.integers(0, 5, (2, 40)).astype(float)  # with ties
    first[3], second[7] = np.nan, np.nan

    found = spearman(first, second)

    assert found == pytest.approx(spearmanr(first, second, nan_policy="omit").statistic)
    assert np.isnan(spearman(first, np.ones(40)))
    assert np.isnan(spearman(first[:2], second[:2]))


def experiment(strength=1.0, seed=0, n_listeners=10):
    """Return triplets, answers, and the Δ that answers of English listeners follow."""
    generator = np.random.default_rng(seed)
    n = 60
    triplets = xr.Dataset(
        {
            "phone_TGT": ("triplet", np.tile(["a", "e", "i"], n // 3)),
            "phone_OTH": ("triplet", np.tile(["e", "i", "e"], n // 3)),
            "context": ("triplet", np.repeat(["k_t", "p_s"], n // 2)),
            "language": ("triplet", np.repeat(["EN", "FR"], n // 2)[generator.permutation(n)]),
            "TGT_first": ("triplet", generator.random(n) < 0.5),
        },
        coords={"triplet": [f"t{k}" for k in range(n)]},
    )
    delta = generator.standard_normal(n)
    rows = np.tile(generator.permutation(n), n_listeners)
    listener = np.repeat(np.arange(n_listeners), n)
    is_english = listener % 2 == 0
    drive = strength * delta[rows] * is_english + 0.3 * triplets["TGT_first"].to_numpy()[rows]
    value = np.sign(drive + generator.standard_normal(len(rows)))
    answers = xr.Dataset(
        {
            "triplet": ("answer", np.array([f"t{k}" for k in rows])),
            "listener": ("answer", np.array([f"l{k}" for k in listener])),
            "listener_language": ("answer", np.where(is_english, "EN", "FR")),
            "value": ("answer", value),
            "trial": ("answer", np.tile(np.arange(1, n + 1), n_listeners)),
        }
    )
    return triplets, answers, delta


def test_likelihood_is_that_of_statsmodels_and_grows_with_what_is_known():
    triplets, answers, delta = experiment()

    found = likeness(triplets, answers, delta, seed=0)

    rows = np.array([int(name[1:]) for name in answers["triplet"].to_numpy()])
    z = [(each - each.mean()) / each.std() for each in (answers["trial"].to_numpy(), delta[rows])]
    design = np.column_stack([triplets["TGT_first"].to_numpy()[rows], *z])
    is_yes = answers["value"].to_numpy() > 0
    _, group = np.unique(answers["listener"], return_inverse=True)
    expected, _ = of_statsmodels(is_yes, design, group)
    without, _ = of_statsmodels(is_yes, design[:, :2], group)
    assert found.log_likelihood[0] == pytest.approx(expected.llf / len(rows))
    assert found.log_likelihood_without[0] == pytest.approx(without.llf / len(rows))
    assert found.coefficient[0] == pytest.approx(expected.params[2], rel=1e-5)
    assert found.gain_low[0] < found.gain[0] < found.gain_high[0]


def test_what_listeners_do_not_follow_gains_nothing():
    triplets, answers, delta = experiment()
    noise = np.random.default_rng(9).standard_normal(len(delta))

    # Twice the gain of the whole likelihood is a chi-square of one degree of freedom.
    assert likeness(triplets, answers, noise, seed=0).gain[0] * 2 * 600 < 10.8
    assert likeness(triplets, answers, delta, seed=0).gain[0] * 2 * 600 > 50


def test_answers_are_averaged_from_trials_up():
    triplets, answers, _ = experiment()
    # Triplets of unequal numbers of answers count the same.
    answers = answers.isel(answer=np.arange(answers.sizes["answer"]) % 7 > 0)

    found = heard(triplets, answers, ["EN: a–e", "FR: a–e", "EN: e–i", "nobody"])

    frame = answers.to_dataframe().merge(triplets.to_dataframe(), on="triplet")
    frame["pair"] = [
        "–".join(sorted(each)) for each in zip(frame.phone_TGT, frame.phone_OTH, strict=True)
    ]
    frame["native"] = frame.listener_language == frame.language
    frame["right"] = (frame.value > 0).astype(float)

    def averaged(rows, column, language, pair):
        rows = rows[(rows.language == language) & (rows.pair == pair)]
        levels = ["phone_TGT", "phone_OTH", "context", "triplet"]
        while levels:
            rows = rows.groupby(levels, as_index=False)[column].mean()
            levels.pop()
            if levels == ["phone_TGT"]:
                break
        return rows[column].mean()

    for place, (language, pair) in enumerate([("EN", "a–e"), ("FR", "a–e"), ("EN", "e–i")]):
        for group, rows in enumerate([frame, frame[frame.native], frame[~frame.native]]):
            for of, column in ((found.accuracy, "right"), (found.answer, "value")):
                assert of[group, place] == pytest.approx(averaged(rows, column, language, pair))
        french = frame[frame.listener_language == "FR"]
        assert found.by_language[1, place] == pytest.approx(
            averaged(french, "value", language, pair)
        )
    assert found.languages == ("EN", "FR")
    assert np.isnan(found.accuracy[:, 3]).all()


def test_native_effect_is_of_differences_on_one_scale():
    generator = np.random.default_rng(0)
    gap = generator.standard_normal(300)
    models = generator.standard_normal((2, 300)) + np.stack([gap, -gap])
    listeners = generator.standard_normal((2, 300)) + np.stack([gap, -gap])

    found = effect_of(models, listeners, seed=0)
    # Another scale of one model, and pairs that one of the groups was not asked about.
    models = np.column_stack([models * [[5.0], [1.0]], [[9.0, 9.0], [9.0, 9.0]]])
    listeners = np.column_stack([listeners, [[np.nan, np.nan], [1.0, 1.0]]])
    again = effect_of(models, listeners, seed=0)

    scaled = [
        each[0] / each[0].std() - each[1] / each[1].std()
        for each in (models[:, :300], listeners[:, :300])
    ]
    assert found.r == pytest.approx(np.corrcoef(*scaled)[0, 1])
    assert again.r == pytest.approx(found.r)
    assert again.n == 300
    assert found.low < found.r < found.high
    with pytest.raises(InvalidInput, match="to vary"):
        effect_of(np.ones((2, 9)), np.ones((2, 9)))
    with pytest.raises(InvalidInput, match="2 pairs"):
        effect_of(np.ones((2, 2)), np.ones((2, 2)))


def test_answers_to_unknown_triplets_are_refused():
    triplets, answers, delta = experiment()

    with pytest.raises(InvalidInput, match="not listed"):
        likeness(triplets.isel(triplet=slice(30)), answers, delta[:30], seed=0)
