"""The cards of the probes of TIMIT."""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks import lebel_moth, narratives
from heschl.cards import BenchmarkCard

__all__ = ["MFCC", "PHONEMES", "PROBING", "SENTENCE_TYPE"]

PROBING = BenchmarkCard(
    id="timit-probing",
    load="heschl.benchmarks.timit.probing:benchmark",
    summary="Mel frames, phones, words and sentences told from layers, as Millet et al. 2022",
    citation=narratives.RIDGE.citation,
    version=1,
    dataset="timit",
    metric="probing",
    protocol="millet2022.probing",
    unit_of_uncertainty="fold",
    published="heschl.benchmarks:timit/published_probing.tsv",
)

PHONEMES = BenchmarkCard(
    id="timit-phonemes",
    load="heschl.benchmarks.timit.phonemes:benchmark",
    summary="Which phones a sentence holds, told from a layer's mean, as Moussa et al. 2025",
    citation=lebel_moth.RIDGE.citation,
    version=1,
    dataset="timit",
    metric="probing",
    protocol="moussa2025.downstream",
    unit_of_uncertainty="speaker",
)

SENTENCE_TYPE = replace(
    PHONEMES,
    id="timit-sentence_type",
    load="heschl.benchmarks.timit.sentence_type:benchmark",
    summary="Which of three kinds a sentence is, told from a layer's mean, as Moussa et al. 2025",
)

MFCC = replace(
    PHONEMES,
    id="timit-mfcc",
    load="heschl.benchmarks.timit.mfcc:benchmark",
    summary="Cepstrum and filter bank of each frame predicted from a layer, as Moussa et al. 2025",
)
