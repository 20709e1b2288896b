"""Benchmarks on TIMIT; each kind has a module of cards of its own."""

from __future__ import annotations

from heschl.benchmarks.timit.abx_card import ABX
from heschl.benchmarks.timit.asr_card import ASR
from heschl.benchmarks.timit.probing_cards import MFCC, PHONEMES, PROBING, SENTENCE_TYPE

__all__ = ["ABX", "ASR", "MFCC", "PHONEMES", "PROBING", "SENTENCE_TYPE"]
