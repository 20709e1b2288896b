"""The main table: its payloads say what the board says, and are small."""

import base64
import dataclasses
import gzip
import html
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from seeded_board import seeded_board

from heschl.leaderboard import main_page
from heschl.leaderboard.board import Board
from heschl.leaderboard.cell_facts import cells_payload
from heschl.leaderboard.main_page import header_rows
from heschl.leaderboard.reading_order import in_reading_order
from heschl.leaderboard.site import STATIC, Site
from heschl.leaderboard.table_payloads import (
    groups_payload,
    score_payload,
    separable_payload,
    table_payload,
)

HOSTILE = ("<script>alert(1)</script>", "=1+1", '"quoted" & more', "שלום", "x" * 300, "two\nlines")
NAME = re.compile(r'<th scope="row" class="name[^>]*><a [^>]*>(.*?)</a>', re.DOTALL)


def payload(folder: Path, path: str) -> object:
    """Return what a payload hands over, read as JSON."""
    text = (folder / path).read_text()
    name, content = text.removeprefix("heschlReceive(").removesuffix(");\n").split(",", 1)
    assert json.loads(name) == path
    return json.loads(content)


@pytest.fixture(scope="module")
def board() -> Board:
    """Return a board with gaps, papers' rows and names that are not to be trusted."""
    return seeded_board(50, 6, missing=0.1, n_published=2, names=HOSTILE)


@pytest.fixture(scope="module")
def folder(board: Board, tmp_path_factory) -> Path:
    """Return a site of the main pages alone."""
    if not (STATIC / "main.js").is_file():
        pytest.skip("the scripts are not built: run npm ci && npm run build")
    folder = tmp_path_factory.mktemp("site")
    main_page.write(Site(folder), {"real": board, "phantom": seeded_board(0, 0, section="phantom")})
    return folder


def thousandths(values: np.ndarray) -> list[int | None]:
    return [round(1000 * v) if math.isfinite(v) else None for v in values.tolist()]


@pytest.mark.parametrize(("kind", "quantity"), [("table", "normalised"), ("score", "score")])
def test_payloads_hold_the_boards_numbers_in_thousandths(board, folder, kind, quantity) -> None:
    ordered = in_reading_order(board)

    found = payload(folder, f"data/real-{kind}.js")

    for name in ("value", "error"):
        expected = getattr(ordered, name)[quantity]
        assert found[name] == [thousandths(column) for column in expected.T]


def test_ties_put_numbers_that_look_alike_in_their_full_order() -> None:
    board = seeded_board(300, 1)
    shown = np.round(board.value["normalised"][:, 0], 3)
    assert len(set(shown)) < 280

    found = table_payload(board)

    keys = [(-v, ord(t)) for v, t in zip(found["value"][0], found["ties"][0], strict=True)]
    exact = board.value["normalised"][:, 0]
    assert sorted(range(300), key=keys.__getitem__) == np.argsort(-exact, kind="stable").tolist()


def test_rows_read_by_rank_and_everything_goes_with_them(board: Board) -> None:
    ordered = in_reading_order(board)

    value = ordered.overall["value"]
    n_ranked = int(np.isfinite(value).sum())
    assert (np.diff(value[:n_ranked]) <= 0).all()
    assert np.isnan(value[n_ranked:]).all()
    by_slug = {row.slug: i for i, row in enumerate(board.rows)}
    for i, row in enumerate(ordered.rows[::7]):
        old = by_slug[row.slug]
        for column, j in (("data02-metric1", 5), ("data00-metric0", 0)):
            new = next(k for k, c in enumerate(ordered.columns) if c.slug == column)
            np.testing.assert_equal(
                ordered.value["score"][7 * i, new], board.value["score"][old, j]
            )
            other = by_slug[ordered.rows[3].slug]
            assert ordered.separable[column][7 * i, 3] == board.separable[column][old, other]


def test_columns_of_a_group_stand_together_under_its_name(board: Board) -> None:
    ordered = in_reading_order(board)

    header = header_rows(ordered)

    # fMRI has the first and third dataset, so the second must have moved behind them.
    assert [column.slug for column in ordered.columns[:4:2]] == ["data00-metric0", "data02-metric0"]
    assert [(cell.label, cell.n_columns) for cell in header[0]] == [("fMRI", 4), ("ECoG", 2)]
    assert [cell.label for cell in header[1]] == ["data00", "data02", "data01"]
    assert [cell.column for cell in header[2]] == list(range(6))


def test_a_group_of_one_benchmark_of_its_name_is_named_once(tmp_path) -> None:
    board = seeded_board(3, 5)  # whose third dataset has one benchmark alone
    columns = tuple(dataclasses.replace(each, label=each.id) for each in board.columns)
    board = dataclasses.replace(board, columns=columns)

    rows = header_rows(in_reading_order(board))

    assert [cell.label for cell in rows[1]] == ["data00", "data02-metric0", "data01"]
    alone = rows[1][1]
    assert (alone.column, alone.n_columns, alone.n_rows) == (2, 1, 2)
    main_page.write(
        Site(tmp_path), {"real": board, "phantom": seeded_board(0, 0, section="phantom")}
    )
    for page in ("index.html", "table.html"):
        head = (tmp_path / page).read_text().split("<thead>")[1].split("</thead>")[0]
        texts = html.unescape(re.sub(r"<[^>]*>", " ", head.replace("<wbr>", ""))).split()
        assert texts.count("data00") == 1
        assert texts.count("data02") == 0
        assert texts.count("data02-metric0") == 1


def test_pairs_and_ranks_of_a_column_are_those_of_the_board(board: Board) -> None:
    ordered = in_reading_order(board)
    for name in ("overall", "data01-metric0"):
        found = separable_payload(ordered, name)

        rows = found["rows"]
        n = len(rows)
        assert 10 < n < len(board.rows)
        bits = np.unpackbits(np.frombuffer(base64.b64decode(found["bits"]), np.uint8))
        apart = np.zeros((n, n), bool)
        apart[np.triu_indices(n, 1)] = bits[: n * (n - 1) // 2]
        assert np.array_equal(apart | apart.T, ordered.separable[name][np.ix_(rows, rows)])
        if name == "overall":
            assert found["low"] == ordered.overall["rank_low"][rows].tolist()


def test_groups_are_the_boards_means(board: Board) -> None:
    found = groups_payload(board)

    assert set(found) == set(board.group_value)
    two = board.value["normalised"][:, :2].mean(axis=1)
    assert found["Brain/fMRI/data00"]["value"] == thousandths(two)


def test_a_cell_tells_its_origin_once(board: Board) -> None:
    found = cells_payload(board, 0)

    slug = next(iter(found["cells"]))
    facts = found["shared"] | found["cells"][slug]
    j = next(j for j, column in enumerate(board.columns) if column.slug == slug)
    assert facts["Normalised"].startswith(f"{board.value['normalised'][0, j]:.3f} ±")
    assert facts["Error"] == "standard error over 8 listeners"
    assert {"Model's digest", "Seed", "Started", "Wall time", "Versions", "Metric"} <= set(facts)
    assert not set(found["shared"]) & set(found["cells"][slug])
    command = f"heschl reproduce submissions/model-0000 {slug} --kind real"
    assert found["commands"][slug] == command


def test_published_numbers_cannot_be_computed_again(board: Board) -> None:
    found = cells_payload(board, len(board.rows) - 1)

    assert set(found["commands"].values()) == {""}


def test_the_page_reads_without_scripts_and_names_act_nowhere(board, folder) -> None:
    text = (folder / "index.html").read_text()
    ordered = in_reading_order(board)

    names = [html.unescape(name) for name in NAME.findall(text)]

    assert names == [row.name for row in ordered.rows[: len(names)]]
    assert len(names) == main_page.FIRST_ROWS
    assert "<script>alert" not in text + (folder / "table.html").read_text()
    for value in ordered.value["normalised"][0]:
        assert (f">{value:.3f}<" if math.isfinite(value) else ">–<") in text
    plain = (folder / "table.html").read_text()
    assert plain.count('<th scope="row">') == len(board.rows) + 1


def test_a_section_without_submissions_says_so(folder: Path) -> None:
    assert "Nobody has submitted" in (folder / "simulated.html").read_text()
    assert payload(folder, "data/phantom-table.js")["models"]["slug"] == []


def test_payloads_of_a_thousand_models_are_small() -> None:
    board = seeded_board(1000, 30, missing=0.1)

    table, score = table_payload(board), score_payload(board)

    for content in (table, score):
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        assert len(gzip.compress(text.encode(), 6)) <= 120_000


@pytest.mark.parametrize(
    ("page", "ours", "others"),
    [
        ("index.html", "real", "phantom"),
        ("table.html", "real", "phantom"),
        ("simulated.html", "phantom", "real"),
        ("simulated-table.html", "phantom", "real"),
    ],
)
def test_the_foot_of_a_page_offers_the_numbers_that_are_on_it(folder, page, ours, others) -> None:
    foot = (folder / page).read_text().partition("<footer")[2]

    assert all(f'"data/{ours}.{suffix}"' in foot for suffix in ("csv", "json", "nc"))
    assert f"data/{others}." not in foot
    assert ("simulated-table.html" in foot) == (ours == "phantom")


def test_pages_say_where_nobody_is_told_apart(tmp_path, board) -> None:
    few = dataclasses.replace(board.columns[0], n=3)
    untold = dataclasses.replace(board, columns=(few, *board.columns[1:]))
    main_page.write(Site(tmp_path), {"real": untold, "phantom": board})

    said = f"{few.label} has fewer than 6 samples."
    assert (
        f'<span id="meaning">{untold.overall_untold}</span>'
        in (tmp_path / "index.html").read_text()
    )
    assert untold.overall_untold.endswith(said)
    assert said in (tmp_path / "table.html").read_text()
    assert said not in (tmp_path / "simulated-table.html").read_text()
