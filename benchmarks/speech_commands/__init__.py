"""Benchmarks on Speech Commands: their cards."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks.timit import PHONEMES

__all__ = ["WORDS"]

WORDS = replace(
    PHONEMES,
    id="speech_commands-words",
    load="heschl.benchmarks.speech_commands.words:benchmark",
    summary="Which of 35 words is said, told from a layer's mean, as Moussa et al. 2025",
    dataset="speech_commands",
)
