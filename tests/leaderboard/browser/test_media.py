"""Goal 12: stillness, forced colours and paper get their due."""

import re

import pytest
from browsing import visiting
from made_sites import BuiltSite

PAGES = (
    "index.html",
    "table.html",
    "models/layered-00.html",
    "benchmarks/lebel_moth-ridge.html",
    "compare.html#v=1&a=layered-00&b=layered-01",
)
_MOVING = """
() => [...document.querySelectorAll('*')].flatMap((element) =>
  ['', '::before', '::after'].map((part) => {
    const style = getComputedStyle(element, part);
    const seconds = [style.transitionDuration, style.animationDuration].join().split(',')
      .map((each) => parseFloat(each) * (each.trim().endsWith('ms') ? 0.001 : 1));
    const isMoving = Math.max(...seconds) > 0.01 || style.scrollBehavior === 'smooth';
    return isMoving ? `${element.localName}.${element.className}${part}` : '';
  })).filter(Boolean)
"""


def test_nothing_moves_for_who_wants_stillness(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False, reduced_motion="reduce") as visit:
        for path in PAGES:
            visit.go(path)
            assert visit.page.evaluate(_MOVING) == [], path
            assert visit.page.evaluate("document.getAnimations().length") == 0, path


def test_the_cortex_does_not_turn_by_itself(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False, reduced_motion="reduce") as visit:
        visit.go("models/layered-00.html")
        visit.page.get_by_role("button", name="Turn it in 3-D").first.click()
        canvas = visit.page.locator("canvas")
        canvas.wait_for()
        visit.page.wait_for_timeout(500)
        before = canvas.screenshot()
        visit.page.wait_for_timeout(500)
        assert canvas.screenshot() == before
        # A view that is chosen is there at once.
        visit.page.get_by_role("radio", name=re.compile("medial", re.IGNORECASE)).first.check(
            force=True
        )
        visit.page.wait_for_timeout(400)
        chosen = canvas.screenshot()
        assert chosen != before
        visit.page.wait_for_timeout(400)
        assert canvas.screenshot() == chosen


_UNSEEN = """
() => {
  const paper = getComputedStyle(document.body).backgroundColor;
  const isUnseen = (colour) => colour === 'none' || colour === 'transparent'
    || colour === paper || /, 0\\)$/.test(colour);
  // Bands around curves go, since colours alone tell them apart; a table has the same errors.
  const lines = [...document.querySelectorAll('svg line, svg path, svg circle, svg rect')]
    .filter((each) => each.checkVisibility() && !each.matches('.band'));
  const lost = lines.filter((each) => {
    const {stroke, fill} = getComputedStyle(each);
    return isUnseen(stroke) && isUnseen(fill);
  });
  return {
    marks: lines.length,
    lost: lost.map((each) => `${each.localName}.${each.getAttribute('class')}`),
    unruled: [...document.querySelectorAll('main tbody tr')].slice(0, 10).filter((row) => {
      const cell = row.cells[1];
      const width = (element) => {
        const {borderTopWidth, borderBottomWidth} = getComputedStyle(element);
        return Math.max(parseFloat(borderTopWidth), parseFloat(borderBottomWidth));
      };
      return cell && cell.checkVisibility() && width(cell) === 0 && width(row) === 0;
    }).length,
    bare: [...document.querySelectorAll('main button, main input[type=search]')]
      .filter((each) => each.checkVisibility() && !each.closest('thead'))
      .filter((each) => {
        const [own, around] = [each, each.closest('.segmented') ?? each]
          .map((one) => getComputedStyle(one));
        const width = Math.max(...[own, around].map((style) => parseFloat(style.borderTopWidth)));
        return width === 0 && own.textDecorationLine === 'none';
      })
      .map((each) => each.textContent || each.id),
  };
}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_borders_and_ticks_remain_where_colours_are_forced(browser, layered, theme: str) -> None:
    with visiting(
        browser, layered.origin, go=False, forced_colors="active", color_scheme=theme
    ) as visit:
        for path in PAGES:
            visit.go(path)
            found = visit.page.evaluate(_UNSEEN)
            assert found["lost"] == [], path
            assert found["unruled"] == 0, path
            assert found["bare"] == [], path
            if path.startswith("models/"):
                assert found["marks"] > 50


def test_paper_has_the_whole_plain_table_and_its_date(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("table.html")
        assert visit.page.locator("main tbody tr").count() == len(layered.boards["real"].rows)
        visit.page.emulate_media(media="print")
        assert visit.page.get_by_text("2026-03-01").is_visible()
        pdf = visit.page.pdf(format="A4", landscape=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 1
    assert len(pdf) > 10_000


def test_the_plain_table_of_a_thousand_models_has_them_all(large: BuiltSite) -> None:
    text = (large.folder / "table.html").read_text()
    for number in range(1000):
        assert text.count(f'<a href="models/model-{number:04d}.html"') == 1


def test_paper_tells_the_addresses_of_links_to_elsewhere(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go("models/layered-00.html")
        visit.page.emulate_media(media="print")
        links = visit.page.locator("main a[href^='https:']")
        assert links.count() >= 1
        for link in links.all():
            address = link.get_attribute("href")
            after = link.evaluate("(a) => getComputedStyle(a, '::after').content")
            assert address in after or address in link.inner_text()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_prints_its_controls(browser, layered: BuiltSite, path: str) -> None:
    with visiting(browser, layered.origin, go=False) as visit:
        visit.go(path)
        visit.page.emulate_media(media="print")
        shown = visit.page.evaluate(
            """() => [...document.querySelectorAll('button, input, select, nav, heschl-theme')]
              .filter((each) => each.checkVisibility() && each.getClientRects().length)
              .map((each) => `${each.localName} ${each.textContent.trim() || each.id}`)"""
        )
        # A heading of the board stays, although one sorts by it on screen.
        headings = visit.page.locator("main thead button").all_inner_texts()
        assert [each for each in shown if each.removeprefix("button ") not in headings] == []
