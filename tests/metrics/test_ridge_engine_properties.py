"""The fast engine against the reference, and scikit-learn, on whatever problem somebody brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawing import examples
from hypothesis import HealthCheck, example, given, reject, settings
from tests.metrics.ridge_comparison import (
    AMPLIFIED,
    BOUND,
    EDGE,
    Case,
    compared,
    correlations_of_peer,
)
from tests.metrics.ridge_problems import GRIDS, Problem, problems

from heschl.errors import InvalidInput
from heschl.metrics.ridge import KFold, LeaveOneOut, Nested

SEEDED = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.too_slow],
}

STEEP = (
    Problem(
        351,
        199,
        (8,),
        "p^-2",
        "tiny",
        Nested((0.5, 3000.0), "pearson"),
        special=("orthogonal", "constant in test", "constant"),
        layout="float32",
        design_offset=-30.0,
        response_offset=1e3,
        dead_column=True,
        seed=36,
    ),
    Problem(400, 150, (20,), "p^-2", "contiguous", Nested((0.1,), "pearson")),
)
"""Spectra so steep that products with all features would drown those that matter."""

STRONG = (
    Problem(
        30,
        64,
        (10,),
        "flat",
        "tiny",
        Nested(GRIDS["wide"], "r2"),
        design_scale=1e-6,
        design_offset=-30.0,
        response_scale=1e6,
        dead_column=True,
        seed=5,
    ),
    Problem(
        65,
        11,
        (1, 1),
        "p^-2",
        "tiny",
        LeaveOneOut(GRIDS["usual"]),
        special=("orthogonal",),
        layout="memory map",
        design_scale=1e-6,
        design_offset=1.0,
        response_offset=3.0,
        seed=7,
    ),
)
"""Penalties so strong that the squares of predictions would vanish in float32."""

STILL = Problem(
    38,
    1,
    (1,),
    "deficient",
    "stories",
    KFold(GRIDS["wide"], "r2", 2),
    score="signed_r",
    layout="reversed",
    design_scale=1e-6,
    design_offset=1.0,
    dead_column=True,
    seed=38,
)
"""A design that does not vary, but for the rounding of its mean."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scores_and_penalties_equal_the_reference(dtype):
    is_same = []

    def hold(problem):
        for each in compared(problem):
            assert each.is_flag_same.all()
            assert each.error[each.is_same].max(initial=0.0) <= BOUND[dtype]
            assert each.gap.max() <= EDGE[dtype]
            is_same.append(each.is_same.ravel())

    small, large = problems(dtype=dtype), problems(dtype=dtype, most_rows=400, most_features=1200)
    found_before = given(small)(hold)
    for each in STEEP + STRONG:
        found_before = example(replace(each, dtype=dtype))(found_before)
    settings(max_examples=examples(120), **SEEDED)(found_before)()
    settings(max_examples=15, **SEEDED)(given(large)(hold))()
    assert np.concatenate(is_same).mean() >= 0.999


@settings(max_examples=examples(120), **SEEDED)
@given(problems(is_odd=True))
@example(STILL)
def test_odd_problems_are_solved_as_well_as_rounding_allows(problem):
    """Not z-scored, of any scale, hardly determined: no bound holds, but that of the condition."""
    dtype = problem.dtype
    for each in compared(problem):
        assert np.isfinite(each.score).all()
        # Without intercept float32 cannot tell a prediction that varies by 1e-5 of its mean from
        # one that does not vary.
        if problem.estimator.has_intercept or dtype == "float64":
            assert each.is_flag_same.all()
        allowed = np.maximum(BOUND[dtype], AMPLIFIED * each.moved)
        assert (each.error <= allowed)[each.is_same].all()
        assert (each.gap <= np.maximum(EDGE[dtype], AMPLIFIED * each.moved_values)).all()


@settings(max_examples=examples(60), **SEEDED)
@given(problems())
def test_scores_equal_those_of_scikit_learn_at_the_same_penalty(problem):
    try:
        found = Case(problem, problem.design(), problem.recordings()[0]).solved()
    except InvalidInput:
        reject()  # both engines refuse it, as the tests above hold

    expected = correlations_of_peer(problem, found)

    error = np.abs(found["score"].to_numpy() - expected)
    assert error[found["flag_constant"].to_numpy() == 0].max(initial=0.0) <= BOUND[problem.dtype]
