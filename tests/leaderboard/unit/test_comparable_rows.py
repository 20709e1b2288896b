"""Whose numbers on a benchmark are compared, and what ranks come of it."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from made_board import (
    DRAWN,
    N_LISTENERS,
    ONE,
    board_of,
    cell,
    column_of,
    eight,
    listeners,
    models,
    ranks,
    score_file,
)

from heschl.leaderboard.cell_facts import facts
from heschl.leaderboard.joint_draws import seed_of
from heschl.leaderboard.score_file import Samples
from heschl.leaderboard.separability import N_DRAWS
from heschl.leaderboard.shown_cells import shown_cell
from heschl.leaderboard.table_payloads import table_payload


def draws_of_means(files: list, dataset: str) -> dict[str, np.ndarray]:
    """Return the draws of each model's mean, a draw at a time."""
    names = sorted(files[0].samples.names)
    generator = np.random.default_rng(seed_of(dataset, "listener", *names))
    drawn = generator.integers(len(names), size=(N_DRAWS, len(names)), dtype=np.int32)
    found = {}
    for file in files:
        of_names = dict(zip(file.samples.names, file.samples.normalised, strict=True))
        found[file.model] = np.array(
            [np.mean([of_names[names[place]] for place in each]) for each in drawn]
        )
    return found


def test_ranks_are_those_of_plain_loops_over_pairs():
    files = models(7)
    board = board_of(*files)

    draws = draws_of_means(files, "nh2015")
    better, worse = dict.fromkeys(draws, 0), dict.fromkeys(draws, 0)
    for one, other in itertools.permutations(draws, 2):
        difference = draws[one] - draws[other]
        is_above = np.quantile(difference, 0.025, method="lower") > 1e-9
        worse[one] += is_above
        better[other] += is_above
    assert 0 < sum(better.values()) < 21
    for name in draws:
        assert ranks(board, name, ONE) == (1 + better[name], 7 - worse[name])


def test_draws_that_come_with_scores_are_compared_one_by_one():
    generator = np.random.default_rng(0)
    shared = generator.normal(0, 0.2, 1000)
    files = [
        score_file(f"m{number}", DRAWN, tuple(0.5 - 0.05 * number + shared), noun="stimulus")
        for number in range(3)
    ]
    board = board_of(*files, score_file("alien", DRAWN, tuple(shared), digest="other"))

    # The spread is four times the differences, and the same for all.
    assert [ranks(board, f"m{number}", DRAWN) for number in range(3)] == [(1, 1), (2, 2), (3, 3)]
    assert ranks(board, "alien", DRAWN) == (0, 0)
    assert "not drawn as those of the others" in board.why_unranked["alien", DRAWN]
    assert (
        column_of(board, DRAWN).error_in_words == "standard error, stimuli drawn anew, 1,000 draws"
    )


@pytest.mark.parametrize(
    ("changes", "samples", "reason"),
    [
        ({}, eight(9, 0.9) | {"S8": math.nan, "S7": math.nan}, "scored on 6 of 8 listeners"),
        ({}, listeners(0.9, 0.9, 0.9), "scored on 3 of 8 listeners"),
        ({}, {f"T{n}": 0.9 for n in range(9)}, "scored on 9 listeners, not the 8 of the others"),
        ({}, listeners(*[math.nan] * 8), "no number in all"),
        ({"benchmark_version": 7}, eight(9, 0.9), "version 7 of the benchmark, which has version"),
        ({"primary_roi": "speech"}, eight(9, 0.9), "its number is of speech, that of the others"),
        ({"status": "published"}, eight(9, 0.9), "a paper printed is not ranked"),
        ({"extra": {"trained_on_test_data": "a"}}, eight(9, 0.9), "trained on the test data: a"),
        ({"extra": {"left_out_of_test": "a"}}, eight(9, 0.9), "tested without what it was tuned"),
        (
            {"samples": Samples("listener", is_drawn=False, names=(), score=(), normalised=())},
            eight(9, 0.9),
            "keeps no numbers",
        ),
    ],
)
def test_who_cannot_be_compared_is_shown_without_a_rank_and_moves_nobody(changes, samples, reason):
    files = models(4)
    before = board_of(*files)
    if "primary_roi" in changes:
        (region,) = score_file("odd", ONE, samples).regions
        changes = {**changes, "regions": (region.__class__(**vars(region) | {"name": "speech"}),)}

    board = board_of(*files, score_file("odd", ONE, samples, **changes))

    assert reason in board.why_unranked["odd", ONE]
    assert ranks(board, "odd", ONE) == (0, 0)
    assert not board.separable[ONE][cell(board, "odd", ONE)[0]].any()
    for file in files:
        assert ranks(board, file.model, ONE) == ranks(before, file.model, ONE)
    assert ("m0", ONE) not in board.why_unranked


def test_one_row_alone_cannot_change_the_samples_that_count():
    more = eight(9, 0.9) | {"S9": 0.9}
    board = board_of(*models(3), score_file("more", ONE, more))

    assert column_of(board).n == N_LISTENERS
    assert ranks(board, "more", ONE) == (0, 0)


def test_the_fullest_samples_that_rows_share_count():
    few = [score_file(f"f{n}", ONE, listeners(0.5, 0.6, 0.7)) for n in range(4)]
    board = board_of(*models(2), *few)

    assert column_of(board).n == N_LISTENERS
    assert column_of(board).n_ranked == 2


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_with_few_listeners_nobody_is_told_apart(n):
    files = [
        score_file(f"m{number}", ONE, listeners(*[0.9 - 0.2 * number] * n)) for number in range(4)
    ]
    board = board_of(*files)

    assert not board.separable[ONE].any()
    assert all(ranks(board, file.model, ONE) == (1, 4) for file in files)
    assert "cannot tell two models apart" in column_of(board).ranking_in_words
    assert np.isnan(board.overall["error"]).all()
    assert "tells no models apart" in board.overall_in_words
    assert f"{ONE} has fewer than 6 samples" in board.overall_untold
    assert np.isfinite(board.overall["value"][:4]).all()


def test_what_is_neither_better_nor_worse_is_not_ranked():
    name = "librispeech-semantic_phonetic"
    board = board_of(*models(3, name))

    assert (board.rank_high == 0).all()
    assert not board.separable[name].any()
    assert "neither better nor worse" in board.why_unranked["m0", name]
    assert np.isnan(board.overall["value"]).all()


def test_what_a_number_says_of_its_error_is_of_its_own_samples():
    board = board_of(*models(4), score_file("few", ONE, eight(9, 0.9) | {"S8": math.nan}))
    own = "standard error over 7 listeners"

    for model, words in (("m0", "standard error over 8 listeners"), ("few", own)):
        i, j = cell(board, model, ONE)
        file = board.files[model, ONE]
        assert facts(board, i, j, file)["Number"]["Error"] == words
        assert shown_cell(board, i, j, file).error_words == words
    (said,) = (each for each in table_payload(board)["benchmarks"] if each["slug"] == ONE)
    assert said["errorKind"] == "standard error over 8 listeners"
    assert said["ownErrorKinds"] == {str(cell(board, "few", ONE)[0]): own}


@pytest.mark.parametrize(
    ("samples", "changes"),
    [
        (eight(9, 0.9), {"benchmark_version": 7}),
        (eight(9, 0.9), {"extra": {"trained_on_test_data": "a"}}),
        (listeners(0.9, 0.9, 0.9), {}),
    ],
)
def test_the_page_knows_whose_numbers_are_compared_with_none(samples, changes):
    board = board_of(*models(4), score_file("odd", ONE, samples, **changes))

    said = {each["slug"]: each["unranked"] for each in table_payload(board)["benchmarks"]}

    # Papers' rows have numbers, too, and no part in any order.
    assert said == {slug: [] for slug in said} | {ONE: [cell(board, "odd", ONE)[0]]}


@pytest.mark.parametrize("says", ["none: the score itself", "score / reliability"])
def test_the_mean_names_numbers_that_enter_it_as_they_are(says):
    board = board_of(
        *(replace(file, normalisation=says, ceiling_kind="none") for file in models(2))
    )

    assert column_of(board).normalisation == says
    assert (f"enter it as they are: of {ONE}" in board.overall_in_words) == says.startswith("none")
