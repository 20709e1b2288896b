"""The wheel holds what the tree holds: nothing is left out, nothing else slips in."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
from tests.packaging.conftest import PLUGIN_FOLDERS, ROOT, pip, run


def shipped_files(tree: Path) -> set[str]:
    """Return the paths within the wheel of every file that belongs into it."""
    homes = {tree / "src" / "heschl": "heschl"} | {
        tree / folder: f"heschl/{folder}" for folder in PLUGIN_FOLDERS
    }
    return {
        f"{home}/{path.relative_to(folder).as_posix()}"
        for folder, home in homes.items()
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix != ".md"
        and not is_within_link(path, folder)
        # The sources of the site's scripts are for maintainers; what they make is shipped.
        and path.relative_to(tree).parts[:2] != ("leaderboard", "frontend")
    }


def is_within_link(path: Path, folder: Path) -> bool:
    return any(parent.is_symlink() for parent in path.parents if folder in parent.parents)


def test_wheel_holds_exactly_the_tree(tree, wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert held == shipped_files(tree)


def test_wheel_has_one_top_level_name(wheel):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}

    assert archive.read(f"{metadata}/top_level.txt").decode().split() == ["heschl"]
    assert archive.read(f"{metadata}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_installed_wheel_works_in_an_empty_folder(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    pip("install", str(wheel), "--no-deps", "--target", str(site))

    program = """
import sys, heschl, heschl.models, heschl.benchmarks, heschl.metrics, heschl.data_registry
from heschl import registry
assert not registry.broken(), registry.broken()
bare = {"models", "benchmarks", "metrics", "data_registry", "leaderboard"} & set(sys.modules)
assert not bare, bare
print(heschl.__file__, heschl.models.__file__, *registry.models.names())
"""
    kernel, models, *names = run(program, empty, site).split()

    assert Path(kernel) == site / "heschl" / "__init__.py"
    assert Path(models) == site / "heschl" / "models" / "__init__.py"
    assert names == run(program, empty).split()[2:]


def test_checkout_without_links_installs(tmp_path):
    checkout, site = tmp_path / "checkout", tmp_path / "site"
    if not (ROOT / ".git").exists():
        pytest.skip("the checkout is cloned from git")
    run(
        "import subprocess; subprocess.run(['git', 'clone', '--quiet', '-c', "
        f"'core.symlinks=false', {str(ROOT)!r}, {str(checkout)!r}], check=True)",
        tmp_path,
    )
    links = [checkout / "src" / "heschl" / folder for folder in PLUGIN_FOLDERS]
    assert [link.read_text() for link in links] == [f"../../{link.name}" for link in links]

    pip("install", str(checkout), "--no-deps", "--no-build-isolation", "--target", str(site))

    program = "import heschl.{0}; print(heschl.{0}.__file__)"
    for folder in PLUGIN_FOLDERS:
        found = run(program.format(folder), tmp_path, site)
        assert Path(found) == site / "heschl" / folder / "__init__.py"


def test_source_distribution_builds_the_same_wheel(tree, wheel, tmp_path):
    run(
        "import subprocess, sys; subprocess.run([sys.executable, '-m', 'build', '--sdist', "
        f"'--no-isolation', '--outdir', {str(tmp_path)!r}, {str(tree)!r}], check=True, "
        "stdout=subprocess.DEVNULL)",
        tmp_path,
    )
    (archive,) = tmp_path.glob("heschl-*.tar.gz")
    pip("wheel", str(archive), "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path))
    (rebuilt,) = tmp_path.glob("heschl-*.whl")

    assert zipfile.ZipFile(rebuilt).namelist() == zipfile.ZipFile(wheel).namelist()


def test_interpreter_of_these_tests_never_saw_a_bare_name():
    assert not {"models", "benchmarks", "metrics", "data_registry", "leaderboard"} & set(
        sys.modules
    )
