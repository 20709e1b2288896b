"""The lagged ridge metric: frames of whole sentences in, labelled scores out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import xarray as xr

from heschl.cards import MetricCard
from heschl.configuration import describe
from heschl.dimensions import FEATURE, FOLD, STIMULUS, UNIT
from heschl.errors import InvalidInput
from heschl.metrics.ridge.checks import check_choice, check_inputs
from heschl.metrics.ridge.engine.devices import described_device
from heschl.metrics.ridge.engine.rates import measured_with_numpy
from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged import LAGGED_RIDGE
from heschl.metrics.ridge.lagged.checks import folds_of_sentences, require_nested, sentences_of
from heschl.metrics.ridge.lagged.costs import Size, cheapest
from heschl.metrics.ridge.lagged.lags import require_lags
from heschl.metrics.ridge.lagged.nested import lagged_ridge
from heschl.metrics.ridge.lagged.written_out import score_written_out
from heschl.metrics.ridge.metric import MEANINGS, labelled
from heschl.metrics.ridge.scoring import Engine, Precision

if TYPE_CHECKING:
    from heschl.metrics.ridge.lagged.found import Found
    from heschl.splits import Fold

__all__ = ["LAG", "NUMERICS", "LaggedRidge"]

NUMERICS = 1
"""Raised whenever the same settings would give other numbers."""

LAG = "lag"

PENALTIES = tuple(float(alpha) for alpha in np.logspace(0, 8, 17))

LagScore = Literal["pearson", "r2"]

_USUAL_UNITS, _USUAL_FRAMES = 1000, 100
"""Of a recording and of a sentence, where they are not known yet."""


@dataclass(frozen=True)
class LaggedRidge:
    """Predict each unit from the features at many lags (a TRF, or FIR model) by ridge.

    The design names the sentence, or story, of each row in the coordinate
    ``stimulus``. A row holds the frames of its own sentence at all lags, and
    zeros before it starts and after it ends. The lags are written out where
    that is cheaper, and never where it is not: the scores are the same.

    Parameters
    ----------
    lags
        Consecutive frames, positive for the past, as `lags_within` gives for seconds.
    estimator
        Nested: penalties are judged on the other folds, and folds are made of whole sentences.
    score
        ``r2`` (1 - SSE/SST about the test mean), or ``pearson`` correlation.
    engine
        ``fast``, or ``reference``: lags written out, one fold and penalty at a time in float64.
    dtype
        ``float32``: scores are within 5e-6 of the reference wherever both chose the same penalty.
        ``float64``: within 1e-10.
    has_weights
        Whether the kernels are returned. They take (fold, lag, feature, unit) float64.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> frames = generator.normal(size=(4, 30, 2))
    >>> late = np.pad(frames[:, :-1], [(0, 0), (1, 0), (0, 0)])
    >>> rows = {"stimulus": ("time", np.repeat(["a", "b", "c", "d"], 30))}
    >>> design = xr.DataArray(frames.reshape(120, 2), dims=("time", "feature"), coords=rows)
    >>> responses = xr.DataArray(late.reshape(120, 2), dims=("time", "unit"))
    >>> from heschl.splits import GroupKFold
    >>> folds = GroupKFold(3).folds({"stimulus": rows["stimulus"][1]})
    >>> scores = LaggedRidge(range(3))(design, responses, folds, seed=0)["score"]
    >>> float(scores.min().round(2))
    1.0
    """

    lags: tuple[int, ...] = tuple(range(20))
    estimator: Nested = field(default_factory=lambda: Nested(PENALTIES))
    score: LagScore = "r2"
    engine: Engine = "fast"
    dtype: Precision = "float32"
    has_weights: bool = False

    def __post_init__(self) -> None:
        """Refuse settings that no score could come of."""
        object.__setattr__(self, "lags", require_lags(self.lags))
        require_nested(self.estimator)
        check_choice("score", self.score, get_args(LagScore))
        check_choice("engine", self.engine, get_args(Engine))
        check_choice("dtype", self.dtype, get_args(Precision))
        if not isinstance(self.has_weights, bool):
            raise InvalidInput(f"has_weights={self.has_weights!r}; expected True or False")

    @property
    def card(self) -> MetricCard:
        """The metadata."""
        return LAGGED_RIDGE

    @property
    def meaning(self) -> str:
        """What the score is, in words."""
        return MEANINGS[self.score].replace("ridge", "lagged ridge")

    @property
    def power(self) -> Literal["correlation", "variance"]:
        """Whether the score is on the scale of a correlation or of a share of variance."""
        return "variance" if self.score == "r2" else "correlation"

    def configuration(self) -> Mapping[str, Any]:
        """Return every setting, defaults included, and the numerics version."""
        return {**describe(self), "estimator": describe(self.estimator), "numerics": NUMERICS}

    def route(self, n_rows: int, n_features: int, folds: Sequence[Fold], *, seed: int) -> str:
        """Return in one sentence how a design of these shapes would be solved, and what it costs.

        For 1,000 units and sentences of 100 frames. Refused if it cannot fit in memory.
        """
        del seed
        if self.engine == "reference":
            return "the reference: lags written out, one fold and penalty at a time, in float64"
        size = self._size(n_rows, n_rows // _USUAL_FRAMES + 1, n_features, _USUAL_UNITS, folds)
        return f"for {_USUAL_UNITS} units: {cheapest(size).words}"

    def cost(
        self, n_rows: int, n_features: int, n_units: int, folds: Sequence[Fold], *, seed: int
    ) -> tuple[float, float] | None:
        """Return the seconds here and the bytes beside the inputs, as `Ridge.cost` does."""
        del seed
        if self.engine == "reference":
            return None
        size = self._size(n_rows, n_rows // _USUAL_FRAMES + 1, n_features, n_units, folds)
        found = cheapest(size)
        return found.operations / measured_with_numpy().float32, found.memory

    def __call__(
        self, design: xr.DataArray, responses: xr.DataArray, folds: Sequence[Fold], *, seed: int
    ) -> xr.Dataset:
        """Score every unit on the test rows of every fold.

        Parameters
        ----------
        design
            (time, feature) with the coordinate ``stimulus`` (time,), finite, evenly in time.
        responses
            (time, unit), row for row with the design, finite; may be a float32 memory map.
        folds
            Of whole sentences; each trains on all that the others test.
        seed
            Nothing is drawn.

        Returns
        -------
        xr.Dataset
            ``score`` and ``alpha`` (fold, unit); ``inner_score`` (fold, unit), the criterion on the
            other folds, by which layers can be compared without looking at the tested one;
            ``flag_constant`` (fold, unit), 1 where response or prediction do not vary;
            ``n_train`` and ``n_test`` (fold,). With weights: ``weights (fold, lag, feature,
            unit)`` and ``intercept (fold, unit)``.
        """
        return self._scored(design, responses, folds, range(len(folds)), seed)

    def score_fold(
        self,
        design: xr.DataArray,
        responses: xr.DataArray,
        folds: Sequence[Fold],
        number: int,
        *,
        seed: int,
    ) -> xr.Dataset:
        """Return of a call what is about one of the folds, the only one that is solved.

        For designs that are made anew for each fold, such as what its training rows have taught.
        """
        if isinstance(number, bool) or number not in range(len(folds)):
            raise InvalidInput(
                f"number={number!r}; expected the position of one of the {len(folds)} folds, from 0"
            )
        return self._scored(design, responses, folds, [number], seed)

    def _scored(
        self,
        design: xr.DataArray,
        responses: xr.DataArray,
        folds: Sequence[Fold],
        tested: Sequence[int],
        seed: int,
    ) -> xr.Dataset:
        check_inputs(design, {"responses": responses}, folds, seed=seed)
        sentences = sentences_of(design, responses)
        of_sentence = folds_of_sentences(folds, sentences, np.asarray(design[STIMULUS]))
        found = self._found(
            design.to_numpy(), responses.to_numpy(), folds, sentences, of_sentence, tested
        )
        scored = [folds[number] for number in tested]
        dataset = labelled(
            found.tables(), responses, scored, score=self.score, ran_on=described_device("cpu")
        )
        if found.weights is None:
            return dataset
        return dataset.assign(
            weights=((FOLD, LAG, FEATURE, UNIT), found.weights),
            intercept=((FOLD, UNIT), found.intercept),
        ).assign_coords({LAG: [*self.lags], FEATURE: np.asarray(design[FEATURE])})

    def _found(
        self,
        design: np.ndarray,
        responses: np.ndarray,
        folds: Sequence[Fold],
        sentences: Sequence[slice],
        of_sentence: np.ndarray,
        tested: Sequence[int],
    ) -> Found:
        n_units = responses.shape[1]
        size = self._size(len(design), len(sentences), design.shape[1], n_units, folds)
        if self.engine == "reference" or cheapest(size).route == "written out":
            return score_written_out(
                design,
                responses,
                folds,
                sentences,
                lags=self.lags,
                estimator=self.estimator,
                score=self.score,
                engine=self.engine,
                dtype=self.dtype,
                has_weights=self.has_weights,
                tested=tested,
            )
        entering = [
            (rows, fold) for rows, fold in zip(sentences, of_sentence, strict=True) if fold >= 0
        ]
        return lagged_ridge(
            [design[rows] for rows, _ in entering],
            [responses[rows] for rows, _ in entering],
            [int(fold) for _, fold in entering],
            lags=range(self.lags[0], self.lags[-1] + 1),
            estimator=self.estimator,
            dtype=self.dtype,
            has_weights=self.has_weights,
            tested=tested,
        ).found(self.score)

    def _size(
        self, n_rows: int, n_sentences: int, n_features: int, n_units: int, folds: Sequence[Fold]
    ) -> Size:
        return Size(
            n_rows,
            n_sentences,
            len(self.lags),
            n_features,
            n_units,
            n_folds=len(folds),
            n_alphas=len(self.estimator.alphas),
            digits=np.dtype(self.dtype).itemsize,
        )
