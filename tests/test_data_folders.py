"""Where data are looked for, and what is said where they are not."""

from __future__ import annotations

import pytest

from heschl.data_folders import open_data
from heschl.errors import MissingData
from heschl.store import Store


@pytest.mark.parametrize("is_there", [False, True], ids=["no folder", "an empty folder"])
def test_forgotten_data_name_every_way_to_give_some(tmp_path, monkeypatch, is_there):
    monkeypatch.setenv("HESCHL_DATA", str(tmp_path))
    if is_there:  # as a fetch without a network leaves it
        (tmp_path / "lebel_moth").mkdir()

    with pytest.raises(MissingData, match="run `heschl fetch lebel_moth`") as caught:
        open_data("lebel_moth", None, Store(tmp_path / "store"))

    assert "--data phantom" in str(caught.value)
    assert "name its folder (data=..., --data ...)" in str(caught.value)


def test_named_folder_is_not_told_to_be_named(tmp_path):
    with pytest.raises(MissingData, match="give that folder") as caught:
        open_data("lebel_moth", tmp_path, Store(tmp_path / "store"))

    assert "name its folder" not in str(caught.value)
