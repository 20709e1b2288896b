"""Differences of two models, held against plain loops over the draws."""

import math

import made_board
import numpy as np
import pytest

from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.differences import Differences, twin_figures
from heschl.leaderboard.joint_draws import seed_of

NAMES = tuple(f"S{each}" for each in range(8))


def board_of(numbers: dict[str, np.ndarray], **cards):
    """Return the board of some models on one benchmark, by their listeners' numbers."""
    files = [
        made_board.score_file(model, "made-ridge", dict(zip(NAMES, values.tolist(), strict=True)))
        for model, values in numbers.items()
    ]
    return assemble(made_board.submissions(files, **cards), "real")


def place(board, slug: str) -> int:
    return [row.slug for row in board.rows].index(slug)


@pytest.fixture(scope="module")
def numbers() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    good = generator.normal(0.5, 0.1, 8)
    return {
        "good": good,
        "alike": good + 0.02 * (-1.0) ** np.arange(8) + 0.001,
        "poor": good - generator.normal(0.1, 0.03, 8),
    }


@pytest.fixture(scope="module")
def board(numbers):
    return board_of(numbers)


@pytest.mark.parametrize(("first", "second"), [("good", "poor"), ("alike", "good")])
def test_a_difference_is_that_of_listeners_drawn_anew(board, numbers, first, second) -> None:
    found = Differences(board, 0, range(3)).between(place(board, first), place(board, second))

    apart = numbers[first] - numbers[second]
    column = board.columns[0]
    generator = np.random.default_rng(seed_of(column.dataset, column.sample, *NAMES))
    drawn = generator.integers(8, size=(2000, 8), dtype=np.int32)
    means = sorted(sum(apart[listener] for listener in each) / 8 for each in drawn)
    assert found.value == pytest.approx(apart.mean(), abs=1e-9)
    assert found.error == pytest.approx(np.std(means, ddof=1), abs=1e-9)
    # 49 of 2,000 draws are less than 2.5 % of them.
    assert (found.low, found.high) == pytest.approx((means[49], means[-50]), abs=1e-9)


def test_nought_is_outside_the_interval_exactly_where_ranks_tell_two_apart(board) -> None:
    differences = Differences(board, 0, range(3))
    told = set()
    for i in range(3):
        for other in {0, 1, 2} - {i}:
            found = differences.between(i, other)
            assert found.is_separable == (not found.low <= 0 <= found.high)
            assert found.is_separable == board.separable["made-ridge"][i, other]
            told.add(found.is_separable)
    assert told == {True, False}


def test_a_difference_the_other_way_round_is_its_negative(board) -> None:
    differences = Differences(board, 0, range(3))
    one, other = differences.between(0, 2), differences.between(2, 0)

    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=0)
    assert one.error == pytest.approx(other.error)


def test_draws_of_some_rows_are_those_of_all(board) -> None:
    assert Differences(board, 0, {0, 2}).between(0, 2) == Differences(board, 0, range(3)).between(
        0, 2
    )


def test_models_of_other_listeners_have_no_difference(numbers) -> None:
    files = [
        made_board.score_file("one", "made-ridge", dict(zip(NAMES, numbers["good"], strict=True))),
        made_board.score_file("two", "made-ridge", dict(zip(NAMES, numbers["poor"], strict=True))),
        made_board.score_file("else", "made-ridge", {"T1": 0.4, "T2": 0.5}),
    ]
    board = assemble(made_board.submissions(files), "real")

    differences = Differences(board, 0, range(3))
    assert differences.between(place(board, "one"), place(board, "else")) is None
    assert differences.between(place(board, "one"), place(board, "two")) is not None


def test_five_listeners_have_a_difference_without_interval() -> None:
    values = {f"S{each}": 0.4 + 0.01 * each for each in range(5)}
    better = {name: value + 0.1 for name, value in values.items()}
    files = [made_board.score_file(*each) for each in (("a", "b-c", better), ("b", "b-c", values))]
    board = assemble(made_board.submissions(files), "real")

    found = Differences(board, 0, range(2)).between(place(board, "a"), place(board, "b"))
    assert found.value == pytest.approx(0.1)
    assert found.is_separable is None
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_draws_that_came_with_the_scores_are_taken_as_they_are() -> None:
    generator = np.random.default_rng(3)
    first, second = (tuple(generator.normal(mean, 0.1, 400)) for mean in (0.5, 0.3))
    files = [made_board.score_file(*each) for each in (("a", "b-c", first), ("b", "b-c", second))]
    board = assemble(made_board.submissions(files), "real")

    found = Differences(board, 0, range(2)).between(place(board, "a"), place(board, "b"))
    ordered = sorted(one - other for one, other in zip(first, second, strict=True))
    assert (found.low, found.high) == pytest.approx((ordered[9], ordered[-10]))


def test_a_twin_is_set_beside_its_model(numbers) -> None:
    models = {"good": numbers["good"], "poor": numbers["poor"]}
    board = board_of(models, good={"untrained_twin": "poor"}, poor={"untrained_twin": "poor"})

    figures = twin_figures(board)
    assert list(figures) == [place(board, "good")]
    (row,) = figures[place(board, "good")].data["quantities"]["normalised"]["rows"]
    gain = float((numbers["good"] - numbers["poor"]).mean())
    assert row["value"] == pytest.approx(gain, abs=1e-9)
    assert (row["shown"], row["tone"]) == (f"+{gain:.3f}", "better")
