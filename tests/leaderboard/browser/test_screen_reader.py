"""Goal 11: what the accessibility tree tells of the board and of maps."""

import re
from typing import Any

import board_reading
import pytest
from browsing import Visit, visiting
from made_sites import BuiltSite


@pytest.fixture
def board(browser, layered: BuiltSite):
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("index.html")
        yield visit


def tree(visit: Visit) -> list[dict[str, Any]]:
    """Return the nodes of the accessibility tree that are not ignored: role, name, properties."""
    visit.devtools.send("Accessibility.enable")
    nodes = visit.devtools.send("Accessibility.getFullAXTree")["nodes"]
    visit.devtools.send("Accessibility.disable")
    return [
        {
            "role": node.get("role", {}).get("value"),
            "name": node.get("name", {}).get("value", ""),
            **{each["name"]: each["value"].get("value") for each in node.get("properties", [])},
        }
        for node in nodes
        if not node["ignored"]
    ]


def of_role(visit: Visit, *roles: str) -> list[dict[str, Any]]:
    return [node for node in tree(visit) if node["role"] in roles]


def test_the_table_has_a_caption_and_headers_of_rows_and_columns(board: Visit) -> None:
    (table,) = of_role(board, "grid", "table", "treegrid")
    assert "normalised scores" in table["name"]
    assert "standard error" in table["name"]
    columns = [node["name"] for node in of_role(board, "columnheader")]
    assert {"Rank", "Compare"} <= set(columns)
    for label in ("Model", "Overall", "Weights", "Hours", "Training"):
        assert any(name.startswith(label) for name in columns), label
    drawn = board_reading.rows(board.page)
    row_names = [node["name"] for node in of_role(board, "rowheader")]
    assert len(row_names) == len(drawn)
    for name, row in zip(row_names, drawn, strict=True):
        assert name.removesuffix(" published") == row["name"]


def test_the_number_of_all_rows_and_the_place_of_each_are_told(browser, large: BuiltSite) -> None:
    with visiting(browser, large.origin, go=False) as visit:
        visit.go("index.html")
        grid = visit.page.get_by_role("grid")
        n_header = grid.evaluate("(table) => table.tHead.rows.length")
        assert int(grid.get_attribute("aria-rowcount")) == 1000 + n_header
        drawn = board_reading.rows(visit.page)
        assert [row["at"] for row in drawn] == list(range(1, len(drawn) + 1))
        # Spacers stand for rows that are not drawn; nobody hears of them.
        assert len(of_role(visit, "row")) == len(drawn) + n_header
        visit.page.get_by_role("searchbox").fill("model-00")
        visit.settle()
        assert int(grid.get_attribute("aria-rowcount")) == 100 + n_header


def test_how_the_table_is_sorted_is_told(board: Visit) -> None:
    def sorted_headers() -> list[tuple[str, str]]:
        return board.page.evaluate(
            """() => [...document.querySelectorAll('main [aria-sort]')]
              .filter((th) => th.ariaSort !== 'none')
              .map((th) => [th.innerText.split('\\n')[0].trim(), th.ariaSort])"""
        )

    assert sorted_headers() == [["Overall", "descending"]]
    board.page.get_by_role("button", name="Weights").click()
    board.settle()
    assert sorted_headers() == [["Weights", "descending"]]
    board.page.get_by_role("button", name="Weights").click()
    board.settle()
    assert sorted_headers() == [["Weights", "ascending"]]


def test_how_many_models_are_left_is_said_politely(board: Visit, layered: BuiltSite) -> None:
    n_models = len(layered.boards["real"].rows)

    def said() -> list[str]:
        return board.page.evaluate(
            """() => [...document.querySelectorAll('main [role=status], main [aria-live=polite]')]
              .filter((each) => each.checkVisibility())
              .map((each) => each.textContent.trim())"""
        )

    assert f"{n_models} of {n_models} models" in said()
    board.page.get_by_role("searchbox").fill("layered-0")
    board.settle()
    assert f"10 of {n_models} models" in said()


def test_every_control_has_a_name(browser, layered: BuiltSite) -> None:
    operable = {"button", "link", "checkbox", "radio", "searchbox", "textbox", "combobox", "slider"}
    with visiting(browser, layered.origin, go=False) as visit:
        for path in ("index.html", "models/layered-00.html", "compare.html", "about.html"):
            visit.go(path)
            found = of_role(visit, *operable)
            assert found
            assert [node for node in found if not node["name"].strip()] == [], path


def test_the_cortex_has_a_name_and_a_table_that_says_the_same(browser, layered) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("models/layered-00.html")
        page = visit.page
        images = [node["name"] for node in of_role(visit, "image", "img") if node["name"]]
        assert any("ortex" in name or "emisphere" in name for name in images)
        page.get_by_role("button", name="Turn it in 3-D").first.click()
        canvas = page.locator("canvas")
        canvas.wait_for()
        name = canvas.get_attribute("aria-label")
        assert "cortex" in name
        assert any(node["name"] == name for node in tree(visit))
        figure = page.locator("figure", has=canvas)
        table = figure.locator("table").first
        assert table.locator("tbody th[scope=row]").count() >= 1
        numbers = table.locator("tbody td").all_text_contents()
        assert any(re.fullmatch(r"\s*−?\d+\.\d+\s*", each) for each in numbers), numbers
