"""Benchmarks on LibriSpeech: their cards."""

from heschl.cards import BenchmarkCard
from heschl.metrics import preference

__all__ = ["SEMANTIC_PHONETIC"]

SEMANTIC_PHONETIC = BenchmarkCard(
    id="librispeech-semantic_phonetic",
    load="heschl.benchmarks.librispeech.semantic_phonetic:benchmark",
    summary="Whether words are nearer to their synonyms (below 0) or to words that sound alike",
    citation=preference.SEMANTIC_PHONETIC.citation,
    version=1,
    dataset="librispeech",
    metric="semantic-phonetic",
    protocol="moussa2025.semantic_phonetic",
    unit_of_uncertainty="word",
)
