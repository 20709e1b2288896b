"""What the tests of the metrics share."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def _one_thread():
    """Hold linear algebra to one thread: on matrices this small more of them wait, not work."""
    with threadpool_limits(1):
        yield
