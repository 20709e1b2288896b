"""Benchmarks on SLURP: their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["INTENT"]

_MOUSSA = """\
@inproceedings{moussa2025improving,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025},
}
"""

INTENT = BenchmarkCard(
    id="slurp-intent",
    load="heschl.benchmarks.slurp.intent:benchmark",
    summary="Which of 46 actions is asked for, told from a layer's mean, as Moussa et al. 2025",
    citation=_MOUSSA,
    version=1,
    dataset="slurp",
    metric="probing",
    protocol="moussa2025.downstream",
    unit_of_uncertainty="stimulus",
)
