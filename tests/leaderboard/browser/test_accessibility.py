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
    "compare.html",
    "about.html",
)


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip(f"{AXE} is not there: run npm ci in leaderboard/frontend")
    return AXE.read_text()


def violations(page, axe: str) -> list:
    page.evaluate(axe)
    return page.evaluate(_RUN, TAGS)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser, layered: BuiltSite, axe, theme, width) -> None:
    for path in PAGES:
        with visiting(
            browser, layered.origin, path, width=width, color_scheme=theme, bypass_csp=True
        ) as visit:
            visit.page.wait_for_load_state("networkidle")
            assert violations(visit.page, axe) == [], path
