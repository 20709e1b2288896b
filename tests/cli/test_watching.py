"""What a command says while it prepares."""

from __future__ import annotations

import itertools

import pytest

from heschl.cli import watching


@pytest.mark.parametrize(
    ("is_quiet", "seconds", "said"),
    [
        (False, 10.0, ["2 of 5 scores planned", "4 of 5 scores planned"]),
        (False, 1.0, []),
        (True, 10.0, []),
    ],
)
def test_long_preparations_say_how_far_they_are(monkeypatch, capsys, is_quiet, seconds, said):
    clock = itertools.count(0.0, seconds)
    now = [next(clock)]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])

    for _ in watching.telling(range(5), "scores planned", 5, is_quiet=is_quiet):
        now[0] = next(clock)
    assert capsys.readouterr().err.splitlines() == said
