"""The board that submissions make: what it shows, ranks, leaves out, and says of it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from made_board import NOTHING, listeners, score_file, submissions

from heschl import registry
from heschl.cards import Training
from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.board import Board, Column
from heschl.leaderboard.joint_draws import seed_of
from heschl.leaderboard.overall import overall_of
from heschl.leaderboard.paired import pair
from heschl.leaderboard.score_file import Samples
from heschl.leaderboard.separability import N_DRAWS
from heschl.leaderboard.tree import tree_of

ONE, TWO, DRAWN = "nh2015-ridge", "timit_ecog-trf", "nh2015_components-ridge"
N_LISTENERS = 8


def eight(seed: int, level: float) -> dict[str, float]:
    """Return numbers of eight listeners around a level."""
    generator = np.random.default_rng(seed)
    return listeners(*(level + 0.03 * generator.standard_normal(N_LISTENERS)))


def board_of(*files, section="real", **cards) -> Board:
    return assemble(submissions(files, **cards), section)


def models(n: int, benchmark: str = ONE, **changes) -> list:
    """Return files of models, each a little better than the next."""
    return [
        score_file(f"m{number}", benchmark, eight(number, 0.6 - 0.02 * number), **changes)
        for number in range(n)
    ]


def cell(board: Board, row: str, column: str) -> tuple[int, int]:
    """Return the place of a number on the board."""
    return [each.slug for each in board.rows].index(row), [
        each.slug for each in board.columns
    ].index(column)


def column_of(board: Board, slug: str = ONE) -> Column:
    return next(each for each in board.columns if each.slug == slug)


def ranks(board: Board, row: str, column: str) -> tuple[int, int]:
    place = cell(board, row, column)
    return int(board.rank_low[place]), int(board.rank_high[place])


def test_numbers_are_those_of_the_files_to_the_last_digit():
    files = models(3)
    board = board_of(*files)

    for file in files:
        place = cell(board, file.model, ONE)
        for quantity in ("score", "normalised"):
            estimate = getattr(file.primary, quantity)
            for name in ("value", "error", "low", "high"):
                assert getattr(board, name)[quantity][place] == getattr(estimate, name)
        assert board.files[file.model, ONE] is file


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
    assert np.isfinite(board.overall["value"][:4]).all()


def two_benchmarks() -> list:
    return [*models(5), *models(4, TWO)]


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


def test_the_order_of_submissions_changes_nothing():
    files = two_benchmarks()
    board, again = board_of(*files), board_of(*files[::-1])

    assert again.rows == board.rows
    assert repr(again.columns) == repr(board.columns)  # there may be NaN
    for name in ("rank_low", "rank_high"):
        np.testing.assert_array_equal(getattr(again, name), getattr(board, name))
    for name, values in board.overall.items():
        np.testing.assert_array_equal(again.overall[name], values)


def test_real_and_simulated_never_mix():
    files = [*models(3), *models(2, TWO, data_kind="phantom")]

    real, phantom = board_of(*files), board_of(*files, section="phantom")

    ours = [column.slug for column in real.columns if column.n_ranked]
    assert ours == [ONE]
    assert [column.slug for column in phantom.columns] == [TWO]
    assert [row.slug for row in phantom.rows] == ["m0", "m1"]


def test_numbers_of_papers_stand_beside_and_are_ranked_nowhere():
    board = board_of(*models(3))
    rows = {row.name: row for row in board.rows if not row.is_ranked}
    place = [column.slug for column in board.columns].index("narratives-ridge")
    column = board.columns[place]

    assert list(rows) == sorted(rows, key=lambda name: rows[name].slug)
    assert len(rows) == 5
    row = rows["native self-supervised"]
    number = board.rows.index(row)
    file = board.files[row.slug, "narratives-ridge"]
    assert file.status == "published"
    assert board.value["score"][number, place] == 0.025
    assert board.value["normalised"][number, place] == 0.188
    assert np.isnan(board.error["score"][number, place])
    heschl = next(region for region in file.regions if region.name == "Heschl")
    assert (heschl.score.value, heschl.normalised.value, heschl.ceiling) == (0.214, 0.744, 0.287)
    assert column.ceiling == 0.117
    assert not column.in_overall
    assert column.n_ranked == 0
    assert (board.rank_low[number] == 0).all()
    assert np.isnan(board.overall["value"][number])
    assert np.isfinite(board.overall["value"][:3]).all()
    kinds = {each.quantity for each in board.published["narratives-ridge"].rows}
    assert "ratio_of_averages" in kinds
    assert not board_of(section="real").rows


def test_papers_do_not_enter_simulated_sections():
    assert all(
        row.is_ranked for row in board_of(*models(2, data_kind="phantom"), section="phantom").rows
    )


def test_ceilings_that_disagree_are_said_to():
    one, other = models(2)
    same = column_of(board_of(one, other))
    assert (same.ceiling, same.ceiling_in_words) == (0.5, "split half")

    apart = column_of(board_of(one, score_file("m1", ONE, eight(1, 0.5), ceiling=0.4)))
    assert apart.ceiling == pytest.approx(0.45)
    assert "rows disagree on it, from 0.4000 to 0.5000" in apart.ceiling_in_words


def test_benchmarks_that_nobody_knows_are_shown_and_count_nowhere():
    strange = [score_file(f"m{n}", "lab-own", eight(n, 0.9 - 0.1 * n)) for n in range(3)]
    board = board_of(*models(3), *strange)
    (column,) = [each for each in board.columns if not each.is_registered]

    assert column.path[0] == "Unregistered"
    assert not column.in_overall
    assert column.n_ranked == 3
    place = cell(board, "m0", ONE)
    assert board.overall["value"][place[0]] == pytest.approx(board.value["normalised"][place])

    alone = board_of(*strange)
    assert np.isfinite(alone.overall["value"]).all()
    assert alone.groups[0].children == ("Unregistered",)


def test_names_of_strangers_take_no_columns_of_others():
    twin = [score_file(f"s{n}", ONE.upper(), eight(n, 0.9)) for n in range(2)]
    board = board_of(*models(3), *twin, score_file("s0", "overall", eight(0, 0.5)))

    slugs = [column.slug for column in board.columns]
    assert len(set(slugs)) == len(slugs)
    assert "overall" not in slugs
    assert column_of(board).is_registered
    assert column_of(board).n_ranked == 3
    assert {slug for _, slug in board.files} <= set(slugs)


def test_what_is_neither_better_nor_worse_is_not_ranked():
    name = "librispeech-semantic_phonetic"
    board = board_of(*models(3, name))

    assert (board.rank_high == 0).all()
    assert not board.separable[name].any()
    assert "neither better nor worse" in board.why_unranked["m0", name]
    assert np.isnan(board.overall["value"]).all()


def test_a_number_that_is_not_there_is_no_number():
    (region,) = score_file("odd", ONE, eight(0, 0.5)).regions
    none = region.__class__(**vars(region) | {"score": NOTHING, "normalised": NOTHING})
    board = board_of(*models(3), score_file("odd", ONE, eight(0, 0.5), regions=(none,)))

    place = cell(board, "odd", ONE)
    assert np.isnan(board.value["normalised"][place])
    assert board.rank_low[place] == 0


@pytest.mark.parametrize(
    ("objective", "parameters", "kind"),
    [
        ("none", 0, "signal"),
        ("none", 90_000_000, "untrained"),
        ("none", None, "unknown"),
        ("self-supervised, predicting clusters of masked frames", 1, "self-supervised"),
        ("self-supervised, masked; then supervised, recognising speech", 1, "supervised"),
        ("causal language modelling", 1, "self-supervised"),
        ("unknown", 1, "unknown"),
        ("magic", 1, "unknown"),
    ],
)
def test_kinds_of_training(objective, parameters, kind):
    card = {"training": Training(objective), "parameters": parameters}
    board = board_of(*models(1), m0=card)
    assert board.rows[0].training_kind == kind


def test_every_registered_model_has_a_kind_of_training():
    from heschl.leaderboard.training_kinds import training_kind

    unknown = {
        name
        for name in registry.models.names()
        for card in [registry.models.card(name)]
        if training_kind(card.training, card.parameters) == "unknown"
    }
    assert not unknown


def test_nothing_submitted_is_an_empty_board():
    board = board_of()
    assert (board.rows, board.columns, board.groups[0].columns) == ((), (), ())
    assert board.overall["value"].shape == (0,)
    assert board.separable["overall"].shape == (0, 0)
