"""Goal 7: pages ask for nothing from elsewhere and complain of nothing, from disk and over HTTP."""

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
    "compare.html#v=1&a=layered-00&b=layered-01",
    "about.html",
)


def visit_quietly(browser, site: BuiltSite, origin: str, paths) -> None:
    """Go from page to page, and require that nothing is asked of others, lacks or is amiss."""
    with visiting(browser, origin, go=False) as visit:
        for path in paths:
            visit.go(path)
            assert not visit.foreign, path
            assert not visit.complaints, path
            assert visit.page.evaluate("window.pwned") is None, path
            assert visit.page.locator("[onerror], [onload], [onclick]").count() == 0, path
        for url in visit.requests:
            assert local_path(url, origin, site.folder).is_file(), url


def test_pages_from_disk_ask_for_nothing_from_elsewhere(browser, layered: BuiltSite) -> None:
    visit_quietly(browser, layered, layered.origin, PAGES)


def test_pages_over_http_ask_for_nothing_from_elsewhere(browser, layered: BuiltSite) -> None:
    with serving(layered.folder) as origin:
        visit_quietly(browser, layered, origin, PAGES)


@pytest.mark.parametrize("variant", ["empty", "one", "hostile"])
def test_pages_of_hostile_submissions_do_not_act(browser, hostile, variant: str) -> None:
    site = hostile[variant]
    paths = sorted(str(path.relative_to(site.folder)) for path in site.folder.rglob("*.html"))
    visit_quietly(browser, site, site.origin, paths)


def test_a_request_to_elsewhere_would_be_told_and_refused(browser, layered: BuiltSite) -> None:
    with visiting(browser, layered.origin) as visit:
        script = "fetch('https://example.org/').then(() => 'reached', () => 'refused')"
        assert visit.page.evaluate(script) == "refused"
        assert any("Content Security Policy" in each for each in visit.complaints)
    # Where no policy refuses it, it does not get out either.
    bare = layered.folder.parent / "bare.html"
    bare.write_text("<!doctype html><title>x</title><img src='https://example.org/x.png' alt=''>")
    with visiting(browser, bare.parent.as_uri(), "bare.html") as visit:
        assert visit.foreign == ["https://example.org/x.png"]
        assert any("ERR_NAME_NOT_RESOLVED" in each for each in visit.complaints)
