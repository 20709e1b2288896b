"""The mean over benchmarks: of whom, by the tree, and with which error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_board import N_LISTENERS, ONE, TWO, board_of, cell, two_benchmarks

from heschl.leaderboard.overall import overall_of
from heschl.leaderboard.paired import pair
from heschl.leaderboard.tree import tree_of


def test_overall_is_the_mean_by_the_tree_of_rows_with_everything():
    board = board_of(*two_benchmarks())
    places = [cell(board, "m0", name)[1] for name in (ONE, TWO)]
    value = board.value["normalised"][:, places]

    for number, row in enumerate(board.rows[:5]):
        if row.slug == "m4":
            assert np.isnan(board.overall["value"][number])
            assert board.overall["rank_high"][number] == 0
            assert board.overall["coverage"][number] == 0.5
            assert board.why_unranked["m4", "overall"] == (
                f"ranked on 1 of 2 benchmarks, not on {TWO}"
            )
        else:
            assert board.overall["value"][number] == pytest.approx(value[number].mean())
            assert board.overall["rank_high"][number] > 0
    assert board.overall["rank_high"].max() == 4
    brain = board.group_value["Brain"]
    np.testing.assert_array_equal(brain, board.overall["value"])
    assert np.isfinite(board.group_value["Brain/fMRI"][:5]).all()


def test_overall_errors_of_two_datasets_are_those_of_independent_draws():
    files = two_benchmarks()
    board = board_of(*files)

    expected = [
        math.sqrt(
            sum(
                np.var(file.samples.normalised) / N_LISTENERS / 4
                for file in files
                if file.model == row.slug
            )
        )
        for row in board.rows[:4]
    ]
    np.testing.assert_allclose(board.overall["error"][:4], expected, rtol=0.06)
    low, high = board.overall["low"][:4], board.overall["high"][:4]
    assert (low < board.overall["value"][:4]).all()
    assert (board.overall["value"][:4] < high).all()


def test_a_subset_of_benchmarks_ranks_more_rows():
    files = two_benchmarks()
    board = board_of(*files)
    tree, rows = tree_of(board.columns), [row.slug for row in board.rows if row.is_ranked]
    of_one = {file.model: file for file in files if file.benchmark == ONE}
    place = cell(board, "m0", ONE)[1]
    values = {ONE: board.value["normalised"][:5, place]}

    found = overall_of(tree, rows, values, {ONE: pair(ONE, "nh2015", of_one, 1, "all")})

    assert found.is_ranked.all()
    np.testing.assert_allclose(found.value, values[ONE])
    np.testing.assert_array_equal(found.rank_low, board.rank_low[:5, place])
    np.testing.assert_array_equal(found.rank_high, board.rank_high[:5, place])
