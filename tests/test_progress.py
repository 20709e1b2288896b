"""What a fetch tells while it goes on."""

from __future__ import annotations

import sys

from bucket import PATIENCE, content_of, one_file

from heschl.progress import BarProgress, LineProgress, choose_progress


def test_progress_counts_every_byte_once_through_restarts(tmp_path, bucket, capsys):
    content = content_of(8)
    manifest = one_file(tmp_path, bucket, content)
    bucket.ignores_ranges = True
    bucket.faults = [("drop", 2**17)]
    heard: list[int] = []

    class Recorder(LineProgress):
        def advance(self, n_bytes):
            heard.append(n_bytes)
            super().advance(n_bytes)

    manifest.fetch(tmp_path / "root", patience=PATIENCE, progress=Recorder())

    assert sum(heard) == len(content)
    assert min(heard) < 0
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["fetching 1 file, 300.0 kB", "1 of 1 file, 300.0 kB of 300.0 kB"]


def test_bar_shows_the_fetch_on_a_terminal(tmp_path, bucket, capsys, monkeypatch):
    manifest = one_file(tmp_path, bucket, b"x" * 1000)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    progress = choose_progress()
    manifest.fetch(tmp_path / "root", patience=PATIENCE, progress=progress)

    assert isinstance(progress, BarProgress)
    assert "big.bin" in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert isinstance(choose_progress(), LineProgress)
