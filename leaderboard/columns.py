"""Columns of the board: benchmarks, from their cards and from what the files say of them."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from heschl import registry
from heschl.cards import BenchmarkCard
from heschl.errors import HeschlError
from heschl.leaderboard.board import Column
from heschl.leaderboard.paired import Paired, pair
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.separability import LEAST_SAMPLES, N_DRAWS
from heschl.leaderboard.submissions import slug_of
from heschl.leaderboard.tree import NO_BETTER, NO_SHARE, OUTSIDE, path_of
from heschl.wording import counted, plural

__all__ = [
    "NO_NORMALISATION",
    "Measured",
    "known_card",
    "measured",
    "own_error_in_words",
    "recording_of",
    "with_own_slugs",
]

NO_NORMALISATION = "none: the score itself"
_SAME = 1e-6
"""Ceilings that differ by less, relatively, differ by rounding alone."""


@dataclass(frozen=True)
class Measured:
    """A column, its files, and whose numbers in it can be compared."""

    column: Column
    files: Mapping[str, ScoreFile]
    """By the slug of a row, those of papers included."""
    paired: Paired

    def compares(self, row: str) -> bool:
        """Return whether a row's number can be compared with the others."""
        return row in self.files and row not in self.paired.reasons


def with_own_slugs(found: Iterable[Measured]) -> list[Measured]:
    """Return columns that no name of a stranger's benchmark can be taken for, in their order."""
    columns = list(found)
    taken = {"overall"}
    # Registered ones choose first.
    for place in sorted(range(len(columns)), key=lambda n: not columns[n].column.is_registered):
        column = columns[place].column
        if column.slug in taken:
            digest = hashlib.sha256(column.id.encode()).hexdigest()[:8]
            column = replace(column, slug=f"{column.slug}-{digest}")
            columns[place] = replace(columns[place], column=column)
        taken.add(column.slug)
    return columns


def known_card(benchmark: str) -> BenchmarkCard | None:
    """Return the card of a registered benchmark, None for what nobody here knows."""
    try:
        return registry.benchmarks.card(benchmark)
    except HeschlError:
        return None


def recording_of(dataset: str) -> str:
    """Return what a dataset's card calls the kind of recording; nothing if there is no card."""
    try:
        return registry.datasets.card(dataset).recording
    except HeschlError:
        return ""


def measured(
    benchmark: str,
    card: BenchmarkCard | None,
    files: Mapping[str, ScoreFile],
    siblings: Collection[str],
    *,
    is_known: bool = True,
) -> Measured:
    """Return the column of a benchmark.

    Parameters
    ----------
    benchmark
        Its id.
    card
        None if it is not registered: its newest files then speak for it.
    files
        By the slug of a row; those of papers are among them.
    siblings
        The ids of all benchmarks on the board.
    is_known
        Whether any of them is registered. Where none is, they are somebody's own and count; else
        what nobody knows does not.
    """
    ours = {row: file for row, file in files.items() if file.status != "published"}
    speaking = list(ours.values()) or list(files.values())
    version = card.version if card else max(file.benchmark_version for file in speaking)
    current = [file for file in speaking if file.benchmark_version == version] or speaking
    roi = _usual(current, lambda file: file.primary_roi)
    dataset = card.dataset if card else _usual(current, lambda file: file.dataset)
    paired = pair(benchmark, dataset, files, version, roi)
    path = path_of(card, dataset, recording_of(dataset) if card else "", siblings)
    is_better = path[0] != OUTSIDE[0]
    ranked = [files[row] for row in paired.rows]
    ceiling, ceiling_error, ceiling_words = _ceiling(ranked or current)
    noun = paired.noun or _noun(card, current)
    return Measured(
        Column(
            slug=slug_of(benchmark),
            id=benchmark,
            label=benchmark,
            summary=card.summary if card else _usual(current, lambda file: file.score_meaning),
            version=version,
            path=path,
            dataset=dataset,
            metric=card.metric if card else "",
            protocol=card.protocol if card else _usual(current, lambda file: file.protocol),
            sample=noun,
            n=paired.n,
            primary_roi=roi,
            ceiling=ceiling,
            ceiling_error=ceiling_error,
            ceiling_kind=_usual(current, lambda file: file.ceiling_kind),
            citation=card.citation if card else "",
            normalisation=_usual(current, lambda file: file.normalisation),
            score_meaning=_usual(current, lambda file: file.score_meaning),
            number_name=NO_SHARE.get(card.protocol, "") if card else "",
            error_in_words=_error_in_words(noun, paired.n, is_drawn=paired.is_drawn),
            ceiling_in_words=ceiling_words,
            ranking_in_words=_ranking_in_words(paired, noun, card, is_better=is_better),
            n_ranked=len(paired.rows) if is_better else 0,
            is_drawn=paired.is_drawn,
            is_registered=card is not None,
            in_overall=is_better and (card is not None or not is_known) and bool(paired.rows),
        ),
        files,
        paired,
    )


def _usual(files: Iterable[ScoreFile], read: Callable[[ScoreFile], str]) -> str:
    """Return what most files say, the first in the alphabet of equals."""
    counts = Counter(map(read, files))
    return min(counts, key=lambda said: (-counts[said], said))


def _noun(card: BenchmarkCard | None, files: Iterable[ScoreFile]) -> str:
    """Return what a sample is, where nobody is ranked."""
    said = card.unit_of_uncertainty if card else _usual(files, lambda file: file.samples.noun)
    return "listener" if said == "subject" else said or "sample"


def _ceiling(files: list[ScoreFile]) -> tuple[float, float, str]:
    """Return the mean ceiling of rows with its error, and what is to be said of it."""
    found = np.array([file.primary.ceiling for file in files])
    known = found[np.isfinite(found)]
    if not len(known):
        return math.nan, math.nan, "no ceiling"
    errors = np.array([file.primary.ceiling_error for file in files])[np.isfinite(found)]
    low, high = float(known.min()), float(known.max())
    kind = _usual(files, lambda file: file.ceiling_kind)
    if high - low <= _SAME * max(abs(high), abs(low)):
        return float(known[0]), float(errors[0]), kind
    words = f"rows disagree on it, from {low:.4f} to {high:.4f}, so that their mean is shown"
    return float(known.mean()), math.nan, f"{kind}; {words}" if kind else words


def own_error_in_words(column: Column, file: ScoreFile) -> str:
    """Return what the error of one number is over: a model may have been scored on fewer samples.

    Of a number that papers print nothing is known; it has the words of its column.
    """
    samples = file.samples
    if file.status == "published" or not samples.normalised:
        return column.error_in_words
    n = len(samples.normalised) if samples.is_drawn else sum(map(math.isfinite, samples.normalised))
    return _error_in_words(samples.noun.strip() or column.sample, n, is_drawn=samples.is_drawn)


def _error_in_words(noun: str, n: int, *, is_drawn: bool) -> str:
    if not n:
        return f"standard error over {plural(noun)}"
    if is_drawn:
        return f"standard error, {plural(noun)} drawn anew, {n:,} draws"
    if n == 1:
        return f"no error: one {noun} alone"
    return f"standard error over {counted(n, noun)}"


def _ranking_in_words(
    paired: Paired, noun: str, card: BenchmarkCard | None, *, is_better: bool
) -> str:
    if not is_better and card is not None:
        return f"No ranks: it says {NO_BETTER[card.protocol]}, and more is neither better nor worse"
    if not paired.rows:
        return "Nobody is ranked"
    if not paired.is_testable:
        return (
            f"{counted(paired.n, noun)} cannot tell two models apart, for which {LEAST_SAMPLES} "
            "are needed: every rank may be any"
        )
    if paired.is_drawn:
        return f"Ranks by {paired.n:,} paired draws of {plural(noun)}, which come with the scores"
    return f"Ranks by {N_DRAWS:,} paired draws of {counted(paired.n, noun)} with replacement"
