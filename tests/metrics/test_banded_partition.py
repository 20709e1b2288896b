"""Variance partitioning against planted shares, plain ridge and its own identities."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.metrics.simulated_ridge import labelled, problem, thirds

from heschl.metrics.ridge import KFold, LeaveOneOut, Nested, Ridge
from heschl.metrics.ridge.banded import (
    BandedRidge,
    RandomMixes,
    unique_contributions,
    variance_partition,
)
from heschl.metrics.ridge.banded.partition import parts_by_exclusion
from heschl.splits import ContiguousKFold, Fold

ALPHAS = (0.1, 3.0, 30.0, 200.0, 3000.0)
TINY = LeaveOneOut((1e-4,))
"""So small beside eigenvalues of hundreds that it leaves least squares."""


def subsets(names):
    sizes = range(1, len(names) + 1)
    return [subset for size in sizes for subset in itertools.combinations(names, size)]


def planted(names, shares, *, n_rows=1500, width=3, n_units=80):
    """Return a design, responses, and the features white[subset] that they are made of.

    Each set of spaces holds features that no other space has, and they explain its share.
    """
    generator = np.random.default_rng(0)
    white, signal = {}, 0.0
    for subset in subsets(names):
        white[subset] = generator.standard_normal((n_rows, width))
        weights = generator.standard_normal((width, n_units))
        weights *= np.sqrt(shares[subset]) / np.linalg.norm(weights, axis=0)
        signal = signal + white[subset] @ weights
    noise = generator.standard_normal((n_rows, n_units)) * np.sqrt(1 - sum(shares.values()))
    held = [(name, subset) for name in names for subset in white if name in subset]
    design, responses = labelled(np.hstack([white[subset] for _, subset in held]), signal + noise)
    spaces = np.repeat([name for name, _ in held], width)
    return design.assign_coords(space=("feature", spaces)), responses, white


def expected_scores(white, shares, folds):
    """Return 1 - E SSE / E SST of least squares for each union, mean over folds.

    Weights are spherical: on features Z each direction has share / width of the variance, and the
    prediction is H y, so that E SSE is the sum of share / width |Z_test - H Z_train|² over all
    features and of (1 - all shares) (|H|² + n_test) for noise.
    """
    scores = []
    of_noise = 1 - sum(shares.values())
    for union in subsets([subset[0] for subset in white if len(subset) == 1]):
        seen = np.hstack([white[subset] for subset in white if set(subset) & set(union)])
        of_folds = []
        for fold in folds:
            train, test = centred(seen, fold)
            hat = test @ np.linalg.pinv(train)
            errors = of_noise * (np.sum(hat**2) + len(test))
            total = of_noise * (len(test) - 1)
            for subset, features in white.items():
                train, test = centred(features, fold)
                share = shares[subset] / features.shape[1]
                errors += share * np.sum((test - hat @ train) ** 2)
                total += share * np.sum((test - test.mean(axis=0)) ** 2)
            of_folds.append(1 - errors / total)
        scores.append(np.mean(of_folds))
    return np.array(scores)


def centred(features, fold):
    mean = features[fold.train].mean(axis=0)
    return features[fold.train] - mean, features[fold.test] - mean


@pytest.mark.parametrize(
    ("names", "shares"),
    [
        ("ab", (0.2, 0.1, 0.3)),
        ("ab", (0.5, 0.0, 0.0)),
        ("ab", (0.0, 0.0, 0.4)),
        ("abc", (0.1, 0.05, 0.0, 0.15, 0.1, 0.0, 0.2)),
    ],
    ids=["both", "an empty space", "all shared", "three"],
)
@pytest.mark.parametrize("is_banded", [False, True], ids=["plain", "banded"])
def test_planted_shares_are_found(names, shares, is_banded):
    shares = dict(zip(subsets(names), shares, strict=True))
    design, responses, white = planted(names, shares)
    folds = ContiguousKFold(5).folds({"time": np.arange(1500)})
    mixes = RandomMixes(3, concentrations=(1.0,)) if is_banded else None

    found = variance_partition(design, responses, folds, TINY, seed=0, mixes=mixes)

    scores = expected_scores(white, shares, folds)
    for name, expected in (("score", scores), ("part", parts_by_exclusion(scores, len(names)))):
        of_units = found[name].mean("fold")
        error = of_units.std("unit") / np.sqrt(of_units.sizes["unit"])
        # A ratio of sums over 300 test rows is off by up to 2 · 1/4 / 300 on average.
        assert (abs(of_units.mean("unit") - expected) < 4 * error + 0.002).all()
        assert error.max() < 0.005
    parts = found["part"].mean(["fold", "unit"])
    np.testing.assert_allclose(parts, [*shares.values()], atol=0.03)
    assert found["union"].to_numpy().tolist() == [" + ".join(s) for s in subsets(names)]
    assert found["partition"].to_numpy().tolist() == [" & ".join(s) for s in subsets(names)]
    assert found["score"].dims == ("union", "fold", "unit")
    assert found["part"].dims == ("partition", "fold", "unit")
    assert not found["flag_constant"].any()


@pytest.mark.parametrize("n_spaces", [2, 3, 5])
def test_parts_of_what_a_union_touches_add_up_to_its_score(n_spaces):
    spaces = range(n_spaces)
    scores = np.random.default_rng(0).standard_normal((2**n_spaces - 1, 2, 3))

    parts = parts_by_exclusion(scores, n_spaces)

    for union, score in zip(subsets(spaces), scores, strict=True):
        touched = [bool(set(union) & set(subset)) for subset in subsets(spaces)]
        np.testing.assert_allclose(parts[touched].sum(axis=0), score, atol=1e-12)


@pytest.mark.parametrize("widths", [(6, 4, 9), (30, 3, 20), (200, 90, 5)], ids=str)
@pytest.mark.parametrize(
    "estimator", [LeaveOneOut(ALPHAS), KFold(ALPHAS, n_folds=3), Nested(ALPHAS)], ids=repr
)
def test_each_union_is_plain_ridge_of_its_columns(widths, estimator):
    design, responses = labelled(*problem(60, sum(widths), 8, 0.4))
    spaces = np.random.default_rng(0).permutation(np.repeat(["a", "b", "c"], widths))
    design = design.assign_coords(space=("feature", spaces))

    found = variance_partition(design, responses, thirds(60), estimator, seed=0, dtype="float64")

    for union in found["union"].to_numpy():
        columns = np.isin(spaces, union.split(" + "))
        plain = Ridge(estimator, score="r2", engine="reference")(
            design[:, columns], responses, thirds(60), seed=0
        )
        of_union = found.sel(union=union)
        np.testing.assert_allclose(of_union["score"], plain["score"], atol=1e-9)
        np.testing.assert_array_equal(of_union["alpha"], plain["alpha"])
        present = (of_union["gamma"] > 0).all(["fold", "unit"])
        assert set(found["space"].to_numpy()[present]) == set(union.split(" + "))


def test_each_banded_union_is_banded_ridge_of_its_columns():
    design, responses = labelled(*problem(60, 24, 8, 0.4))
    spaces = np.repeat(["a", "b", "c"], 8)
    design = design.assign_coords(space=("feature", spaces))
    mixes = RandomMixes(4)

    found = variance_partition(
        design, responses, thirds(60), Nested(ALPHAS), seed=6, mixes=mixes, dtype="float64"
    )

    for union in found["union"].to_numpy():
        columns = np.isin(spaces, union.split(" + "))
        alone = BandedRidge(Nested(ALPHAS), mixes, "r2", dtype="float64")(
            design[:, columns], responses, thirds(60), seed=6
        )
        of_union = found.sel(union=union)
        np.testing.assert_allclose(of_union["score"], alone["score"], atol=1e-10)
        np.testing.assert_array_equal(of_union["gamma"].sel(space=alone["space"]), alone["gamma"])


def test_orthogonal_spaces_share_nothing():
    """Where columns are orthogonal in training and test rows alike, predictions simply add."""
    generator = np.random.default_rng(0)
    halves = []
    for _ in range(2):
        raw = generator.standard_normal((40, 12))
        halves.append(np.linalg.qr(raw - raw.mean(axis=0))[0])
    values = np.vstack(halves) * 6
    responses = values @ generator.standard_normal((12, 5)) + generator.standard_normal((80, 5))
    design, recording = labelled(values, responses)
    design = design.assign_coords(space=("feature", ["a"] * 5 + ["b"] * 7))
    fold = [Fold("last", np.arange(40), np.arange(40, 80))]

    found = variance_partition(
        design, recording, fold, LeaveOneOut((2.0,)), seed=0, dtype="float64"
    )

    # An intercept that is off counts once in the sum and twice in the parts.
    off = responses[40:].mean(axis=0) - responses[:40].mean(axis=0)
    lost = 40 * off**2 / ((responses[40:] - responses[40:].mean(axis=0)) ** 2).sum(axis=0)
    shared = found["part"].sel(partition="a & b")[0]
    np.testing.assert_allclose(shared, -lost, atol=1e-10)
    assert (found["part"].sel(partition=["a", "b"]) > 0.05).all()


def test_duplicated_spaces_share_all():
    design, responses = labelled(*problem(200, 6, 5))
    twice = design.isel(feature=[*range(6), *range(6)])
    twice = twice.assign_coords(space=("feature", ["a"] * 6 + ["b"] * 6))

    found = variance_partition(
        twice, responses, thirds(200), LeaveOneOut((1e-6,)), seed=0, dtype="float64"
    )

    np.testing.assert_allclose(found["part"].sel(partition=["a", "b"]), 0, atol=1e-7)
    shared = found["part"].sel(partition="a & b")
    np.testing.assert_allclose(shared, found["score"].sel(union="a"), atol=1e-7)
    assert float(shared.max()) > 0.5


def test_unique_contributions_are_the_unique_parts():
    design, responses = labelled(*problem(60, 30, 6))
    design = design.assign_coords(space=("feature", np.repeat(["a", "b", "c"], 10)))
    arguments = (design, responses, thirds(60), KFold(ALPHAS, n_folds=3))

    unique = unique_contributions(*arguments, seed=0, dtype="float64")

    parts = variance_partition(*arguments, seed=0, dtype="float64")["part"]
    assert unique["space"].to_numpy().tolist() == ["a", "b", "c"]
    assert unique.sizes["union"] == 4
    np.testing.assert_allclose(unique["unique"], parts.sel(partition=["a", "b", "c"]), atol=1e-12)
    assert unique["roi"].equals(responses["roi"])


def test_constant_units_have_no_parts():
    values, responses = problem(60, 8, 3)
    responses[:, 1] = 4.0
    design, recording = labelled(values, responses)
    design = design.assign_coords(space=("feature", ["a", "b"] * 4))

    found = variance_partition(design, recording, thirds(60), KFold(ALPHAS, n_folds=3), seed=0)

    np.testing.assert_array_equal(found["flag_constant"].all(["union", "fold"]), [0, 1, 0])
    np.testing.assert_array_equal(found["part"][..., 1], 0)
