"""Tallies: sums over items from which every score of a probe follows.

They add up, so that the score of any set of groups, such as speakers drawn anew, comes from the
sums of each group without another look at the items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import scipy.sparse

from heschl.configuration import digest

__all__ = [
    "Scores",
    "drawn_scores",
    "scores_of_labels",
    "scores_of_sets",
    "scores_of_vectors",
    "tally_labels",
    "tally_sets",
    "tally_vectors",
]

Scores = Mapping[str, np.ndarray]
"""By its name each score (...,), over the leading dimensions of the tallies."""

N_DRAWS = 1000
_SPREAD = 1e-12
"""The share of the sum of squares below which a variance is the rounding of sums."""


def tally_labels(
    truth: np.ndarray, answered: np.ndarray, n_classes: int, groups: np.ndarray
) -> np.ndarray:
    """Count answers (group, true class, answered class) of items (item,), each of one group."""
    n_groups = int(groups.max()) + 1
    place = (groups * n_classes + truth) * n_classes + answered
    counts = np.bincount(place, minlength=n_groups * n_classes**2)
    return counts.reshape(n_groups, n_classes, n_classes).astype(np.float64)


def tally_sets(truth: np.ndarray, answered: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Count hits, false alarms, misses and right refusals (group, label, 4).

    ``truth`` and ``answered`` are booleans (item, label).
    """
    kinds = [truth & answered, ~truth & answered, truth & ~answered, ~truth & ~answered]
    return _summed(np.stack(kinds, axis=-1).astype(np.float64), groups)


def tally_vectors(truth: np.ndarray, answered: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sum (group, column, 7) over values (item, column), which should be near 0.

    Of ones, truths, answers, their squares, their product, and squared errors.
    """
    of_items = [
        np.ones_like(truth),
        truth,
        answered,
        truth**2,
        answered**2,
        truth * answered,
        (truth - answered) ** 2,
    ]
    return np.stack([_summed(each, groups) for each in of_items], axis=-1)


def scores_of_labels(tally: np.ndarray) -> dict[str, np.ndarray]:
    """Return the scores of one answer an item, from counts (..., true class, answered class).

    Classes that no item has count for nothing: their F1 and recall are undefined.

    >>> two_of_three = np.array([[1.0, 1.0], [0.0, 1.0]])
    >>> {name: round(float(each), 3) for name, each in scores_of_labels(two_of_three).items()}
    {'macro_f1': 0.667, 'micro_f1': 0.667, 'accuracy': 0.667, 'balanced_accuracy': 0.75}
    """
    hits = np.diagonal(tally, axis1=-2, axis2=-1)
    of_truth, of_answers = tally.sum(axis=-1), tally.sum(axis=-2)
    n_items = of_truth.sum(axis=-1)
    accuracy = _ratio(hits.sum(axis=-1), n_items)
    return {
        "macro_f1": _mean_where(_ratio(2 * hits, of_truth + of_answers), of_truth > 0),
        # With one answer an item each false alarm is another class's miss.
        "micro_f1": accuracy,
        "accuracy": accuracy,
        "balanced_accuracy": _mean_where(_ratio(hits, of_truth), of_truth > 0),
    }


def scores_of_sets(tally: np.ndarray, is_counted: np.ndarray) -> dict[str, np.ndarray]:
    """Return the scores of yes or no for each label, from counts (..., label, 4).

    Only labels ``is_counted`` (label,) enter; those that no item has count for nothing in macro-F1.
    Accuracy is the share of right answers over items and labels.
    """
    hits, alarms, misses, refusals = np.moveaxis(tally[..., is_counted, :], -1, 0)
    occurs, lacks = hits + misses > 0, alarms + refusals > 0
    recall, specificity = _ratio(hits, hits + misses), _ratio(refusals, alarms + refusals)
    summed = [each.sum(axis=-1) for each in (hits, alarms, misses, refusals)]
    return {
        "macro_f1": _mean_where(_ratio(2 * hits, 2 * hits + alarms + misses), occurs),
        "micro_f1": _ratio(2 * summed[0], 2 * summed[0] + summed[1] + summed[2]),
        "accuracy": _ratio(summed[0] + summed[3], np.sum(summed, axis=0)),
        "balanced_accuracy": _mean_where((recall + specificity) / 2, occurs & lacks),
    }


def scores_of_vectors(tally: np.ndarray) -> dict[str, np.ndarray]:
    """Return the mean over columns of the correlation, and of R², from sums (..., column, 7).

    A column that does not vary, in truth or answers, has a correlation of 0; one whose truth does
    not vary has an R² of 0.
    """
    n, t, a, tt, aa, ta, errors = np.moveaxis(tally, -1, 0)
    of_truth, of_answers = tt - t * t / n, aa - a * a / n
    varies = of_truth > _SPREAD * tt
    both = varies & (of_answers > _SPREAD * aa)
    norms = np.sqrt(np.where(both, of_truth * of_answers, 1.0))
    r = np.where(both, (ta - t * a / n) / norms, 0.0).clip(-1.0, 1.0)
    r2 = np.where(varies, 1.0 - errors / np.where(varies, of_truth, 1.0), 0.0)
    return {"r": r.mean(axis=-1), "r2": r2.mean(axis=-1)}


def drawn_scores(
    scores: Callable[[np.ndarray], dict[str, np.ndarray]], tally: np.ndarray, *, seed: int
) -> dict[str, np.ndarray]:
    """Return each score (draw,) of groups drawn with replacement, as many as there are.

    ``tally`` is (group, ...); probes are not trained anew: it is the error of these answers.
    """
    n_groups = len(tally)
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=N_DRAWS)
    return scores((counts @ tally.reshape(n_groups, -1)).reshape(N_DRAWS, *tally.shape[1:]))


def drawing_of_groups(names: Iterable[str], *, seed: int) -> str:
    """Return what is the same exactly where `drawn_scores` draws the same groups, by their names.

    >>> drawing_of_groups(["ann", "bob"], seed=0) == drawing_of_groups(["bob", "ann"], seed=0)
    True
    """
    return digest({"drawn": "counts", "names": sorted(names), "seed": seed, "n_draws": N_DRAWS})


def _summed(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the sums (group, ...) of values (item, ...)."""
    n_items = len(values)
    members = scipy.sparse.csr_array((np.ones(n_items), (groups, np.arange(n_items))))
    return np.asarray(members @ values.reshape(n_items, -1)).reshape(-1, *values.shape[1:])


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return 0 where there is nothing to be a part of."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 0.0)


def _mean_where(values: np.ndarray, is_counted: np.ndarray) -> np.ndarray:
    return _ratio(np.where(is_counted, values, 0.0).sum(axis=-1), is_counted.sum(axis=-1))
