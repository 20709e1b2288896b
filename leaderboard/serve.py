"""Showing the site while one works on submissions: built anew whenever they change."""

from __future__ import annotations

import errno
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from heschl.errors import HeschlError, InvalidInput
from heschl.leaderboard.build import build

__all__ = ["DEFAULT_PORT", "LiveSite", "serve", "server"]

DEFAULT_PORT = 8000
_TRIED_PORTS = 20
_HOST = "127.0.0.1"


class LiveSite:
    """A built site that follows its submissions."""

    def __init__(self, submissions: Path, folder: Path) -> None:
        self.submissions, self.folder = submissions, folder
        self._lock = threading.Lock()
        self._seen = self._state()
        build(submissions, folder)

    def refresh(self) -> None:
        """Build again if a submission has changed; a site that fails to build leaves the last."""
        with self._lock:
            state = self._state()
            if state == self._seen:
                return
            self._seen = state
            try:
                build(self.submissions, self.folder)
            except HeschlError as error:
                sys.stderr.write(f"heschl: the last site is kept: {error}\n")
            else:
                sys.stderr.write("heschl: the submissions have changed; built the site again\n")

    def _state(self) -> tuple[tuple[str, int, int], ...]:
        found = []
        for path in sorted(self.submissions.rglob("*")):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            found.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(found)


class _Pages(SimpleHTTPRequestHandler):
    # The system's table of types differs between machines; a browser refuses a script that is text.
    extensions_map = {  # noqa: RUF012 - as the base class has it
        "": "application/octet-stream",
        ".bib": "text/plain; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".nc": "application/x-netcdf",
        ".png": "image/png",
        ".svg": "image/svg+xml",
        ".tex": "text/plain; charset=utf-8",
        ".txt": "text/plain; charset=utf-8",
    }
    error_message_format = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>%(code)d</title>'
        '<p>%(message)s. <a href="/index.html">To the board</a>\n'
    )

    def __init__(self, *arguments: Any, live: LiveSite, **others: Any) -> None:
        self._live = live
        super().__init__(*arguments, directory=str(live.folder), **others)

    def do_GET(self) -> None:
        # A page's own files belong to the build that the page is of.
        if self.path.partition("?")[0].endswith(("/", ".html")):
            self._live.refresh()
        super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: Any) -> None:  # noqa: ARG002 - the base's signature
        self.send_error(HTTPStatus.NOT_FOUND, "There is no such page")

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base's name
        pass


def server(live: LiveSite, port: int | None = None) -> ThreadingHTTPServer:
    """Return a server of a site on this machine alone, not yet running.

    Parameters
    ----------
    live
        The site.
    port
        Where to listen, 0 for any; None takes the first free one from 8000 on.
    """
    ports = range(DEFAULT_PORT, DEFAULT_PORT + _TRIED_PORTS) if port is None else (port,)
    for each in ports:
        try:
            return ThreadingHTTPServer((_HOST, each), partial(_Pages, live=live))
        except OverflowError as error:
            raise InvalidInput(f"port {port} is no port; name one from 0 to 65535") from error
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
    taken = f"port {port} is" if port is not None else f"ports {ports[0]} to {ports[-1]} are"
    raise InvalidInput(f"{taken} taken or not allowed; name another with --port, or 0 for any")


def serve(submissions: Path, port: int | None, announce: Callable[[str], None]) -> None:
    """Build the site into a temporary folder and show it until interrupted."""
    with tempfile.TemporaryDirectory(prefix="heschl-site-") as folder:
        live = LiveSite(submissions.expanduser().resolve(), Path(folder) / "site")
        with server(live, port) as running:
            announce(f"http://{_HOST}:{running.server_address[1]}/index.html")
            running.serve_forever()
