"""The wheel builds a site by itself: with what it asks for, without Node and without weight."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.packaging.conftest import ROOT, pip

MOST_BYTES = 1_500_000

# Whoever is not asked for by the core or the extra `site` counts as not installed.
PROGRAM = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = map(Without, sys.meta_path)
from heschl.cli import main
sys.exit(main(["board", "build", {submissions!r}, "board"]))
"""


def asked_for(name: str, extras: set[str]) -> set[str]:
    """Return the distributions that one needs, and what these need."""
    found: set[str] = set()
    waiting = [(canonicalize_name(name), frozenset(extras))]
    seen = set()
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        found.add(each[0])
        try:
            requirements = metadata.requires(each[0]) or []
        except metadata.PackageNotFoundError:
            continue
        for requirement in map(Requirement, requirements):
            environments = [{"extra": extra} for extra in each[1] or {""}]
            if requirement.marker is None or any(map(requirement.marker.evaluate, environments)):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def absent_modules() -> set[str]:
    """Return the importable names that an empty environment with ``heschl[site]`` lacks."""
    there = asked_for("heschl", {"site"})
    return {
        module
        for module, owners in metadata.packages_distributions().items()
        if not there & {canonicalize_name(owner) for owner in owners}
    } - {"heschl", "_distutils_hack", "pkg_resources"}


def test_wheel_builds_the_site_alone(wheel, tmp_path):
    home, empty = tmp_path / "home", tmp_path / "empty"
    empty.mkdir()
    pip("install", str(wheel), "--no-deps", "--target", str(home))
    absent = absent_modules()
    assert {"torch", "nilearn", "nibabel", "h5py", "PIL", "playwright"} & absent
    assert not {"numpy", "xarray", "jinja2", "tomli_w"} & absent

    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            PROGRAM.format(absent=absent, submissions=str(ROOT / "submissions")),
        ],
        cwd=empty,
        env=os.environ | {"PYTHONPATH": str(home), "PATH": str(empty)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert (empty / "board" / "index.html").is_file()
    assert str(empty / "board") in done.stdout


def test_assets_of_the_site_are_light(wheel):
    archive = zipfile.ZipFile(wheel)
    held = {
        entry.filename: entry.compress_size
        for entry in archive.infolist()
        if entry.filename.startswith(
            ("heschl/leaderboard/static/", "heschl/leaderboard/templates/")
        )
    }

    names = {Path(name).name for name in held}
    assert {"heschl.css", "main.js", "fsaverage5.js", "base.html.j2", "THIRD_PARTY.txt"} <= names
    assert sum(held.values()) <= MOST_BYTES


def test_third_parties_are_named():
    notices = (ROOT / "leaderboard" / "static" / "THIRD_PARTY.txt").read_text()

    for name in ("d3-scale", "d3-shape", "d3-array", "fsaverage5", "FreeSurfer", "nilearn"):
        assert name in notices
