"""Residual context: what a layer holds beyond the words themselves.

From the vector of each word in context, the part that a linear map predicts
from context-free vectors is taken away; what is left came from the context.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from heschl.alignment import Alignment
from heschl.cards import ModelCard
from heschl.contracts import Events, Layer, TextModel
from heschl.errors import InvalidInput
from heschl.models.inputs import chosen_layers

__all__ = ["ALPHAS", "LinearPrediction", "ResidualContext", "with_words_before"]

NUMERICS = 1
"""Raised whenever an output changes for the same vectors."""

ALPHAS = tuple(float(alpha) for alpha in np.logspace(-2, 6, 9))
"""Penalties that are tried, for predictors and targets of unit variance."""

_CONSTANT = 1e-12


class LinearPrediction:
    """A ridge regression from one set of vectors to another, and its residual.

    Columns of both sides are standardised with the mean and spread of the rows
    that it is fitted on. One penalty for all columns is chosen by leaving out
    one row at a time.

    Parameters
    ----------
    predictors, targets
        The rows to fit, (row, predictor) and (row, target).
    alphas
        The penalties to choose from.

    >>> x = np.random.default_rng(0).standard_normal((50, 2))
    >>> linear = LinearPrediction(x, 3 * x + 1, alphas=[1e-9])
    >>> bool(np.abs(linear.residual(x, 3 * x + 1)).max() < 1e-6)
    True
    """

    def __init__(
        self, predictors: np.ndarray, targets: np.ndarray, alphas: Sequence[float] = ALPHAS
    ) -> None:
        from sklearn.linear_model import RidgeCV

        _check_rows(predictors, targets)
        self._centre, self._spread = _scale(predictors)
        self._target_centre, self._target_spread = _scale(targets)
        fitted = RidgeCV(alphas=list(alphas), fit_intercept=False).fit(
            (predictors - self._centre) / self._spread,
            (targets - self._target_centre) / self._target_spread,
        )
        self.alpha = float(fitted.alpha_)
        self._weights = fitted.coef_.reshape(targets.shape[1], predictors.shape[1]).T

    def residual(self, predictors: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return ``targets`` minus what the predictors say of them, (row, target)."""
        predicted = (predictors - self._centre) / self._spread @ self._weights
        return np.asarray(targets - self._target_centre - predicted * self._target_spread)


def with_words_before(vectors: np.ndarray, n_words: int) -> np.ndarray:
    """Return each word's vector beside those of the words before it, with zeros at the start.

    >>> with_words_before(np.array([[1.0], [2.0], [3.0]]), 2).tolist()
    [[1.0, 0.0], [2.0, 1.0], [3.0, 2.0]]
    """
    columns = [
        np.concatenate([np.zeros_like(vectors[:back]), vectors[: len(vectors) - back]])
        for back in range(n_words)
    ]
    return np.concatenate(columns, axis=1)


class ResidualContext:
    """A language model's layers, less what single words predict; keeps `TextModel`.

    Parameters
    ----------
    model
        A model that reads, such as `LanguageModel`.
    fitted_on
        The transcripts from which the linear map is learnt. Give training
        stimuli alone: a map that has seen the test story fits its noise.
    words_from
        The layer with the words' own vectors.
    n_words
        How many words predict: 1 for the word itself, 25 for it and the 24
        before it. Memory grows with the number of predictors squared.
    alphas
        The penalties to choose from.

    The layers are those of the model above ``words_from``.
    """

    def __init__(
        self,
        model: TextModel,
        fitted_on: Sequence[Alignment],
        *,
        words_from: str = "embed",
        n_words: int = 1,
        alphas: Sequence[float] = ALPHAS,
    ) -> None:
        if not isinstance(n_words, int) or isinstance(n_words, bool) or n_words < 1:
            raise InvalidInput(f"n_words={n_words!r}; expected a whole number from 1 up")
        if not fitted_on:
            raise InvalidInput("fitted_on is empty; give the transcripts of the training stimuli")
        chosen_layers(model.card.id, model.layers, [words_from])
        names = [layer.name for layer in model.layers]
        above = model.layers[names.index(words_from) + 1 :]
        if not above:
            raise InvalidInput(f"{model.card.id!r} has no layer above {words_from!r}")
        self._model = model
        self._fitted_on = tuple(fitted_on)
        self._words_from = words_from
        self._n_words = n_words
        self._alphas = tuple(map(float, alphas))
        self._maps: dict[str, LinearPrediction] = {}
        self.layers: tuple[Layer, ...] = tuple(above)
        self.card = ModelCard(
            id=f"{model.card.id}+residual",
            load=self._itself,
            summary=f"{model.card.id} less what {n_words} words of {words_from!r} predict",
            requires=model.card.requires,
            extra=model.card.extra,
            licence=model.card.licence,
            citation=model.card.citation,
            modality="text",
            family=model.card.family,
            training=model.card.training,
        )

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        recipe = {
            "model": ["residual", self._model.digest],
            "numerics": NUMERICS,
            "fitted_on": [alignment.digest for alignment in self._fitted_on],
            "words": [self._words_from, self._n_words],
            "alphas": self._alphas,
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def to(self, device: Any) -> ResidualContext:  # what torch takes for one
        """Move the model to ``device``, if it can be moved, and return this."""
        if hasattr(self._model, "to"):
            self._model.to(device)
        return self

    def read(self, alignment: Alignment, taps: Sequence[str]) -> dict[str, Events]:
        """Return ``{layer: Events}``, float32 values (word, unit) of one stimulus."""
        chosen = chosen_layers(self.card.id, self.layers, taps)
        read = self._model.read(alignment, [self._words_from, *(layer.name for layer in chosen)])
        words = self._predictors(read[self._words_from])
        residuals = {}
        for layer in chosen:
            events = read[layer.name]
            values = self._map(layer.name).residual(words, events.values.astype(np.float64))
            residuals[layer.name] = Events(
                values.astype(np.float32), events.onsets_s, events.offsets_s
            )
        return residuals

    def _map(self, layer: str) -> LinearPrediction:
        """Return the linear map to a layer, fitted when it is first wanted."""
        if layer not in self._maps:
            taps = [self._words_from, layer]
            stories = [self._model.read(alignment, taps) for alignment in self._fitted_on]
            self._maps[layer] = LinearPrediction(
                np.concatenate([self._predictors(story[self._words_from]) for story in stories]),
                np.concatenate([story[layer].values.astype(np.float64) for story in stories]),
                self._alphas,
            )
        return self._maps[layer]

    def _predictors(self, words: Events) -> np.ndarray:
        return with_words_before(words.values.astype(np.float64), self._n_words)

    def _itself(self) -> ResidualContext:
        return self


def _scale(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centre, spread = values.mean(axis=0), values.std(axis=0)
    is_flat = spread <= _CONSTANT * np.abs(values).max(axis=0)
    return centre, np.where(is_flat, 1.0, spread)


def _check_rows(predictors: np.ndarray, targets: np.ndarray) -> None:
    if predictors.ndim != 2 or targets.ndim != 2 or len(predictors) != len(targets):  # noqa: PLR2004
        raise InvalidInput(
            f"predictors of shape {predictors.shape} and targets of shape {targets.shape}; "
            "expected (row, predictor) and (row, target) with the same rows"
        )
    if len(predictors) < 2:  # noqa: PLR2004
        raise InvalidInput(
            f"there are {len(predictors)} words to fit on; give transcripts with at least 2"
        )
