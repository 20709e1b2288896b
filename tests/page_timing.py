"""Clocks within a page: when it is ready, and how long what a reader does takes to be painted."""

import contextlib
import math
import time
from collections.abc import Iterator
from typing import Any

from browsing import Visit, visiting, wait_until
from playwright.sync_api import Browser, CDPSession, Page

WATCH = """
(() => {
  const seen = {longTasks: [], shift: 0, paint: NaN, ready: NaN};
  window.watched = seen;
  const observe = (type, note) =>
    new PerformanceObserver((list) => list.getEntries().forEach(note))
      .observe({type, buffered: true});
  observe('longtask', (entry) => seen.longTasks.push([entry.startTime, entry.duration]));
  observe('layout-shift', (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
  observe('paint', (entry) => {
    if (entry.name === 'first-contentful-paint') seen.paint = entry.startTime;
  });
  const isReady = () => {
    const grid = document.querySelector('main [role=grid][aria-rowcount]');
    return grid !== null && grid.querySelector('tbody tr[aria-rowindex] th') !== null
      && document.querySelector('main input[type=search]')?.disabled === false;
  };
  const look = () => {
    if (!isReady()) return requestAnimationFrame(look);
    // A message that is posted in a frame is handled once that frame was painted.
    const painted = new MessageChannel();
    painted.port1.onmessage = () => { seen.ready = performance.now(); };
    painted.port2.postMessage(0);
  };
  requestAnimationFrame(look);

  // Do something, and return how long until the page shows that it was done.
  window.timed = (act, isDone) => new Promise((finish, fail) => {
    const began = performance.now();
    // By a clock of its own: what throws in a frame, or a frame that never comes, ends it too.
    const late = setTimeout(() => fail(new Error(`not done in 5 s: ${act}`)), 5000);
    const end = (settle, value) => { clearTimeout(late); settle(value); };
    const look = () => {
      try {
        if (!isDone()) return requestAnimationFrame(look);
      } catch (reason) {
        return end(fail, reason);
      }
      const painted = new MessageChannel();
      painted.port1.onmessage = () => end(finish, performance.now() - began);
      painted.port2.postMessage(0);
    };
    if (isDone()) return end(fail, new Error(`done before it began: ${isDone}`));
    act();
    requestAnimationFrame(look);
  });
})();
"""
"""Runs before the page's own scripts, as ``init`` of `browsing.visiting`."""


def wait_until_ready(page: Page) -> dict[str, Any]:
    """Return what was watched, once the board's rows are painted and its controls live."""
    wait_until(page, "Number.isFinite(watched.ready) && Number.isFinite(watched.paint)")
    return page.evaluate("watched")


def evaluate(page: Page, script: str, argument: object = None, within_s: float = 20) -> Any:
    """Return what a page's function gives, or fail when it takes too long."""
    return page.evaluate(
        f"""(given) => Promise.race([
          ({script})(given),
          new Promise((_, fail) => setTimeout(
            () => fail(new Error('no answer in {within_s} s')), {1000 * within_s})),
        ])""",
        argument,
    )


@contextlib.contextmanager
def visiting_at_rest(
    browser: Browser, origin: str, path: str = "index.html", *, cpu: float = 1, **options: Any
) -> Iterator[Visit]:
    """Open a page as `browsing.visiting` does, once the browser has nothing else to do.

    With each window Chromium loads a page of its own, for its address bar, which takes half a
    second of both cores: that is no part of the site.
    """
    with visiting(browser, origin, go=False, **options) as visit:
        _wait_for_rest(browser)
        if cpu != 1:
            visit.slow_down(cpu)  # keeps a core busy from now on
        visit.page.goto(f"{origin}/{path}")
        yield visit


def _wait_for_rest(browser: Browser, within_s: float = 10) -> None:
    """Wait until the browser's processes have used next to no time for a while."""
    devtools = browser.new_browser_cdp_session()
    deadline = time.monotonic() + within_s
    used, n_quiet = _processor_s(devtools), 0
    while n_quiet < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
        before, used = used, _processor_s(devtools)
        n_quiet = n_quiet + 1 if used - before < 0.015 else 0
    devtools.detach()
    assert n_quiet == 3, f"the browser was not at rest within {within_s} s, before any page"


def _processor_s(devtools: CDPSession) -> float:
    found = devtools.send("SystemInfo.getProcessInfo")["processInfo"]
    return float(sum(process["cpuTime"] for process in found))


def slack_of(said: str) -> float:
    """Return what limits in time are multiplied by, as HESCHL_TIME_SLACK says it."""
    try:
        factor = float(said)
    except ValueError:
        factor = math.nan
    if not 1 <= factor < math.inf:
        raise ValueError(f"HESCHL_TIME_SLACK is {said!r}; expected a number from 1 on, such as 2")
    return factor
