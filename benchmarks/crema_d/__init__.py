"""Benchmarks on CREMA-D: their cards."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks.timit import PHONEMES

__all__ = ["EMOTION"]

EMOTION = replace(
    PHONEMES,
    id="crema_d-emotion",
    load="heschl.benchmarks.crema_d.emotion:benchmark",
    summary="Which of six emotions is played, told from a layer's mean, as Moussa et al. 2025",
    dataset="crema_d",
    unit_of_uncertainty="fold",
)
