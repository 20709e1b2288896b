"""What stands on a board and counts nowhere: numbers of papers, benchmarks of strangers."""

from __future__ import annotations

import numpy as np
import pytest
from made_board import ONE, board_of, cell, column_of, eight, models, score_file

from heschl import registry
from heschl.errors import CorruptData
from heschl.leaderboard.published_rows import published_rows
from heschl.published import Published, PublishedTable


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


def test_numbers_of_papers_are_found_by_how_the_paper_says_that_models_were_trained():
    found = {row.name: row.training_kind for row in board_of(*models(1)).rows if not row.is_ranked}
    assert found == {
        "random": "untrained",
        "non-speech": "self-supervised",
        "non-native": "self-supervised",
        "native supervised": "supervised",
        "native self-supervised": "self-supervised",
    }


@pytest.mark.parametrize(("said", "kind"), [({}, "unknown"), ({"m": "supervised"}, "supervised")])
def test_a_paper_that_says_nothing_of_training_leaves_it_unknown(said, kind):
    numbers = (Published("m", "all", "score", 0.5, np.nan, "Table 1"),)
    card = registry.benchmarks.card("narratives-ridge")
    table = PublishedTable("A et al.", "", numbers, said)
    ((row, _),) = published_rows(card, table, "all", ())
    assert row.training_kind == kind


def test_a_word_for_training_that_the_board_does_not_know_is_refused():
    numbers = (Published("m", "all", "score", 0.5, np.nan, "Table 1"),)
    table = PublishedTable("A et al.", "", numbers, {"m": "some"})
    with pytest.raises(CorruptData, match="training 'some' of 'm'; expected one of untrained"):
        published_rows(registry.benchmarks.card("narratives-ridge"), table, "all", ())


def test_papers_do_not_enter_simulated_sections():
    assert all(
        row.is_ranked for row in board_of(*models(2, data_kind="phantom"), section="phantom").rows
    )


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
