"""Benchmarks on LeBel et al. 2023, "Moth": their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["RIDGE"]

_CITATION = """\
@inproceedings{moussa2025brain,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025}
}"""

RIDGE = BenchmarkCard(
    id="lebel_moth-ridge",
    load="heschl.benchmarks.lebel_moth.ridge:benchmark",
    summary="Ridge encoding of story listening in fMRI, as Moussa et al. 2025 measure alignment",
    requires=("h5py", "nibabel"),
    extra="brain",
    citation=_CITATION,
    version=1,
    dataset="lebel_moth",
    metric="ridge",
    protocol="moussa2025.alignment",
)
