"""Designs whose spectra are hard for a solver, and what the reference makes of them."""

from __future__ import annotations

import numpy as np

from heschl.metrics.ridge.engine.arrangement import arrange
from heschl.metrics.ridge.engine.solve import solve
from heschl.metrics.ridge.estimators import LeaveOneOut
from heschl.metrics.ridge.fitting import score_fold
from heschl.metrics.ridge.penalties import TIE, judge_penalties
from heschl.metrics.ridge.solver import rotate

PENALTIES = tuple(float(alpha) for alpha in np.logspace(1, 8, 20))

EXPONENTS = {"flat": 0.0, "1/p": 0.5, "p^-2": 1.0}
"""Of the singular values."""


def design_of(kind, n_rows, n_features, seed=0):
    """Return z-scored features with a spectrum by name; rows are correlated."""
    generator = np.random.default_rng([seed, n_rows, n_features])
    values = generator.standard_normal((n_rows, n_features))
    for row in range(1, n_rows):
        values[row] += 0.5 * values[row - 1]
    if kind == "duplicated":
        half = n_features - n_features // 2
        values[:, half:] = values[:, : n_features - half]
    elif kind == "deficient":
        rank = max(1, n_features // 3)
        values = values[:, :rank] @ generator.standard_normal((rank, n_features))
    else:
        values *= np.arange(1, n_features + 1) ** -EXPONENTS[kind]
        values = values @ np.linalg.qr(generator.standard_normal((n_features, n_features)))[0]
    return (values - values.mean(axis=0)) / values.std(axis=0)


def responses_to(design, n_units, seed=0):
    """Return z-scored responses with a share of signal between none and most."""
    generator = np.random.default_rng([seed, 1, *design.shape])
    signal = design @ generator.standard_normal((design.shape[1], n_units))
    signal *= generator.uniform(0.0, 1.5, n_units) / np.maximum(signal.std(axis=0), 1e-9)
    responses = signal + generator.standard_normal(signal.shape)
    return (responses - responses.mean(axis=0)) / responses.std(axis=0)


def contiguous(n_rows, n_folds):
    """Return (training, test) rows."""
    rows = np.arange(n_rows)
    return [(np.setdiff1d(rows, test), test) for test in np.array_split(rows, n_folds)]


def solved(design, responses, folds, estimator, **settings):
    """Return the fast engine's solution of one recording."""
    arrangement = arrange(folds, estimator, n_rows=len(design), seed=3)
    return solve(design, [responses], arrangement, estimator, **{"score": "pearson"} | settings)[0]


def assert_agrees(design, responses, folds, estimator, *, dtype, score="pearson"):
    """Compare with the reference; penalties may differ only where its own values tie.

    Returns the share of equal penalties.
    """
    tolerance = {"float32": 5e-6, "float64": 1e-10}[dtype]
    # The engine may see a value just inside the tie band that the reference sees just outside.
    band = TIE + {"float32": 5e-6, "float64": 1e-9}[dtype]
    found = solved(design, responses, folds, estimator, score=score, dtype=dtype)
    alphas = np.array(estimator.alphas)
    equal = []
    for fold, (train, test) in enumerate(folds):
        others = [rows for other, (_, rows) in enumerate(folds) if other != fold]
        settings = {"others": others, "seed": 3}
        expected = score_fold(
            design, responses, estimator, train=train, test=test, score=score, block=512, **settings
        )
        same = alphas[found.alpha_index[fold]] == expected.alpha
        error = np.abs(found.score[fold] - expected.score)
        assert (
            error[same].max(initial=0.0) <= tolerance * np.maximum(1, np.abs(expected.score)).max()
        )
        np.testing.assert_array_equal(found.is_constant[fold][same], expected.is_constant[same])
        equal.append(same)
        if not same.all():
            training = np.asarray(design[train], dtype=np.float64)
            rotation = rotate(
                training, smallest_alpha=alphas[0], has_intercept=estimator.has_intercept
            )
            judge = judge_penalties(estimator, training, rotation, rows=train, **settings)
            values = judge(np.asarray(responses[train][:, ~same], dtype=np.float64))
            if getattr(estimator, "alpha_per_unit", True):
                taken = found.alpha_index[fold][~same]
                lost = values.max(axis=0) - values[taken, np.arange(len(taken))]
                assert lost.max() <= band * np.maximum(1, np.abs(values.max(axis=0))).max()
    return float(np.mean(equal))


def is_left_out(estimator):
    """Return whether an estimator leaves out single rows."""
    return isinstance(estimator, LeaveOneOut)
