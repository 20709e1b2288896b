"""Benchmarks on the components of Norman-Haignere et al. 2015: their cards."""

from __future__ import annotations

from heschl.cards import BenchmarkCard
from heschl.metrics.ridge import pooled

__all__ = ["RIDGE", "RSA"]

RIDGE = BenchmarkCard(
    id="nh2015_components-ridge",
    load="heschl.benchmarks.nh2015_components.ridge:benchmark",
    summary="Ridge from natural sounds to six components of their response, as Pepino et al. 2025",
    citation=pooled.POOLED_RIDGE.citation,
    version=1,
    dataset="nh2015_components",
    metric="pooled-ridge",
    protocol="audio2025.components",
    unit_of_uncertainty="stimulus",
)

RSA = BenchmarkCard(
    id="nh2015_components-rsa",
    load="heschl.benchmarks.nh2015_components.rsa:benchmark",
    summary="Similarity of natural sounds by six components of their response, and to a model",
    citation=pooled.POOLED_RIDGE.citation,
    version=1,
    dataset="nh2015_components",
    metric="rsa",
    protocol="audio2025.rsa",
    unit_of_uncertainty="stimulus",
)
