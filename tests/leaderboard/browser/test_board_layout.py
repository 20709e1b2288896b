"""The board's head and its words: whole, in their places, and true of what is shown."""

import pytest
from browsing import visiting
from made_sites import BuiltSite

# Words that a line ends within; ids may end theirs after a joint.
_BROKEN = """
() => [...document.querySelectorAll(".board thead :is(.sort, .fold)")].flatMap((button) => {
  const found = [];
  const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
    if (lines.size > 1) found.push(texts.currentNode.nodeValue);
  }
  return found;
})
"""
# Marks of order are no text: the button must be as wide as its column has room for.
_NARROW = """
() => [...document.querySelectorAll(".board th[aria-sort] .sort")]
  .filter((button) => button.getClientRects()[0].height > 26).map((button) => button.textContent)
"""


@pytest.mark.parametrize("view", ["", "#v=1&e=0", "#v=1&e=0&k=1"])
def test_no_word_of_the_head_is_broken(browser, layered: BuiltSite, view: str) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go(f"index.html{view}")

        broken = visit.page.evaluate(_BROKEN)
        assert [word for word in broken if word != "perceptimatic-"] == []
        for key in ("overall", "coverage", "parameters", "hours", "training"):
            visit.page.locator(f".board [data-sort={key}]").click()
            visit.settle()
            assert visit.page.evaluate(_NARROW) == [], key


def test_the_arrow_of_a_folded_group_stands_in_its_column(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("index.html#v=1&x=Brain")
        fold = visit.page.locator(".board .h-cell .fold")

        assert fold.get_attribute("aria-expanded") == "false"
        # Its arrow is placed in the nearest box that is positioned.
        assert fold.evaluate("(button) => getComputedStyle(button).position") == "relative"


def test_the_table_stays_in_its_place_when_a_row_is_in_focus(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("index.html")
        place = visit.page.locator("#board-scroll")
        before = place.bounding_box()
        visit.page.locator(".board td.coverage").nth(3).click()
        visit.settle()

        assert "not separable" in visit.page.locator("#meaning").inner_text()
        assert place.bounding_box() == before


def test_ranks_and_the_mark_of_the_inseparable_do_not_meet(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("index.html")
        for width in (1280, 390):
            visit.page.set_viewport_size({"width": width, "height": 800})
            room = visit.page.locator(".board td.rank").first.evaluate(
                """(cell) => {
                  cell.parentElement.className = "is-alike";
                  cell.textContent = "10–15";
                  const range = document.createRange();
                  range.selectNodeContents(cell);
                  const mark = 12 + parseFloat(getComputedStyle(cell).paddingLeft);
                  const [text, box] = [range, cell].map((each) => each.getBoundingClientRect());
                  return text.left - box.left - mark;
                }"""
            )
            assert room >= 0, width


def test_nothing_found_is_said_as_that(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("index.html#v=1&q=zzz&k=1")

        assert (
            visit.page.locator("#meaning")
            .inner_text()
            .endswith("Nothing matches the search and the filters.")
        )


def test_one_model_is_not_many(browser, hostile: dict[str, BuiltSite]) -> None:
    site = hostile["one"]
    n = len(site.boards["real"].rows)
    with visiting(browser, site.origin, go=False) as visit:
        visit.go("index.html#v=1&p=0")

        assert n > 1 or visit.page.locator("#count").inner_text() == "1 of 1 model"


def test_paper_says_which_rows_it_has(browser, layered: BuiltSite, large: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False, height=1600) as visit:
        visit.go("index.html#v=1&s=-coverage")
        visit.page.emulate_media(media="print")

        assert visit.page.locator(".board tbody tr[data-row]").count() == 26
        assert not visit.page.locator(".board-more").is_visible()
    with visiting(browser, large.origin, go=False) as visit:
        visit.go("index.html#v=1&s=-coverage")
        visit.page.emulate_media(media="print")
        words = visit.page.locator(".board-more").inner_text()
        n = visit.page.locator(".board tbody tr[data-row]").count()

        assert f"Models 1 to {n} of the 1000 in this view." in words
        assert words.count("table.html") == 1


def test_rows_have_every_column_on_paper(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False, width=700) as visit:
        visit.go("index.html#v=1&s=-coverage")
        gaps = "document.querySelectorAll('.board td.gap').length"
        assert visit.page.evaluate(gaps) > 0
        visit.page.evaluate(f"addEventListener('beforeprint', () => (window.gaps = {gaps}))")
        visit.page.pdf()
        visit.settle()

        assert visit.page.evaluate("window.gaps") == 0
        assert visit.page.evaluate(gaps) > 0  # again as on screen


def test_what_was_said_of_a_view_goes_with_it(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False, accept_downloads=True) as visit:
        visit.go("index.html")
        visit.page.locator("#export summary").click()
        with visit.page.expect_download():
            visit.page.get_by_role("button", name="CSV", exact=True).click()
        said = visit.page.locator("#said")
        assert said.inner_text().startswith("Saved")
        visit.page.get_by_role("searchbox").fill("layered-0")
        visit.settle()

        assert said.inner_text() == ""


def test_the_mean_of_a_folded_group_stands_below_its_name(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("index.html#v=1&x=Brain")
        head = visit.page.locator(".board .h-cell:has(.fold)")
        name, mean = (head.locator(each).bounding_box() for each in (".fold", ".sort"))

        assert mean["y"] >= name["y"] + name["height"] - 1
