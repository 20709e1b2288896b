"""The site that is served follows its submissions."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
import urllib.error
import urllib.request

import pytest
from made_submissions import write_large

from heschl.errors import InvalidInput
from heschl.leaderboard import serve
from heschl.leaderboard.serve import LiveSite, server


@contextlib.contextmanager
def running(live, port=0):
    with server(live, port) as each:
        thread = threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{each.server_address[1]}/"
        finally:
            each.shutdown()
            thread.join()


def get(address):
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own server
        return answer.headers, answer.read()


@pytest.fixture
def live(tmp_path):
    submissions = write_large(tmp_path / "submissions", n_models=3, n_benches=2, missing=0.0)
    return LiveSite(submissions, tmp_path / "site")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("static/heschl.js", "text/javascript; charset=utf-8"),
        ("static/heschl.css?v=1", "text/css; charset=utf-8"),
        ("static/icon.svg", "image/svg+xml"),
        ("data/real.csv", "text/csv; charset=utf-8"),
        ("data/real.json", "application/json"),
        ("data/real.nc", "application/x-netcdf"),
    ],
)
def test_files_have_their_kind_on_any_machine(live, path, kind):
    with running(live) as address:
        headers, content = get(address + path)

    assert headers["Content-Type"] == kind
    assert headers["Cache-Control"] == "no-cache"
    assert content


def test_page_that_is_not_there_leads_back(live):
    with running(live) as address:
        for path in ("models/", "nothing.html", "../submissions/"):
            with pytest.raises(urllib.error.HTTPError) as error:
                get(address + path)
            assert error.value.code == 404
            assert b'href="/index.html"' in error.value.read()


def test_changed_submission_is_on_the_next_page(live, capsys):
    gone = min(folder for folder in live.submissions.iterdir() if folder.is_dir())
    with running(live) as address:
        assert get(f"{address}models/{gone.name}.html")
        shutil.rmtree(gone)
        get(f"{address}index.html")
        with pytest.raises(urllib.error.HTTPError):
            get(f"{address}models/{gone.name}.html")

    assert capsys.readouterr().err.count("built the site again") == 1


def test_broken_submission_leaves_the_last_site(live, capsys):
    (card,) = list(live.submissions.glob("*/card.toml"))[:1]
    card.write_text("not = [toml")
    with running(live) as address:
        _, content = get(f"{address}index.html")

    assert b"<main" in content
    assert "the last site is kept" in capsys.readouterr().err


def test_port_that_is_taken_is_refused_or_passed_over(live, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidInput, match="--port"):
            server(live, port)

        monkeypatch.setattr(serve, "DEFAULT_PORT", port)
        with server(live) as found:
            assert port < found.server_address[1] <= port + 20


def test_number_that_is_no_port_is_refused(live):
    with pytest.raises(InvalidInput, match="65535"):
        server(live, 70_000)
