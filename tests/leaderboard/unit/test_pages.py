"""Pages of models and benchmarks, and the one that compares: what they print is the board's."""

import base64
import csv
import json
import math
from dataclasses import replace

import made_board
import numpy as np
import pytest
from plain_pages import read_page

from heschl.leaderboard import (
    about_page,
    benchmark_pages,
    compare_page,
    downloads,
    model_pages,
)
from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.board_tables import board_as_csv
from heschl.leaderboard.score_file import Estimate, LayerCurve, Region, Samples
from heschl.leaderboard.site import Site

MARKUP = '</script><script>alert("x")</script>{{ 7 * 7 }}'
LAYERS = tuple(f"block.{number}" for number in range(9))
REGIONS = ("all", "IFG", "STG", "Heschl", "music")
MODELS = ("best", "worst", "middle")


def layered(model: str, benchmark: str, gain: float):
    """Return a file with a curve for every region."""
    generator = np.random.default_rng(len(model))
    values = made_board.listeners(*(gain + generator.normal(0.4, 0.05, 8)))
    file = made_board.score_file(model, benchmark, values)
    curves, regions = [], [replace(file.primary, layer=LAYERS[3])]
    for name in REGIONS:
        curve = tuple((gain + 0.3 + 0.02 * np.arange(9)).tolist())
        half, spread = tuple(each / 2 for each in curve), (0.01,) * 9
        curves.append(LayerCurve(name, half, spread, curve, spread))
    for number, name in enumerate(REGIONS[1:]):
        normalised = Estimate(gain + 0.1 * number, 0.01, gain, gain + 0.5, 0.02)
        score = Estimate(normalised.value / 2, 0.005, gain / 2, gain / 2 + 0.2, 0.02)
        regions.append(Region(name, 8, 20, score, normalised, 0.5, 0.01, LAYERS[3]))
    return replace(file, layers=LAYERS, curves=tuple(curves), regions=tuple(regions))


@pytest.fixture(scope="module")
def boards():
    gains = dict(zip(MODELS, (0.7, 0.0, 0.2), strict=True))
    files = [layered(model, "made-ridge", gain) for model, gain in gains.items()]
    files += [
        made_board.score_file(model, "made-rsa", made_board.listeners(*(gain + 0.1 * np.arange(8))))
        for model, gain in gains.items()
        if model != "middle"
    ]
    printed = replace(
        made_board.score_file("paper", "made-ridge", {}, value=0.5),
        status="published",
        citation="Somebody (2022), Table 1",
        samples=Samples("listener", is_drawn=False, names=(), score=(), normalised=()),
    )
    hostile = {"name": MARKUP, "summary": MARKUP, "url": "javascript:alert(1)", "citation": MARKUP}
    found = made_board.submissions([*files, printed])
    found = replace(
        found, cards={**found.cards, "middle": replace(found.cards["middle"], **hostile)}
    )
    simulated = [replace(file, data_kind="phantom") for file in files[:2]]
    return {
        "real": assemble(found, "real"),
        "phantom": assemble(made_board.submissions(simulated), "phantom"),
    }


@pytest.fixture(scope="module")
def folder(boards, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for writer in (model_pages, benchmark_pages, compare_page):
        writer.write(Site(folder, data_date="2026-03-01"), boards)
    return folder


def printed(value: float, error: float = math.nan) -> str:
    """Return a number as pages print it."""
    if not math.isfinite(value):
        return "–"
    shown = f"{value:.3f}".replace("-", "−")
    return shown if not math.isfinite(error) else f"{shown}±{error:.3f}".replace("±0.", "±.")


@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_the_numbers_of_the_board(boards, folder, model) -> None:
    board = boards["real"]
    i = [row.slug for row in board.rows].index(model)
    lines = {row[0]: row for row in read_page(folder / f"models/{model}.html").table("Benchmark")}

    for j, column in enumerate(board.columns):
        if (model, column.slug) not in board.files:
            assert column.label not in lines
            continue
        cells = dict(zip(lines["Benchmark"], lines[column.label], strict=False))
        for label, quantity in (("Normalised", "normalised"), ("Raw", "score")):
            value, error = (each[quantity][i, j] for each in (board.value, board.error))
            assert cells[label] == printed(value, error)
        low, high = (each["normalised"][i, j] for each in (board.low, board.high))
        assert cells["Interval"] == f"[{printed(low)}, {printed(high)}]"
        rank = sorted({int(board.rank_low[i, j]), int(board.rank_high[i, j])})
        assert cells["Rank"] == "–".join(map(str, rank))
        assert cells["n"] == str(board.files[model, column.slug].primary.n)


def test_the_sign_of_a_small_p_is_escaped(boards, tmp_path) -> None:
    board = boards["real"]
    files = {}
    for place, file in board.files.items():
        small = replace(file.primary, normalised=replace(file.primary.normalised, p=1e-9))
        files[place] = replace(file, regions=(small, *file.regions[1:]))
    for page, writer in (("models/best", model_pages), ("benchmarks/made-ridge", benchmark_pages)):
        writer.write(Site(tmp_path), {"real": replace(board, files=files)})

        assert '<td class="num">&lt;.001</td>' in (tmp_path / f"{page}.html").read_text()


def test_samples_drawn_anew_have_no_number(tmp_path) -> None:
    draws = np.random.default_rng(0).normal(0.4, 0.05, 40)
    files = [
        made_board.score_file(model, "made-ridge", tuple((gain + draws).tolist()), noun="stimulus")
        for model, gain in (("best", 0.1), ("worst", 0.0))
    ]
    board = assemble(made_board.submissions(files), "real")

    assert {file.samples.is_drawn for file in board.files.values()} == {True}
    for page, writer in (("models/best", model_pages), ("benchmarks/made-ridge", benchmark_pages)):
        writer.write(Site(tmp_path), {"real": board})
        table = read_page(tmp_path / f"{page}.html").tables[0]
        assert {row[table[0].index("n")] for row in table[1:]} == {"–"}
    assert 'title="stimuli drawn anew">–<' in (tmp_path / "models/best.html").read_text()
    assert {line["n"] for line in csv.DictReader(board_as_csv(board).splitlines())} == {""}
    assert [(each.n, each.is_drawn) for each in board.columns] == [(40, True)]


def test_a_benchmark_has_its_models_best_first_and_papers_apart(boards, folder) -> None:
    board = boards["real"]
    page = read_page(folder / "benchmarks/made-ridge.html")
    table, *others = [each for each in page.tables if each[0][0] == "Model"]

    place = [column.slug for column in board.columns].index("made-ridge")
    order = np.argsort(-board.value["normalised"][:, place])
    ranked = [board.rows[i] for i in order if board.rows[i].is_ranked]
    assert [row[0] for row in table[1:]] == [row.name for row in ranked]
    assert [row[2] for row in table[1:]] == [
        printed(board.value["normalised"][i, place], board.error["normalised"][i, place])
        for i in order
        if board.rows[i].is_ranked
    ]
    assert [row[0] for row in others[0][1:]] == ["paper"]
    assert "Somebody (2022), Table 1" in others[0][1]


def test_regions_are_in_anatomical_order_in_chart_and_table(folder) -> None:
    page = read_page(folder / "benchmarks/made-ridge.html")
    by_region = next(each for each in page.tables if "Heschl" in each[0])
    model = read_page(folder / "models/best.html").table("Region")

    expected = ["all", "Heschl", "STG", "IFG", "music"]
    assert by_region[0][1:] == expected
    assert [row[0] for row in model[1:]] == expected


def test_the_table_of_a_chart_has_its_numbers(boards, folder) -> None:
    file = boards["real"].files["best", "made-ridge"]
    table = read_page(folder / "models/best.html").table("Layer")

    assert [row[0] for row in table[1:]] == list(LAYERS)
    for curve in file.curves:
        column = table[0].index(curve.roi)
        expected = [f"{printed(value)} ±.010" for value in curve.normalised]
        assert [row[column] for row in table[1:]] == expected


def test_a_number_above_its_ceiling_is_marked(boards, folder) -> None:
    board = boards["real"]
    above = np.argwhere(board.value["normalised"] > 1)

    assert len(above)
    for i, j in above:
        text = (folder / f"benchmarks/{board.columns[j].slug}.html").read_text()
        shown = f"{board.value['normalised'][i, j]:.3f}"
        assert f'<span class="over" title="above its ceiling">{shown}</span>' in text


def test_names_of_a_submission_are_text_on_every_page(folder) -> None:
    for path in folder.rglob("*.html"):
        page = read_page(path)
        kinds = {"script": 0, "heschl-chart": 0}
        for tag in page.tags:
            kinds[tag] = kinds.get(tag, 0) + 1
        scripts = [link for link in page.links if link.split("?")[0].endswith(".js")]
        assert kinds["script"] == len(scripts) + kinds["heschl-chart"]
        assert not [link for link in page.links if link.startswith("javascript:")]
        assert len(page.identifiers) == len(set(page.identifiers))
    assert MARKUP in read_page(folder / "models/middle.html").texts
    assert MARKUP in read_page(folder / "compare.html").texts


def test_simulated_numbers_stand_in_a_part_of_their_own(folder) -> None:
    page = read_page(folder / "models/best.html")

    assert [each[0][0] for each in page.tables].count("Benchmark") == 2
    assert "On simulated recordings" in page.texts
    assert "On simulated recordings" not in read_page(folder / "models/middle.html").texts


def test_simulated_listeners_are_not_counted_as_those_of_a_dataset(boards, tmp_path) -> None:
    nothing = assemble(made_board.submissions([]), "real")
    alone = {"real": nothing, "phantom": boards["phantom"]}
    for writer in (downloads, benchmark_pages, about_page):
        writer.write(Site(tmp_path), alone)

    said = "standard error over 8 listeners"
    assert f"{said}, simulated" in read_page(tmp_path / "benchmarks/made-ridge.html").texts
    listed = read_page(tmp_path / "about.html").table("Benchmark")
    assert [row[listed[0].index("Errors over")] for row in listed[1:]] == ["8 listeners, simulated"]


def payload(folder, path: str):
    text = (folder / path).read_text()
    opening = f'heschlReceive("{path}",'
    assert text.startswith(opening)
    return json.loads(text.removeprefix(opening).removesuffix(");\n"))


def test_what_is_compared_is_in_whole_thousandths_of_the_board(boards, folder) -> None:
    board = boards["real"]
    slugs = [row.slug for row in board.rows]
    place = [column.slug for column in board.columns].index("made-rsa")
    best = payload(folder, "data/compare/best.js")["sections"]["real"]

    value, error = board.value["normalised"], board.error["normalised"]
    i, other = slugs.index("best"), slugs.index("worst")
    assert best["cells"]["made-rsa"][:2] == [
        round(1000 * value[i, place]),
        round(1000 * error[i, place]),
    ]
    gain, spread, low, high, told = best["differences"]["made-rsa"][str(other)]
    assert gain == round(1000 * (value[i, place] - value[other, place]))
    assert low <= gain <= high
    assert spread >= 0
    assert told == int(board.separable["made-rsa"][i, other])
    worst = payload(folder, "data/compare/worst.js")["sections"]["real"]
    assert worst["differences"]["made-rsa"][str(i)][4] == -told
    assert payload(folder, "data/compare/middle.js")["name"] == MARKUP


def test_a_board_of_too_many_models_tells_who_is_separable_and_no_interval(
    boards, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(compare_page, "MOST_PAIRED", 2)
    compare_page.write(Site(tmp_path), boards)
    board = boards["real"]

    assert not payload(tmp_path, "data/compare.js")["real"]["isPaired"]
    for i, row in enumerate(board.rows):
        found = payload(tmp_path, f"data/compare/{row.slug}.js")["sections"]["real"]
        assert "differences" not in found
        for slug, packed in found["better"].items():
            bits = np.unpackbits(np.frombuffer(base64.b64decode(packed), np.uint8))
            j = [column.slug for column in board.columns].index(slug)
            value = board.value["normalised"][:, j]
            better = board.separable[slug][i] & (value < value[i])
            assert (bits[: len(board.rows)] == better).all()
    assert payload(tmp_path, "data/compare/paper.js")["sections"]["real"]["better"] == {}
