"""Goal 7: pages ask for nothing from elsewhere and complain of nothing, from disk and over HTTP."""

import re

import pytest
from browsing import local_path, serving, visiting
from made_sites import BuiltSite

PAGES = (
    "index.html",
    "simulated.html",
    "table.html",
    "simulated-table.html",
    "models/layered-00.html",
    "benchmarks/lebel_moth-ridge.html",
    "compare.html",
    "about.html",
)


def quiet_visits(browser, site, origin, paths):
    for path in paths:
        with visiting(browser, origin, path) as visit:
            visit.page.wait_for_load_state("networkidle")
            assert not visit.foreign, path
            assert not visit.complaints, path
            for url in visit.requests:
                assert local_path(url, origin, site.folder).is_file(), url


def test_pages_from_disk_ask_for_nothing_from_elsewhere(browser, layered: BuiltSite) -> None:
    quiet_visits(browser, layered, layered.origin, PAGES)


def test_pages_over_http_ask_for_nothing_from_elsewhere(browser, layered: BuiltSite) -> None:
    with serving(layered.folder) as origin:
        quiet_visits(browser, layered, origin, PAGES)


@pytest.mark.parametrize("variant", ["empty", "one", "hostile"])
def test_hostile_pages_ask_for_nothing_from_elsewhere(browser, hostile, variant: str) -> None:
    site = hostile[variant]
    paths = sorted(str(path.relative_to(site.folder)) for path in site.folder.rglob("*.html"))
    quiet_visits(browser, site, site.origin, paths)


def test_a_request_to_elsewhere_would_be_told_and_refused(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin) as visit:
        script = "fetch('https://example.org/').then(() => 'reached', () => 'refused')"
        assert visit.page.evaluate(script) == "refused"
        assert any("Content Security Policy" in each for each in visit.complaints)
        # The image that no policy refuses does not get out either.
    bare = layered.folder.parent / "bare.html"
    bare.write_text("<!doctype html><title>x</title><img src='https://example.org/x.png' alt=''>")
    with visiting(browser, bare.parent.as_uri(), "bare.html") as visit:
        assert visit.foreign == ["https://example.org/x.png"]
        assert any(re.search("ERR_NAME_NOT_RESOLVED", each) for each in visit.complaints)


def test_no_hostile_text_acts(browser, hostile) -> None:
    site = hostile["hostile"]
    for path in sorted(site.folder.rglob("*.html")):
        with visiting(browser, site.origin, str(path.relative_to(site.folder))) as visit:
            assert visit.page.evaluate("window.pwned") is None, path
            assert visit.page.locator("img[onerror]").count() == 0, path
