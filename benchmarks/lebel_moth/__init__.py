"""Benchmarks on LeBel et al. 2023, "Moth": their cards."""

from dataclasses import replace

from heschl.cards import BenchmarkCard

__all__ = ["LOW_LEVEL_IMPACT", "LOW_LEVEL_IMPACT_OOTA10", "RIDGE"]

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

LOW_LEVEL_IMPACT = replace(
    RIDGE,
    id="lebel_moth-low_level_impact",
    load="heschl.benchmarks.lebel_moth.low_level_impact:benchmark",
    summary="The percentage of brain alignment that is lost with a model's low-level features",
    metric="low-level-impact",
    protocol="moussa2025.low_level_impact",
)

LOW_LEVEL_IMPACT_OOTA10 = replace(
    LOW_LEVEL_IMPACT,
    id="lebel_moth-low_level_impact-oota10",
    load="heschl.benchmarks.lebel_moth.low_level_impact:oota10",
    summary="As lebel_moth-low_level_impact, on the ten stories that the original compared on",
)
