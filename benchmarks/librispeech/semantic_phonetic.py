"""`librispeech-semantic_phonetic`: moussa2025.semantic_phonetic, line by line.

Words of audio books are heard within their utterance. Each has the mean of its frames; it is
compared with tokens of its synonyms and of words that are nearly its homophones, by other speakers.
The protocol's distance is the cosine; no code was published. Below 0 a layer prefers meaning.
"""

from __future__ import annotations

from heschl.benchmarks.librispeech import SEMANTIC_PHONETIC
from heschl.metrics.preference.benchmark import PreferenceBenchmark
from heschl.windowing import WholeStimulus


def benchmark() -> PreferenceBenchmark:
    """Return the declaration."""
    return PreferenceBenchmark(
        card=SEMANTIC_PHONETIC,
        windowing=WholeStimulus(),
        threshold=0.4,
        n_samples=5,
        n_tokens=10_000,
    )
