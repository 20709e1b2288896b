"""Goal 8: axe-core finds nothing against WCAG 2.2 AA, whatever the page, theme and width."""

from pathlib import Path

import pytest
from browsing import visiting
from made_sites import BuiltSite

AXE = Path(__file__).parents[3] / "leaderboard/frontend/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN = """
async (tags) => {
  const found = await axe.run(document, {
    runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'],
  });
  return found.violations.map((each) => [
    each.id, each.help, each.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)),
  ]);
}
"""
PAGES = (
    "index.html",
    "table.html",
    "models/layered-00.html",
    "benchmarks/lebel_moth-ridge.html",
    "compare.html#v=1&a=layered-00&b=layered-01",
    "about.html",
)
DRAWERS = ("index.html", "models/layered-00.html")


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip(f"{AXE} is not there: run npm ci in leaderboard/frontend")
    return AXE.read_text()


def violations(page, axe: str) -> list:
    page.evaluate(axe)
    return page.evaluate(_RUN, TAGS)


def open_drawer(page) -> None:
    """Open the provenance of a number, as readers do."""
    if page.get_by_role("grid").count():
        page.locator("main tbody tr[aria-rowindex] td.num:nth-child(6)").first.click()
    else:
        page.get_by_role("button", name="Provenance").first.click()
    page.get_by_role("dialog").get_by_role("term").first.wait_for()


def open_cortex(page) -> None:
    page.get_by_role("button", name="Turn it in 3-D").first.click()
    page.locator("heschl-surface[data-state=open] canvas").wait_for()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser, layered: BuiltSite, axe, theme, width) -> None:
    found = {}
    with visiting(
        browser, layered.origin, go=False, width=width, color_scheme=theme, bypass_csp=True
    ) as visit:
        for path in PAGES:
            visit.go(path)
            found[path] = violations(visit.page, axe)
            if path in DRAWERS:
                open_drawer(visit.page)
                found[f"{path} with its drawer open"] = violations(visit.page, axe)
            if visit.page.locator("heschl-surface").count() and "layered-00.html" in path:
                visit.go(path)
                open_cortex(visit.page)
                found[f"{path} with its cortex open"] = violations(visit.page, axe)
    assert {path: each for path, each in found.items() if each} == {}
