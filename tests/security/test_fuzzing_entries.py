"""A damaged entry of the store is what was written, to the bit, or it is none.

As many are tried as `HESCHL_FUZZ` says, as of the files of `test_fuzzing`.
"""

from __future__ import annotations

import itertools
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.security.bounds import bounded
from tests.security.mutation import Step, damaged, steps

from heschl.store import Store

_ASKED = os.environ.get("HESCHL_FUZZ")
_PROFILE = settings(
    max_examples=int(_ASKED or 80),
    derandomize=_ASKED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_CONFIGURATION = {"stage": "scores", "layers": ["a", "b"], "penalties": [1.0, 1e-3]}
_ARRAYS = {
    "r": np.linspace(-1, 1, 40, dtype=np.float32).reshape(5, 8),
    "names": np.array(["left", "right"]),
    "n": np.asfortranarray(np.arange(6).reshape(2, 3)),
}
_numbers = itertools.count()


def _is_whole(found: dict[str, np.ndarray]) -> bool:
    return found.keys() == _ARRAYS.keys() and all(
        found[name].dtype == array.dtype and np.array_equal(found[name], array)
        for name, array in _ARRAYS.items()
    )


@pytest.mark.parametrize("file", ["entry.json", "r.npy", "names.npy", "n.npy"])
def test_damaged_entry_is_read_whole_or_set_aside(file: str, tmp_path: Path) -> None:
    seen = {"whole": 0, "set aside": 0}

    @_PROFILE
    @given(st.booleans(), steps("text" if file == "entry.json" else "binary"))
    def check(is_told: bool, taken: list[Step]) -> None:
        store = Store(tmp_path / str(next(_numbers)))
        key = store.write(_CONFIGURATION, _ARRAYS)
        path = store.place(key) / file
        before = path.read_bytes()
        content = damaged("text" if file == "entry.json" else "binary", before, taken)
        path.write_bytes(content)
        with bounded(file), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = store.read(key)
        if found is not None:
            assert _is_whole(found)
            seen["whole"] += 1
        else:
            assert content != before
            assert len(told) == 1
            assert "is computed again" in str(told[0].message)
            assert not store.has(key)
            assert [entry.key for entry in store.entries()] == []
            seen["set aside"] += 1
        if is_told:  # it can be written again
            store.write(_CONFIGURATION, _ARRAYS)
            again = store.read(key)
            assert again is not None
            assert _is_whole(again)

    check()
    assert seen["set aside"] > sum(seen.values()) / 4
