"""Goal 14: an address brings back the view that it was taken from, whatever the view."""

import board_reading
import numpy as np
import pytest
from browsing import Visit, visiting
from made_sites import BuiltSite

N_STATES = 8


@pytest.fixture(scope="module")
def tabs(browser, layered: BuiltSite):
    """Return two windows: one to change the view in, one to open addresses in."""
    with (
        visiting(browser, layered.origin, go=False) as one,
        visiting(browser, layered.origin, go=False) as other,
    ):
        yield one, other


def seen(visit: Visit) -> tuple:
    """Return what is on screen: controls, the drawer, and every row."""
    visit.settle()
    return board_reading.controls(visit.page), board_reading.all_rows(visit.page)


def click_one_of(visit: Visit, generator: np.random.Generator, selector: str) -> None:
    found = visit.page.locator(selector)
    if n := found.count():
        found.nth(int(generator.integers(n))).click(force=True)


def act(visit: Visit, generator: np.random.Generator) -> None:
    """Do something that a reader might do."""
    page = visit.page
    words = ("layered", "hubert", "Whisper 0", "a", "nobody at all", "é & = # %")
    deeds = [
        lambda: click_one_of(visit, generator, "main thead button[data-sort]"),
        lambda: click_one_of(visit, generator, "main thead button[aria-expanded]"),
        lambda: click_one_of(visit, generator, "#quantity label"),
        lambda: click_one_of(visit, generator, "main .board-toolbar > label input[type=checkbox]"),
        lambda: page.get_by_role("searchbox").fill(words[generator.integers(len(words))]),
        lambda: click_one_of(visit, generator, "main tbody .pick input"),
        lambda: click_one_of(visit, generator, "main tbody .rank"),
        lambda: click_one_of(visit, generator, "main tbody td.num[class*=' r']"),
        lambda: tick_a_filter(visit, generator),
    ]
    deeds[generator.integers(len(deeds))]()
    visit.settle()


def tick_a_filter(visit: Visit, generator: np.random.Generator) -> None:
    menu = visit.page.locator("#filters")
    menu.locator("summary").click()
    if generator.random() < 0.5:
        click_one_of(visit, generator, "#filters input[type=checkbox]")
    else:
        menu.get_by_label("Weights, at least").fill(["1M", "90M", "0.5G"][generator.integers(3)])
    visit.page.keyboard.press("Escape")


@pytest.mark.parametrize("seed", range(N_STATES))
def test_an_address_brings_back_its_view(tabs: tuple[Visit, Visit], seed: int) -> None:
    one, other = tabs
    generator = np.random.default_rng([14, seed])
    one.go("index.html")
    for _ in range(int(generator.integers(2, 7))):
        act(one, generator)
    address = one.page.url
    other.page.goto("about:blank")
    other.page.goto(address)
    # Filters are drawn when they are first opened.
    for visit in tabs:
        visit.page.locator("#filters").evaluate("(menu) => { menu.open = true; }")
    assert seen(other) == seen(one), address
    assert other.page.url == address
    assert other.page.get_by_role("alert").is_hidden()
    assert not one.complaints
    assert not other.complaints


def test_back_and_forward_go_through_views(tabs: tuple[Visit, Visit]) -> None:
    visit, _ = tabs
    visit.go("index.html")
    first = seen(visit)
    visit.page.get_by_role("button", name="Model", exact=True).click()
    second = seen(visit)
    assert second != first
    visit.page.go_back()
    assert seen(visit) == first
    visit.page.go_forward()
    assert seen(visit) == second


def test_an_address_that_was_typed_without_a_version_is_read(tabs: tuple[Visit, Visit]) -> None:
    typed, made = tabs
    typed.go("index.html#k=1&q=layered")
    made.go("index.html#v=1&k=1&q=layered")
    assert seen(typed) == seen(made)
    assert typed.page.get_by_role("alert").is_hidden()


STALE = {
    "#zz=7": "zz=7",
    "#v=1&zz=7": "zz=7",
    "#v=9&q=hubert": "version",
    "#v=1&s=b:gone": "gone",
    "#v=1&f=nobody&a=who,whom": "nobody",
    "#v=1&p=many~few": "many",
    "#v=1&o=layered-00/gone": "gone",
    "#v=1&q=%E0%A4%A": "%E0%A4%A",
    "#v=1&__proto__=1&constructor=2": "__proto__",
}


@pytest.mark.parametrize("fragment", STALE)
def test_what_an_address_has_of_another_board_gets_a_notice(tabs, fragment: str) -> None:
    _, visit = tabs
    visit.go(f"index.html{fragment}")
    assert STALE[fragment] in visit.page.get_by_role("alert").inner_text()
    assert len(board_reading.rows(visit.page)) > 5 or "q=" in fragment
    assert not visit.complaints
