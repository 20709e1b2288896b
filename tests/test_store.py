from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from heschl import registry
from heschl.cards import DatasetCard
from heschl.data_folders import phantom_folder
from heschl.errors import InvalidInput, UnknownName
from heschl.store import Store

CONFIGURATION = {"what": "test", "alpha": 0.5}
ARRAYS = {"values": np.arange(6.0).reshape(2, 3), "unit": np.arange(3)}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_read_returns_what_was_written_bit_for_bit(store):
    key = store.write(CONFIGURATION, ARRAYS)

    found = store.read(key)

    assert found.keys() == ARRAYS.keys()
    assert all(found[name].tobytes() == ARRAYS[name].tobytes() for name in ARRAYS)
    assert all(found[name].dtype == ARRAYS[name].dtype for name in ARRAYS)


def test_read_misses_quietly_what_is_not_there(store):
    assert store.read("0" * 64) is None
    assert not store.has("0" * 64)


@pytest.mark.parametrize("position", [0, 60, -1], ids=["magic", "header", "last-byte"])
def test_read_sets_a_flipped_byte_aside(store, position):
    key = store.write(CONFIGURATION, ARRAYS)
    path = store.place(key) / "values.npy"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)

    with pytest.warns(RuntimeWarning, match="damaged"):
        assert store.read(key) is None
    assert not store.has(key)
    store.write(CONFIGURATION, ARRAYS)
    assert store.read(key) is not None


def _cut_sidecar(folder):
    (folder / "entry.json").write_text("{")


def _edit_configuration(folder):
    sidecar = json.loads((folder / "entry.json").read_text())
    sidecar["configuration"]["alpha"] = 0.25
    (folder / "entry.json").write_text(json.dumps(sidecar))


def _remove_array(folder):
    (folder / "unit.npy").unlink()


@pytest.mark.parametrize("damage", [_cut_sidecar, _edit_configuration, _remove_array])
def test_read_sets_a_damaged_entry_aside(store, damage):
    key = store.write(CONFIGURATION, ARRAYS)
    damage(store.place(key))

    with pytest.warns(RuntimeWarning, match="damaged"):
        assert store.read(key) is None


def test_write_refuses_objects(store):
    with pytest.raises(InvalidInput, match="objects"):
        store.write(CONFIGURATION, {"values": np.array([{}])})
    assert not list(store.entries())
    assert not list((store.folder / "tmp").iterdir())


def test_second_write_leaves_the_first_entry(store):
    key = store.write(CONFIGURATION, ARRAYS)
    before = (store.place(key) / "entry.json").stat().st_ino

    assert store.write(CONFIGURATION, ARRAYS) == key
    assert (store.place(key) / "entry.json").stat().st_ino == before


def test_writer_killed_before_the_rename_leaves_no_entry(store):
    script = (
        "import os, signal, numpy as np\n"
        "import heschl.store as s\n"
        "s.Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"s.Store({str(store.folder)!r}).write({CONFIGURATION!r}, dict(values=np.arange(9)))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], check=False)
    assert result.returncode == -9
    assert not list(store.entries())
    assert store.write(CONFIGURATION, ARRAYS)


def test_why_names_the_field_that_differs(store):
    first = store.write(CONFIGURATION, ARRAYS)
    second = store.write({**CONFIGURATION, "alpha": 1.0}, ARRAYS)

    assert store.why(first[:8], second[:8]) == [("alpha", 0.5, 1.0)]


def test_find_refuses_short_and_unknown_prefixes(store):
    with pytest.raises(InvalidInput, match="at least"):
        store.find("ab")
    with pytest.raises(UnknownName, match="no entry"):
        store.find("abcdef")


def test_gc_removes_the_longest_unused_first(store):
    keys = [store.write({"n": n}, {"values": np.zeros(1000)}) for n in range(3)]
    for age, key in zip((300, 100, 200), keys, strict=True):
        moment = time.time() - age
        os.utime(store.place(key) / "entry.json", (moment, moment))
    store.read(keys[0])  # reading is use
    size = next(store.entries()).n_bytes

    n_removed, n_bytes = store.gc(max_bytes=2 * size + 100)

    assert (n_removed, n_bytes) == (1, size)
    assert [store.has(key) for key in keys] == [True, True, False]


def test_gc_removes_what_was_not_read_for_long(store):
    old, new = (store.write({"n": n}, ARRAYS) for n in range(2))
    moment = time.time() - 10 * 86400
    os.utime(store.place(old) / "entry.json", (moment, moment))

    store.gc(unused_days=5)

    assert not store.has(old)
    assert store.has(new)


def write_phantom(store, name, n_bytes, age_days=0.0):
    folder = store.phantom_place(name)
    (folder / "stimuli").mkdir(parents=True)
    (folder / "stimuli" / "sound.wav").write_bytes(b"." * n_bytes)
    moment = time.time() - age_days * 86400
    os.utime(folder, (moment, moment))
    return folder


def test_phantoms_are_listed_with_their_size_and_without_those_being_written(store):
    write_phantom(store, "toy-v1-seed0", 1000)
    write_phantom(store, "toy-v1-seed1", 10, age_days=2)
    write_phantom(store, ".toy-v1-seed2.abc", 10)

    assert [(each.name, each.n_bytes) for each in store.phantoms()] == [
        ("toy-v1-seed1", 10),
        ("toy-v1-seed0", 1000),
    ]


def test_learned_size_counts_the_notes_on_files(store):
    assert store.learned_size() == (0, 0)
    (store.folder / "learned").mkdir(parents=True)
    (store.folder / "learned" / "a.json").write_text("{}")

    assert store.learned_size() == (1, 2)


def test_gc_counts_phantoms_and_removes_the_longest_unused(store):
    key = store.write(CONFIGURATION, ARRAYS)
    old, new = (
        write_phantom(store, name, 10**6, age_days=age) for name, age in (("old", 3), ("new", 1))
    )

    assert store.gc(max_bytes=15 * 10**5) == (1, 10**6)

    assert not old.exists()
    assert new.exists()
    assert store.has(key)
    assert store.gc(unused_days=0.5) == (1, 10**6)
    assert not new.exists()
    assert not list((store.folder / "tmp").iterdir())


def test_gc_that_is_killed_leaves_no_half_phantom(store, monkeypatch):
    folder = write_phantom(store, "toy-v1-seed0", 1000)
    monkeypatch.setattr("heschl.store.shutil.rmtree", lambda *_, **__: None)  # as if killed

    store.gc(max_bytes=0)

    assert not folder.exists()


def test_opening_a_phantom_is_use(store, fresh_session):
    card = DatasetCard("toy", load=list, summary="x", phantom=lambda root, seed: None)
    registry.datasets.register(card)
    folder = phantom_folder("toy", 0, store)
    moment = time.time() - 10 * 86400
    os.utime(folder, (moment, moment))

    assert phantom_folder("toy", 0, store) == folder

    assert store.gc(unused_days=5) == (0, 0)
    assert folder.exists()


def test_store_refuses_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="is a file"):
        Store(tmp_path / "file")


def test_default_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HESCHL_STORE", str(tmp_path / "here"))
    assert Store().folder == tmp_path / "here"
    monkeypatch.delenv("HESCHL_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Store().folder == tmp_path / "cache" / "heschl"
