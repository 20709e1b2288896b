"""Benchmarks on TIMIT; each card has a module of its own."""

from __future__ import annotations

from heschl.benchmarks.timit.abx_card import ABX
from heschl.benchmarks.timit.asr_card import ASR

__all__ = ["ABX", "ASR"]
