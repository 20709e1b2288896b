"""The card of ABX on TIMIT."""

from __future__ import annotations

from heschl.cards import BenchmarkCard
from heschl.metrics.abx import ABX as METRIC

__all__ = ["ABX"]

ABX = BenchmarkCard(
    id="timit-abx",
    load="heschl.benchmarks.timit.abx:benchmark",
    summary="ABX on the phones of TIMIT's test speakers, within and across speakers and contexts",
    requires=("numba",),
    extra="abx",
    citation=METRIC.citation,
    version=1,
    dataset="timit",
    metric="abx",
    protocol="abx.phones_in_context",
    unit_of_uncertainty="phone pair",
)
