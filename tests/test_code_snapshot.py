"""Snapshots hold the package, and nothing that tools have put into its checkout."""

from __future__ import annotations

import pytest

import heschl
from heschl.code_snapshot import snapshot


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a package, one folder of which is a link, in the place of this one."""
    code, plugins = tmp_path / "code" / "heschl", tmp_path / "plugins"
    for folder in (code, plugins):
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
    (code / "plugins").symlink_to(plugins, target_is_directory=True)
    monkeypatch.setattr(heschl, "__file__", str(code / "__init__.py"))
    return code


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_folders_of_tools_are_left_out_of_digest_and_copy(package, tmp_path):
    kept = snapshot(tmp_path / "kept")
    assert names(kept) == ["environment.json", "heschl/__init__.py", "heschl/plugins/__init__.py"]
    for folder in ("node_modules/parcel", "plugins/node_modules", ".cache", "__pycache__"):
        (package / folder).mkdir(parents=True)
        (package / folder / "index.js").write_text("no code of ours")

    assert snapshot(tmp_path / "kept") == kept
    assert list((tmp_path / "kept").iterdir()) == [kept]
    assert names(snapshot(tmp_path / "anew"))[1:] == names(kept)[1:]
    (package / "plugins" / "more.py").write_text("")
    assert snapshot(tmp_path / "kept") != kept
