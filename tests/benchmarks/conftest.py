"""What tests of benchmarks on one dataset share: its phantom, and what was computed of it."""

from __future__ import annotations

import pytest

from heschl.store import Store


@pytest.fixture(scope="session")
def ecog_store(new_store):
    return Store(new_store("timit_ecog"))
