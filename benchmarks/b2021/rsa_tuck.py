"""`b2021-rsa_tuck`: audio2025.rsa_tuck, as `nh2015-rsa_tuck` on other listeners."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks.b2021 import RSA_TUCK
from heschl.benchmarks.nh2015 import rsa_tuck as nh2015
from heschl.similarity import SimilarityBenchmark


def benchmark() -> SimilarityBenchmark:
    """Return the declaration."""
    return replace(nh2015.benchmark(), card=RSA_TUCK)
