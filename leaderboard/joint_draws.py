"""Draws of samples that are the same in every benchmark of a dataset that has them.

Whoever is drawn for one benchmark is drawn for all: what an odd listener, or an odd sound, does to
several numbers of a model does not cancel in their mean. Samples of all benchmarks together are
drawn one after another, with replacement, and each benchmark takes those that are its own until it
has as many as it has samples. So each has an ordinary bootstrap of its own samples, the same one
where benchmarks have the same samples, and those that share some of them vary together by as much
as they share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from heschl.configuration import canonical_json
from heschl.leaderboard.separability import N_DRAWS

__all__ = ["counts_of_draws", "places_of_draws", "seed_of"]


def seed_of(*names: str) -> int:
    """Return the seed of what has names: the same wherever it stands among others.

    >>> seed_of("nh2015", "listener", "S1") == seed_of("nh2015", "listener", "S1")
    True
    """
    content = canonical_json(list(names)).encode()
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big")


def counts_of_draws(
    dataset: str, noun: str, members: Mapping[str, tuple[str, ...]]
) -> dict[str, np.ndarray]:
    """Return how often each sample of each benchmark is in each draw (draw, sample).

    Parameters
    ----------
    dataset, noun
        Whose samples they are, and what they are called; they seed the draws, with the names.
    members
        The names of the samples by benchmark, each once, at least one.

    Examples
    --------
    >>> drawn = counts_of_draws("made", "listener", {"a": ("S1", "S2"), "b": ("S2", "S3", "S1")})
    >>> drawn["a"].sum(axis=1).tolist() == [2] * N_DRAWS
    True
    """
    everybody = sorted(set().union(*members.values()))
    place = {name: number for number, name in enumerate(everybody)}
    generator = np.random.default_rng(seed_of(dataset, noun, *everybody))
    size = (N_DRAWS, len(everybody))
    own = {}
    for benchmark, names in members.items():
        own[benchmark] = np.full(len(everybody), -1, dtype=np.int32)
        own[benchmark][[place[name] for name in names]] = np.arange(len(names))
    counts = {benchmark: np.zeros((N_DRAWS, len(names))) for benchmark, names in members.items()}
    lacking = {benchmark: np.full(N_DRAWS, len(names)) for benchmark, names in members.items()}
    while any(left.any() for left in lacking.values()):
        drawn = generator.integers(len(everybody), size=size, dtype=np.int32)
        for benchmark, left in lacking.items():
            _take(own[benchmark][drawn], left, counts[benchmark])
    return counts


def _take(drawn: np.ndarray, lacking: np.ndarray, counts: np.ndarray) -> None:
    """Count the samples (draw, turn) that a benchmark still lacks; -1 are those of others."""
    is_taken = drawn >= 0
    is_taken &= np.cumsum(is_taken, axis=1, dtype=np.int32) <= lacking[:, np.newaxis]
    n_draws, n_samples = counts.shape
    flat = np.nonzero(is_taken)[0] * n_samples + drawn[is_taken]
    counts += np.bincount(flat, minlength=counts.size).reshape(n_draws, n_samples)
    lacking -= is_taken.sum(axis=1)


def places_of_draws(dataset: str, drawn_from: str, n: int) -> np.ndarray:
    """Return which of the draws that come with scores (draw,) stand for each draw of a mean.

    Parameters
    ----------
    dataset
        Whose samples they are of.
    drawn_from
        What is the same for benchmarks whose draws are of the same samples, one by one.
    n
        How many draws come with each score.
    """
    generator = np.random.default_rng(seed_of(dataset, "draws", drawn_from, str(n)))
    return generator.integers(n, size=N_DRAWS)
