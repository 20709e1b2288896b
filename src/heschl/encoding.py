"""The encoding kind of benchmark: predict each unit's response from a model's features.

An `EncodingBenchmark` is a declaration. `heschl.encoding_cells` makes a table of
work of it: cells for the features of every stimulus, for the ceilings and unit
scores of every listener. What the cells do is in `heschl.encoding_work`,
`heschl.ceiling_work` and `heschl.choice_work`; here they are gathered.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, get_args

import xarray as xr

from heschl.aggregation import UnitAverage
from heschl.cards import BenchmarkCard
from heschl.ceilings import NoCeiling, Power, RepeatCeiling
from heschl.cell_costs import CellCost
from heschl.cells import Cell
from heschl.configuration import describe
from heschl.contracts import Dataset, Metric
from heschl.dimensions import STIMULUS
from heschl.encoding_cells import encoding_cells, listeners, on_device
from heschl.encoding_costs import encoding_cost
from heschl.encoding_rows import folds_of
from heschl.encoding_work import FoldAverage, subject_scores
from heschl.errors import InvalidInput, MissingData, UnknownName, near_names
from heschl.event_rendering import EventStamp
from heschl.extraction import FrameScaling, Precision
from heschl.gathering import gather_groups
from heschl.layer_choice import LayerRule
from heschl.resampling import drawing_digest
from heschl.session import Session
from heschl.shared_ceilings import SharedCeiling
from heschl.splits import Splitter
from heschl.wording import some

__all__ = ["EncodingBenchmark"]

_NORMALISATIONS: Mapping[tuple[Power, Power], str] = {
    ("correlation", "correlation"): "score / ceiling",
    ("variance", "variance"): "score / ceiling",
    ("correlation", "variance"): "score / √ceiling",
    ("variance", "correlation"): "score / ceiling²",
}
"""What `heschl.ceilings.normalise` does for the powers of a score and of its ceiling."""


_WORDS: Mapping[str, Any] = {
    "precision": Precision,
    "frame_scaling": FrameScaling,
    "layer_rule": LayerRule,
    "fold_average": FoldAverage,
    "unit_average": UnitAverage,
}
"""The settings that are one of a few words."""

_TUPLES = ("delays", "rois", "further_rois", "included", "left_out")


class ScoredMetric(Metric, Protocol):
    """A metric that says what its score is.

    One that returns ``prediction`` has ``score_of`` as well, see `Metric`; one
    that returns ``normalised`` says in ``normalisation`` how it came about.
    """

    @property
    def meaning(self) -> str:
        """What the score is, in words."""

    @property
    def power(self) -> Power:
        """Whether the score is on the scale of a correlation or of a share of variance."""


@dataclass(frozen=True)
class EncodingBenchmark:
    """An encoding experiment, as a methods section states it.

    Parameters
    ----------
    card
        The metadata.
    windowing
        How the sound is cut for the model (B1), see `heschl.windowing` and
        `heschl.presets`.
    event_stamp
        Where a text model's value stands within its word or phone, see
        `heschl.event_rendering`.
    resampler
        How features reach the recording's clock (B2, B4).
    delays
        The FIR delays in rows (B3), after features are z-scored (B5); empty for
        none.
    splitter
        Which rows train and which test.
    metric
        Scores every unit from design and responses.
    ceiling
        From the repeats of the test stimulus, from other listeners of it
        (`heschl.shared_ceilings`), or `NoCeiling`; its ``minimum`` decides which
        units count. One from others divides as its mean over the listeners that
        are scored, so that some of them by themselves have other normalised
        scores than among all.
    rois
        The regions to report, the primary one first. With a shared ceiling
        ``Top10`` is the tenth of places where it is highest.
    further_rois
        Regions that are reported too where the data label them, such as those of an atlas that
        users add. They change no other number, and are no part of the configuration.
    included
        The stimuli that may enter, in order; a listener who lacks some does
        without them, one who lacks all is left out. None takes all.
    skipped_rows
        For a stimulus, how many rows it loses at its start, from features,
        responses and ceiling alike.
    precision
        What the model's products are computed in: ``"bfloat16"`` halves the
        time and moves features by 1 to 2 %, see docs/equivalence.md.
    frame_scaling
        ``"minmax"`` brings each unit of a layer to the range from 0 to 1 over the
        frames of a stimulus, before they are resampled.
    standardise
        Whether features and responses are z-scored over the rows of each
        stimulus (B5). Not where a stimulus is one row: then the metric centres
        on the training rows.
    layer_rule
        Which of the reductions of layers is the board's number: ``"nested"``
        chooses one on the other listeners, ``"inner"`` one for each unit within
        the training rows of each fold, ``"splits"`` one for each unit on half of
        the folds, to be scored on the others, ten times over.
    units
        The region outside of which no unit is scored; all units by default.
    left_out
        Listeners who are neither scored nor in a ceiling that others share.
    fold_average, unit_average
        ``"mean"`` or ``"median"``, of the folds of a unit and of the units of a
        region.
    """

    card: BenchmarkCard
    windowing: Any  # the windowings of heschl.windowing, or a stranger's of the same shape
    resampler: Any  # as above, of heschl.temporal
    delays: tuple[int, ...]
    splitter: Splitter
    metric: ScoredMetric
    ceiling: RepeatCeiling | SharedCeiling | NoCeiling
    rois: tuple[str, ...]
    included: tuple[str, ...] | None = None
    skipped_rows: Mapping[str, int] = field(default_factory=dict)
    event_stamp: EventStamp = "midpoint"
    precision: Precision = "float32"
    frame_scaling: FrameScaling = "none"
    standardise: bool = True
    layer_rule: LayerRule = "nested"
    units: str | None = None
    left_out: tuple[str, ...] = ()
    fold_average: FoldAverage = "mean"
    unit_average: UnitAverage = "mean"
    further_rois: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Refuse words that nothing goes by, and counts of rows that are none."""
        for name, allowed in _WORDS.items():
            if getattr(self, name) not in get_args(allowed):
                raise InvalidInput(
                    f"{name}={getattr(self, name)!r}; expected one of "
                    f"{', '.join(get_args(allowed))}"
                )
        if self.card.unit_of_uncertainty == STIMULUS and not isinstance(self.ceiling, NoCeiling):
            raise InvalidInput(
                f"{self.card.id} draws stimuli for its error, so that nothing else may vary; give "
                "ceiling=NoCeiling() or another unit_of_uncertainty"
            )
        for name in _TUPLES:
            given = getattr(self, name)
            # A bare text is a sequence of letters, and contains the names that are parts of it.
            if given is not None and (isinstance(given, str) or not isinstance(given, Sequence)):
                example = f", such as ({given!r},)" if isinstance(given, str) else ""
                raise InvalidInput(f"{name}={given!r}; expected a tuple{example}")
        for stimulus, count in self.skipped_rows.items():
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise InvalidInput(
                    f"skipped_rows={{{stimulus!r}: {count!r}}}; expected a whole number of rows, 0 "
                    "or above"
                )

    def configuration(self) -> dict[str, Any]:
        """Return every setting, defaults included."""
        settings = describe(self)
        settings["card"] = {"id": self.card.id, "version": self.card.version}
        return settings

    def description(self) -> dict[str, str]:
        """Return what the score and its normalisation are, in words."""
        return {
            "score_meaning": self.metric.meaning,
            "score_power": self.metric.power,
            "normalisation": self._normalisation(),
            "layer_rule": self.layer_rule,
            "unit_average": self.unit_average,
        }

    def _normalisation(self) -> str:
        by_metric = getattr(self.metric, "normalisation", None)
        if isinstance(by_metric, str):
            return by_metric
        if isinstance(self.ceiling, NoCeiling):
            return "none: the score itself"
        return _NORMALISATIONS[self.metric.power, self.ceiling.power]

    def stimuli(self, session: Session, subject: str | None = None) -> tuple[str, ...]:
        """Return the stimuli that enter, for one listener or for any of the session's."""
        if subject is None:
            of_all = [self.stimuli(session, each) for each in session.subjects]
            return tuple(dict.fromkeys(stimulus for each in of_all for stimulus in each))
        there = session.dataset.get().stimuli_of(subject)
        chosen = [name for name in self.included or there if name in there]
        if not chosen:
            raise MissingData(
                f"{subject} has no recording of the stimuli of {self.card.id}; on disk are "
                f"{', '.join(there) or 'none'}"
            )
        return tuple(chosen)

    def listeners(self, session: Session) -> tuple[str, ...]:
        """Return the listeners who heard one of the stimuli that may enter and are not left out."""
        self._check_recordings(session)
        kept = [subject for subject in session.subjects if subject not in self.left_out]
        if self.included is not None:
            dataset, wanted = session.dataset.get(), set(self.included)
            kept = [subject for subject in kept if wanted & set(dataset.stimuli_of(subject))]
        if not kept:
            raise MissingData(
                f"no listener on disk whom {self.card.id} does not leave out heard a stimulus of "
                f"it ({', '.join(self.included or ('any',))}); fetch some who did"
            )
        return tuple(kept)

    def cells(self, session: Session) -> list[Cell]:
        """Return the work, see `heschl.encoding_cells`."""
        self._check_recordings(session)
        self._check_skipped(session)
        refused = [subject for subject in session.subjects if subject in self.left_out]
        if refused:
            raise InvalidInput(
                f"{self.card.id} leaves out {', '.join(refused)}; choose other listeners, or a "
                "benchmark that keeps them"
            )
        return encoding_cells(self, session)

    def _check_recordings(self, session: Session) -> None:
        """Refuse a dataset that holds labels in place of recordings."""
        dataset = session.dataset.get()
        if not isinstance(dataset, Dataset):
            raise InvalidInput(
                f"{self.card.id} predicts recordings, and {dataset.card.id} holds labelled sounds "
                "alone; choose a dataset with listeners, or a benchmark that asks for labels"
            )

    def _check_skipped(self, session: Session) -> None:
        """Refuse to skip rows of what is no stimulus, which would skip nothing."""
        known = self.included or tuple(session.dataset.get().stimuli())
        for stimulus in self.skipped_rows:
            if stimulus not in known:
                raise UnknownName(
                    f"{self.card.id} has skipped_rows of {stimulus!r}, which is none of its "
                    f"stimuli; {near_names(stimulus, known)}"
                )

    def routes(self, session: Session) -> dict[str, list[str]]:
        """Return the ways in which the metric would solve, each with what it is for.

        Empty where the metric knows one way alone and does not say.
        """
        if not hasattr(self.metric, "route"):
            return {}
        dataset = session.dataset.get()
        widths = {layer.name: layer.width for layer in session.model.get().layers}
        found: dict[str, list[str]] = {}
        for stimuli, subjects in listeners(self, session).items():
            folds = folds_of(self, session, stimuli)
            n_rows = sum(len(dataset.clock(name)[self.rows(name)]) for name in stimuli)
            for layer in session.layers:
                n_features = widths[layer] * max(len(self.delays), 1)
                route = self.metric.route(n_rows, n_features, folds, seed=session.seed)
                found.setdefault(route, []).append(f"{layer} × {some(subjects)}")
        return found

    def cost(self, session: Session, cells: Sequence[Cell]) -> CellCost | None:
        """Return what cells that are made together take, see `heschl.encoding_costs`."""
        return encoding_cost(on_device(self, session.asked_device), session, cells)

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return the unit scores, ceilings and reductions, read from the store.

        With them, for the provenance, where each unit score was computed, whenever that was.
        """
        self._warn_of_few(session)
        of = {(cell.stage, cell.about): cell for cell in cells}
        results = [
            subject_scores(
                self,
                session,
                subject,
                of["ceiling", subject],
                of["scores", subject],
                of.get(("choice", subject)),
            )
            for subject in session.subjects
        ]
        groups = gather_groups(
            results,
            session.dataset.get(),
            session.layers,
            self.rois,
            self.ceiling,
            score_power=self.metric.power,
            unit_average=self.unit_average,
            layer_rule=self.layer_rule,
            further_rois=self.further_rois,
            seed=session.seed,
        )
        if "rule_draws" in groups["population"]:
            drawn = {self._drawn_from(session, subject) for subject in session.subjects}
            if len(drawn) == 1:  # else draws of listeners are of different stimuli
                groups["population"] = groups["population"].assign_attrs(drawn_from=drawn.pop())
        places = sorted({place for each in results for place in each.ran_on})
        return groups | {"provenance": xr.Dataset(attrs={"metric_ran_on": "; ".join(places)})}

    def _warn_of_few(self, session: Session) -> None:
        """Warn where a ceiling that listeners share is averaged over some of them alone."""
        if not hasattr(self.ceiling, "of_listener"):
            return
        on_disk = replace(session, subjects=tuple(session.dataset.get().subjects()))
        n_others = len(set(self.listeners(on_disk)) - set(session.subjects))
        if n_others:
            warnings.warn(
                f"{self.card.id} divides by the mean ceiling of the {len(session.subjects)} "
                f"listeners that are scored, without {n_others} more on disk: 'normalised', which "
                "units count and the region Top10 are other than for the same listeners among all; "
                "score all for numbers to compare",
                UserWarning,
                stacklevel=2,
            )

    def _drawn_from(self, session: Session, subject: str) -> str:
        """Return what is the same for all benchmarks whose draws are of the same stimuli."""
        dataset = session.dataset.get()
        stimuli = self.stimuli(session, subject)
        kept = [name for name in stimuli if len(dataset.clock(name)[self.rows(name)])]
        return drawing_digest(kept, seed=session.seed)

    def rows(self, stimulus: str) -> slice:
        """Return the rows of a stimulus that enter."""
        return slice(self.skipped_rows.get(stimulus, 0), None)
