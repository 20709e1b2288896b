"""What tests of benchmarks on one dataset share: its phantom, and what was computed of it."""

from __future__ import annotations

import pytest

from heschl.store import Store


@pytest.fixture(scope="session")
def ecog_store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("timit_ecog"))
