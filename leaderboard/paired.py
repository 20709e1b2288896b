"""Whose numbers on a benchmark can be compared sample by sample, and why others' cannot."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

import numpy as np

from heschl.leaderboard.joint_draws import counts_of_draws, places_of_draws
from heschl.leaderboard.score_file import Samples, ScoreFile
from heschl.leaderboard.separability import are_enough, resampled
from heschl.wording import counted, plural

__all__ = ["Paired", "drawn_together", "pair"]

_Kind = tuple[bool, tuple[str, ...], int]
"""Whether samples were drawn, their sorted names, and how many numbers there are."""


@dataclass(frozen=True)
class Paired:
    """The rows of a column that have numbers of the same samples.

    ``values`` is (row, sample), or (row, draw) where samples were drawn when the score was
    computed, in the order of ``rows``; ``reasons`` says why each of the others is not among them.
    ``names`` are those of the samples. Of draws ``drawn_from`` is the same on two benchmarks only
    if theirs are of the same samples one by one; it is empty where that is not known.
    """

    name: str
    dataset: str
    rows: tuple[str, ...]
    noun: str
    is_drawn: bool
    names: tuple[str, ...]
    drawn_from: str
    values: np.ndarray
    reasons: Mapping[str, str]

    @property
    def n(self) -> int:
        """How many samples, or draws, there are."""
        return int(self.values.shape[1])

    @property
    def is_testable(self) -> bool:
        """Whether there are enough samples to tell anybody apart."""
        return are_enough(self.n, is_drawn=self.is_drawn)

    @property
    def draws(self) -> np.ndarray:
        """Draws (row, draw) of the mean: those given, or of samples taken with replacement."""
        if self.is_drawn:
            return self.values
        (counts,) = drawn_together({self.name: self}).values()
        return resampled(self.values, counts)

    def draws_of(self, places: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Return draws (row, draw) of some rows, made of what `drawn_together` has of the column.

        There are as many for every column, for means over columns.
        """
        if self.is_drawn:
            return np.asarray(self.values[np.ix_(places, drawn)])
        return resampled(self.values[places], drawn)


def drawn_together(pairs: Mapping[str, Paired]) -> dict[str, np.ndarray]:
    """Return what the draws of columns are made of, the same where they have the same samples.

    Of samples that is how often each is drawn (draw, sample). Of draws that come with scores it is
    their numbers (draw,).
    """
    found: dict[str, np.ndarray] = {}
    members: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}
    for column, each in pairs.items():
        if each.is_drawn:
            found[column] = places_of_draws(each.dataset, each.drawn_from or each.name, each.n)
        else:
            members.setdefault((each.dataset, each.noun), {})[column] = each.names
    for (dataset, noun), names in members.items():
        found |= counts_of_draws(dataset, noun, names)
    return found


def pair(name: str, dataset: str, files: Mapping[str, ScoreFile], version: int, roi: str) -> Paired:
    """Return the rows that can be compared, and for each of the others why it cannot.

    The samples that count are the most complete ones that two rows or more share.

    Parameters
    ----------
    name, dataset
        The benchmark's, and whose samples they are.
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
    drawn_from = Counter(drawing for row in kept if (drawing := _drawn_from(files[row])))
    return Paired(
        name,
        dataset,
        tuple(kept),
        min(nouns, key=lambda noun: (-nouns[noun], noun)) if nouns else "",
        usual[0],
        usual[1],
        min(drawn_from, key=lambda known: (-drawn_from[known], known), default=""),
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
    is_known = np.isfinite(values)
    names, order = _in_order(samples.names if is_known.all() else _kept(samples.names, is_known))
    return _Sampled(noun, (False, names, len(names)), values[is_known][order])


def _kept(names: tuple[str, ...], is_kept: np.ndarray) -> tuple[str, ...]:
    return tuple(compress(names, is_kept.tolist()))


@lru_cache(maxsize=256)
def _in_order(names: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Return names sorted and where each one was: files of a benchmark mostly have the same."""
    order = sorted(range(len(names)), key=names.__getitem__)
    return tuple(names[place] for place in order), np.array(order, dtype=np.intp)


def _drawn_from(file: ScoreFile) -> str:
    said = file.extra.get("drawn_from", "")
    return said if isinstance(said, str) else ""


def _unfit(file: ScoreFile, version: int, roi: str) -> str:
    """Return why a number is compared with none; nothing if it may be."""
    if file.status == "published":
        return "a number that a paper printed is not ranked"
    if file.extra.get("trained_on_test_data"):
        return f"trained on the test data: {file.extra['trained_on_test_data']!s:.200}"
    if file.extra.get("left_out_of_test"):
        return f"tested without what it was tuned on: {file.extra['left_out_of_test']!s:.200}"
    if file.benchmark_version != version:
        return (
            f"scored with version {file.benchmark_version} of the benchmark, which has version "
            f"{version}"
        )
    if file.primary_roi != roi:
        return f"its number is of {file.primary_roi}, that of the others of {roi}"
    if not math.isfinite(file.primary.normalised.value):
        return f"it has no number in {roi}"
    values, is_wanted = file.samples.normalised, all if file.samples.is_drawn else any
    if not values or not is_wanted(map(math.isfinite, values)):
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
