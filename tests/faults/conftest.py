"""A suite to be hurt."""

from __future__ import annotations

import pytest
from suite_runs import suite_runs


@pytest.fixture(scope="session")
def runs(tmp_path_factory, store_folder):
    """Lend what runs a small suite, with the phantoms of all tests."""
    phantoms = (store_folder / "phantoms").resolve()
    benchmarks = ["timit-phonemes", "lebel_moth-ridge"]
    with suite_runs(tmp_path_factory.mktemp("faults"), ["envelope"], benchmarks, phantoms) as found:
        yield found
