"""`b2021-ridge`: audio2025.regression, as `nh2015-ridge` on other listeners."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks.b2021 import RIDGE
from heschl.benchmarks.nh2015 import ridge as nh2015
from heschl.encoding import EncodingBenchmark


def benchmark() -> EncodingBenchmark:
    """Return the declaration."""
    return replace(nh2015.benchmark(), card=RIDGE)
