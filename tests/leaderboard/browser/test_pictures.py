"""Pictures of the pages for people to look at; nothing is compared."""

import os
from pathlib import Path

import pytest
from browsing import visiting
from made_sites import BuiltSite

FOLDER = os.environ.get("HESCHL_SCREENSHOTS")
PAGES = {
    "main": "index.html",
    "model": "models/layered-00.html",
    "compare": "compare.html#v=1&a=layered-00&b=layered-01",
    "benchmark": "benchmarks/lebel_moth-ridge.html",
    "plain": "table.html",
    "about": "about.html",
}


@pytest.mark.skipif(not FOLDER, reason="HESCHL_SCREENSHOTS names no folder for pictures")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_are_taken(browser, layered: BuiltSite, theme: str, width: int) -> None:
    folder = Path(str(FOLDER))
    folder.mkdir(parents=True, exist_ok=True)
    with visiting(browser, layered.origin, go=False, width=width, color_scheme=theme) as visit:
        for name, path in PAGES.items():
            visit.go(path)
            visit.page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
        visit.go(PAGES["model"])
        visit.page.get_by_role("button", name="Turn it in 3-D").first.click()
        visit.page.locator("canvas").wait_for()
        visit.page.wait_for_timeout(500)
        visit.page.screenshot(path=folder / f"surface-{theme}-{width}.png")
        visit.go(PAGES["main"])
        visit.page.locator("main tbody tr[aria-rowindex] td.num:nth-child(6)").first.click()
        visit.page.get_by_role("dialog").get_by_role("term").first.wait_for()
        visit.page.screenshot(path=folder / f"drawer-{theme}-{width}.png")
