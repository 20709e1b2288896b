"""What commands print wherever their output goes: another locale, nowhere, a full disk."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from heschl.cli import main
from heschl.cli.printing import print_json, print_table, print_text

SIGNS = "0.435 ± 0.006 – ×"
FULL = Path("/dev/full")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_signs_that_a_locale_lacks_are_spelled_out(monkeypatch, encoding):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))

    assert main(["--version"]) == 0
    print_text(SIGNS)

    sys.stdout.flush()
    assert b"0.435 " in written.getvalue()
    assert "\\u2013" in written.getvalue().decode(encoding)


def test_no_id_is_cut_on_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    name = "zoo:a_name_that_is_longer_than_its_column"

    print_table(["id", "n", "summary"], [[name, "1.25", "what it is, in many words"]])

    first = [line.split("│")[1].strip() for line in capsys.readouterr().out.splitlines()[3:-1]]
    assert "".join(first) == name


def test_json_stays_json_in_a_locale_without_its_signs(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))

    main(["--version"])
    print_json({"headline": SIGNS})

    sys.stdout.flush()
    assert json.loads(written.getvalue().decode().partition("\n")[2])["headline"] == SIGNS


def test_closed_output_is_no_fault(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)

    assert main(["list", "metrics"]) == 0
    sys.stdout.close()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [["list", "metrics"], ["list", "models", "--json"]], ids=str)
def test_output_that_takes_no_more_is_refused_in_words(words):
    with FULL.open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "heschl.cli", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )

    assert ended.returncode == 1
    assert ended.stderr.startswith("heschl: what was found cannot be printed ([Errno 28]")
    assert len(ended.stderr.splitlines()) == 1
