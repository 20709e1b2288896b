"""`b2021-rsa`: audio2025.rsa, as `nh2015-rsa` on other listeners."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks.b2021 import RSA
from heschl.benchmarks.nh2015 import rsa as nh2015
from heschl.similarity import SimilarityBenchmark


def benchmark() -> SimilarityBenchmark:
    """Return the declaration."""
    return replace(nh2015.benchmark(), card=RSA)
