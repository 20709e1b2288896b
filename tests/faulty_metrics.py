"""A small metric that keeps every promise, and others that break one each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.errors import InvalidInput

CARD = MetricCard(
    "least-squares",
    load="faulty_metrics:LeastSquares",
    summary="Correlation of a least-squares prediction with held-out responses",
    licence="CC0-1.0",
    citation="@misc{nobody}",
)


@dataclass(frozen=True)
class LeastSquares:
    """Keeps the `Metric` contract."""

    intercept: bool = True

    card = CARD
    meaning = "Pearson correlation with held-out responses"
    power = "correlation"

    def configuration(self):
        return {**describe(self), "numerics": 1}

    def check(self, design, responses):
        if design.shape[0] != responses.shape[0] or not np.array_equal(
            design["time"], responses["time"]
        ):
            raise InvalidInput("design and responses differ in their rows")
        if not np.isfinite(design).all():
            raise InvalidInput("the design is not finite")

    def prepared(self, responses):
        return responses.to_numpy()

    def rows(self, fold):
        return fold.train, fold.test

    def correlation(self, predicted, actual):
        predicted = predicted - predicted.mean(axis=0)
        actual = actual - actual.mean(axis=0)
        size = np.sqrt((predicted**2).sum(axis=0) * (actual**2).sum(axis=0))
        is_constant = np.ptp(actual, axis=0) < 1e-9
        score = (predicted * actual).sum(axis=0) / np.where(is_constant, 1, size)
        return np.where(is_constant, 0, score), is_constant

    def __call__(self, design, responses, folds, *, seed):
        self.check(design, responses)
        X, Y = design.to_numpy(), self.prepared(responses)
        if self.intercept:
            X = np.column_stack([X, np.ones(len(X))])
        scores, flags = [], []
        for fold in folds:
            train, test = self.rows(fold)
            # Unit by unit: one solution for all sums in an order that their number decides.
            weights = np.stack([np.linalg.lstsq(X[train], y)[0] for y in Y[train].T], axis=1)
            score, flag = self.correlation(X[test] @ weights, Y[test])
            scores.append(score)
            flags.append(flag)
        return xr.Dataset(
            {
                "score": (("fold", "unit"), np.stack(scores)),
                "flag_constant": (("fold", "unit"), np.stack(flags)),
                "alpha": (("fold", "unit"), np.zeros((len(folds), responses.shape[1]))),
            },
            coords={"fold": [fold.name for fold in folds], "unit": responses["unit"]},
        )


def changing_answer(change):
    """Return a metric whose answer is changed."""

    def call(self, design, responses, folds, *, seed):
        return change(LeastSquares.__call__(self, design, responses, folds, seed=seed))

    return type("Changed", (LeastSquares,), {"__call__": call})


class Dividing(LeastSquares):
    """Divides by the size of what is constant."""

    def correlation(self, predicted, actual):
        score, is_constant = super().correlation(predicted, actual)
        return np.where(is_constant, np.nan, score), is_constant


class NeverFlagging(LeastSquares):
    def correlation(self, predicted, actual):
        score, is_constant = super().correlation(predicted, actual)
        return score, np.zeros_like(is_constant)


class TestingOnTraining(LeastSquares):
    """Fits and tests all on the first few rows."""

    def rows(self, fold):
        return fold.train[:12], fold.train[:12]


class Shuffling(LeastSquares):
    """Fits to responses in another order."""

    def prepared(self, responses):
        return super().prepared(responses)[::-1]


class RanksOfUnits(LeastSquares):
    """Ranks units by their place."""

    def prepared(self, responses):
        return super().prepared(responses) * (1 + np.arange(responses.shape[1]))

    def correlation(self, predicted, actual):
        score, is_constant = super().correlation(predicted, actual)
        return score - 1e-3 * np.arange(len(score)), is_constant


class Centring(LeastSquares):
    def check(self, design, responses):
        super().check(design, responses)
        responses -= responses.mean()


class DrawingAnywhere(LeastSquares):
    def correlation(self, predicted, actual):
        score, is_constant = super().correlation(predicted, actual)
        noise = 1e-3 * np.random.random(score.shape)  # noqa: NPY002  the fault itself
        return score - noise, is_constant


class TakingAnyRows(LeastSquares):
    def check(self, design, responses):
        pass


class Sharing(LeastSquares):
    """Scores recordings one by one, and keeps every promise."""

    def score_many(self, design, recordings, folds, *, seed):
        return {name: self(design, each, folds, seed=seed) for name, each in recordings.items()}


class Mingling(Sharing):
    """Lets a recording know how many others there are."""

    def score_many(self, design, recordings, folds, *, seed):
        found = super().score_many(design, recordings, folds, seed=seed)
        return {name: each - 1e-15 * (len(found) - 1) for name, each in found.items()}


class Numbering(Sharing):
    """Loses the names."""

    def score_many(self, design, recordings, folds, *, seed):
        found = super().score_many(design, recordings, folds, seed=seed)
        return dict(enumerate(found.values()))


class Halving(Sharing):
    """Changes the call alone, so that the way to score many is not its own."""

    def __call__(self, design, responses, folds, *, seed):
        return super().__call__(design, responses, folds, seed=seed)


@dataclass(frozen=True)
class Forgetful(LeastSquares):
    """Has a setting that its configuration leaves out."""

    penalty: float = 1.0

    def configuration(self):
        return {"kind": "Forgetful", "intercept": self.intercept, "numerics": 1}


class WithoutNumerics(LeastSquares):
    def configuration(self):
        return describe(self)


class Timed(LeastSquares):
    def configuration(self):
        return {**super().configuration(), "now": float(np.random.default_rng().random())}


class Holding(LeastSquares):
    def configuration(self):
        return {**super().configuration(), "solver": np.linalg.lstsq}


class Speechless(LeastSquares):
    meaning = ""
