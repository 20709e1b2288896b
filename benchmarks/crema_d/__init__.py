"""Benchmarks on CREMA-D: their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["EMOTION"]

_MOUSSA = """\
@inproceedings{moussa2025improving,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025},
}
"""

EMOTION = BenchmarkCard(
    id="crema_d-emotion",
    load="heschl.benchmarks.crema_d.emotion:benchmark",
    summary="Which of six emotions is played, told from a layer's mean, as Moussa et al. 2025",
    citation=_MOUSSA,
    version=1,
    dataset="crema_d",
    metric="probing",
    protocol="moussa2025.downstream",
    unit_of_uncertainty="fold",
)
