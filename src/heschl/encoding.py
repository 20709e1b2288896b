"""The encoding kind of benchmark: predict each unit's response from a model's features.

An `EncodingBenchmark` is a declaration. What happens with it is this file, from
top to bottom: cells for the features of every stimulus, for the ceilings and
unit scores of every listener, and their gathering. `heschl.encoding_work` is
what the cells do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, get_args

import xarray as xr

from heschl.cards import BenchmarkCard
from heschl.ceilings import Power, RepeatCeiling
from heschl.cells import Cell, Shared
from heschl.configuration import array_digest, describe
from heschl.contracts import AnyModel, Dataset, Metric
from heschl.dimensions import TIME
from heschl.encoding_work import (
    compute_ceiling,
    compute_features,
    compute_scores,
    labels_of_rows,
    subject_scores,
)
from heschl.errors import InvalidInput, MissingData, UnknownName, near_names
from heschl.event_rendering import EventStamp
from heschl.extraction import Precision
from heschl.gathering import gather_groups
from heschl.session import Session
from heschl.sound import RESAMPLING, Stimulus
from heschl.splits import Splitter
from heschl.wording import some

__all__ = ["EncodingBenchmark"]

_NUMERICS = 1
"""Raised whenever the same declaration and inputs give other numbers, by a change here or in
`encoding_work`, `extraction`, `passes` or `temporal`, so that nothing older is served."""


_NORMALISATIONS: Mapping[tuple[Power, Power], str] = {
    ("correlation", "correlation"): "score / ceiling",
    ("variance", "variance"): "score / ceiling",
    ("correlation", "variance"): "score / √ceiling",
    ("variance", "correlation"): "score / ceiling²",
}
"""What `heschl.ceilings.normalise` does for the powers of a score and of its ceiling."""


class ScoredMetric(Metric, Protocol):
    """A metric that says what its score is."""

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
        The FIR delays in rows (B3); features are z-scored before (B5).
    splitter
        Which rows train and which test.
    metric
        Scores every unit from design and responses.
    ceiling
        From the repeats of the test stimulus; its ``minimum`` decides which units count.
    rois
        The regions to report, the primary one first.
    included
        The stimuli that may enter, in order; a listener who lacks some does
        without them. None takes all.
    skipped_rows
        For a stimulus, how many rows it loses at its start, from features,
        responses and ceiling alike.
    precision
        What the model's products are computed in: ``"bfloat16"`` halves the
        time and moves features by 1 to 2 %, see docs/equivalence.md.
    """

    card: BenchmarkCard
    windowing: Any  # the windowings of heschl.windowing, or a stranger's of the same shape
    resampler: Any  # as above, of heschl.temporal
    delays: tuple[int, ...]
    splitter: Splitter
    metric: ScoredMetric
    ceiling: RepeatCeiling
    rois: tuple[str, ...]
    included: tuple[str, ...] | None = None
    skipped_rows: Mapping[str, int] = field(default_factory=dict)
    event_stamp: EventStamp = "midpoint"
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        """Refuse counts of rows that are none, and precisions that nothing computes in."""
        if self.precision not in get_args(Precision):
            raise InvalidInput(
                f"precision={self.precision!r}; expected one of {', '.join(get_args(Precision))}"
            )
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
            "normalisation": _NORMALISATIONS[self.metric.power, self.ceiling.power],
        }

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

    def cells(self, session: Session) -> list[Cell]:
        """Return the work: features by stimulus, then ceilings and scores by listener."""
        dataset = session.dataset.get()
        if not isinstance(dataset, Dataset):
            raise InvalidInput(
                f"{self.card.id} predicts recordings, and {dataset.card.id} holds labelled sounds "
                "alone; choose a dataset with listeners, or a benchmark that asks for labels"
            )
        self._check_skipped(session)
        stimuli = self.stimuli(session)
        features = {stimulus: self._feature_cell(session, stimulus) for stimulus in stimuli}
        ceilings = [self._ceiling_cell(session, subject) for subject in session.subjects]
        scores = {
            subject: self._score_cell(session, subject, inputs, shared)
            for stimuli, subjects in self._listeners(session).items()
            for inputs in [_inputs(session, stimuli, features)]
            # Who heard the same shares every design.
            for shared in [Shared(stimuli, partial(compute_scores, self, session, inputs))]
            for subject in subjects
        }
        return [*features.values(), *ceilings, *(scores[each] for each in session.subjects)]

    def _listeners(self, session: Session) -> dict[tuple[str, ...], list[str]]:
        """Return the listeners by the stimuli that they heard."""
        found: dict[tuple[str, ...], list[str]] = {}
        for subject in session.subjects:
            found.setdefault(self.stimuli(session, subject), []).append(subject)
        return found

    def _check_skipped(self, session: Session) -> None:
        """Refuse to skip rows of what is no stimulus, which would skip nothing."""
        known = self.included or tuple(session.dataset.get().stimuli())
        for stimulus in self.skipped_rows:
            if stimulus not in known:
                raise UnknownName(
                    f"{self.card.id} has skipped_rows of {stimulus!r}, which is none of its "
                    f"stimuli; {near_names(stimulus, known)}"
                )

    def _feature_cell(self, session: Session, stimulus: str) -> Cell:
        dataset, model = session.dataset.get(), session.model.get()
        clock = dataset.clock(stimulus)
        layers = {layer.name: layer for layer in model.layers}
        shared = {
            "stage": "features",
            "numerics": _NUMERICS,
            "model": session.model_version,
            "input": _input(model, dataset.stimuli()[stimulus]),
            "windowing": self.windowing,
            "event_stamp": self.event_stamp,
            "precision": self.precision,
            "resampler": self.resampler,
            "clock": array_digest(clock),
        }
        return Cell(
            "features",
            stimulus,
            f"{session.model_id} × {stimulus}",
            tuple({**shared, "layer": describe(layers[name])} for name in session.layers),
            partial(compute_features, self, session, stimulus),
            n_bytes=sum(4 * len(clock) * layers[name].width for name in session.layers),
        )

    def _ceiling_cell(self, session: Session, subject: str) -> Cell:
        stimuli = self.stimuli(session, subject)
        configuration = {
            "stage": "ceiling",
            "numerics": _NUMERICS,
            "ceiling": self.ceiling,
            "splitter": self.splitter,
            "skipped_rows": self.skipped_rows,
            "recording": self._recording(session, subject, stimuli),
            "subject": subject,
            "stimuli": stimuli,
            "seed": session.seed,
        }
        return Cell(
            "ceiling",
            subject,
            f"ceiling of {subject}",
            (configuration,),
            partial(compute_ceiling, self, session, subject),
        )

    def _score_cell(
        self,
        session: Session,
        subject: str,
        inputs: Sequence[Mapping[str, str]],
        compute: Shared,
    ) -> Cell:
        # Ceilings and regions come in when unit scores are gathered, and change none of them.
        settings = {
            name: value
            for name, value in self.configuration().items()
            if name not in ("ceiling", "rois")
        }
        shared = {
            "stage": "scores",
            "numerics": _NUMERICS,
            "benchmark": settings,
            "recording": self._recording(session, subject, tuple(inputs[0])),
            "subject": subject,
            "seed": session.seed,
        }
        return Cell(
            "scores",
            subject,
            f"{session.model_id} × {subject}",
            tuple({**shared, "features": keys} for keys in inputs),
            compute,
        )

    def _recording(
        self, session: Session, subject: str, stimuli: Sequence[str]
    ) -> dict[str, str | None]:
        """Return digests of what a listener's responses are read from, and of what reads them."""
        fingerprint = session.dataset.get().fingerprint(subject, stimuli)
        return {"content": fingerprint, "code": session.dataset_code}

    def routes(self, session: Session) -> dict[str, list[str]]:
        """Return the ways in which the metric would solve, each with what it is for.

        Empty where the metric knows one way alone and does not say.
        """
        if not hasattr(self.metric, "route"):
            return {}
        dataset = session.dataset.get()
        widths = {layer.name: layer.width for layer in session.model.get().layers}
        found: dict[str, list[str]] = {}
        for stimuli, subjects in self._listeners(session).items():
            clocks = {name: dataset.clock(name) for name in stimuli}
            labels = labels_of_rows(self, clocks)
            folds = self.splitter.folds(labels)
            for layer in session.layers:
                n_features = widths[layer] * len(self.delays)
                n_rows = len(labels[TIME])
                route = self.metric.route(n_rows, n_features, folds, seed=session.seed)
                found.setdefault(route, []).append(f"{layer} × {some(subjects)}")
        return found

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return the unit scores, ceilings and reductions, read from the store."""
        ceilings = [cell for cell in cells if cell.stage == "ceiling"]
        scores = [cell for cell in cells if cell.stage == "scores"]
        return gather_groups(
            [
                subject_scores(self, session, subject, ceiling, score)
                for subject, ceiling, score in zip(session.subjects, ceilings, scores, strict=True)
            ],
            session.dataset.get(),
            session.layers,
            self.rois,
            self.ceiling,
            score_power=self.metric.power,
            seed=session.seed,
        )

    def rows(self, stimulus: str) -> slice:
        """Return the rows of a stimulus that enter."""
        return slice(self.skipped_rows.get(stimulus, 0), None)


def _inputs(
    session: Session, stimuli: Sequence[str], features: Mapping[str, Cell]
) -> list[dict[str, str]]:
    """Return for each layer the keys of the features of each stimulus."""
    return [
        {stimulus: features[stimulus].keys[position] for stimulus in stimuli}
        for position in range(len(session.layers))
    ]


def _input(model: AnyModel, stimulus: Stimulus) -> dict[str, Any]:
    """Return digests of what a model gets to hear or to read, or the name that it looks up."""
    if hasattr(model, "forward"):
        return {"sound": stimulus.sound.digest, "resampling": RESAMPLING}
    if hasattr(model, "frames"):
        return {"name": stimulus.identifier}
    alignment = stimulus.alignment
    return {"alignment": alignment.digest if alignment else None}
