"""Whether canonical correlations are larger than chance gives: sentences that change places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.cca.canonical import canonical_pairs
from heschl.metrics.cca.moments import Moments

__all__ = ["Significance", "permuted_correlations"]

_FEWEST_BLOCKS = 5
"""Fewer give less than 120 orders."""


@dataclass(frozen=True)
class Significance:
    """Canonical correlations beside those of permuted sentences.

    Parameters
    ----------
    correlations
        (pair,) of the rows as they are.
    largest
        (permutation,) the largest correlation of each permutation.
    p
        (pair,) the share of permutations, the rows as they are among them, whose largest
        correlation is at least as large. No pair is called significant by chance more often than
        one test would be.
    """

    correlations: np.ndarray
    largest: np.ndarray
    p: np.ndarray


def permuted_correlations(
    first: np.ndarray,
    second: np.ndarray,
    blocks: np.ndarray,
    *,
    n_permutations: int = 100,
    share: float | None = None,
    seed: int,
) -> Significance:
    """Compare canonical correlations with those of the second view's blocks in other orders.

    Parameters
    ----------
    first, second
        (row, feature).
    blocks
        The sentence, or other piece within which rows depend on each other, of each row (row,).
        Pieces stay whole, one after the other, and need not be of one length.
    n_permutations
        How many orders are drawn; the smallest p is 1 / (1 + this).
    share
        As in `heschl.metrics.cca.canonical_pairs`.
    seed
        Of the orders.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> one, other = generator.standard_normal((2, 200, 2))
    >>> sentences = np.repeat(np.arange(20), 10)
    >>> related = permuted_correlations(one, one + other, sentences, seed=0)
    >>> unrelated = permuted_correlations(one, other, sentences, seed=0)
    >>> bool(related.p.max() < 0.02), bool(unrelated.p.min() > 0.05)
    (True, True)
    """
    if (
        isinstance(n_permutations, bool)
        or not isinstance(n_permutations, int)
        or n_permutations < 1
    ):
        raise InvalidInput(f"n_permutations={n_permutations!r}; expected a whole number above 0")
    pieces = _pieces(blocks, len(first))
    pairs = canonical_pairs(Moments.of(first, second), share=share)
    # An orthogonal turn of whitened rows changes no singular value, so these may be the variates.
    one, other = pairs.first.transform(first), pairs.second.transform(second)
    generator = np.random.default_rng(seed)
    largest = np.empty(n_permutations)
    for number in range(n_permutations):
        order = np.concatenate([pieces[each] for each in generator.permutation(len(pieces))])
        largest[number] = np.linalg.norm(one.T @ other[order], ord=2) / len(one)
    exceeded = (largest >= pairs.correlations[:, None]).sum(axis=1)
    return Significance(pairs.correlations, largest, (1 + exceeded) / (1 + n_permutations))


def _pieces(blocks: np.ndarray, n_rows: int) -> list[np.ndarray]:
    """Return the rows of each piece, neighbouring rows of one label."""
    labels = np.asarray(blocks)
    if labels.shape != (n_rows,):
        raise InvalidInput(f"blocks of shape {labels.shape}; expected a label for each row")
    starts = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    pieces = np.split(np.arange(n_rows), starts)
    if len(pieces) < _FEWEST_BLOCKS:
        raise InvalidInput(
            f"{len(pieces)} blocks of rows; expected {_FEWEST_BLOCKS} or more, since so few have "
            "hardly any other order"
        )
    return pieces
