"""Goal 13: a phone and a page at twice its size lose nothing and scroll one way alone."""

import board_reading
import pytest
from browsing import visiting
from made_sites import BuiltSite

PAGES = (
    "index.html",
    "simulated.html",
    "table.html",
    "models/layered-00.html",
    "benchmarks/lebel_moth-ridge.html",
    "compare.html#v=1&a=layered-00&b=layered-01",
    "about.html",
)
_WIDER = """
() => {
  const room = document.documentElement.clientWidth;
  const isCut = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      const {overflowX, position} = getComputedStyle(at);
      if (overflowX !== 'visible' || position === 'fixed') return true;
    }
    return false;
  };
  return {
    page: document.scrollingElement.scrollWidth - room,
    parts: [...document.querySelectorAll('body *')]
      .filter((each) => each.getBoundingClientRect().right > room + 1 && !isCut(each))
      .filter((each) => each.checkVisibility())
      .map((each) => `${each.localName}.${each.className}`).slice(0, 5),
  };
}
"""
_CONTROLS = """
() => [...document.querySelectorAll('main button, main input, main select, main summary, header a')]
  .filter((each) => !each.closest('tbody') && each.checkVisibility({visibilityProperty: true}))
  .map((each) => each.textContent.trim() || each.id || each.value || each.placeholder)
"""


@pytest.mark.parametrize(("width", "scale"), [(390, 3), (640, 2), (320, 4)])
def test_no_page_scrolls_sideways(browser, layered: BuiltSite, width: int, scale: int) -> None:
    """Which is a phone, a window of 1,280 pixels at 200 %, and one at 400 %."""
    found = {}
    with visiting(
        browser, layered.origin, go=False, width=width, device_scale_factor=scale
    ) as visit:
        for path in PAGES:
            visit.go(path)
            found[path] = visit.page.evaluate(_WIDER)
    assert {path: each for path, each in found.items() if each["page"] > 0 or each["parts"]} == {}


def test_hostile_names_do_not_widen_a_page(browser, hostile: dict[str, BuiltSite]) -> None:
    site = hostile["hostile"]
    names = ("long", "unbroken", "emoji", "direction", "combining")
    found = {}
    with visiting(browser, site.origin, go=False, width=390) as visit:
        for path in ("index.html", "compare.html", *(f"models/hostile-{x}.html" for x in names)):
            visit.go(path)
            found[path] = visit.page.evaluate(_WIDER)
    assert {path: each for path, each in found.items() if each["page"] > 0 or each["parts"]} == {}


def test_names_stay_while_numbers_scroll(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False, width=390) as visit:
        visit.go("index.html")
        cell = visit.page.locator("main tbody tr[aria-rowindex] th").first
        number = visit.page.locator("main tbody tr[aria-rowindex] td.num").nth(1)
        before, number_before = cell.bounding_box(), number.bounding_box()
        visit.page.evaluate(
            """() => {
              let at = document.querySelector('main [role=grid]');
              while (getComputedStyle(at).overflowX === 'visible') at = at.parentElement;
              at.scrollLeft = 300;
            }"""
        )
        visit.settle()
        after, number_after = cell.bounding_box(), number.bounding_box()
        assert number_before["x"] - number_after["x"] == pytest.approx(300, abs=1)
        assert after["x"] >= 0
        assert after["x"] + after["width"] <= 390 * 0.6
        assert after["x"] <= before["x"]


def test_charts_take_the_width_that_there_is(browser, layered: BuiltSite) -> None:
    widths = {}
    for width in (1280, 390):
        with visiting(browser, layered.origin, go=False, width=width) as visit:
            visit.go("models/layered-00.html")
            boxes = visit.page.evaluate(
                """() => [...document.querySelectorAll('main svg')]
                  .filter((each) => each.checkVisibility())
                  .map((each) => each.getBoundingClientRect().width)
                  .filter((width) => width > 100)"""
            )
            sizes = visit.page.evaluate(
                """() => [...document.querySelectorAll('main svg text')]
                  .filter((each) => each.checkVisibility())
                  .map((each) => each.getBoundingClientRect().height)"""
            )
        assert boxes
        # Charts are drawn anew and not made smaller: their texts stay legible.
        assert min(sizes) >= 9
        widths[width] = max(boxes)
    assert widths[390] <= 390
    assert widths[1280] > 390


def test_twice_the_size_keeps_every_control_and_number(browser, layered: BuiltSite) -> None:
    seen = {}
    for width, scale in ((1280, 1), (640, 2)):
        with visiting(
            browser, layered.origin, go=False, width=width, device_scale_factor=scale
        ) as visit:
            visit.go("index.html")
            rows = board_reading.all_rows(visit.page)
            names, first = [row["name"] for row in rows], list(rows[0]["cells"].values())
            seen[width] = (visit.page.evaluate(_CONTROLS), names, first)
    assert seen[640] == seen[1280]


def test_names_that_differ_at_their_ends_are_whole_on_a_phone(browser, layered) -> None:
    with visiting(browser, layered.origin, "index.html", width=390, height=800) as visit:
        visit.settle()
        names = visit.page.locator(".board tbody th.name a")
        row = names.first.locator("xpath=ancestor::tr")
        height = row.bounding_box()["height"]
        names.first.evaluate("(a) => (a.textContent = 'Log-mel spectrum, 128 bands (librosa)')")

        assert names.first.evaluate(
            "(a) => a.scrollHeight <= a.clientHeight && a.scrollWidth <= a.clientWidth"
        )
        assert row.bounding_box()["height"] == height
