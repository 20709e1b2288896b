"""One Chromium for all tests, and the three fixtures' sites, each built once."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from browsing import NAMES, Visit, chromium_path, launch, visiting
from made_hostile import write_hostile
from made_sites import BuiltSite, built
from made_submissions import write_large, write_layered
from page_timing import slack_of
from playwright.sync_api import Browser, sync_playwright

Open = Callable[..., Visit]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture
def record_figure(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Keep a measurement, ``record_figure(name, value)``, for the end of the run to print."""

    def keep(name: str, value: object) -> None:
        shown = f"{value:.4g}" if isinstance(value, float) else str(value)
        request.node.user_properties.append((name, shown))

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call" and report.user_properties
    ]
    if reports:
        terminalreporter.section("what was measured")
        for report in reports:
            figures = ", ".join(f"{name} {shown}" for name, shown in report.user_properties)
            terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {figures}")


@pytest.fixture(scope="session")
def slack() -> float:
    """Return what limits in time are multiplied by; those in bytes and counts never are."""
    try:
        return slack_of(os.environ.get("HESCHL_TIME_SLACK", "1"))
    except ValueError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium; without one tests are skipped, in CI they fail."""
    path = chromium_path()
    if path is None:
        message = f"there is no Chromium: HESCHL_CHROMIUM is not set, and none of {NAMES} is there"
        if os.environ.get("HESCHL_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        started = launch(playwright, path)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open pages, ``open_page(origin, path, **options)`` as `browsing.visiting` has them."""
    with ExitStack() as opened:

        def opening(origin: str, path: str = "index.html", **options: object) -> Visit:
            return opened.enter_context(visiting(browser, origin, path, **options))

        yield opening


Build = Callable[[str, Callable[[Path], Path]], BuiltSite]


@pytest.fixture(scope="session")
def build_site(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Write submissions and build their site, once for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def build(name: str, write: Callable[[Path], Path]) -> BuiltSite:
        folder = run / "sites" / name
        folder.mkdir(parents=True, exist_ok=True)
        took = folder / "took.json"
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
            if not took.exists():
                site = built(write(folder / "submissions"), folder / "site")
                took.write_text(json.dumps([site.seconds, site.peak_bytes]))
        return BuiltSite(folder / "submissions", folder / "site", *json.loads(took.read_text()))

    return build


@pytest.fixture(scope="session")
def large(build_site: Build) -> BuiltSite:
    """Return the site of fixture A."""
    return build_site("large", write_large)


@pytest.fixture(scope="session")
def layered(build_site: Build) -> BuiltSite:
    """Return the site of fixture B."""
    return build_site("layered", write_layered)


@pytest.fixture(scope="session")
def hostile(build_site: Build) -> dict[str, BuiltSite]:
    """Return the sites of fixture C, by variant."""
    return {
        variant: build_site(variant, partial(write_hostile, variant=variant))
        for variant in ("empty", "one", "hostile")
    }
