"""Goals 1 to 5: how fast the board of a thousand models is, and how much it loads.

Limits are about twice what a prototype took, so that a slow machine does not fail them; medians of
five count. HESCHL_TIME_SLACK multiplies those in time, on a machine that others use too.
"""

import gzip
from collections import Counter
from statistics import median, quantiles

import pytest
from browsing import local_path, visiting
from made_sites import BuiltSite
from page_timing import WATCH, evaluate, visiting_at_rest, wait_until_ready

pytestmark = pytest.mark.slow

N_REPEATS = 5
READY_MS = {1: 350, 4: 1600}
FIRST_PAINT_MS = {1: 300, 4: 900}
ACTIONS = {
    "sort": (
        """(at) => {
          const buttons = document.querySelectorAll('main thead button[data-sort^="b:"]');
          const key = buttons[at].dataset.sort;
          return timed(
            () => buttons[at].click(),
            () => document.querySelector(`main button[data-sort="${key}"]`)
              .closest('th').hasAttribute('aria-sort'),
          );
        }""",
        {1: 100, 4: 250},
    ),
    "filter": (
        """(at) => {
          const field = document.querySelector('main input[type=search]');
          const query = `model-0${at}`;
          return timed(
            () => {
              field.value = query;
              field.dispatchEvent(new InputEvent('input', {bubbles: true}));
            },
            () => document.querySelector('#count').textContent.startsWith('100 of')
              && [...document.querySelectorAll('main tbody tr[aria-rowindex] th')]
                .every((name) => name.textContent.includes(query)),
          );
        }""",
        {1: 100, 4: 300},
    ),
    "toggle": (
        """(at) => {
          const cell = () => document.querySelector('main tbody tr[aria-rowindex] td:nth-child(6)');
          const before = cell().textContent;
          const value = at % 2 ? 'normalised' : 'score';
          return timed(
            () => document.querySelector(`main input[type=radio][value=${value}]`).click(),
            () => cell().textContent !== before,
          );
        }""",
        {1: 120, 4: 350},
    ),
}
GZ_KILOBYTES = {"html": 20, "css": 15, "js": 60, "data": 120}


@pytest.mark.timed
@pytest.mark.parametrize("rate", [1, 4])
def test_the_board_is_painted_and_live_in_time(
    browser, large: BuiltSite, rate, slack, record_figure
) -> None:
    seen = []
    for _ in range(N_REPEATS):
        with visiting_at_rest(browser, large.origin, init=WATCH, cpu=rate) as visit:
            seen.append(wait_until_ready(visit.page))
    ready, paint = (median(each[name] for each in seen) for name in ("ready", "paint"))
    record_figure("ready_ms", ready)
    record_figure("first_paint_ms", paint)
    assert ready <= READY_MS[rate] * slack
    assert paint <= FIRST_PAINT_MS[rate] * slack


@pytest.mark.timed
@pytest.mark.parametrize("rate", [1, 4])
@pytest.mark.parametrize("action", ACTIONS)
def test_what_a_reader_does_is_painted_in_time(
    browser, large: BuiltSite, action, rate, slack, record_figure
) -> None:
    script, limits = ACTIONS[action]
    with visiting_at_rest(browser, large.origin, init=WATCH) as visit:
        wait_until_ready(visit.page)
        visit.page.wait_for_load_state("networkidle")
        visit.slow_down(rate)
        took = [evaluate(visit.page, script, number) for number in range(N_REPEATS)]
    record_figure("ms", median(took))
    assert median(took) <= limits[rate] * slack, took


@pytest.mark.timed
def test_scrolling_repaints_rows_in_a_fraction_of_a_frame(
    browser, large, slack, record_figure
) -> None:
    with visiting_at_rest(browser, large.origin, init=WATCH) as visit:
        loaded = wait_until_ready(visit.page)["ready"]
        visit.page.wait_for_load_state("networkidle")
        took = evaluate(
            visit.page,
            """async () => {
              const table = document.querySelector('main [role=grid]');
              let scroller = table;
              while (getComputedStyle(scroller).overflowY === 'visible') {
                scroller = scroller.parentElement;
              }
              const first = () => table.querySelector('tbody tr[aria-rowindex]').ariaRowIndex;
              const took = [];
              for (let step = 1; step <= 60; step++) {
                const before = table.querySelector('tbody tr[aria-rowindex]').textContent;
                scroller.scrollTop = step * 400;
                const began = performance.now();
                scroller.dispatchEvent(new Event('scroll'));
                took.push(performance.now() - began);
                if (table.querySelector('tbody tr[aria-rowindex]').textContent === before) {
                  throw new Error(`no new rows at ${scroller.scrollTop}`);
                }
                await new Promise(requestAnimationFrame);
              }
              return took;
            }""",
        )
        long_tasks = visit.page.evaluate("watched.longTasks")
    p95 = quantiles(took, n=20)[-1]
    record_figure("p95_ms", p95)
    assert p95 <= 8 * slack
    after_load = [duration for start, duration in long_tasks if start > loaded]
    record_figure("longest_task_ms", max(after_load, default=0))
    assert max(after_load, default=0) <= 200 * slack


def test_the_board_is_light_and_does_not_jump(browser, large, record_figure) -> None:
    for width, height in ((1280, 800), (390, 800), (2560, 1440)):
        with visiting(browser, large.origin, init=WATCH, width=width, height=height) as visit:
            wait_until_ready(visit.page)
            visit.page.wait_for_load_state("networkidle")
            n_elements = visit.page.evaluate("document.querySelectorAll('*').length")
            shift = visit.page.evaluate("watched.shift")
        record_figure(f"elements_{width}", n_elements)
        record_figure(f"shift_{width}", shift)
        assert n_elements <= 3000
        assert shift <= 0.02


def test_the_board_loads_little(browser, large: BuiltSite, record_figure) -> None:
    main = _kilobytes(browser, large, "index.html")
    record_figure("kilobytes", dict(main))
    for kind, limit in GZ_KILOBYTES.items():
        assert main[kind] <= limit, main
    assert main.total() <= 215
    # A browser that comes from the board has its style and shared script already.
    model = _kilobytes(browser, large, "models/model-0000.html")
    record_figure("model_kilobytes", dict(model))
    assert model["js"] - _shared(browser, large) <= 25


def _kilobytes(browser, site: BuiltSite, path: str) -> Counter[str]:
    """Return how many kB of each kind a page loads unasked, as gzip sends them."""
    sizes: Counter[str] = Counter()
    with visiting(browser, site.origin, path) as visit:
        visit.page.wait_for_load_state("networkidle")
        visit.page.wait_for_timeout(300)
        for url in set(visit.requests):
            file = local_path(url, site.origin, site.folder)
            sizes[_kind(file.parent.name, file.suffix)] += len(gzip.compress(file.read_bytes(), 6))
    return Counter({kind: size / 1000 for kind, size in sizes.items()})


def _kind(folder: str, suffix: str) -> str:
    if suffix == ".js" and folder != "static":
        return "data"
    return suffix.removeprefix(".")


def _shared(browser, site: BuiltSite) -> float:
    scripts = [site.folder / "static" / name for name in ("theme.js", "heschl.js")]
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in scripts) / 1000
