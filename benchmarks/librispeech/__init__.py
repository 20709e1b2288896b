"""Benchmarks on LibriSpeech: their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["SEMANTIC_PHONETIC"]

SEMANTIC_PHONETIC = BenchmarkCard(
    id="librispeech-semantic_phonetic",
    load="heschl.benchmarks.librispeech.semantic_phonetic:benchmark",
    summary="Whether words are nearer to their synonyms (below 0) or to words that sound alike",
    citation="""\
@inproceedings{moussa2025brain,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025}
}""",
    version=1,
    dataset="librispeech",
    metric="semantic-phonetic",
    protocol="moussa2025.semantic_phonetic",
    unit_of_uncertainty="word",
)
