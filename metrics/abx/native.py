"""The native effect: do two models differ as listeners of two languages do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from heschl.errors import InvalidInput, UnknownName, near_names

if TYPE_CHECKING:
    from heschl.scores import Score

__all__ = ["NativeEffect", "effect_of", "native_contrast", "native_effect"]

_N_DRAWS = 1000
_LEVEL = 0.95
_FEWEST = 3


@dataclass(frozen=True)
class NativeEffect:
    """How alike two differences are over pairs of phones.

    Parameters
    ----------
    r
        Pearson correlation.
    low, high
        Its 95 % interval with pairs of phones drawn anew.
    n
        The number of pairs.
    """

    r: float
    low: float
    high: float
    n: int


def native_contrast(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return ``first / sd(first) - second / sd(second)``, two series (pair,) on one scale.

    >>> native_contrast(np.array([0.0, 2.0]), np.array([0.0, 1.0])).tolist()
    [0.0, 0.0]
    """
    spreads = [np.std(each) for each in (first, second)]
    if not all(np.isfinite(spreads)) or min(spreads) == 0:
        raise InvalidInput(
            f"two series have the standard deviations {spreads[0]:g} and {spreads[1]:g}; a native "
            "effect needs both to vary over pairs of phones"
        )
    return np.asarray(first / spreads[0] - second / spreads[1])


def native_effect(
    scores: Mapping[str, Score], *, layer: str | None = None, seed: int = 0
) -> NativeEffect:
    """Correlate how two models differ with how listeners of their languages do.

    For every pair of phones, the Δ of the model of one language less that of the other, each over
    its standard deviation; and the same of the mean answers of listeners of these languages
    (Millet et al. 2022).

    Parameters
    ----------
    scores
        ``{language: score}`` of two models on one benchmark with answers, such as
        ``{"FR": score_of_the_french_model, "EN": score_of_the_english_one}``.
    layer
        Of both models; by default that which each benchmark's rule chose most often.
    seed
        Of the draws.

    Examples
    --------
    >>> native_effect({"FR": french, "EN": english}, layer="block.4").r  # doctest: +SKIP
    0.31
    """
    if len(scores) != 2 or len({each.benchmark for each in scores.values()}) > 1:  # noqa: PLR2004
        raise InvalidInput(
            f"scores are of {[each.benchmark for each in scores.values()]}; expected two models on "
            "one benchmark, each by its language"
        )
    models, answers = [], []
    for language, score in scores.items():
        summary = score.tree["summary"].to_dataset()
        if "answer_by_language" not in summary:
            raise InvalidInput(
                f"{score.benchmark} has no listeners' answers; score both models on one that has"
            )
        answered = summary["answer_by_language"]
        known = answered["listener_language"].to_numpy().tolist()
        if language not in known:
            raise UnknownName(f"no listener is of {language!r}; {near_names(language, known)}")
        chosen = layer or _chosen_layer(score)
        layers = summary["layer"].to_numpy().tolist()
        if chosen not in layers:
            raise UnknownName(
                f"{score.model} has no layer {chosen!r}; {near_names(chosen, layers)}"
            )
        models.append(summary["delta"].sel(layer=chosen))
        answers.append(answered.sel(listener_language=language))
    if not np.array_equal(models[0]["subject"], models[1]["subject"]):
        raise InvalidInput("the two scores are of other pairs of phones; score both on one dataset")
    told = np.stack([each.to_numpy() for each in (*models, *answers)])
    return effect_of(told[:2], told[2:], seed=seed)


def effect_of(models: np.ndarray, listeners: np.ndarray, *, seed: int = 0) -> NativeEffect:
    """Return the native effect of two models and two groups of listeners, both (2, pair)."""
    is_there = np.isfinite(models).all(axis=0) & np.isfinite(listeners).all(axis=0)
    n = int(is_there.sum())
    if n < _FEWEST:
        raise InvalidInput(f"{n} pairs of phones have all four values; expected {_FEWEST} or more")
    both = np.stack([native_contrast(*each[:, is_there]) for each in (models, listeners)])
    drawn = np.random.default_rng(seed).integers(n, size=(_N_DRAWS, n))
    draws = _pearson(both[0][drawn], both[1][drawn])
    low, high = np.nanquantile(draws, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return NativeEffect(float(_pearson(*both)), float(low), float(high), n)


def _pearson(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the correlation along the last axis; NaN where one does not vary."""
    one, other = (each - each.mean(axis=-1, keepdims=True) for each in (first, second))
    scale = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    product = (one * other).sum(axis=-1)
    return np.asarray(np.divide(product, scale, where=scale > 0, out=np.full_like(product, np.nan)))


def _chosen_layer(score: Score) -> str:
    chosen = score.tree["population"]["nested_layer"].isel(roi=0).to_numpy().astype(str)
    names, counts = np.unique(chosen[chosen != ""], return_counts=True)
    if not len(names):
        raise InvalidInput(f"no layer of {score.model} was chosen; name one")
    return str(names[counts.argmax()])
