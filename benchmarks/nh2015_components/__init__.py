"""Benchmarks on the components of Norman-Haignere et al. 2015: their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["RIDGE"]

_CITATION = """\
@misc{pepino2025better,
  title = {Better audio representations are more brain-like: linking model-brain alignment with
           performance in downstream auditory tasks},
  author = {Pepino, Leonardo and Riera, Pablo and Kamienkowski, Juan and Ferrer, Luciana},
  year = {2025},
  eprint = {2511.16849},
  archiveprefix = {arXiv},
}
"""

RIDGE = BenchmarkCard(
    id="nh2015_components-ridge",
    load="heschl.benchmarks.nh2015_components.ridge:benchmark",
    summary="Ridge from natural sounds to six components of their response, as Pepino et al. 2025",
    citation=_CITATION,
    version=1,
    dataset="nh2015_components",
    metric="pooled-ridge",
    protocol="audio2025.components",
    unit_of_uncertainty="stimulus",
)
