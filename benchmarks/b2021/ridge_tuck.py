"""`b2021-ridge_tuck`: audio2025.regression_tuck, as `nh2015-ridge_tuck` on other listeners."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks.b2021 import RIDGE_TUCK
from heschl.benchmarks.nh2015 import ridge_tuck as nh2015
from heschl.encoding import EncodingBenchmark


def benchmark() -> EncodingBenchmark:
    """Return the declaration."""
    return replace(nh2015.benchmark(), card=RIDGE_TUCK)
