"""The drawer of a number: it can be linked to and closed from anywhere, and covers no control."""

from browsing import Visit, visiting
from made_sites import BuiltSite

_COVERED = """
() => [...document.querySelectorAll(".board-toolbar :is(button, input, summary)")]
  .filter((each) => each.checkVisibility())
  .filter((each) => {
    const {left, top, width, height} = each.getBoundingClientRect();
    return document.elementFromPoint(left + width / 2, top + height / 2)?.closest(".drawer");
  })
  .map((each) => each.id || each.textContent)
"""


def opened(visit: Visit, path: str = "index.html") -> None:
    visit.go(path)
    visit.page.locator(".board tbody td.num:not(.none):not(.overall):not(.coverage)").first.click()
    visit.page.locator(".drawer").get_by_text("Compute it again").wait_for()


def test_on_a_wide_screen_the_drawer_covers_no_control(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False, width=1680) as visit:
        opened(visit)

        assert visit.page.evaluate(_COVERED) == []


def test_the_drawer_has_a_link_to_its_number(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False, width=1280) as visit:
        visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
        for path, click in (
            ("index.html#v=1&q=layered-0&n=r", None),
            ("models/layered-03.html", "button[data-drawer][data-section=real]"),
            ("models/layered-03.html", "button[data-drawer][data-section=phantom]"),
        ):
            if click:
                visit.go(path)
                visit.page.locator(click).first.click()
            else:
                opened(visit, path)
            drawer = visit.page.locator(".drawer")
            title = drawer.get_by_role("heading", level=2).inner_text()
            drawer.get_by_role("button", name="Copy link").click()
            drawer.get_by_role("button", name="Copied").wait_for()
            link = visit.page.evaluate("navigator.clipboard.readText()")
            visit.page.goto("about:blank")
            visit.page.goto(link)
            drawer.get_by_text("Compute it again").wait_for()

            assert drawer.get_by_role("heading", level=2).inner_text() == title
            assert ("simulated.html" in link) == ("phantom" in (click or ""))


def test_escape_closes_the_drawer_from_wherever_the_keyboard_is(browser, layered) -> None:
    with visiting(browser, layered.origin, go=False, width=1280) as visit:
        opened(visit)
        visit.page.locator("#filters summary").click()
        visit.page.keyboard.press("Escape")

        assert visit.page.locator(".drawer").is_visible()  # the menu, which is on top, has closed
        assert not visit.page.locator("#filters .panel").is_visible()
        visit.page.keyboard.press("Escape")
        assert not visit.page.locator(".drawer").is_visible()
        assert "o=" not in visit.page.url
