"""Benchmarks on the voxels of Norman-Haignere et al. 2015: their cards."""

from __future__ import annotations

from heschl.cards import BenchmarkCard
from heschl.metrics.ridge import pooled, tuckute

__all__ = ["RIDGE", "RIDGE_TUCK", "RSA", "RSA_TUCK"]

RIDGE = BenchmarkCard(
    id="nh2015-ridge",
    load="heschl.benchmarks.nh2015.ridge:benchmark",
    summary="Ridge from natural sounds to voxels of 8 listeners, as Pepino et al. 2025",
    citation=pooled.POOLED_RIDGE.citation,
    version=1,
    dataset="nh2015",
    metric="pooled-ridge",
    protocol="audio2025.regression",
)

RIDGE_TUCK = BenchmarkCard(
    id="nh2015-ridge_tuck",
    load="heschl.benchmarks.nh2015.ridge_tuck:benchmark",
    summary="Ridge on random splits of natural sounds, corrected for noise, as Tuckute et al. 2023",
    citation=tuckute.TUCKUTE_RIDGE.citation,
    version=1,
    dataset="nh2015",
    metric="tuckute-ridge",
    protocol="audio2025.regression_tuck",
)

RSA = BenchmarkCard(
    id="nh2015-rsa",
    load="heschl.benchmarks.nh2015.rsa:benchmark",
    summary="Similarity of natural sounds to 8 listeners and to a model, as Pepino et al. 2025",
    citation=pooled.POOLED_RIDGE.citation,
    version=1,
    dataset="nh2015",
    metric="rsa",
    protocol="audio2025.rsa",
)

RSA_TUCK = BenchmarkCard(
    id="nh2015-rsa_tuck",
    load="heschl.benchmarks.nh2015.rsa_tuck:benchmark",
    summary="The same on random splits of the sounds, as Tuckute et al. 2023",
    citation=tuckute.TUCKUTE_RIDGE.citation,
    version=1,
    dataset="nh2015",
    metric="tuckute-rsa",
    protocol="audio2025.rsa_tuck",
)
