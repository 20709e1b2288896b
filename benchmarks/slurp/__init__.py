"""Benchmarks on SLURP: their cards."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks.timit import PHONEMES

__all__ = ["INTENT"]

INTENT = replace(
    PHONEMES,
    id="slurp-intent",
    load="heschl.benchmarks.slurp.intent:benchmark",
    summary="Which of 46 actions is asked for, told from a layer's mean, as Moussa et al. 2025",
    dataset="slurp",
    unit_of_uncertainty="prompt",
)
