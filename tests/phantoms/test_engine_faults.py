"""Each fault that is planted into an engine is found by its verification, and named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from heschl import ceiling_verification, ceilings
from heschl.metrics.ridge import verification
from heschl.metrics.ridge.engine import arrangement, passes, units
from heschl.metrics.ridge.engine import solve as engine
from heschl.statistics import Discoveries, TestResult

TALL = {"n_train": 1500, "n_features": 200, "share": 0.25}
WIDER = {"n_train": 600, "n_features": 300, "share": 0.3}
SLOW = {"n_train": 800, "n_features": 60, "share": 0.3}


def mismatches(findings):
    return {(each.about.split(",")[0], each.quantity) for each in findings if not each.passed}


def test_sound_ridge_passes():
    findings = [*verification._best_penalty(**WIDER), *verification._slow_design(**SLOW)]

    assert mismatches(findings) == set()


def test_penalty_in_another_convention_is_found(monkeypatch):
    solve = engine.solve

    def convert(design, recordings, arrangement, estimator, **settings):
        estimator = dataclasses.replace(estimator, alphas=tuple(np.sqrt(estimator.alphas)))
        return solve(design, recordings, arrangement, estimator, **settings)

    monkeypatch.setattr(engine, "solve", convert)

    assert ("ridge at the best penalty", "mean r") in mismatches(
        verification._best_penalty(**WIDER)
    )
    assert mismatches(verification._slow_design(**SLOW)) == {
        ("ridge at the best penalty", "mean R²")
    }


def test_smallest_penalty_taken_is_found(monkeypatch):
    monkeypatch.setattr(
        passes, "best_penalties", lambda judged, _: np.zeros(judged.shape[1], dtype=int)
    )

    assert mismatches(verification._best_penalty(**WIDER)) == {
        ("leave-one-out", "units within a grid step of the best penalty"),
        ("leave-one-out", "mean r"),
    }


def test_responses_a_row_late_are_found(monkeypatch):
    read = units.Recordings.read
    monkeypatch.setattr(
        units.Recordings, "read", lambda self, *place: np.roll(read(self, *place), 1, 0)
    )

    assert mismatches(verification._least_squares(**TALL)) == {
        ("least squares", "mean r"),
        ("least squares", "mean R²"),
    }


def test_test_rows_that_are_trained_on_are_found(monkeypatch):
    arrange = arrangement.arrange

    def leak(folds, *others, **settings):
        folds = [(np.concatenate([train, test]), test) for train, test in folds]
        return arrange(folds, *others, **settings)

    monkeypatch.setattr(arrangement, "arrange", leak)

    assert mismatches(verification._noise()) == {
        ("noise", "mean r"),
        ("noise", "false positives of the signed-rank test"),
        ("noise", "150 families of 20 with a false discovery"),
    }


def test_one_sided_p_is_found(monkeypatch):
    two_sided = verification.wilcoxon

    def one_sided(differences):
        result = two_sided(differences)
        return TestResult(result.p / 2, result.n)

    monkeypatch.setattr(verification, "wilcoxon", one_sided)

    assert ("noise", "false positives of the signed-rank test") in mismatches(verification._noise())


def test_uncorrected_p_is_found(monkeypatch):
    monkeypatch.setattr(verification, "fdr", lambda p, q: Discoveries(p, p <= q))

    assert mismatches(verification._noise()) == {
        ("noise", "150 families of 20 with a false discovery")
    }


def test_sound_ceilings_pass():
    assert mismatches(ceiling_verification.verification()) == set()


def test_ceiling_of_the_other_power_is_found(monkeypatch):
    ccmax = ceilings.ccmax
    monkeypatch.setattr(ceilings, "ccmax", lambda covariance: ccmax(covariance) ** 2)

    found = mismatches(ceiling_verification.verification())

    assert ("NC-CCMAX", "median ceiling") in found
    assert ("perfect model", "mean ratio") in found
    assert ("NC-EV", "mean ceiling") not in found


@pytest.mark.parametrize("kind", [ceilings.CorrelationCeiling, ceilings.SplitHalf])
def test_normalising_by_the_other_power_is_found(monkeypatch, kind):
    other = {"correlation": "variance", "variance": "correlation"}[kind.power]
    monkeypatch.setattr(kind, "power", other)

    assert mismatches(ceiling_verification.verification()) == {("perfect model", "mean ratio")}


def test_reliability_of_a_half_is_found(monkeypatch):
    split_half = ceilings.split_half

    def uncorrected(covariance, orders):
        whole = split_half(covariance, orders)
        return whole / (2 - whole)

    monkeypatch.setattr(ceilings, "split_half", uncorrected)

    assert ("NC-SPLIT", "mean ceiling") in mismatches(ceiling_verification.verification())
