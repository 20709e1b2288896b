"""What a metric promises, and what it may offer beside; import these from `heschl.contracts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from heschl.cards import MetricCard
    from heschl.splits import Fold

__all__ = [
    "Metric",
    "MovableMetric",
    "PredictingMetric",
    "RepeatMetric",
    "SharingMetric",
    "SimilarityMetric",
    "needs_repeats",
    "shares_designs",
]


class Metric(Protocol):
    """A number for each unit, from a design and the responses to it."""

    @property
    def card(self) -> MetricCard:
        """The metadata."""

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version, for the cache key."""

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Return per-unit values with ``score`` (unit,) or (fold, unit) among them.

        ``design`` is (time, feature), ``responses`` (time, unit), row for row.

        An encoding benchmark also takes ``inner_score`` (fold, unit), the score
        within the training rows, to choose layers by; ``prediction`` (time,
        unit), each row's by a fold that did not train on it, see
        `PredictingMetric`; ``normalised``, of the dims of ``score``, where the
        metric corrects for noise itself.
        """


class RepeatMetric(Protocol):
    """A metric whose correction for noise needs the single presentations.

    It has ``needs_repeats = True`` and returns ``normalised`` beside ``score``.
    """

    def __call__(
        self,
        design: xr.DataArray,
        responses: xr.DataArray,
        folds: Sequence[Fold],
        *,
        seed: int,
        repeats: xr.DataArray,
    ) -> xr.Dataset:
        """Return what a `Metric` does; ``repeats`` is (repeat, time, unit), row for row."""


def needs_repeats(metric: object) -> TypeGuard[RepeatMetric]:
    """Return whether a metric asks for the single presentations."""
    return getattr(metric, "needs_repeats", False) is True


class PredictingMetric(Metric, Protocol):
    """A metric that returns ``prediction``, and scores any rows of it."""

    def score_of(self, prediction: np.ndarray, responses: np.ndarray) -> np.ndarray:
        """Return the score (unit,) of predictions and responses (row, unit)."""


class MovableMetric(Metric, Protocol):
    """A metric that can multiply elsewhere than on the processor."""

    def on(self, device: str) -> Metric:
        """Return the metric on the device that was asked for a score, or refuse what is not there.

        Where the device is ``auto``, or none that the metric can use, it chooses
        itself. The configuration stays what it was.
        """


class SharingMetric(Metric, Protocol):
    """A metric that does once what concerns a design, however many listeners share it."""

    def score_many(
        self,
        design: xr.DataArray,
        recordings: Mapping[str, xr.DataArray],
        folds: Sequence[Fold],
        *,
        seed: int,
    ) -> Mapping[str, xr.Dataset]:
        """Return under each name, to the bit, what a call for that recording alone returns."""


def shares_designs(metric: Metric) -> TypeGuard[SharingMetric]:
    """Return whether a metric scores several recordings at once by its own rule.

    A class that changes the call alone has inherited a ``score_many`` that
    knows nothing of the change.
    """
    for kind in type(metric).__mro__:
        if "score_many" in vars(kind):
            return True
        if "__call__" in vars(kind):
            return False
    return False


class SimilarityMetric(Protocol):
    """How alike two systems find the same sounds, whatever units each consists of.

    A geometry is what a metric makes of patterns (sound, unit): one number a pair of sounds, as a
    rule. It is made once, for a layer or for a part of a brain, and compared with many.
    """

    @property
    def card(self) -> MetricCard:
        """The metadata."""

    @property
    def meaning(self) -> str:
        """What the score is, in words."""

    @property
    def layer_rule(self) -> str:
        """How it chooses the layer of ``inner_score``, of `heschl.layer_choice.LAYER_RULES`."""

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version, for the cache key."""

    def geometry(self, patterns: np.ndarray) -> np.ndarray:
        """Return the geometry (pair,) of patterns (sound, unit)."""

    def compare(
        self,
        models: np.ndarray,
        brains: np.ndarray,
        folds: Sequence[Fold],
        names: Sequence[str],
        *,
        seed: int,
    ) -> Mapping[str, np.ndarray]:
        """Return ``score`` and ``flag_constant`` (layer, part), ``inner_score`` (part,) and so on.

        ``models`` and ``brains`` are geometries (layer, pair) and (part, pair). ``inner_layer`` is
        (fold, part); where sounds are drawn anew ``draws`` is (layer, draw, part), and
        ``inner_draws`` (draw, part), of the sounds that `heschl.resampling.drawn_places` draws of
        their ``names`` (sound,) with the seed: so do all benchmarks on them, and can be compared.
        """

    def topline(self, geometries: np.ndarray, folds: Sequence[Fold]) -> np.ndarray:
        """Return how alike each listener (listener,) is to the mean of the others."""
