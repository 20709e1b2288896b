"""A store below one's own, which many share and nobody writes."""

from __future__ import annotations

import numpy as np
import pytest
from undisturbed import assert_untouched, run

from heschl.configuration import digest
from heschl.errors import InvalidInput
from heschl.store import Store

ENTRY = {"what": "an example"}


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def shared(tmp_path):
    store = Store(tmp_path / "shared")
    run(store)
    store.write(ENTRY, {"values": np.arange(3)})
    return store


def test_what_is_shared_is_not_made_again_nor_changed(tmp_path, shared):
    before = contents(shared.folder)
    own = Store(tmp_path / "own", shared=shared.folder)

    score = run(own)

    assert_untouched(score)
    assert score.provenance["cells"] == '{"cached":9}'
    assert not list(own.entries())
    assert contents(shared.folder) == before


def test_damage_of_what_is_shared_is_passed_over_and_made_here(tmp_path, shared):
    key = digest(ENTRY)
    path = shared.place(key) / "values.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    fresh = Store(tmp_path / "fresh", shared=shared.folder)
    before = contents(shared.folder)

    with pytest.warns(RuntimeWarning, match="damaged"):
        assert fresh.read(key) is None

    assert not fresh.has(key)
    assert fresh.write(ENTRY, {"values": np.arange(3)}) == key
    assert fresh.read(key)["values"].tolist() == [0, 1, 2]
    assert contents(shared.folder) == before


def test_shared_store_is_named_by_the_environment(tmp_path, shared, monkeypatch):
    monkeypatch.setenv("HESCHL_SHARED_STORE", str(shared.folder))
    assert Store(tmp_path / "own").has(next(shared.entries()).key)
    monkeypatch.setenv("HESCHL_SHARED_STORE", str(tmp_path / "nowhere"))
    with pytest.raises(InvalidInput, match="mend or unset"):
        Store(tmp_path / "own")
