"""Benchmarks on the voxels of Norman-Haignere et al. 2015: their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["RIDGE", "RIDGE_TUCK"]

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

_TUCKUTE = """\
@article{tuckute2023many,
  title = {Many but not all deep neural network audio models capture brain responses and exhibit
           correspondence between model stages and brain regions},
  author = {Tuckute, Greta and Feather, Jenelle and Boebinger, Dana and McDermott, Josh H.},
  journal = {PLOS Biology},
  volume = {21},
  number = {12},
  pages = {e3002366},
  year = {2023},
  doi = {10.1371/journal.pbio.3002366},
}
"""

RIDGE = BenchmarkCard(
    id="nh2015-ridge",
    load="heschl.benchmarks.nh2015.ridge:benchmark",
    summary="Ridge from natural sounds to voxels of 8 listeners, as Pepino et al. 2025",
    citation=_CITATION,
    version=1,
    dataset="nh2015",
    metric="pooled-ridge",
    protocol="audio2025.regression",
)

RIDGE_TUCK = BenchmarkCard(
    id="nh2015-ridge_tuck",
    load="heschl.benchmarks.nh2015.ridge_tuck:benchmark",
    summary="Ridge on random splits of natural sounds, corrected for noise, as Tuckute et al. 2023",
    citation=_TUCKUTE,
    version=1,
    dataset="nh2015",
    metric="tuckute-ridge",
    protocol="audio2025.regression_tuck",
)
