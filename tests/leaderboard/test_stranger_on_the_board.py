"""The three commands of the README: from a stranger's code to its row on a board."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").split("## Leaderboard")[1]
COMMANDS = re.findall(r"^    (heschl .*)$", SECTION, re.MULTILINE)


def words(command: str) -> list[str]:
    return [sys.executable, "-m", "heschl.cli", *shlex.split(command)[1:]]


def fetched(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own server
        return answer.read().decode()


@pytest.mark.slow
def test_three_commands_put_a_model_on_a_board(tmp_path):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(ROOT / "submissions", tmp_path / "submissions")
    published = {folder.name for folder in (ROOT / "submissions").iterdir() if folder.is_dir()}
    *before, serve = COMMANDS
    assert len(before) == 2

    for command in before:
        done = subprocess.run(
            words(command), cwd=tmp_path, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    serving = subprocess.Popen(
        [*words(serve), "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    try:
        address = serving.stdout.readline().split()[0]
        rows = {
            name: fetched(address.replace("index", name)) for name in ("table", "simulated-table")
        }
    finally:
        serving.terminate()
        serving.wait(timeout=30)
        serving.stdout.close()

    assert "models/my-net.html" in rows["simulated-table"]
    assert "models/my-net.html" not in rows["table"]
    for name in published:
        assert f"models/{name}.html" in rows["table"] + rows["simulated-table"]
