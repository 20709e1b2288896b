"""A visit to a page of the site in the system's Chromium: what it asked for and complained of."""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Playwright, Request

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Whatever a page asks for by name is not there: nothing can be reached but disk and this machine.
_CUT_OFF = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


def chromium_path() -> str | None:
    """Return where Chromium is, by ``HESCHL_CHROMIUM`` or else on the path."""
    named = os.environ.get("HESCHL_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """Start Chromium without a window and without a network."""
    return playwright.chromium.launch(
        executable_path=path,
        args=[
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--font-render-hinting=none",
            "--hide-scrollbars",
            "--enable-precise-memory-info",
            _CUT_OFF,
        ],
    )


# Two idle moments, and the numbers that a board still waits for.
_IDLE = """
async () => {
  const idle = () => new Promise((done) => requestIdleCallback(done, {timeout: 1000}));
  const soon = () => new Promise((done) => setTimeout(done, 30));
  const isBusy = () => document.querySelector('heschl-board[aria-busy="true"]');
  await idle(); await soon(); await idle();
  for (let times = 0; times < 300 && isBusy(); times++) await soon();
}
"""


@dataclass
class Visit:
    """A page and what happened on it."""

    context: BrowserContext
    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Requests to anywhere but the site."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, uncaught errors, and what did not load."""

    @functools.cached_property
    def devtools(self) -> CDPSession:
        return self.context.new_cdp_session(self.page)

    def go(self, path: str) -> None:
        """Open a page of the site, and wait until it has nothing left to do."""
        # Another fragment alone would leave the page as it is.
        if self.page.url.split("#")[0] == f"{self.origin}/{path}".split("#")[0]:
            self.page.goto("about:blank")
        self.page.goto(f"{self.origin}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until scripts are idle and what they asked for has come."""
        self.page.evaluate(_IDLE)

    def slow_down(self, rate: float) -> None:
        self.devtools.send("Emulation.setCPUThrottlingRate", {"rate": rate})


@contextlib.contextmanager
def visiting(
    browser: Browser,
    origin: str,
    path: str = "index.html",
    *,
    width: int = 1280,
    height: int = 800,
    init: str = "",
    cpu: float = 1,
    go: bool = True,
    **options: object,
) -> Iterator[Visit]:
    """Open a page of a site in a context of its own, and log what it asks for.

    ``init`` is a script that runs before the page's own; ``options`` are those of the context.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    visit = Visit(context, page, origin)
    page.on("request", lambda request: _note(visit, request))
    page.on("console", lambda message: _hear(visit, message.type, message.text))
    page.on("pageerror", lambda error: visit.complaints.append(f"uncaught: {error}"))
    page.on("requestfailed", lambda request: _fail(visit, request))
    if init:
        page.add_init_script(init)
    if cpu != 1:
        visit.slow_down(cpu)
    try:
        if go:
            page.goto(f"{origin}/{path}")
        yield visit
    finally:
        context.close()


def _note(visit: Visit, request: Request) -> None:
    visit.requests.append(request.url)
    if not request.url.startswith((f"{visit.origin}/", "data:", "blob:")):
        visit.foreign.append(request.url)


def _hear(visit: Visit, kind: str, text: str) -> None:
    # Without a graphics card the browser itself remarks how long it takes to show a canvas.
    if kind in {"error", "warning"} and "GL Driver Message" not in text:
        visit.complaints.append(f"{kind}: {text}")


def _fail(visit: Visit, request: Request) -> None:
    # A download leaves its page, which the browser calls an aborted request.
    if "ERR_ABORTED" not in str(request.failure):
        visit.complaints.append(f"not loaded: {request.url} ({request.failure})")


def local_path(url: str, origin: str, folder: Path) -> Path:
    """Return the file of a site that a request was for."""
    return folder / urlsplit(url.removeprefix(f"{origin}/")).path


def wait_until(page: Page, condition: str) -> None:
    """Wait until an expression holds; Playwright's own way is refused by the pages' policy."""
    page.evaluate(
        f"""() => new Promise((done, fail) => {{
          const began = performance.now();
          const look = () => {{
            if ({condition}) done();
            else if (performance.now() - began > 30_000) fail(new Error('it never came'));
            else setTimeout(look, 10);
          }};
          look();
        }})"""
    )


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word, and answers a request for an icon that nobody declared."""

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP and return its origin."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
