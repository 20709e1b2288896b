"""Rank intervals against plain loops, and what must hold of them whatever the numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl.leaderboard.ranking import point_ranks, rank_intervals


@st.composite
def boards(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values with ties and NaN, who is separable, and who is ranked."""
    n_rows = draw(st.integers(1, 9))
    values = np.array(draw(st.lists(st.integers(-3, 3), min_size=n_rows, max_size=n_rows)), float)
    is_ranked = np.array(draw(st.lists(st.booleans(), min_size=n_rows, max_size=n_rows)))
    values[~is_ranked] = draw(st.sampled_from([np.nan, 9.0, -9.0]))
    pairs = draw(st.lists(st.booleans(), min_size=n_rows**2, max_size=n_rows**2))
    separable = np.array(pairs).reshape(n_rows, n_rows)
    return values, separable | separable.T, is_ranked


def by_loops(
    values: np.ndarray, separable: np.ndarray, is_ranked: np.ndarray
) -> list[tuple[int, int, int]]:
    """Return the lowest, the point and the highest rank of each row."""
    found = []
    for one in range(len(values)):
        better = worse = above = 0
        for other in range(len(values)):
            if not (is_ranked[one] and is_ranked[other]):
                continue
            above += values[other] > values[one]
            better += values[other] > values[one] and separable[one, other]
            worse += values[other] < values[one] and separable[one, other]
        n_ranked = sum(is_ranked)
        ranks = (1 + better, 1 + above, n_ranked - worse)
        found.append(tuple(int(rank) for rank in ranks) if is_ranked[one] else (0, 0, 0))
    return found


def ranked(
    values: np.ndarray, separable: np.ndarray, is_ranked: np.ndarray
) -> list[tuple[int, int, int]]:
    low, high = rank_intervals(values, separable, is_ranked)
    points = point_ranks(values, is_ranked)
    return list(zip(low.tolist(), points.tolist(), high.tolist(), strict=True))


@given(boards())
@settings(max_examples=40, deadline=None)
def test_ranks_are_those_of_a_loop(board):
    assert ranked(*board) == by_loops(*board)


@given(boards())
@settings(max_examples=40, deadline=None)
def test_the_interval_holds_the_rank_of_the_number(board):
    for low, point, high in ranked(*board):
        assert low <= point <= high


@given(boards(), st.randoms())
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_changes_nothing(board, random):
    values, separable, is_ranked = board
    order = list(range(len(values)))
    random.shuffle(order)

    again = ranked(values[order], separable[np.ix_(order, order)], is_ranked[order])

    assert again == [ranked(*board)[place] for place in order]


@given(boards(), st.sampled_from([np.nan, 100.0]))
@settings(max_examples=40, deadline=None)
def test_a_row_that_is_not_ranked_moves_nobody(board, value):
    values, separable, is_ranked = board
    wider = np.ones((len(values) + 1,) * 2, dtype=bool)
    wider[:-1, :-1] = separable

    again = ranked(np.append(values, value), wider, np.append(is_ranked, False))

    assert again == [*ranked(*board), (0, 0, 0)]


@given(boards())
@settings(max_examples=40, deadline=None)
def test_telling_more_apart_narrows_intervals(board):
    values, separable, is_ranked = board
    every = ranked(values, np.ones_like(separable), is_ranked)
    none = ranked(values, np.zeros_like(separable), is_ranked)

    for (low, _, high), (least, point, most), (first, _, last) in zip(
        none, ranked(*board), every, strict=True
    ):
        assert low <= least <= first == point
        assert last <= most <= high


def test_a_better_number_has_no_worse_rank():
    separable = np.zeros((4, 4), dtype=bool)
    values = np.array([0.4, 0.3, 0.2, 0.1])

    low, high = rank_intervals(values, separable, np.ones(4, dtype=bool))

    assert (low == 1).all()
    assert (high == 4).all()


def test_equal_numbers_share_a_rank():
    ranks = point_ranks(np.array([0.2, 0.4, 0.2]), np.ones(3, dtype=bool))
    assert ranks.tolist() == [2, 1, 2]
