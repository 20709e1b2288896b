"""The fast engine against the reference: hard spectra, odd shapes, whatever else there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from drawing import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metrics.ridge_spectra import (
    PENALTIES,
    assert_agrees,
    contiguous,
    design_of,
    responses_to,
    solved,
)
from threadpoolctl import threadpool_info

from heschl.metrics.ridge import Bootstrap, KFold, LeaveOneOut, Nested, Ridge, fit_ridge
from heschl.metrics.ridge.agreement import AGREEMENTS
from heschl.metrics.ridge.engine.arrangement import arrange
from heschl.metrics.ridge.engine.bands import bands_of
from heschl.metrics.ridge.engine.path import Mixer, operators, path_sums
from heschl.metrics.ridge.engine.solve import solve
from heschl.metrics.ridge.engine.space import Space
from heschl.metrics.ridge.engine.statistics import Sums, agreement

SPECTRA = ("flat", "1/p", "p^-2", "deficient", "duplicated")

ESTIMATORS = {
    "nested": Nested(PENALTIES, "pearson"),
    "leave one out": LeaveOneOut(PENALTIES),
    "k-fold": KFold(PENALTIES),
    "bootstrap": Bootstrap(PENALTIES, "signed_r", chunk=5),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_features", [30, 110, 400], ids=["tall", "between", "wide"])
@pytest.mark.parametrize("spectrum", SPECTRA)
def test_engine_equals_the_reference(spectrum, n_features, dtype):
    design = design_of(spectrum, 150, n_features)
    responses = responses_to(design, 80)

    equal = [
        assert_agrees(design, responses, contiguous(150, 5), estimator, dtype=dtype)
        for estimator in ESTIMATORS.values()
    ]

    assert np.mean(equal) >= 0.999


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("score", ["r2", "signed_r"])
@pytest.mark.parametrize(
    "estimator",
    [
        Nested(PENALTIES, "r2"),
        Nested(PENALTIES, "signed_r", has_intercept=False),
        KFold(PENALTIES, "pearson", has_intercept=False),
        Bootstrap(PENALTIES, "pearson", n_draws=4, alpha_per_unit=False),
    ],
    ids=["nested r2", "nested through the origin", "k-fold through the origin", "one penalty"],
)
def test_every_criterion_and_score_equals_the_reference(estimator, score, dtype):
    design = design_of("1/p", 160, 50)
    responses = responses_to(design, 60)
    if estimator.has_intercept:
        responses = responses * 3.0 + 40.0

    assert_agrees(design, responses, contiguous(160, 4), estimator, dtype=dtype, score=score)


@st.composite
def problems(draw):
    """Any small problem: spectra, shapes, scales, constant columns, overlapping folds."""
    n_rows = draw(st.integers(12, 70))
    design = design_of(draw(st.sampled_from(SPECTRA)), n_rows, draw(st.integers(2, 90)))
    responses = responses_to(design, draw(st.integers(1, 9)), seed=draw(st.integers(0, 9)))
    folds = contiguous(n_rows, draw(st.integers(3, 5)))
    if draw(st.booleans()):
        folds = [(train[1:], test) for train, test in folds]
    estimator = draw(st.sampled_from([*ESTIMATORS.values()][:3]))
    if draw(st.booleans()):
        estimator = Bootstrap(
            PENALTIES, "r2", chunk=2, fraction=0.4, n_draws=draw(st.integers(1, 4))
        )
    if isinstance(estimator, KFold):
        estimator = KFold(PENALTIES, "pearson", n_folds=3)
    if estimator.has_intercept:
        responses = responses * 10.0 ** draw(st.integers(-9, 9)) + draw(st.sampled_from([0, 7.0]))
    if draw(st.booleans()):
        responses[folds[0][draw(st.integers(0, 1))], 0] = draw(st.sampled_from([0.0, 0.1]))
    if draw(st.booleans()):
        design[:, draw(st.integers(0, design.shape[1] - 1))] = 0.0
    return design, responses, folds, estimator


@settings(max_examples=examples(60), deadline=None, derandomize=True)
@given(problems(), st.sampled_from(["float32", "float64"]))
def test_engine_equals_the_reference_whatever_the_problem(problem, dtype):
    assert_agrees(*problem, dtype=dtype)


@pytest.mark.parametrize("estimator", [LeaveOneOut, KFold], ids=["leave one out", "k-fold"])
@pytest.mark.parametrize("n_features", [20, 200], ids=["tall", "wide"])
def test_penalties_too_small_for_squares_go_by_singular_values(estimator, n_features):
    design = design_of("1/p", 90, n_features)
    responses = responses_to(design, 12)
    alphas = (1e-12, 1e-6, 1.0, 1e3)

    assert_agrees(design, responses, contiguous(90, 3), estimator(alphas), dtype="float32")


def test_thirty_rows_are_enough():
    design = design_of("flat", 30, 50)
    responses = responses_to(design, 20)

    for estimator in (*ESTIMATORS.values(), Nested(PENALTIES[:1]), KFold((3.0, 3.1), n_folds=10)):
        assert_agrees(design, responses, contiguous(30, 5), estimator, dtype="float64")


@pytest.mark.parametrize("scale", [1e-24, 1e24])
def test_scales_beyond_float32_change_nothing(scale):
    design = design_of("1/p", 100, 20)
    responses = responses_to(design, 10)
    folds = contiguous(100, 4)
    alphas = tuple(alpha * scale**2 for alpha in PENALTIES)

    expected = solved(design, responses, folds, Nested(PENALTIES, "pearson"))
    found = solved(design * scale, responses * scale, folds, Nested(alphas, "pearson"))

    np.testing.assert_array_equal(found.alpha_index, expected.alpha_index)
    np.testing.assert_allclose(found.score, expected.score, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_chunks_threads_and_company_change_no_digit_that_counts(name):
    design = design_of("1/p", 120, 60)
    recordings = [responses_to(design, n_units, seed=n_units) for n_units in (70, 1, 33)]
    estimator, folds = ESTIMATORS[name], contiguous(120, 4)
    arrangement = arrange(folds, estimator, n_rows=120, seed=3)

    def together(**settings):
        return solve(
            design, recordings, arrangement, estimator, score="r2", dtype=np.float64, **settings
        )

    reference = [solved(design, each, folds, estimator, score="r2", dtype=np.float64)
                 for each in recordings]  # fmt: skip
    for n_threads, largest_chunk in itertools.product((1, 3), (8, 1024)):
        once = together(n_threads=n_threads, largest_chunk=largest_chunk)
        again = together(n_threads=n_threads, largest_chunk=largest_chunk)
        for one, two, alone in zip(once, again, reference, strict=True):
            np.testing.assert_array_equal(one.score, two.score)
            np.testing.assert_array_equal(one.alpha_index, alone.alpha_index)
            np.testing.assert_allclose(one.score, alone.score, rtol=0, atol=1e-12)


def test_operators_made_for_each_chunk_give_what_kept_ones_give(monkeypatch):
    design = design_of("1/p", 120, 60)
    responses = responses_to(design, 40)
    folds = contiguous(120, 4)

    kept = solved(design, responses, folds, ESTIMATORS["nested"])
    monkeypatch.setattr("heschl.metrics.ridge.engine.route.KEPT_BYTES", 0)
    made = solved(design, responses, folds, ESTIMATORS["nested"])

    np.testing.assert_array_equal(made.score, kept.score)


@pytest.mark.parametrize("way", ["direct", "summed"])
def test_both_ways_of_a_tall_design_equal_the_reference(way, monkeypatch):
    monkeypatch.setattr("heschl.metrics.ridge.engine.route._tall_route", lambda *_, **__: way)
    design = design_of("p^-2", 150, 20)
    responses = responses_to(design, 30)

    for estimator, dtype in itertools.product(ESTIMATORS.values(), ("float32", "float64")):
        assert_agrees(design, responses, contiguous(150, 5), estimator, dtype=dtype)


@pytest.mark.parametrize("loudness", [3.0, 100.0, 1e4])
def test_features_that_are_loud_in_one_story_keep_their_digits(loudness):
    """What their sums over all rows would not do: the quiet rows would be lost beside the loud."""
    design = design_of("p^-2", 400, 40)
    for story in (0, 1):
        design[100 * story : 100 * (story + 1), 15 * story : 15 * (story + 1)] *= loudness
    design = (design - design.mean(axis=0)) / design.std(axis=0)
    responses = responses_to(design, 30)

    for alpha in (0.01, 1.0):
        estimator = Nested((alpha,), "pearson")
        assert_agrees(design, responses, contiguous(400, 4), estimator, dtype="float32")


@pytest.mark.parametrize("n_features", [12, 90], ids=["tall", "wide"])
@pytest.mark.parametrize("has_intercept", [True, False])
def test_weights_on_request_are_those_of_a_fit(n_features, has_intercept):
    design = design_of("1/p", 60, n_features) * 3.0
    responses = responses_to(design, 7) * 5.0
    estimator = KFold(PENALTIES, n_folds=3, has_intercept=has_intercept)
    folds = contiguous(60, 3)

    found = solved(design, responses, folds, estimator, dtype=np.float64, has_weights=True)

    for fold, (train, _) in enumerate(folds):
        expected = fit_ridge(design[train], responses[train], estimator)
        np.testing.assert_allclose(found.weights[fold], expected.weights, rtol=0, atol=1e-10)


def test_nested_folds_share_their_training_sets():
    found = arrange(contiguous(50, 5), ESTIMATORS["nested"], n_rows=50, seed=0)

    assert (len(found.trainings), len(found.held_out), len(found.blocks)) == (15, 5, 5)
    for rows, members in zip(found.trainings, found.members, strict=True):
        union = np.sort(np.concatenate([found.blocks[member] for member in members]))
        np.testing.assert_array_equal(union, rows)


@settings(max_examples=examples(60), deadline=None, derandomize=True)
@given(
    st.lists(st.floats(-12, 8), min_size=1, max_size=120),
    st.lists(st.floats(-6, 9), min_size=1, max_size=25, unique=True),
    st.sampled_from([1e-6, 1e-13]),
)
def test_every_compressed_share_is_within_its_bound(spectrum, grid, precision):
    eigenvalues, alphas = 10.0 ** np.sort(spectrum), 10.0 ** np.sort(grid)

    bands = bands_of(eigenvalues, alphas, precision=precision, n_rows=30)

    assert sorted(axis for band in bands for axis in range(*band.axes)) == [*range(len(spectrum))]
    for band in bands:
        exact = 1.0 / (alphas[:, None] + eigenvalues[slice(*band.axes)])
        error = np.abs(band.left @ band.right / exact - 1.0)
        assert error.max() <= 2 * precision  # rounding of the product itself is in it, too


@pytest.mark.parametrize("n_rows", [5, 40, 500])
def test_compressed_path_sums_what_the_predictions_sum_to(n_rows):
    generator = np.random.default_rng(1)
    eigenvalues, alphas = np.logspace(-2, 4, 90), np.array(PENALTIES)
    projected, loaded = generator.standard_normal((n_rows, 90)), generator.standard_normal((90, 6))
    bands = bands_of(eigenvalues, alphas, precision=1e-13, n_rows=n_rows)
    order = np.concatenate([np.arange(*band.axes) for band in bands])
    predicted = np.stack([projected @ (loaded / (eigenvalues[:, None] + a)) for a in alphas])
    target, scale = generator.standard_normal((n_rows, 6)), generator.uniform(1, 2, (n_rows, 20))
    basis, root = np.linalg.qr(projected[:, order])
    strength = generator.uniform(1, 1e3, 20)
    dtype, space = np.dtype(np.float64), Space(np.dtype(np.float64))

    squares, crossed = path_sums(
        operators(root, bands),
        Mixer(bands, dtype=dtype, strength=strength),
        loaded[order],
        basis.T @ target,
        space=space,
    )
    errors, _ = path_sums(
        operators(projected[:, order], bands),
        Mixer(bands, dtype=dtype, strength=strength, row_scale=scale, has_target=True),
        loaded[order],
        target,
        space=space,
    )

    squares, errors = squares / strength[:, None] ** 2, errors / strength[:, None] ** 2
    np.testing.assert_allclose(squares, (predicted**2).sum(axis=1), rtol=1e-11)
    crossed = crossed / strength[:, None]
    np.testing.assert_allclose(crossed, (predicted * target).sum(axis=1), rtol=1e-9, atol=1e-12)
    expected = ((predicted - target) * scale.T[:, :, None]) ** 2
    np.testing.assert_allclose(errors, expected.sum(axis=1), rtol=1e-11)


@pytest.mark.parametrize("kind", AGREEMENTS)
def test_agreement_from_sums_is_that_of_the_predictions(kind):
    generator = np.random.default_rng(2)
    predicted, responses = generator.standard_normal((2, 30, 5)) + 1.0
    predicted[:, 0], responses[:, 1] = 2.0, 3.0
    p0, y0 = predicted - predicted.mean(axis=0), responses - responses.mean(axis=0)
    sums = Sums(
        (p0 * y0).sum(axis=0),
        (p0**2).sum(axis=0),
        (y0**2).sum(axis=0),
        responses.mean(axis=0) - predicted.mean(axis=0),
        30,
    )

    expected = AGREEMENTS[kind](predicted, responses)
    np.testing.assert_allclose(agreement(kind, sums), expected, rtol=0, atol=1e-12)


def test_blas_threads_are_left_as_they_were():
    before = [(each["filepath"], each["num_threads"]) for each in threadpool_info()]

    solved(design_of("flat", 40, 5), np.ones((40, 2)), contiguous(40, 4), ESTIMATORS["nested"])

    assert [(each["filepath"], each["num_threads"]) for each in threadpool_info()] == before


def test_engine_of_the_metric_is_named_or_refused():
    assert Ridge().engine == "fast"
    for wrong in ({"engine": "magic"}, {"dtype": "float16"}):
        with pytest.raises(ValueError, match="expected one of"):
            Ridge(**wrong)
