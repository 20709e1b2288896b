r"""How scores go together over models: whether who is better at tasks is also more brain-like.

Follows audio2025.downstream_correlation. Each task is z-scored over the models that have all tasks
(with n - 1), their mean is a model's overall value, and Pearson's r of it with each other set of
scores is taken over the models that have both.

Models of a family are not independent, so that p, which takes them as if they were, is too small.
The interval here leaves out one family after the other: with :math:`z_f` the Fisher transform of
the r without family f, of F families,

.. math:: z \pm t_{F-1} \sqrt{\tfrac{F - 1}{F} \sum_f (z_f - \bar z)^2}

and beside it stands one of families drawn anew. More models of the same families make neither
narrower.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from heschl.errors import InvalidInput
from heschl.wording import counted, some

__all__ = ["OVERALL", "Relation", "correlate", "overall", "relate"]

Values = Mapping[str, float]
"""One number for each model."""

OVERALL = "overall"
"""The name of the mean over tasks."""

MINIMUM_MODELS = 4
"""With three an r says nothing: two of its degrees of freedom are the line's."""

_MINIMUM_FAMILIES = 4
_N_DRAWS = 2000
_LEVEL = 0.95
_NO_SPREAD = 1e-20
"""Of a product of variances, what rounding leaves where all values are the same."""
_PERFECT = 1 - 1e-12
"""Beyond, the Fisher transform is infinite."""


@dataclass(frozen=True)
class Relation:
    """The correlation of two sets of scores over models.

    Parameters
    ----------
    of, to
        The names of the sets.
    r, p
        Pearson's correlation and its two-sided p, as if models were independent.
    low, high
        The 95 % interval of leaving out one family after the other; NaN for fewer than four.
    drawn_low, drawn_high
        That of families drawn anew.
    without
        For each family the r of all others.
    models
        Those that have both.
    lacking
        Those that have one alone.
    """

    of: str
    to: str
    r: float
    p: float
    low: float
    high: float
    drawn_low: float
    drawn_high: float
    without: Mapping[str, float]
    models: tuple[str, ...]
    lacking: tuple[str, ...]


def overall(tasks: Mapping[str, Values]) -> dict[str, float]:
    """Return the mean over tasks of each model's z-scores, for models that have all tasks.

    >>> overall({"one": {"a": 1.0, "b": 2.0, "c": 3.0}, "two": {"a": 10.0, "b": 30.0, "c": 20.0}})
    {'a': -1.0, 'b': 0.5, 'c': 0.5}
    """
    if not tasks:
        raise InvalidInput("no task was given; expected one set of scores at least")
    models = [name for name in next(iter(tasks.values())) if all(name in t for t in tasks.values())]
    if len(models) < 2:  # noqa: PLR2004
        raise InvalidInput(
            f"{_have(models)} all of the tasks {', '.join(tasks)}; leave out tasks that few models "
            "have"
        )
    table = np.array([[task[name] for name in models] for task in tasks.values()], dtype=float)
    _check_finite(table.T, models)
    spread = table.std(axis=1, ddof=1)
    if not (spread > 0).all():
        flat = [name for name, each in zip(tasks, spread, strict=True) if not each > 0]
        raise InvalidInput(
            f"all models have the same value of {', '.join(flat)}; leave it out, as it tells none "
            "from another"
        )
    z = (table - table.mean(axis=1, keepdims=True)) / spread[:, None]
    return dict(zip(models, z.mean(axis=0).tolist(), strict=True))


def relate(
    tasks: Mapping[str, Values],
    alignments: Mapping[str, Values],
    families: Mapping[str, str] | None = None,
    *,
    seed: int = 0,
) -> list[Relation]:
    """Correlate the overall value of tasks, and each task, with each other set of scores.

    Parameters
    ----------
    tasks, alignments
        Sets of scores by name, each a number for each model.
    families
        The family of each model; one that is not named is a family by itself.
    seed
        Of the families that are drawn anew.

    Returns
    -------
    list of Relation
        Of ``overall`` with every alignment, then of each task if there are several.

    Examples
    --------
    >>> tasks = {"words": {"a": 0.1, "b": 0.4, "c": 0.6, "d": 0.9}}
    >>> brain = {"b": 0.2, "d": 0.35, "a": 0.05, "c": 0.3, "e": 0.4}
    >>> (found,) = relate(tasks, {"nh2015-rsa": brain})
    >>> round(found.r, 3), found.models, found.lacking
    (0.973, ('a', 'b', 'c', 'd'), ('e',))
    """
    if not alignments:
        raise InvalidInput("no scores were given to relate the tasks with; expected one set")
    everybody = dict.fromkeys(name for task in tasks.values() for name in task)
    sets: dict[str, Values] = {OVERALL: overall(tasks)}
    if len(tasks) > 1:
        sets |= tasks
    return [
        _relation(of, values, to, others, families or {}, everybody, seed)
        for of, values in sets.items()
        for to, others in alignments.items()
    ]


def _relation(
    of: str,
    values: Values,
    to: str,
    others: Values,
    families: Mapping[str, str],
    everybody: Mapping[str, None],
    seed: int,
) -> Relation:
    models = tuple(name for name in values if name in others)
    lacking = tuple(name for name in dict.fromkeys([*everybody, *others]) if name not in models)
    if len(models) < MINIMUM_MODELS:
        raise InvalidInput(
            f"{_have(models)} both {of} and {to} ({some(models) or 'none'}); a "
            f"correlation needs {MINIMUM_MODELS}. With one alone: {some(lacking) or 'none'}"
        )
    pairs = np.array([[values[name], others[name]] for name in models], dtype=float)
    _check_finite(pairs, models)
    for name, column in zip((of, to), pairs.T, strict=True):
        if np.ptp(column) == 0:
            raise InvalidInput(f"all {len(models)} models have the same value of {name}")
    return correlate(
        pairs, [families.get(name) or name for name in models], of, to, models, lacking, seed=seed
    )


def correlate(
    pairs: np.ndarray,
    families: Sequence[str],
    of: str = "",
    to: str = "",
    models: Sequence[str] = (),
    lacking: Sequence[str] = (),
    *,
    seed: int = 0,
) -> Relation:
    """Return the correlation of the columns of ``pairs`` (model, 2), with both intervals."""
    found = scipy.stats.pearsonr(*pairs.T)
    names, number = np.unique(families, return_inverse=True)
    sums = _sums(pairs, number)
    without = _r_of(1 - np.eye(len(names)), sums)
    low, high = _left_out(float(found.statistic), without)
    drawn_low, drawn_high = _drawn(sums, seed)
    return Relation(
        of=of,
        to=to,
        r=float(found.statistic),
        p=float(found.pvalue),
        low=low,
        high=high,
        drawn_low=drawn_low,
        drawn_high=drawn_high,
        without=dict(zip(names.tolist(), without.tolist(), strict=True)),
        models=tuple(models),
        lacking=tuple(lacking),
    )


def _left_out(r: float, without: np.ndarray) -> tuple[float, float]:
    """Return the interval that leaving out one family after the other gives."""
    n = len(without)
    if n < _MINIMUM_FAMILIES or not np.isfinite(without).all():
        return math.nan, math.nan
    z = np.arctanh(np.clip(without, -_PERFECT, _PERFECT))
    error = np.sqrt((n - 1) / n * ((z - z.mean()) ** 2).sum())
    reach = scipy.stats.t.ppf((1 + _LEVEL) / 2, n - 1) * error
    middle = np.arctanh(np.clip(r, -_PERFECT, _PERFECT))
    return float(np.tanh(middle - reach)), float(np.tanh(middle + reach))


def _drawn(sums: np.ndarray, seed: int) -> tuple[float, float]:
    """Return the interval of r over families that were drawn with replacement."""
    n = len(sums)
    if n < _MINIMUM_FAMILIES:
        return math.nan, math.nan
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=_N_DRAWS)
    # A few models, drawn every time, may have no r.
    ends = np.nanquantile(_r_of(counts, sums), [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(ends[0]), float(ends[1])


def _sums(pairs: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return of each family all that r needs (family, 6): 1, x, y, x², y² and xy, summed up."""
    x, y = ((pairs - pairs.mean(axis=0)) / pairs.std(axis=0)).T
    terms = np.column_stack([np.ones_like(x), x, y, x * x, y * y, x * y])
    sums = np.zeros((number.max() + 1, terms.shape[1]))
    np.add.at(sums, number, terms)
    return sums


def _r_of(counts: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return Pearson's r if families come ``counts`` times (draw, family); NaN without spread."""
    n, x, y, xx, yy, xy = (counts @ sums).T
    n = np.maximum(n, 1)  # where all families are left out nothing varies
    spread = (xx - x * x / n) * (yy - y * y / n)
    has_spread = spread > _NO_SPREAD * (xx * yy)
    found = np.divide(
        xy - x * y / n, np.sqrt(np.abs(spread)), out=np.full(len(n), np.nan), where=has_spread
    )
    return np.asarray(np.clip(found, -1, 1))


def _have(models: Sequence[str]) -> str:
    return f"{counted(len(models), 'model')} {'has' if len(models) == 1 else 'have'}"


def _check_finite(values: np.ndarray, models: Sequence[str]) -> None:
    """Refuse numbers (model, ...) that are none."""
    bad = [name for name, own in zip(models, values, strict=True) if not np.isfinite(own).all()]
    if bad:
        raise InvalidInput(
            f"{some(bad)} {'have' if len(bad) > 1 else 'has'} a value that is no number; leave "
            "such models out"
        )
