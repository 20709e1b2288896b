"""The board that submissions make: what it shows, leaves out, and says of it."""

from __future__ import annotations

import numpy as np
import pytest
from made_board import (
    NOTHING,
    ONE,
    TWO,
    board_of,
    cell,
    column_of,
    eight,
    models,
    score_file,
    two_benchmarks,
)

from heschl import registry
from heschl.cards import Training


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


def test_ceilings_that_disagree_are_said_to():
    one, other = models(2)
    same = column_of(board_of(one, other))
    assert (same.ceiling, same.ceiling_in_words) == (0.5, "split half")

    apart = column_of(board_of(one, score_file("m1", ONE, eight(1, 0.5), ceiling=0.4)))
    assert apart.ceiling == pytest.approx(0.45)
    assert "rows disagree on it, from 0.4000 to 0.5000" in apart.ceiling_in_words


def test_a_number_that_is_not_there_is_no_number():
    (region,) = score_file("odd", ONE, eight(0, 0.5)).regions
    none = region.__class__(**vars(region) | {"score": NOTHING, "normalised": NOTHING})
    board = board_of(*models(3), score_file("odd", ONE, eight(0, 0.5), regions=(none,)))

    place = cell(board, "odd", ONE)
    assert np.isnan(board.value["normalised"][place])
    assert board.rank_low[place] == 0


def test_nothing_submitted_is_an_empty_board():
    board = board_of()
    assert (board.rows, board.columns, board.groups[0].columns) == ((), (), ())
    assert board.overall["value"].shape == (0,)
    assert board.separable["overall"].shape == (0, 0)


@pytest.mark.parametrize(
    ("objective", "parameters", "kind"),
    [
        ("none", 0, "signal"),
        ("none", 90_000_000, "untrained"),
        ("none", None, "unknown"),
        ("", 0, "unknown"),
        ("", 90_000_000, "unknown"),
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
