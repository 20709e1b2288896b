"""The metric of Tuckute et al. against scikit-learn, brute force and closed forms."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import LinAlgWarning
from sklearn.linear_model import Ridge, RidgeCV

from heschl.errors import InvalidInput
from heschl.metrics.ridge.tuckute import TuckuteRidge, reliability, spearman_brown
from heschl.metrics.ridge.tuckute.correction import PREDICTION_FLOOR, RESPONSE_FLOOR
from heschl.metrics.ridge.tuckute.fitting import prepare
from heschl.splits import Fold

ALPHAS = TuckuteRidge().alphas


def halves(n_rows: int, n_splits: int = 2) -> list[Fold]:
    generator = np.random.default_rng(0)
    folds = []
    for number in range(n_splits):
        order = generator.permutation(n_rows)
        train, test = order[: n_rows // 2], order[n_rows // 2 :]
        folds.append(Fold(f"{number}", train=train, test=test))
    return folds


def problem(n_rows: int, n_features: int, *, rank: int | None = None):
    generator = np.random.default_rng(n_features)
    design = generator.standard_normal((n_rows, n_features))
    if rank is not None:
        design = design[:, :rank] @ generator.standard_normal((rank, n_features))
    noise = np.array([0.1, 1.0, 4.0, 30.0]) * np.sqrt(n_features)
    signal = design @ generator.standard_normal((n_features, 4))
    return 5 + design, signal + noise * generator.standard_normal((n_rows, 4))


def left_out_errors(design, response, alpha) -> float:
    """Return the mean squared leave-one-out error, one fit a row."""
    errors = []
    for row in range(len(response)):
        kept = np.arange(len(response)) != row
        x, y = design[kept], response[kept]
        centre = x.mean(axis=0)
        if alpha < 1e-20:  # least squares of least norm
            weights = np.linalg.lstsq(x - centre, y - y.mean(), rcond=1e-10)[0]
        else:
            weights = (
                Ridge(alpha, fit_intercept=False, solver="svd").fit(x - centre, y - y.mean()).coef_
            )
        errors.append(response[row] - y.mean() - (design[row] - centre) @ weights)
    return float(np.mean(np.square(errors)))


@pytest.mark.parametrize(("n_features", "rank"), [(7, None), (60, None), (60, 5)])
def test_penalty_has_the_least_left_out_error_by_brute_force(n_features, rank):
    design, responses = problem(24, n_features, rank=rank)
    rows = np.arange(24)

    trained = prepare(design, rows, rows[:2], ALPHAS).fit(responses)

    for unit in range(responses.shape[1]):
        errors = {
            alpha: left_out_errors(design, responses[:, unit], alpha)
            for alpha in (1e-50, *(10.0**k for k in range(-4, 6)), 1e49)
        }
        variance = responses[:, unit].var()
        chosen = left_out_errors(design, responses[:, unit], trained.alpha[unit])
        assert chosen <= min(errors.values()) + 1e-5 * variance


@pytest.mark.parametrize("n_features", [7, 120])
def test_scores_equal_those_of_scikit_learn(n_features):
    design, responses = problem(100, n_features)
    folds = halves(100)

    result = TuckuteRidge()(
        xr.DataArray(design, dims=("time", "feature")),
        xr.DataArray(responses, dims=("time", "unit")),
        folds,
        seed=0,
    )

    for number, fold in enumerate(folds):
        x = design - design[fold.train].mean(axis=0)
        y = responses - responses[fold.train].mean(axis=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", (RuntimeWarning, LinAlgWarning))
            peer = RidgeCV(alphas=ALPHAS[::-1], alpha_per_target=True).fit(
                x[fold.train], y[fold.train]
            )
        predicted = peer.predict(x[fold.test])
        for unit in range(responses.shape[1]):
            if predicted[:, unit].std() < 1e-9:
                assert result["score"][number, unit] == 0
                assert result["flag_mean"][number, unit] == 1
                continue
            r = np.corrcoef(predicted[:, unit], y[fold.test, unit])[0, 1]
            assert float(result["score"][number, unit]) == pytest.approx(max(r, 0) ** 2, abs=1e-4)


def test_a_row_that_only_its_own_feature_predicts_bars_no_penalty_but_the_smallest():
    """A unit of a network that is silent for all sounds but one."""
    generator = np.random.default_rng(0)
    design = np.hstack([generator.standard_normal((40, 3)), np.zeros((40, 1))])
    design[5, 3] = 1.0
    responses = design[:, :1] + 0.1 * generator.standard_normal((40, 1))
    rows = np.arange(40)

    trained = prepare(design, rows, rows, ALPHAS).fit(responses)

    assert np.isfinite(trained.prediction).all()
    assert 1e-9 < trained.alpha[0] < 1e3
    assert np.corrcoef(trained.prediction[:, 0], responses[:, 0])[0, 1] > 0.95


def test_spearman_brown_lengthens_the_test_threefold():
    generator = np.random.default_rng(0)
    signal = generator.standard_normal(200_000)
    sessions = signal + generator.standard_normal((3, 200_000))
    again = signal + generator.standard_normal((3, 200_000))
    r = np.corrcoef(sessions[0], sessions[1])[0, 1]

    predicted = np.corrcoef(sessions.mean(axis=0), again.mean(axis=0))[0, 1]

    assert float(spearman_brown(np.array([r]))[0]) == pytest.approx(predicted, abs=0.005)


def test_reliability_is_the_median_of_pairs_and_has_a_floor():
    generator = np.random.default_rng(0)
    signal = generator.standard_normal((83, 6))
    sessions = signal + 0.7 * generator.standard_normal((3, 83, 6))
    sessions[:, :, 4] = generator.standard_normal((3, 83))
    sessions[0, :, 4] = -sessions[1, :, 4]
    sessions[2, :, 5] = 1.0

    found = reliability(sessions, RESPONSE_FLOOR)

    for unit in range(4):
        r = np.corrcoef(sessions[:, :, unit])[np.triu_indices(3, 1)]
        assert found[unit] == pytest.approx(3 * np.median(r) / (1 + 2 * np.median(r)))
    assert found[4] == RESPONSE_FLOOR
    r = np.corrcoef(sessions[:2, :, 5])[0, 1]
    assert found[5] == pytest.approx(3 * r / (1 + 2 * r))
    assert reliability(np.ones((3, 9, 1)), PREDICTION_FLOOR).tolist() == [PREDICTION_FLOOR]
    with pytest.raises(InvalidInput, match="single sessions"):
        reliability(sessions[:1], RESPONSE_FLOOR)


@pytest.mark.parametrize(
    ("session", "r2", "corrected", "statistic"),
    [(0.5, 0.75, 1.0, np.median), (0.2, 0.4286, 1.16, np.mean)],
)
def test_correction_of_a_perfect_model_reaches_one_or_its_known_bias(
    session, r2, corrected, statistic
):
    """With session reliability .2 the quotient is above 1 on average, whatever the model."""
    generator = np.random.default_rng(0)
    signal = np.sqrt(session) * generator.standard_normal((165, 3000))
    sessions = signal + np.sqrt(1 - session) * generator.standard_normal((3, 165, 3000))
    response = sessions.mean(axis=0)
    train, test = slice(0, 83), slice(83, None)
    r = np.array(
        [np.corrcoef(signal[test, unit], response[test, unit])[0, 1] for unit in range(3000)]
    )

    quotient = np.maximum(r, 0) ** 2 / reliability(sessions[:, train], RESPONSE_FLOOR)

    assert np.mean(r**2) == pytest.approx(r2, abs=0.01)
    assert statistic(quotient) == pytest.approx(corrected, abs=0.05)


def test_correction_divides_by_both_reliabilities_and_leaves_the_score_alone():
    design, responses = problem(120, 10)
    generator = np.random.default_rng(1)
    sessions = responses + 5 * generator.standard_normal((3, *responses.shape))
    x = xr.DataArray(design, dims=("time", "feature"))
    y = xr.DataArray(sessions.mean(axis=0), dims=("time", "unit"))
    folds = halves(120)

    corrected = TuckuteRidge()(
        x, y, folds, seed=0, repeats=xr.DataArray(sessions, dims=("repeat", "time", "unit"))
    )
    plain = TuckuteRidge()(x, y, folds, seed=0)

    np.testing.assert_array_equal(corrected["score"], plain["score"])
    assert "normalised" not in plain
    assert TuckuteRidge.normalisation.startswith("score / (reliability of the response *")
    for number, fold in enumerate(folds):
        predicted = np.stack(
            [
                prepare(design, fold.train, fold.test, ALPHAS).fit(s[fold.train]).prediction
                for s in sessions
            ]
        )
        noise = reliability(sessions[:, fold.train], 0.182) * reliability(predicted, 0.183)
        np.testing.assert_allclose(
            corrected["normalised"][number], corrected["score"][number] / noise, rtol=1e-12
        )


@pytest.mark.parametrize("fault", ["dims", "units", "nan"])
def test_sessions_that_do_not_match_are_refused(fault):
    design, responses = problem(40, 3)
    sessions = xr.DataArray(np.stack([responses] * 3), dims=("repeat", "time", "unit"))
    if fault == "dims":
        sessions = sessions.transpose("time", "repeat", "unit")
    if fault == "units":
        sessions = sessions[:, :, 1:]
    if fault == "nan":
        sessions = sessions.where(sessions["unit"] != 2) if "unit" in sessions.coords else sessions
        sessions[0, 0, 0] = np.nan

    with pytest.raises(InvalidInput, match="repeats"):
        TuckuteRidge()(
            xr.DataArray(design, dims=("time", "feature")),
            xr.DataArray(responses, dims=("time", "unit")),
            halves(40),
            seed=0,
            repeats=sessions,
        )
