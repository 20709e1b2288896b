"""What listeners answered to triplets, beside what a model's distances say of the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from heschl.errors import InvalidInput
from heschl.metrics.abx.averaging import in_pairs
from heschl.metrics.abx.probit import probit

__all__ = ["GROUPS", "Heard", "Likeness", "heard", "likeness", "named", "spearman"]

GROUPS = ("all", "native", "nonnative")
"""Of listeners: all of them; those whose language is that of the triplet; the others."""

_N_DRAWS = 1000
_LEVEL = 0.95
_FEWEST = 3


class Heard(NamedTuple):
    """Answers by pairs of phones, in the order of the pairs that were asked for.

    NaN where nobody of the group was asked.
    """

    accuracy: np.ndarray
    """(group, pair): how often TGT was chosen."""
    answer: np.ndarray
    """(group, pair): the mean graded answer."""
    by_language: np.ndarray
    """(language, pair): the mean graded answer of listeners of each language."""
    languages: tuple[str, ...]


class Likeness(NamedTuple):
    """How well answers are told from a model's distances, by group of listeners (group,).

    Log-likelihoods are means over answers, in nats.
    """

    log_likelihood: np.ndarray
    log_likelihood_without: np.ndarray
    """Of the same regression without the model."""
    gain: np.ndarray
    gain_error: np.ndarray
    """The standard error with listeners drawn anew; the fit stays as it is."""
    gain_low: np.ndarray
    gain_high: np.ndarray
    coefficient: np.ndarray
    """Of Δ in units of its standard deviation."""


def heard(
    triplets: xr.Dataset, answers: xr.Dataset, names: list[str], by: str = "language"
) -> Heard:
    """Average answers over trials, triplets, contexts, and both orders of two phones.

    Parameters
    ----------
    triplets, answers
        Of a `heschl.contracts.DiscriminationDataset`.
    names
        The pairs as `named` calls them.
    by
        The label of triplets that their pairs keep.
    """
    of = triplets.sel(triplet=answers["triplet"].to_numpy())
    labels = {
        "triplet": answers["triplet"].to_numpy(),
        "on": of["phone_TGT"].to_numpy(),
        "other": of["phone_OTH"].to_numpy(),
        "context": of["context"].to_numpy(),
        by: of[by].to_numpy(),
    }
    value = answers["value"].to_numpy()
    language = answers["listener_language"].to_numpy()
    languages = tuple(np.unique(language).tolist())
    rows = [
        np.where(is_in, column, np.nan)
        for column in ((value > 0).astype(np.float64), value)
        for is_in in _groups(triplets, answers)
    ]
    rows += [np.where(language == each, value, np.nan) for each in languages]
    found = in_pairs(np.stack(rows), labels, [("triplet",), ("context",)])
    place = {name: row for row, name in enumerate(named(found.labels))}
    values = np.full((len(rows), len(names)), np.nan)
    for column, name in enumerate(names):
        if name in place:
            values[:, column] = found.values[:, place[name]]
    n = len(GROUPS)
    return Heard(values[:n], values[n : 2 * n], values[2 * n :], languages)


def named(labels: Mapping[str, np.ndarray]) -> list[str]:
    """Return what pairs are called: ``EN: i–u``, or ``i–u`` where nothing else tells them apart.

    >>> named({"pair": np.array(["i–u"]), "language": np.array(["EN"])})
    ['EN: i–u']
    """
    rest = [column.tolist() for name, column in labels.items() if name != "pair"]
    heads = [", ".join(each) for each in zip(*rest, strict=True)] if rest else []
    pairs = labels["pair"].tolist()
    return [f"{head}: {pair}" for head, pair in zip(heads, pairs, strict=True)] if heads else pairs


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Return the rank correlation of two series, of the places where both are numbers.

    NaN of fewer than three, or where one does not vary.

    >>> spearman(np.array([1.0, 2.0, 30.0, np.nan]), np.array([0.0, 5.0, 9.0, 1.0]))
    1.0
    """
    is_there = np.isfinite(first) & np.isfinite(second)
    ranks = [rankdata(each[is_there]) for each in (first, second)]
    if is_there.sum() < _FEWEST or min(np.ptp(each) for each in ranks) == 0:
        return float("nan")
    return float(np.clip(np.corrcoef(*ranks)[0, 1], -1, 1))


def likeness(
    triplets: xr.Dataset, answers: xr.Dataset, delta: np.ndarray, *, seed: int
) -> Likeness:
    """Regress answers on a model's distances: probit of ``TGT_first + listener + trial + Δ(z)``.

    Parameters
    ----------
    triplets, answers
        Of a `heschl.contracts.DiscriminationDataset`.
    delta
        d(OTH, X) - d(TGT, X) of each triplet (triplet,).
    seed
        Of the draws of listeners.
    """
    order = {name: row for row, name in enumerate(triplets["triplet"].to_numpy().tolist())}
    asked = answers["triplet"].to_numpy().tolist()
    unknown = [name for name in asked if name not in order]
    if unknown:
        raise InvalidInput(
            f"{len(unknown)} answers are to triplets that are not listed, the first is "
            f"{unknown[0]!r}; give the triplets that they were given to"
        )
    rows = np.array([order[name] for name in asked])
    beside = np.column_stack(
        [triplets["TGT_first"].to_numpy()[rows], _scaled(answers["trial"].to_numpy())]
    )
    predictors = np.column_stack([beside, _scaled(delta[rows])])
    is_yes = answers["value"].to_numpy() > 0
    results: list[list[float]] = []
    for is_in in _groups(triplets, answers):
        if not is_in.any():
            results.append([float("nan")] * len(Likeness._fields))
            continue
        listeners, group = np.unique(answers["listener"].to_numpy()[is_in], return_inverse=True)
        group = group.reshape(-1)
        fit = probit(is_yes[is_in], predictors[is_in], group)
        without = probit(is_yes[is_in], beside[is_in], group)
        counts = np.bincount(group)
        # The same draws whatever the model, so that two models can be compared draw by draw.
        generator = np.random.default_rng(seed)
        drawn = generator.multinomial(len(listeners), np.full(len(listeners), 1 / len(listeners)),
                                      size=_N_DRAWS)  # fmt: skip
        gains = (drawn @ (fit.log_likelihood - without.log_likelihood)) / (drawn @ counts)
        mean, mean_without = (each.log_likelihood.sum() / counts.sum() for each in (fit, without))
        tails = np.quantile(gains, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
        results.append(
            [mean, mean_without, mean - mean_without, gains.std(ddof=1), *tails,
             fit.coefficients[-1]]
        )  # fmt: skip
    return Likeness(*np.array(results, dtype=np.float64).T)


def _groups(triplets: xr.Dataset, answers: xr.Dataset) -> np.ndarray:
    """Return which answers are of which of `GROUPS` (group, answer)."""
    of = triplets["language"].sel(triplet=answers["triplet"].to_numpy()).to_numpy()
    is_native = answers["listener_language"].to_numpy() == of
    return np.stack([np.ones_like(is_native), is_native, ~is_native])


def _scaled(values: np.ndarray) -> np.ndarray:
    """Return z scores; zeros of what never varies."""
    centred = np.asarray(values, dtype=np.float64) - np.mean(values)
    spread = float(centred.std())
    return centred / spread if spread > 0 else np.zeros_like(centred)
