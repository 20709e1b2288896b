"""The suite for metrics finds what is wrong with them, and nothing wrong with a good one."""

from __future__ import annotations

import faulty_metrics as faulty
import pytest

from heschl.metrics.ridge import KFold, Ridge
from heschl.testing import examine, metric_checks


def failed(plugin, **settings):
    found = [examine(check) for check in metric_checks(plugin, **settings)]
    return {outcome.check for outcome in found if outcome.verdict == "failed"}


@pytest.mark.parametrize(
    "metric",
    [
        faulty.LeastSquares,
        faulty.LeastSquares(),
        faulty.Sharing,
        faulty.Halving,
        Ridge(score="r2"),
        Ridge(score="signed_r"),
        Ridge(KFold()),
    ],
)
def test_good_metric_keeps_every_promise(metric):
    assert failed(metric) == set()


def test_settings_reach_the_metric():
    assert failed("ridge", score="r2", block=7) == set()
    assert failed("ridge", score="nonsense") == {"loads"}


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (faulty.Dividing, {"scores_are_finite"}),
        (faulty.NeverFlagging, {"constant_units_are_flagged"}),
        (
            faulty.changing_answer(lambda answer: answer.drop_vars("flag_constant")),
            {"constant_units_are_flagged"},
        ),
        (
            faulty.changing_answer(lambda answer: answer.drop_vars("unit")),
            {"scores_are_labelled"},
        ),
        (
            faulty.changing_answer(lambda answer: answer.transpose("unit", "fold")),
            {"scores_are_labelled"},
        ),
        (faulty.changing_answer(lambda answer: answer["score"]), {"scores_are_labelled"}),
        (faulty.changing_answer(lambda answer: answer * 0.5), {"perfect_units_score_one"}),
        (faulty.changing_answer(lambda answer: answer * 1.5), {"perfect_units_score_one"}),
        (faulty.TestingOnTraining, {"noise_scores_nothing"}),
        (faulty.Shuffling, {"perfect_units_score_one"}),
        (faulty.RanksOfUnits, {"order_of_units_does_not_matter"}),
        (faulty.Centring, {"nothing_is_touched"}),
        (faulty.DrawingAnywhere, {"same_seed_gives_same_scores", "nothing_is_touched"}),
        (faulty.TakingAnyRows, {"other_rows_are_refused"}),
        (faulty.Mingling, {"company_does_not_matter"}),
        (faulty.Numbering, {"company_does_not_matter"}),
        (faulty.Forgetful, {"configuration_is_complete"}),
        (faulty.WithoutNumerics, {"configuration_is_complete"}),
        (faulty.Timed, {"configuration_is_complete"}),
        (faulty.Holding, {"configuration_is_complete"}),
        (
            faulty.changing_answer(lambda answer: answer.drop_vars("alpha")),
            {"encoding_benchmarks_can_use_it"},
        ),
        (faulty.Speechless, {"encoding_benchmarks_can_use_it"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_broken_promise_of_a_metric_is_found(metric, expected):
    found = failed(metric)

    assert expected <= found, found
