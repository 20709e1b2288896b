"""The similarity kind of benchmark: whether a model finds the same sounds alike as a brain.

A `SimilarityBenchmark` is a declaration. `heschl.similarity_cells` makes a table of work of it;
what the cells do is in `heschl.similarity_work`, and `heschl.similarity_gathering` puts a Score
together. Features are those of the encoding benchmarks that hear the same way: nothing is extracted
twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import xarray as xr

from heschl.cards import BenchmarkCard
from heschl.ceilings import NoCeiling, Power
from heschl.cells import Cell
from heschl.configuration import describe
from heschl.contracts import Dataset, SimilarityMetric
from heschl.dimensions import STIMULUS
from heschl.errors import InvalidInput
from heschl.event_rendering import EventStamp
from heschl.extraction import FrameScaling, Precision
from heschl.session import Session
from heschl.similarity_cells import similarity_cells
from heschl.similarity_gathering import gather_similarities
from heschl.splits import Splitter

__all__ = ["SimilarityBenchmark", "Topline"]


@dataclass(frozen=True)
class Topline:
    """How alike a listener is to the mean of the others, by the benchmark's own metric.

    It divides as its mean over all listeners on disk, whoever is scored. What is alike in all
    listeners is less than what one of them holds, so that a model may exceed it.

    Parameters
    ----------
    minimum
        In a region where listeners have no more in common there is nothing to divide by.
    """

    minimum: float = 0.1

    kind: ClassVar[str] = "topline"
    power: ClassVar[Power] = "correlation"

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}


@dataclass(frozen=True)
class SimilarityBenchmark:
    """A comparison of geometries, as a methods section states it.

    Of every sound there is one response, and all listeners heard all sounds.

    Parameters
    ----------
    card
        The metadata.
    windowing
        How the sound is cut for the model (B1), see `heschl.windowing`.
    resampler
        How features become one for each sound, such as `heschl.clocks.Average`.
    splitter
        On which sounds the layer is chosen, and on which it counts.
    metric
        Makes geometries, and compares them.
    ceiling
        `Topline`, or `NoCeiling` where one listener is all.
    rois
        The regions to report, the primary one first. Each has a geometry of its own.
    event_stamp, precision, frame_scaling
        As of `heschl.encoding.EncodingBenchmark`.
    """

    card: BenchmarkCard
    windowing: Any  # the windowings of heschl.windowing, or a stranger's of the same shape
    resampler: Any  # as above, of heschl.clocks
    splitter: Splitter
    metric: SimilarityMetric
    ceiling: Topline | NoCeiling
    rois: tuple[str, ...]
    event_stamp: EventStamp = "midpoint"
    precision: Precision = "float32"
    frame_scaling: FrameScaling = "none"

    def __post_init__(self) -> None:
        """Refuse a ceiling that other listeners give where there are none."""
        if self.card.unit_of_uncertainty == STIMULUS and not isinstance(self.ceiling, NoCeiling):
            raise InvalidInput(
                f"{self.card.id} draws stimuli for its error, so that nothing else may vary; give "
                "ceiling=NoCeiling() or another unit_of_uncertainty"
            )

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        settings = describe(self)
        settings["card"] = {"id": self.card.id, "version": self.card.version}
        return settings

    def description(self) -> dict[str, str]:
        """Return what the score and its normalisation are, in words."""
        has_ceiling = isinstance(self.ceiling, Topline)
        return {
            "score_meaning": self.metric.meaning,
            "score_power": "correlation",
            "normalisation": "score / mean topline" if has_ceiling else "none: the score itself",
            "layer_rule": self.metric.layer_rule,
            "unit_noun": "geometry",
        }

    def cells(self, session: Session) -> list[Cell]:
        """Return the work, see `heschl.similarity_cells`."""
        dataset = session.dataset.get()
        if not isinstance(dataset, Dataset):
            raise InvalidInput(
                f"{self.card.id} compares with recordings, and {dataset.card.id} holds labelled "
                "sounds alone; choose a dataset with listeners"
            )
        return similarity_cells(self, session)

    def rows(self, stimulus: str) -> slice:  # noqa: ARG002  what encoding benchmarks say of each
        """Return the rows of a stimulus that enter: the one that it has."""
        return slice(None)

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return the groups of the Score, and ``geometries``, read from the store."""
        return gather_similarities(self, session, cells)
