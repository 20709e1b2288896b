"""Benchmarks on The Little Prince (Li et al. 2022): their cards."""

from __future__ import annotations

from heschl.benchmarks import narratives
from heschl.cards import BenchmarkCard

__all__ = ["CARDS", "RIDGE", "RIDGE_COMPAT", "RIDGE_EN", "RIDGE_FR", "RIDGE_ZH"]


def _card(suffix: str, listeners: str, protocol: str = "millet2022.brain_score") -> BenchmarkCard:
    return BenchmarkCard(
        id=f"little_prince-ridge{suffix}",
        load=f"heschl.benchmarks.little_prince.ridge:{'ridge' + suffix.replace('-', '_')}",
        summary=f"Ridge encoding of a book read aloud, as Millet et al. 2022 do: {listeners}",
        requires=("nibabel", "nilearn"),
        extra="brain",
        citation=narratives.RIDGE.citation,
        version=1,
        dataset="little_prince",
        metric="ridge",
        protocol=protocol,
    )


RIDGE = _card("", "listeners of three languages")
RIDGE_EN = _card("-en", "English listeners")
RIDGE_FR = _card("-fr", "French listeners")
RIDGE_ZH = _card("-zh", "Chinese listeners")
RIDGE_COMPAT = _card(
    "-compat",
    "with the folds and the haemodynamic grid of their code",
    "millet2022.brain_score, published code",
)

CARDS = (RIDGE, RIDGE_EN, RIDGE_FR, RIDGE_ZH, RIDGE_COMPAT)
