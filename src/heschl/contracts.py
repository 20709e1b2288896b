"""The contracts: what a model, a dataset and a metric promise.

These are structural types: an object keeps a contract by having the members,
whatever it inherits from. `heschl.testing` holds a suite for each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from heschl.errors import InvalidInput
from heschl.metric_contracts import (
    Metric,
    MovableMetric,
    PredictingMetric,
    RepeatMetric,
    SharingMetric,
    SimilarityMetric,
    needs_repeats,
    shares_designs,
)

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from heschl.alignment import Alignment
    from heschl.cards import BenchmarkCard, DatasetCard, ModelCard
    from heschl.cells import Cell
    from heschl.items import Items, Task
    from heschl.recording import Recording
    from heschl.session import Session
    from heschl.sound import StimulusSet

__all__ = [
    "AnyDataset",
    "AnyModel",
    "Benchmark",
    "Choosy",
    "Dataset",
    "Demanding",
    "DiscriminationDataset",
    "Events",
    "FeatureSource",
    "LabelledDataset",
    "LastFrames",
    "Layer",
    "Metric",
    "MovableMetric",
    "Precise",
    "PredictingMetric",
    "RepeatMetric",
    "SharingMetric",
    "SimilarityMetric",
    "SpeechModel",
    "TextModel",
    "Traits",
    "needs_repeats",
    "shares_designs",
]


@dataclass(frozen=True)
class Layer:
    """One tap of a model, with its place on the sound's clock.

    Frame ``k`` of a forward pass over a waveform is centred at
    ``offset_s + k / rate_hz`` and sees at most ``receptive_field_s`` around it;
    ``None`` means the whole input. Layers of a text model have no rate.
    """

    name: str
    width: int
    rate_hz: float | None = None
    offset_s: float = 0.0
    receptive_field_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be a layer."""
        about = f"Layer({self.name!r})"
        if not isinstance(self.name, str) or not self.name:
            raise InvalidInput(f"{about} has no name; expected a text")
        if not _is_count(self.width):
            raise InvalidInput(f"{about} has width={self.width!r}; expected a whole number above 0")
        if self.rate_hz is not None and not _is_above_zero(self.rate_hz):
            raise InvalidInput(f"{about} has rate_hz={self.rate_hz!r}; expected Hz, or None")
        if not _is_finite(self.offset_s):
            raise InvalidInput(f"{about} has offset_s={self.offset_s!r}; expected seconds")
        field_s = self.receptive_field_s
        if field_s is not None and not (_is_finite(field_s) and field_s >= 0):
            raise InvalidInput(
                f"{about} has receptive_field_s={field_s!r}; expected seconds, or None for all of "
                "the input"
            )


@dataclass(frozen=True)
class Traits:
    """What the runner must know of a model to call it rightly."""

    is_causal: bool = False
    """No output frame depends on samples after its receptive field's end."""
    is_local: bool = False
    """Output frames depend on nothing but the samples of their receptive field, so the runner
    may feed a shorter window that holds it. Never true of group-normalised or attending models."""
    is_padding_safe: bool = False
    """Zero-padding at the end changes no earlier frame, so unequal lengths may share a batch."""
    minimum_samples: int = 1
    maximum_s: float | None = None
    """The longest input, in seconds."""
    fixed_s: float | None = None
    """The only input length that the network takes (Whisper: 30); shorter ones are padded inside
    `forward`, which returns the frames that touch real sound alone."""

    def __post_init__(self) -> None:
        """Refuse what cannot be traits."""
        for name in ("is_causal", "is_local", "is_padding_safe"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidInput(f"{name}={getattr(self, name)!r}; expected True or False")
        if not _is_count(self.minimum_samples):
            raise InvalidInput(
                f"minimum_samples={self.minimum_samples!r}; expected a whole number, and a model "
                "needs at least 1"
            )
        for name in ("maximum_s", "fixed_s"):
            limit = getattr(self, name)
            if limit is not None and not _is_above_zero(limit):
                raise InvalidInput(f"{name}={limit!r}; expected seconds above 0, or None")


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) > 0


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _is_above_zero(value: object) -> bool:
    return _is_finite(value) and float(value) > 0  # type: ignore[arg-type]  # finite is a number


class Model(Protocol):
    """What every model has; it keeps one of the three contracts that follow."""

    @property
    def card(self) -> ModelCard:
        """The metadata."""

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would: of weights, configuration and code."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The taps, from the input's side up."""


@runtime_checkable
class SpeechModel(Model, Protocol):
    """A model that hears: equal-length waveforms in, named layers out."""

    @property
    def sample_rate(self) -> int:
        """The rate in Hz that `forward` wants; the runner resamples."""

    @property
    def traits(self) -> Traits:
        """How it may be called."""

    def forward(self, waveforms: np.ndarray, taps: Sequence[str]) -> Mapping[str, Any]:
        """Return ``{layer: array (batch, time, unit)}`` for float32 ``waveforms (batch, sample)``.

        Arrays are NumPy or torch; the runner slices the frames that it wants
        before it copies them. No windowing, no side effect, always in
        evaluation mode, and no row depends on another row of the batch.
        """


class LastFrames(Protocol):
    """What a speech model may offer beside its contract, for sliding windows.

    They want the last frame of each layer and nothing else: the model can let
    the others go while it runs.
    """

    def last_frames(self, waveforms: np.ndarray, taps: Sequence[str]) -> Mapping[str, Any]:
        """Return ``forward(waveforms, taps)[layer][:, -1:]`` of each layer.

        ``waveforms`` is read-only; its rows may be overlapping views of one sound.
        """


class Precise(Protocol):
    """What a speech model may offer beside its contract, for protocols that name a precision."""

    def with_precision(self, precision: str) -> SpeechModel:
        """Return the same model, computing in ``"bfloat16"``; the given one stays as it is."""


@dataclass(frozen=True)
class Events:
    """Values that come with events, such as words: ``values (event, unit)`` and their times.

    Values of which nearly all are zero may be a sparse array of SciPy.
    """

    values: np.ndarray
    onsets_s: np.ndarray
    offsets_s: np.ndarray


@runtime_checkable
class TextModel(Model, Protocol):
    """A model that reads: an alignment in, values for each event out."""

    def read(self, alignment: Alignment, taps: Sequence[str]) -> Mapping[str, Events]:
        """Return ``{layer: Events}`` for one stimulus, in the order of time."""


@runtime_checkable
class FeatureSource(Model, Protocol):
    """A model that neither hears nor reads: it looks a stimulus up by its name."""

    def frames(
        self, stimulus: str, taps: Sequence[str]
    ) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """Return ``{layer: (times_s (time,), values (time, unit))}`` for one stimulus.

        Times are seconds of the sound and increase; values are floating point.
        """


AnyModel = SpeechModel | TextModel | FeatureSource


class Labelling(Protocol):
    """What a dataset may offer beside its contract, for splits by more than stimulus and time."""

    def row_labels(self, stimulus: str) -> Mapping[str, str]:
        """Return what is true of all rows of a stimulus: its category, its speaker.

        Every stimulus has the same labels.
        """


@runtime_checkable
class Dataset(Protocol):
    """Recordings and the sounds that they answer to, read from a folder in its real layout."""

    @property
    def card(self) -> DatasetCard:
        """The metadata."""

    def stimuli(self) -> StimulusSet:
        """Return the sounds, decoded when used."""

    def subjects(self) -> tuple[str, ...]:
        """Return the identifiers of the listeners that are on disk."""

    def stimuli_of(self, subject: str) -> tuple[str, ...]:
        """Return the stimuli for which this listener has a recording on disk."""

    def clock(self, stimulus: str) -> np.ndarray:
        """Return the times (row,) in seconds of the sound at which responses were taken."""

    def recording(self, subject: str, stimuli: Sequence[str] | None = None) -> Recording:
        """Return one listener's responses to those stimuli (default: all)."""

    def rois(self, subject: str) -> xr.DataArray:
        """Return membership, a boolean array (roi, unit); the first row is ``all``."""

    def fingerprint(self, subject: str, stimuli: Sequence[str]) -> str:
        """Return a digest of every byte that `recording` and `rois` would read."""


@runtime_checkable
class LabelledDataset(Protocol):
    """Sounds with labels in place of recordings, for probes and for the discrimination of sounds.

    Labels come as checked tables, see `heschl.items`. The digest of what was
    read, `Items.digest`, stands for the files in keys of the store.
    """

    @property
    def card(self) -> DatasetCard:
        """The metadata."""

    def stimuli(self) -> StimulusSet:
        """Return the sounds, decoded when used."""

    def tasks(self) -> tuple[Task, ...]:
        """Return what can be asked of the sounds, each with its whole vocabulary."""

    def items(self, task: str) -> Items:
        """Return the items of one of the tasks, of every split; `Items.task` is that task."""


class DiscriminationDataset(LabelledDataset, Protocol):
    """What a labelled dataset may offer beside its contract: which sounds listeners told apart.

    A triplet is three items of the first task: X is of the kind of TGT and not of OTH.
    """

    def triplets(self) -> xr.Dataset:
        """Return the triplets along ``triplet``, whose coordinate names each once.

        Text: the items ``TGT``, ``OTH`` and ``X``, the phones ``phone_TGT`` and
        ``phone_OTH`` in their ``context``, and the ``language`` of TGT and X;
        boolean: ``TGT_first``, whether TGT was heard before OTH.
        """

    def answers(self) -> xr.Dataset:
        """Return what listeners answered along ``answer``.

        ``triplet``, ``listener`` and ``listener_language`` are text; ``value``
        is a float, above 0 where TGT was chosen, 1 or -1 for the surest;
        ``trial`` counts the triplets that the listener had heard with this one.
        """


AnyDataset = Dataset | LabelledDataset


@runtime_checkable
class Choosy(Protocol):
    """What a benchmark may offer beside its contract, if it is not of all listeners."""

    def listeners(self, session: Session) -> tuple[str, ...]:
        """Return those of the session's listeners whom it is about, one at least."""


@runtime_checkable
class Demanding(Protocol):
    """What a benchmark may offer beside its contract, if not every model will do."""

    def require(self, model: AnyModel) -> None:
        """Raise unless a model will do; asked before any data are opened."""


@runtime_checkable
class Benchmark(Protocol):
    """A declaration of an experiment. Most are an `heschl.encoding.EncodingBenchmark`."""

    @property
    def card(self) -> BenchmarkCard:
        """The metadata."""

    @property
    def rois(self) -> tuple[str, ...]:
        """The regions that are reported, the primary one first."""

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included."""

    def description(self) -> Mapping[str, str]:
        """Return ``score_meaning`` and ``normalisation``, as they are printed with the number."""

    def cells(self, session: Session) -> Sequence[Cell]:
        """Return the work in order of stages; no work is done yet."""

    def gather(self, session: Session, cells: Sequence[Cell]) -> Mapping[str, xr.Dataset]:
        """Return the groups ``summary``, ``population``, ``units`` and ``ceiling`` of the Score.

        Called with what `cells` returned, when all are done; reads the store alone.
        """
