"""Pages of numbers that praise nobody: they are no share of a ceiling, and nothing is best."""

import re
from dataclasses import replace

import made_board
import pytest
from plain_pages import read_page

from heschl.leaderboard import (
    about_page,
    benchmark_pages,
    compare_page,
    downloads,
    main_page,
    model_pages,
)
from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.board import DESCRIPTIVE
from heschl.leaderboard.differences import twin_figures
from heschl.leaderboard.score_file import LayerCurve
from heschl.leaderboard.site import Site

IMPACT, RIDGE, DRAWN = "lebel_moth-low_level_impact", "lebel_moth-ridge", "nh2015_components-ridge"
OVER = "above its ceiling"


def files():
    for model, percent, share in (("one", 59.0, 0.4), ("two", 55.0, 1.2)):
        impact = made_board.score_file(
            model, IMPACT, made_board.eight(len(model), percent), ceiling=0.766
        )
        curve = LayerCurve("all", (50.0, 59.0), (1.0, 1.0), (50.0, 59.0), (1.0, 1.0))
        yield replace(impact, layers=("a", "final"), curves=(curve,))
        yield made_board.score_file(model, RIDGE, made_board.eight(len(model), share))
        draws = tuple(made_board.eight(3, share).values())
        yield made_board.score_file(model, DRAWN, draws, noun="stimulus")


@pytest.fixture(scope="module")
def board():
    return assemble(made_board.submissions(files(), one={"untrained_twin": "two"}), "real")


@pytest.fixture(scope="module")
def folder(board, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    boards = {"real": board, "phantom": assemble(made_board.submissions([]), "phantom")}
    for writer in (downloads, main_page, model_pages, benchmark_pages, compare_page, about_page):
        writer.write(Site(folder, data_date="2026-03-01"), boards)
    return folder


def test_percents_are_no_share_of_a_ceiling(folder) -> None:
    text = (folder / f"benchmarks/{IMPACT}.html").read_text()

    assert "The data allow 0.766 ±.010 (split half); the numbers here are no share of it." in text
    assert "2 models, highest first" in text
    assert not any(words in text for words in (OVER, "ceiling 1.000", "best first"))
    assert OVER in (folder / f"benchmarks/{RIDGE}.html").read_text()


def test_percents_are_called_what_they_are(folder) -> None:
    page = (folder / f"benchmarks/{IMPACT}.html").read_text()
    curve = _figure((folder / "models/one.html").read_text(), f"real-{IMPACT}-layers")

    assert '<th scope="col" class="num">Percent lost</th>' in page
    assert 'class="num">Normalised</th>' not in page
    for figure in (_figure(page, "real-models"), curve):
        assert ">Percent lost</text>" in figure  # the axis as Python draws it
        assert '"axis":"Percent lost"' in figure.replace('": ', '":')  # and as the page does
        assert "Normalised" not in figure
    assert 'class="num">Normalised</th>' in (folder / f"benchmarks/{RIDGE}.html").read_text()


def _figure(page: str, identifier: str) -> str:
    return page.split(f'id="{identifier}"')[1].split("</heschl-chart>", maxsplit=1)[0]


def test_the_head_of_a_column_of_percents_names_no_ceiling(folder) -> None:
    text = (folder / "index.html").read_text()
    heads = dict(re.findall(r'data-sort="b:([^"]+)".*?h-ceiling">(.*?)</span>', text))

    assert heads[IMPACT] == "percent lost"
    assert heads[RIDGE].startswith("≤ ")


def test_nothing_descriptive_is_marked_as_above_its_ceiling(folder) -> None:
    one, two = ((folder / f"models/{model}.html").read_text() for model in ("one", "two"))

    assert OVER not in one
    assert two.count(f'title="{OVER}"') == 2  # of the two benchmarks with shares
    assert "ceiling 1.000" not in one  # the curve is of percents
    assert (folder / "table.html").read_text().count(f'title="{OVER}"') == 2


def test_what_training_adds_is_not_told_of_what_praises_nobody(board) -> None:
    (figure,) = twin_figures(board).values()
    labels = [row["label"] for row in figure.data["quantities"]["normalised"]["rows"]]

    assert sorted(labels) == [RIDGE, DRAWN]


def test_the_methods_say_what_errors_are_over(folder) -> None:
    table = read_page(folder / "about.html").table("Benchmark")
    place = table[0].index("Errors over")
    found = {row[0]: row[place] for row in table[1:]}

    assert found[RIDGE] == found[IMPACT] == "8 listeners"
    assert found[DRAWN] == "stimuli, drawn anew 8 times"
    assert found["narratives-ridge"] == "listeners"  # on which papers alone have numbers


def test_the_latex_table_says_what_is_not_normalised(folder) -> None:
    comments = [
        line for line in (folder / "data/real.tex").read_text().splitlines() if line[0] == "%"
    ]

    assert r"% Not normalised: lebel\_moth-low\_level\_impact, percent lost." in comments
    assert len([line for line in comments if "Not normalised" in line]) == 1


def test_what_praises_nobody_is_said_to_have_no_mean(board, folder) -> None:
    head = (folder / "index.html").read_text()

    titles = re.findall(r'title="Fold (\w+) into one column\. ([^"]*)"', head)
    assert titles
    words = {group.label: group.words for group in board.groups if group.path[:1] == (DESCRIPTIVE,)}
    assert words
    assert all("mean" not in each for each in words.values())
    for label, said in titles:
        assert ("mean" in said) != (said == words.get(label)), label
