"""Whose numbers on a benchmark can be compared sample by sample, and why others' cannot."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.leaderboard.score_file import Samples, ScoreFile
from heschl.leaderboard.separability import LEAST_SAMPLES, N_DRAWS, resampled, seed_of
from heschl.wording import counted, plural

__all__ = ["Paired", "pair"]

_Kind = tuple[bool, tuple[str, ...], int]
"""Whether samples were drawn, their sorted names, and how many numbers there are."""


@dataclass(frozen=True)
class Paired:
    """The rows of a column that have numbers of the same samples.

    ``values`` is (row, sample), or (row, draw) where samples were drawn when the score was
    computed, in the order of ``rows``; ``reasons`` says why each of the others is not among them.
    """

    name: str
    rows: tuple[str, ...]
    noun: str
    is_drawn: bool
    values: np.ndarray
    reasons: Mapping[str, str]

    @property
    def n(self) -> int:
        """How many samples, or draws, there are."""
        return int(self.values.shape[1])

    @property
    def is_testable(self) -> bool:
        """Whether there are enough samples to tell anybody apart."""
        return self.is_drawn or self.n >= LEAST_SAMPLES

    @property
    def draws(self) -> np.ndarray:
        """Draws (row, draw) of the mean: those given, or of samples taken with replacement."""
        return self.values if self.is_drawn else resampled(self.values, seed=seed_of(self.name))

    def independent_draws(self, places: np.ndarray) -> np.ndarray:
        """Return as many draws of some rows as every column has, for means over columns."""
        if not self.is_drawn:
            return resampled(self.values[places], seed=seed_of(self.name))
        generator = np.random.default_rng(seed_of(self.name))
        return np.asarray(self.values[np.ix_(places, generator.integers(self.n, size=N_DRAWS))])


def pair(name: str, files: Mapping[str, ScoreFile], version: int, roi: str) -> Paired:
    """Return the rows that can be compared, and for each of the others why it cannot.

    The samples that count are the most complete ones that two rows or more share.

    Parameters
    ----------
    name
        The benchmark's, which seeds its draws.
    files
        By row.
    version
        The benchmark's; numbers of another one are of another benchmark.
    roi
        The region of the board's number.
    """
    reasons = {row: why for row, file in files.items() if (why := _unfit(file, version, roi))}
    sampled = {row: _sampled(files[row].samples) for row in sorted(files) if row not in reasons}
    usual = _most_complete([each.kind for each in sampled.values()])
    for row, each in sampled.items():
        if each.kind != usual:
            reasons[row] = _how_other(each.noun, each.kind, usual)
    kept = {row: each for row, each in sampled.items() if row not in reasons}
    nouns = Counter(each.noun for each in kept.values())
    return Paired(
        name,
        tuple(kept),
        min(nouns, key=lambda noun: (-nouns[noun], noun)) if nouns else "",
        usual[0],
        np.stack([each.values for each in kept.values()]) if kept else np.empty((0, 0)),
        reasons,
    )


@dataclass(frozen=True)
class _Sampled:
    """The numbers of one row, those of samples in the order of their names."""

    noun: str
    kind: _Kind
    values: np.ndarray


def _sampled(samples: Samples) -> _Sampled:
    values = np.asarray(samples.normalised, dtype=np.float64)
    noun = samples.noun.strip() or "sample"
    if samples.is_drawn:
        return _Sampled(noun, (True, samples.names, len(values)), values)
    of_names = {
        name: value
        for name, value in zip(samples.names, values.tolist(), strict=True)
        if math.isfinite(value)
    }
    names = tuple(sorted(of_names))
    return _Sampled(noun, (False, names, len(names)), np.array([of_names[name] for name in names]))


def _unfit(file: ScoreFile, version: int, roi: str) -> str:
    """Return why a number is compared with none; nothing if it may be."""
    if file.status == "published":
        return "a number that a paper printed is not ranked"
    if file.benchmark_version != version:
        return (
            f"scored with version {file.benchmark_version} of the benchmark, which has version "
            f"{version}"
        )
    if file.primary_roi != roi:
        return f"its number is of {file.primary_roi}, that of the others of {roi}"
    if not math.isfinite(file.primary.normalised.value):
        return f"it has no number in {roi}"
    values = np.asarray(file.samples.normalised, dtype=np.float64)
    is_finite = np.isfinite(values)
    if not (is_finite.all() if file.samples.is_drawn else is_finite.any()) or not len(values):
        return "its file keeps no numbers to compare one by one"
    return ""


def _most_complete(kinds: Sequence[_Kind]) -> _Kind:
    """Return the samples that most are known of, among those of two rows or more if there are any.

    A single row could otherwise name samples that nobody else has, and be ranked alone.
    """
    n_rows = Counter(kinds)
    shared = [kind for kind, n in n_rows.items() if n > 1] or list(n_rows)
    return min(shared, key=lambda kind: (-kind[2], -n_rows[kind], kind), default=(False, (), 0))


def _how_other(noun: str, kind: _Kind, usual: _Kind) -> str:
    """Return in words how samples differ from the usual ones."""
    (is_drawn, names, n), (_, usual_names, n_usual) = kind, usual
    if is_drawn != usual[0] or is_drawn:
        return f"its {plural(noun)} were not drawn as those of the others, so that none are paired"
    if set(names) < set(usual_names):
        return f"scored on {n} of {counted(n_usual, noun)}"
    return f"scored on {counted(n, noun)}, not the {n_usual} of the others"
