"""Benchmarks on the voxels of Boebinger et al. 2021: their cards."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks import nh2015

__all__ = ["RIDGE", "RIDGE_TUCK", "RSA", "RSA_TUCK"]

RIDGE = replace(
    nh2015.RIDGE,
    id="b2021-ridge",
    load="heschl.benchmarks.b2021.ridge:benchmark",
    summary="Ridge from natural sounds to voxels of 20 listeners, as Pepino et al. 2025",
    dataset="b2021",
)

RIDGE_TUCK = replace(
    nh2015.RIDGE_TUCK,
    id="b2021-ridge_tuck",
    load="heschl.benchmarks.b2021.ridge_tuck:benchmark",
    dataset="b2021",
)

RSA = BenchmarkCard(
    id="b2021-rsa",
    load="heschl.benchmarks.b2021.rsa:benchmark",
    summary="Similarity of natural sounds to 20 listeners and to a model, as Pepino et al. 2025",
    citation=pooled.POOLED_RIDGE.citation,
    version=1,
    dataset="b2021",
    metric="rsa",
    protocol="audio2025.rsa",
)

RSA_TUCK = BenchmarkCard(
    id="b2021-rsa_tuck",
    load="heschl.benchmarks.b2021.rsa_tuck:benchmark",
    summary="The same on random splits of the sounds, as Tuckute et al. 2023",
    citation=tuckute.TUCKUTE_RIDGE.citation,
    version=1,
    dataset="b2021",
    metric="tuckute-rsa",
    protocol="audio2025.rsa_tuck",
)
