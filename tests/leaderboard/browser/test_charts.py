"""Charts on their pages, and the page that compares: what they show, and how they answer."""

import csv
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from browsing import Visit, visiting, wait_until
from made_sites import BuiltSite

from heschl.leaderboard.differences import Differences

PAIR = ("layered-02", "layered-09")


@pytest.fixture(scope="module")
def tab(browser, layered: BuiltSite):
    with visiting(browser, layered.origin, go=False, accept_downloads=True) as visit:
        yield visit


@pytest.fixture
def model(tab: Visit) -> Visit:
    tab.go("models/layered-00.html")
    return tab


def first_chart(visit: Visit):
    return visit.page.locator("heschl-chart").first


def test_a_chart_is_as_wide_as_its_place_and_keeps_its_height(model: Visit) -> None:
    size = "chart => { const s = chart.querySelector('svg'); return [+s.getAttribute('width'), "
    size += "+s.getAttribute('height'), chart.querySelector('.chart-plot').clientWidth]; }"
    width, height, place = first_chart(model).evaluate(size)

    assert width == place
    model.page.set_viewport_size({"width": 390, "height": 800})
    wait_until(model.page, "document.querySelector('heschl-chart svg').clientWidth < 390")
    narrow, same, narrow_place = first_chart(model).evaluate(size)
    assert narrow == narrow_place < width
    assert same == height
    model.page.set_viewport_size({"width": 1280, "height": 800})


def test_keys_read_a_chart_out_layer_by_layer(model: Visit, layered: BuiltSite) -> None:
    board = layered.boards["real"]
    file = board.files["layered-00", board.columns[0].slug]
    curve = next(each for each in file.curves if each.roi == file.primary_roi)
    cursor = first_chart(model).locator("input.chart-cursor")

    cursor.focus()
    model.page.keyboard.press("Home")
    model.page.keyboard.press("ArrowRight")
    said = cursor.get_attribute("aria-valuetext")
    error = f"{curve.normalised_error[1]:.3f}".removeprefix("0")
    assert f"Layer {file.layers[1]}: {curve.roi} {curve.normalised[1]:.3f} ±{error}" in said
    assert first_chart(model).locator(".chart-readout").inner_text() == said
    assert first_chart(model).locator("line.cursor").count() == 1


def test_a_seventh_line_takes_the_place_of_another(model: Visit) -> None:
    chart = first_chart(model)
    chips = chart.locator(".chart-lines button")
    lines = chart.locator("svg path.line")

    assert (chips.count(), lines.count()) == (7, 6)
    chips.nth(6).click()
    assert lines.count() == 6
    assert chips.nth(6).get_attribute("aria-pressed") == "true"
    assert chips.nth(0).get_attribute("aria-pressed") == "true"
    chips.nth(6).click()
    assert lines.count() == 5


def test_raw_and_normalised_have_axes_of_their_own(model: Visit) -> None:
    chart = first_chart(model)
    before = chart.locator("svg path.line").first.get_attribute("d")

    chart.get_by_role("button", name="Raw").click()
    assert chart.locator("svg text.axis").first.text_content() == "Score"
    chart.get_by_role("button", name="Normalised").click()
    assert chart.locator("svg path.line").first.get_attribute("d") == before


def test_a_chart_is_saved_as_a_drawing_that_stands_alone(model: Visit) -> None:
    with model.page.expect_download() as saving:
        first_chart(model).get_by_role("button", name="SVG").click()
    drawing = ET.parse(saving.value.path()).getroot()  # noqa: S314  made by the page

    lines = [each for each in drawing.iter() if each.get("stroke-dasharray", "none") != "none"]
    assert drawing.find("{http://www.w3.org/2000/svg}title") is not None
    assert lines
    assert not [each for each in drawing.iter() if each.get("class") or each.get("style")]
    assert all(each.get("fill", "").startswith("rgb") for each in drawing.iter() if each.text
               and each.tag.endswith("text"))  # fmt: skip


def test_a_models_table_is_saved_as_it_is_shown(model: Visit, layered: BuiltSite) -> None:
    with model.page.expect_download() as saving:
        model.page.get_by_role("button", name="Save as CSV").first.click()
    rows = list(csv.DictReader(io.StringIO(saving.value.path().read_text())))

    board = layered.boards["real"]
    i = [row.slug for row in board.rows].index("layered-00")
    for row in rows:
        j = [column.label for column in board.columns].index(row["Benchmark"])
        assert row["Normalised"] == f"{board.value['normalised'][i, j]:.3f}"
        assert row["Normalised, error"] == f"{board.error['normalised'][i, j]:.3f}"
    assert len(rows) == sum((slug == "layered-00") for slug, _ in board.files)


def test_a_number_opens_its_drawer_and_takes_focus_back(model: Visit) -> None:
    button = model.page.locator("button[data-drawer]").first
    button.click()
    drawer = model.page.locator("dialog.drawer")
    drawer.get_by_text("Compute it again").wait_for()

    assert "heschl reproduce submissions/layered-00" in drawer.inner_text()
    model.page.keyboard.press("Escape")
    assert button.evaluate("button => button === document.activeElement")


def test_differences_on_screen_are_those_of_the_draws(tab: Visit, layered: BuiltSite) -> None:
    board = layered.boards["real"]
    first, second = ([row.slug for row in board.rows].index(slug) for slug in PAIR)
    tab.go(f"compare.html#v=1&a={PAIR[0]}&b={PAIR[1]}")
    table = tab.page.locator(".compare-result table.scores").first
    table.wait_for()
    rows = table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )

    expected = {}
    for j, column in enumerate(board.columns):
        found = Differences(board, j, range(len(board.rows))).between(first, second)
        if found is not None:
            shown = [f"{each:+.3f}" for each in (found.value, found.low, found.high)]
            value, low, high = (text.replace("-", "−") for text in shown)
            ends = f"[{low.removeprefix('+')}, {high.removeprefix('+')}]"
            told = "yes" if found.is_separable else "no"
            expected[column.label] = (value, ends, told, found.value)
    assert {row[0] for row in rows} == set(expected)
    for name, _, _, value, ends, told in rows:
        assert (re.sub("±.*", "", value), ends, told) == expected[name][:3]
    assert (np.diff([expected[row[0]][3] for row in rows]) <= 0.001).all()
    assert tab.complaints == []


def test_models_are_chosen_by_typing_and_stay_in_the_address(tab: Visit) -> None:
    tab.go("compare.html")
    names = tab.page.locator(".compare-models a").all_inner_texts()[:3]
    boxes = tab.page.locator(".compare-pickers input")
    boxes.nth(0).fill(names[0])
    boxes.nth(1).fill(names[1])
    tab.page.locator(".compare-result h2").first.wait_for()
    address = tab.page.url

    tab.page.get_by_role("button", name="Add a model").click()
    boxes.nth(2).fill(names[2])
    wait_until(tab.page, "document.querySelectorAll('.compare-facts tbody tr').length === 3")
    tab.page.go_back()
    assert tab.page.url == address
    tab.page.get_by_role("button", name="Swap").click()
    assert [boxes.nth(place).input_value() for place in (0, 1)] == [names[1], names[0]]
    tab.page.evaluate("location.hash = '#v=1&a=nobody'")
    tab.page.get_by_text("there is no model “nobody” any more").wait_for()
    tab.page.evaluate("([one, other]) => { location.hash = `#a=${one}&b=${other}`; }", list(PAIR))
    tab.page.locator(".compare-result h2").first.wait_for()
