"""Clocks within a page: when it is ready, and how long what a reader does takes to be painted."""

from statistics import median
from typing import Any

from browsing import wait_until
from playwright.sync_api import Page

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
    act();
    const look = () => {
      if (performance.now() - began > 5000) return fail(new Error(`never done: ${act}`));
      if (!isDone()) return requestAnimationFrame(look);
      const painted = new MessageChannel();
      painted.port1.onmessage = () => finish(performance.now() - began);
      painted.port2.postMessage(0);
    };
    requestAnimationFrame(look);
  });
})();
"""
"""Runs before the page's own scripts, as ``init`` of `browsing.visiting`."""


def wait_until_ready(page: Page) -> dict[str, Any]:
    """Return what was watched, once the board's rows are painted and its controls live."""
    wait_until(page, "Number.isFinite(watched.ready) && Number.isFinite(watched.paint)")
    return page.evaluate("watched")


def median_of(measure: Any, n: int = 5) -> float:
    """Return the median of some measurements."""
    return median(measure() for _ in range(n))
