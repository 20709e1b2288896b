from __future__ import annotations

import pytest
from phantoms.toy_phantom import EXPECTATION, ToyPhantom
from toy import Loudness, toy_benchmark

from heschl import registry
from heschl.cards import BenchmarkCard, DatasetCard, ModelCard
from heschl.store import Store


@pytest.fixture(scope="session")
def phantom_store(new_store) -> Store:
    """Return a store that keeps phantoms and features of all tests of a run."""
    return Store(new_store("verification"))


@pytest.fixture
def toy_phantom(fresh_session) -> ToyPhantom:
    """Register the toy experiment with a phantom; a test may change what it expects."""
    phantom = ToyPhantom([EXPECTATION])
    card = DatasetCard("toy", load=phantom.load, summary="A toy", phantom=phantom.write)
    registry.datasets.register(card)
    registry.models.register(ModelCard("toy-loudness", load=Loudness, summary="A toy"))
    registry.benchmarks.register(
        BenchmarkCard("toy-ridge", load=toy_benchmark, summary="A toy", dataset="toy")
    )
    return phantom
