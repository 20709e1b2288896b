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

RSA = replace(
    nh2015.RSA,
    id="b2021-rsa",
    load="heschl.benchmarks.b2021.rsa:benchmark",
    summary="Similarity of natural sounds to 20 listeners and to a model, as Pepino et al. 2025",
    dataset="b2021",
)

RSA_TUCK = replace(
    nh2015.RSA_TUCK,
    id="b2021-rsa_tuck",
    load="heschl.benchmarks.b2021.rsa_tuck:benchmark",
    dataset="b2021",
)
