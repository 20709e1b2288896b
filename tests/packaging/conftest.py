"""The wheel, built once from a clean copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN_FOLDERS = ("benchmarks", "models", "metrics", "data_registry", "leaderboard")


@pytest.fixture(scope="session")
def tree(tmp_path_factory) -> Path:
    """What git tracks or would track, without build leftovers that setuptools would pick up."""
    if not (ROOT / ".git").exists():
        pytest.skip("the tree is compared with what git tracks")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    copy = tmp_path_factory.mktemp("tree")
    for name in map(os.fsdecode, filter(None, listed.split(b"\0"))):
        if os.path.lexists(ROOT / name):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    return copy


@pytest.fixture(scope="session")
def wheel(tree, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", str(tree), "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    (path,) = folder.glob("heschl-*.whl")
    return path


def pip(*arguments: str) -> None:
    """Run pip on what is here; it needs no network, for it may not look at any index."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments, "--no-index", "--quiet"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def run(program: str, folder: Path, path: Path | None = None) -> str:
    """Run a program in a folder, with another one first on the path, and return what it prints."""
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
