"""What the tests of faults share: the toy's score that nothing disturbed, and looks at a store."""

from __future__ import annotations

import functools
import tempfile

import numpy as np
from toy import Loudness, ToyDataset, toy_benchmark

import heschl


def run(folder, model=None, data=None, **settings):
    """Score the toy."""
    return heschl.score(
        model or Loudness(), toy_benchmark(), data=data or ToyDataset(), store=folder, **settings
    )


@functools.cache
def untouched():
    """Return the score that nothing disturbed."""
    with tempfile.TemporaryDirectory() as folder:
        return run(folder)


def assert_untouched(score):
    """Every number is as if nothing had happened; the provenance may tell of it."""
    for group in ("summary", "population", "units", "ceiling"):
        for name, values in untouched().tree[group].data_vars.items():
            np.testing.assert_array_equal(score.tree[group][name].values, values.values)


def assert_whole(store):
    """Every entry that can be seen can be read, and no writer left anything."""
    for entry in store.entries():
        assert store.read(entry.key) is not None
    assert not list((store.folder / "tmp").glob("*"))


def by_stage(store, stage):
    """Return the keys of the entries of a stage."""
    return [entry.key for entry in store.entries() if entry.configuration["stage"] == stage]
