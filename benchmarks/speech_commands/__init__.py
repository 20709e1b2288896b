"""Benchmarks on Speech Commands: their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["WORDS"]

_MOUSSA = """\
@inproceedings{moussa2025improving,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025},
}
"""

WORDS = BenchmarkCard(
    id="speech_commands-words",
    load="heschl.benchmarks.speech_commands.words:benchmark",
    summary="Which of 35 words is said, told from a layer's mean, as Moussa et al. 2025",
    citation=_MOUSSA,
    version=1,
    dataset="speech_commands",
    metric="probing",
    protocol="moussa2025.downstream",
    unit_of_uncertainty="stimulus",
)
