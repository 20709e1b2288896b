"""Canonical correlations: against other formulations, under changes of basis, at the edges."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import cross_decomposition

from heschl.errors import InvalidInput
from heschl.metrics.cca import (
    CanonicalCorrelation,
    Moments,
    canonical_pairs,
    common_directions,
    permuted_correlations,
)
from heschl.metrics.cca.similarity import shared_variance
from heschl.metrics.cca.verification import verification
from heschl.metrics.ridge.agreement import r2
from heschl.splits import ContiguousKFold
from heschl.testing import examine, metric_checks

N_ROWS, N_SHARED = 600, 3


def views(widths=(5, 7), n_rows=N_ROWS, seed=0, noise=0.6):
    """Return features that share three dimensions, in scales far apart and far from 0."""
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((n_rows, N_SHARED)) * [1.0, 0.8, 0.5]
    found = []
    for width in widths:
        mixed = shared @ generator.standard_normal((N_SHARED, width))
        mixed += noise * generator.standard_normal((n_rows, width))
        found.append(
            mixed * np.geomspace(1e-3, 1e3, width) + 100 * generator.standard_normal(width)
        )
    return found


def by_orthonormal_bases(one, other):
    """Return the correlations as cosines between the spaces of the columns (Björck and Golub)."""
    bases = [scipy.linalg.orth(each - each.mean(axis=0)) for each in (one, other)]
    return np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)


def test_correlations_are_those_of_orthonormal_bases():
    one, other = views()

    found = canonical_pairs(Moments.of(one, other))

    np.testing.assert_allclose(found.correlations, by_orthonormal_bases(one, other), atol=1e-10)
    np.testing.assert_allclose(found.correlations_of(one, other), found.correlations, atol=1e-9)


@pytest.mark.parametrize("share", [0.0, 1e-3, 0.3])
def test_correlations_solve_the_generalised_eigenproblem(share):
    """[0 C; C' 0] w = s [B 0; 0 B'] w, with B the covariances and the penalty on their diagonal."""
    one, other = (each / each.std(axis=0) for each in views())
    both = np.cov(np.hstack([one, other]).T, bias=True)
    across = both.copy()
    across[:5, :5] = across[5:, 5:] = 0.0
    within = both - across
    within[np.diag_indices(12)] += share * np.r_[[np.diag(both)[:5].mean()] * 5, [1.0] * 7]
    eigenvalues, vectors = scipy.linalg.eigh(across, within)

    found = canonical_pairs(Moments.of(one, other), share=share)

    np.testing.assert_allclose(found.correlations, eigenvalues[::-1][:5], atol=1e-10)
    for pair in range(3):
        expected = vectors[:5, -1 - pair] * np.sqrt(2)
        sign = np.sign(expected @ found.first.weights[:, pair])
        np.testing.assert_allclose(found.first.weights[:, pair], sign * expected, atol=1e-7)


def test_variates_are_those_of_scikit_learn():
    """Converged, with its own scaling of columns to unit variance, which changes no variate."""
    one, other = views()
    settled = {"tol": 1e-14, "max_iter": 100_000}
    peer = cross_decomposition.CCA(n_components=3, scale=True, **settled).fit(one, other)

    found = canonical_pairs(Moments.of(one, other), share=0.0)

    theirs = [each / each.std(axis=0) for each in peer.transform(one, other)]
    ours = [
        side.transform(each, slice(3))
        for side, each in zip((found.first, found.second), (one, other), strict=True)
    ]
    signs = np.sign(np.sum(theirs[0] * ours[0], axis=0))
    for variates, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(variates, signs * expected, atol=1e-5)


def test_variates_have_unit_variance_and_are_uncorrelated():
    one, other = views()

    found = canonical_pairs(Moments.of(one, other))

    both = np.hstack([found.first.transform(one), found.second.transform(other)])
    expected = np.eye(12)
    expected[:5, 5:10] = expected[5:10, :5] = np.diag(found.correlations)
    np.testing.assert_allclose(np.cov(both.T, bias=True), expected, atol=1e-7)


def test_directions_without_a_partner_come_in_the_order_of_what_they_carry():
    one, other = views()
    moments = Moments.of(one, other)

    second = canonical_pairs(moments).second

    assert second.n_directions == 7
    spread = moments.covariance(1, 1) @ second.weights[:, 5:]
    products = spread.T @ spread
    assert products[0, 0] > products[1, 1] > 0
    assert abs(products[0, 1]) < 1e-9 * products[0, 0]


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=25, deadline=None)
def test_correlations_survive_any_change_of_basis_without_a_penalty(seed, is_swapped):
    generator = np.random.default_rng(seed)
    one, other = views(seed=seed % 7)
    basis = generator.standard_normal((5, 5))
    if np.linalg.cond(basis) > 1e4:
        basis = np.eye(5)
    changed = [
        (one - one.mean(axis=0)) / one.std(axis=0) @ basis,
        other[:, generator.permutation(7)],
    ]
    order = generator.permutation(N_ROWS)
    changed = [each[order] for each in (changed[::-1] if is_swapped else changed)]

    np.testing.assert_allclose(
        canonical_pairs(Moments.of(*changed), share=0.0).correlations,
        canonical_pairs(Moments.of(one, other), share=0.0).correlations,
        atol=1e-7,
    )


def test_with_a_penalty_rotations_change_nothing_and_scales_do():
    one, other = (each / each.std(axis=0) for each in views())
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0]

    def correlations(first):
        return canonical_pairs(Moments.of(first, other), share=0.1).correlations

    np.testing.assert_allclose(correlations(one @ rotation), correlations(one), atol=1e-9)
    assert abs(correlations(one * np.geomspace(0.1, 10, 5)) - correlations(one)).max() > 0.01


def test_signs_do_not_depend_on_the_order_of_rows():
    one, other = views()
    order = np.random.default_rng(2).permutation(N_ROWS)

    first = canonical_pairs(Moments.of(one, other))
    again = canonical_pairs(Moments.of(one[order], other[order]))

    np.testing.assert_allclose(again.first.weights, first.first.weights, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(again.second.weights, first.second.weights, rtol=1e-6, atol=1e-9)


def test_the_rule_penalises_where_rows_are_few():
    one, other = views()

    assert canonical_pairs(Moments.of(one[:240], other[:240])).first.penalty == 0.0
    few = canonical_pairs(Moments.of(one[:239], other[:239])).first
    assert few.penalty == pytest.approx(1e-3 * one[:239].var(axis=0).mean())


def test_constant_and_dependent_columns_are_dropped_and_counted():
    one, other = views()
    held = np.full((N_ROWS, 1), np.float32(0.1), dtype=np.float64) * 1e6
    worse = np.hstack([one, held, one[:, :1] - 2 * one[:, 1:2], one[:, :1]])

    found = canonical_pairs(Moments.of(worse, other), share=0.0)

    assert (found.first.n_constant, found.first.n_dependent) == (1, 2)
    assert found.first.n_directions == 5
    np.testing.assert_allclose(found.correlations, by_orthonormal_bases(one, other), atol=1e-7)
    assert not found.first.weights[5].any()


def test_more_columns_than_rows_need_a_penalty_and_get_one():
    generator = np.random.default_rng(3)
    one, other = generator.standard_normal((2, 30, 40))

    without = canonical_pairs(Moments.of(one, other), share=0.0)
    by_rule = canonical_pairs(Moments.of(one, other))

    assert without.first.n_dependent == 40 - 29
    np.testing.assert_allclose(without.correlations, 1.0, atol=1e-6)
    assert by_rule.first.penalty > 0
    assert by_rule.correlations.max() < 1.0


def test_moments_of_parts_add_up_far_from_zero():
    rows = np.random.default_rng(4).standard_normal((1000, 4)) + 1e6
    parts = [Moments.of(part[:, :1], part[:, 1:]) for part in np.array_split(rows, 7)]

    found = Moments.pooled(parts)

    exact = np.cov(rows.T, bias=True)
    np.testing.assert_allclose(found.scatter / 1000, exact, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(found.covariance(0, 1), exact[:1, 1:], atol=1e-8)
    assert found.n_rows == 1000


def test_long_rows_are_added_up_piece_by_piece():
    one, other = views(n_rows=10_001)

    np.testing.assert_allclose(
        canonical_pairs(Moments.of(one.astype(np.float32), other.astype(np.float32))).correlations,
        by_orthonormal_bases(one, other),
        atol=2e-4,  # of float32 numbers that lie 1e5 deviations from 0
    )


def test_eigenvalues_of_several_views_are_those_of_summed_projections():
    """Carroll's form of MAXVAR: the eigenvalues of the sum of the projections onto each view."""
    three = views(widths=(4, 6, 5), n_rows=200)
    total = np.zeros((200, 200))
    for each in three:
        basis = scipy.linalg.orth(each - each.mean(axis=0))
        total += basis @ basis.T
    expected, vectors = np.linalg.eigh(total)

    found = common_directions(Moments.of(*three), share=0.0)

    np.testing.assert_allclose(found.eigenvalues, expected[::-1][:15], atol=1e-9)
    common = found.transform(three, slice(1))[:, 0]
    assert abs(np.corrcoef(common, vectors[:, -1])[0, 1]) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_several_views_solve_the_generalised_eigenproblem(share):
    three = [each / each.std(axis=0) for each in views(widths=(4, 6, 5), n_rows=400)]
    whole = np.cov(np.hstack(three).T, bias=True)
    within = scipy.linalg.block_diag(whole[:4, :4], whole[4:10, 4:10], whole[10:, 10:])
    within += share * np.eye(15)
    expected = scipy.linalg.eigh(whole + share * np.eye(15), within, eigvals_only=True)

    found = common_directions(Moments.of(*three), share=share)

    np.testing.assert_allclose(found.eigenvalues, expected[::-1], atol=1e-9)


def test_two_views_have_the_directions_of_their_pairs():
    moments = Moments.of(*views())

    pairs, common = canonical_pairs(moments), common_directions(moments)

    np.testing.assert_allclose(common.eigenvalues[:5], 1 + pairs.correlations, atol=1e-10)
    np.testing.assert_allclose(
        np.abs(common.views[0].weights[:, :3]), np.abs(pairs.first.weights[:, :3]), rtol=1e-5
    )


def test_permuted_sentences_tell_shared_from_unshared_dimensions():
    one, other = views(n_rows=300, noise=0.2)
    sentences = np.repeat(np.arange(30), 10)

    found = permuted_correlations(one, other, sentences, n_permutations=60, seed=0)

    assert (found.p[:N_SHARED] == 1 / 61).all()
    assert found.p[N_SHARED:].min() > 0.1
    np.testing.assert_allclose(found.correlations, by_orthonormal_bases(one, other), atol=1e-8)


def test_permutations_keep_the_error_rate_where_rows_depend_on_each_other():
    """Slow features, as sentences hold them: rows that change places would find far too much."""
    false, n_runs = 0, 100
    for seed in range(n_runs):
        generator = np.random.default_rng([seed, 5])
        slow = np.repeat(generator.standard_normal((2, 40, 2)), 8, axis=1)
        one, other = slow + 0.1 * generator.standard_normal((2, 320, 2))
        sentences = np.repeat(np.arange(40), 8)
        found = permuted_correlations(one, other, sentences, n_permutations=19, seed=seed)
        false += found.p[0] <= 0.05

    assert false <= 11  # of 5 expected: P(more | .05) = .005


def test_metric_explains_what_the_common_directions_do():
    """Of full rank it is least squares, of lower rank regression on the first variates."""
    one, other = views()
    design = xr.DataArray(one, dims=("time", "feature"))
    responses = xr.DataArray(other, dims=("time", "unit"))
    (fold,) = ContiguousKFold(2).folds({"time": np.arange(N_ROWS)})[:1]
    train = one[fold.train], other[fold.train]

    full = CanonicalCorrelation(share=0.0)(design, responses, [fold], seed=0)
    two = CanonicalCorrelation(n_pairs=2, share=0.0)(design, responses, [fold], seed=0)

    def least_squares(features, tested):
        columns = np.column_stack([features, np.ones(len(features))])
        weights = np.linalg.lstsq(columns, train[1], rcond=None)[0]
        return r2(np.column_stack([tested, np.ones(len(tested))]) @ weights, other[fold.test])

    scale = train[0].std(axis=0)
    np.testing.assert_allclose(
        full["score"][0], least_squares(train[0] / scale, one[fold.test] / scale), atol=1e-6
    )
    peer = cross_decomposition.CCA(n_components=2, tol=1e-14, max_iter=100_000).fit(*train)
    np.testing.assert_allclose(
        two["score"][0],
        least_squares(peer.transform(train[0]), peer.transform(one[fold.test])),
        atol=1e-5,
    )
    assert two["held_out_correlation"].shape == (1, 2)
    assert not full["alpha"].any()


def test_metric_keeps_its_promises():
    found = [examine(check) for check in metric_checks("cca")]

    assert [outcome for outcome in found if outcome.verdict == "failed"] == []
    assert len(found) > 10


def test_planted_values_are_found():
    findings = verification()

    assert len(findings) == 13
    assert all(finding.passed for finding in findings), findings


def test_shared_variance_is_the_squared_correlation():
    generator = np.random.default_rng(6)
    one = generator.standard_normal((200, 4))
    other = one * [1, -1, 0.5, 0] + 0.3 * generator.standard_normal((200, 4))

    expected = [np.corrcoef(one[:, unit], other[:, unit])[0, 1] ** 2 for unit in range(4)]
    np.testing.assert_allclose(shared_variance(one, other), expected, atol=1e-12)


ONE, OTHER = views(n_rows=60)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (lambda: Moments.of(ONE[:50], OTHER), "rows"),
        (lambda: Moments.of(ONE[:, :0], OTHER), "shape"),
        (lambda: Moments.of(ONE[:, 0], OTHER), "shape"),
        (lambda: Moments.of(ONE, np.where(OTHER > 0, OTHER, np.nan)), "view 1"),
        (lambda: Moments.of(ONE * 1e200, OTHER), "too large"),
        (lambda: Moments.of(ONE.astype(str), OTHER), "real numbers"),
        (lambda: Moments.pooled([Moments.of(ONE), Moments.of(OTHER)]), "same views"),
        (lambda: Moments.pooled([]), "one part"),
        (lambda: canonical_pairs(Moments.of(ONE)), "views"),
        (lambda: canonical_pairs(Moments.of(ONE, OTHER, OTHER)), "views"),
        (lambda: canonical_pairs(Moments.of(ONE, np.ones((60, 2)))), "varies"),
        (lambda: canonical_pairs(Moments.of(ONE[:2], OTHER[:2])), "2 rows"),
        (lambda: canonical_pairs(Moments.of(ONE, OTHER), share=-1.0), "share"),
        (lambda: canonical_pairs(Moments.of(ONE, OTHER), share=np.nan), "share"),
        (lambda: common_directions(Moments.of(ONE)), "views"),
        (lambda: common_directions(Moments.of(ONE, OTHER)).transform([ONE]), "views"),
        (lambda: canonical_pairs(Moments.of(ONE, OTHER)).first.transform(OTHER), "features"),
        (lambda: canonical_pairs(Moments.of(ONE, OTHER)).correlations_of(ONE, OTHER[:9]), "rows"),
        (lambda: permuted_correlations(ONE, OTHER, np.repeat([0, 1], 30), seed=0), "blocks"),
        (lambda: permuted_correlations(ONE, OTHER, np.arange(59), seed=0), "label"),
        (
            lambda: permuted_correlations(ONE, OTHER, np.arange(60), n_permutations=0, seed=0),
            "n_permutations",
        ),
        (lambda: CanonicalCorrelation(n_pairs=0), "n_pairs"),
        (lambda: CanonicalCorrelation(n_pairs=2.0), "n_pairs"),
        (lambda: CanonicalCorrelation(share="none"), "share"),
        (lambda: shared_variance(ONE, OTHER), "shape"),
    ],
)
def test_what_cannot_be_correlated_is_refused(refused, words):
    with pytest.raises(InvalidInput, match=words):
        refused()
