"""URIs that another folder understands."""

from __future__ import annotations

import pytest

from heschl.uris import anywhere


def test_paths_are_written_out_and_names_stay(tmp_path, monkeypatch):
    (tmp_path / "nets" / "a b").mkdir(parents=True)
    (tmp_path / "nets" / "net.py").touch()
    (tmp_path / "byol").touch()
    monkeypatch.chdir(tmp_path)

    assert anywhere("file:./nets/net.py:Net") == f"file:{tmp_path}/nets/net.py:Net"
    assert anywhere("tuned:nets") == f"tuned:{tmp_path}/nets"
    assert anywhere("hf:nets/a b?random=0") == f"hf:{tmp_path}/nets/a b?random=0"
    assert anywhere("s3prl:x?ckpt=nets/a%20b&trust=yes") == (
        f"s3prl:x?ckpt={tmp_path}/nets/a%20b&trust=yes"
    )
    for name in ("logmel", "s3prl:byol", "hf:facebook/no-such@main", "file:other.py:Net"):
        assert anywhere(name) == name


@pytest.mark.parametrize("path", ["nets/net.py", "../nets/net.py"])
def test_written_out_once_it_stays(path, tmp_path, monkeypatch):
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.py").touch()
    monkeypatch.chdir(tmp_path / "nets" if path.startswith("..") else tmp_path)

    there = anywhere(f"file:{path}:Net")
    monkeypatch.chdir("/")

    assert anywhere(there) == there == f"file:{tmp_path}/nets/net.py:Net"
