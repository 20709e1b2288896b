"""Every page that is written is valid, and every link on it leads somewhere."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browsing import visiting
from made_sites import BuiltSite
from page_reading import read_page

_ELEMENTS = """
(text) => {
  const found = [];
  const walk = (node, depth) => {
    for (const child of node.children) {
      found.push([depth, child.localName.toLowerCase()]);
      walk(child instanceof HTMLTemplateElement ? child.content : child, depth + 1);
    }
  };
  walk(new DOMParser().parseFromString(text, 'text/html'), 0);
  return found;
}
"""


def pages(site: BuiltSite) -> list[Path]:
    found = sorted(site.folder.rglob("*.html"))
    assert found
    return found


@pytest.fixture(params=["layered", "empty", "one", "hostile"])
def site(request, layered: BuiltSite, hostile: dict[str, BuiltSite]) -> BuiltSite:
    return layered if request.param == "layered" else hostile[request.param]


def test_pages_close_what_they_open_and_hold_nothing_that_acts(site: BuiltSite) -> None:
    for path in pages(site):
        assert read_page(path.read_text()).problems == [], path.name


def test_a_browser_reads_every_element_where_it_was_written(browser, site: BuiltSite) -> None:
    """What HTML does not allow to nest, a browser moves elsewhere."""
    with visiting(browser, "about:blank", go=False) as visit:
        for path in pages(site):
            text = path.read_text()
            got = [tuple(each) for each in visit.page.evaluate(_ELEMENTS, text)]
            written = read_page(text).elements
            differs = [
                (number, *pair)
                for number, pair in enumerate(zip(got, written, strict=False))
                if pair[0] != pair[1]
            ]
            assert not differs[:1], (path.name, differs[:1])
            assert len(got) == len(written), path.name


def test_scripts_draw_the_header_that_the_page_came_with(browser, layered: BuiltSite) -> None:
    heads = []
    for has_scripts in (False, True):
        with visiting(browser, layered.origin, java_script_enabled=has_scripts) as visit:
            if has_scripts:
                visit.page.locator("heschl-board[data-ready]").wait_for()
            cells = visit.page.locator("main thead th")
            heads.append(
                cells.evaluate_all("all => all.map((c) => [c.textContent, c.colSpan, c.rowSpan])")
            )
    assert heads[0] == heads[1]
    labels = [text for text, *_ in heads[0]]
    # Its dataset, whose only benchmark it is, is not named above it.
    assert "narratives" not in labels
    assert any(text.startswith("narratives-ridge") for text in labels)


def test_every_link_leads_to_a_file_and_a_place_in_it(site: BuiltSite) -> None:
    read = {path.resolve(): read_page(path.read_text()) for path in pages(site)}
    for path, page in read.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert parts.scheme in {"http", "https", "data"}, (path.name, link)
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), (path.name, link)
            # A state of the page is a fragment too: it has names and values.
            if parts.fragment and "=" not in parts.fragment:
                assert unquote(parts.fragment) in read[target].ids, (path.name, link)
