"""Benchmarks on Perceptimatic: their cards."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks import narratives
from heschl.cards import BenchmarkCard

__all__ = ["ABX", "ABX_ALL"]

ABX = BenchmarkCard(
    id="perceptimatic-abx",
    load="heschl.benchmarks.perceptimatic.abx:benchmark",
    summary="ABX on 5,202 triplets of French and English phones, beside 184 listeners",
    requires=("numba",),
    extra="abx",
    citation=narratives.RIDGE.citation,
    version=2,
    dataset="perceptimatic",
    metric="abx",
    protocol="millet2022.abx_behaviour",
    unit_of_uncertainty="phone pair",
)

ABX_ALL = replace(
    ABX,
    id="perceptimatic_all-abx",
    version=1,
    load="heschl.benchmarks.perceptimatic.abx:benchmark_of_all",
    summary="ABX on the 6,030 triplets of Millet et al. 2022, each sound by itself",
    dataset="perceptimatic_all",
)
