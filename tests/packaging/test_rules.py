"""The written rules bite: bare imports are banned, and layers are kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.packaging.conftest import PLUGIN_FOLDERS, ROOT


@pytest.mark.parametrize("folder", PLUGIN_FOLDERS)
def test_ruff_bans_the_bare_name_and_allows_the_full_one(folder):
    def findings(source: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename",
             "models/example.py", "-"],
            input=source, cwd=ROOT, check=False, capture_output=True, text=True,
        ).stdout  # fmt: skip

    assert "TID251" in findings(f"import {folder}\n")
    assert "TID251" in findings(f"from {folder} import something\n")
    assert "TID251" not in findings(f"from heschl.{folder} import something\n")
    assert "TID251" not in findings(f"import heschl.{folder}.something\n")


def layers(checkout: Path) -> str:
    """Run import-linter on a checkout, in a process that sees that one alone."""
    script = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [script, "--no-cache", "--config", ROOT / ".importlinter"],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout / "src"), "NO_COLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
    ).stdout


def test_layers_are_kept():
    report = layers(ROOT)

    assert "0 broken" in report, report


@pytest.mark.parametrize(
    ("path", "imported"),
    [
        ("src/heschl/errors.py", "heschl.metrics"),
        ("src/heschl/errors.py", "heschl.models"),
        ("src/heschl/phantom/__init__.py", "heschl.data_registry"),
        ("models/__init__.py", "heschl.benchmarks"),
        ("models/__init__.py", "heschl.data_registry"),
        ("metrics/__init__.py", "heschl.data_registry"),
        ("data_registry/__init__.py", "heschl.benchmarks"),
        ("benchmarks/__init__.py", "heschl.models"),
        ("leaderboard/__init__.py", "heschl.cli"),
    ],
)
def test_layers_break_when_broken(tmp_path, path, imported):
    for folder in ("src", *PLUGIN_FOLDERS):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
        )  # fmt: skip
    with (tmp_path / path).open("a") as file:
        file.write(f"\nimport {imported}\n")

    assert "1 broken" in layers(tmp_path)
