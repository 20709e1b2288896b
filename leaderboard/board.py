"""The board: what the submissions say, as a table of models and benchmarks with its statistics.

There are two of them, of real and of simulated data, which never mix. Pages and downloads read this
and compute nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.separability import LEAST_SAMPLES, are_enough
from heschl.published import PublishedTable
from heschl.wording import counted, plural, some

__all__ = ["DESCRIPTIVE", "Board", "Column", "Group", "Row"]

DESCRIPTIVE = "Descriptive"
"""The group of benchmarks whose numbers describe models and praise none."""


@dataclass(frozen=True)
class Row:
    """A model, as its submission's card describes it."""

    slug: str
    """The folder of the submission, and the name of its page."""
    id: str
    name: str
    """As shown; any text, never to be trusted."""
    summary: str
    family: str
    modality: str
    parameters: int | None
    hours: float | None
    languages: tuple[str, ...]
    objective: str
    training_kind: Literal["untrained", "signal", "self-supervised", "supervised", "unknown"]
    licence: str
    url: str
    citation: str
    untrained_twin: str
    submitted_by: str
    is_ranked: bool
    """Whether it takes part in ranks; rows of published numbers do not."""


@dataclass(frozen=True)
class Column:
    """A benchmark."""

    slug: str
    id: str
    label: str
    summary: str
    version: int
    path: tuple[str, ...]
    """The groups above it in the tree, from the root on: ``("Brain", "fMRI", "narratives")``."""
    dataset: str
    metric: str
    protocol: str
    sample: str
    """What errors are taken over, in a word."""
    n: int
    """How many samples there are, or draws where samples were drawn anew with each score."""
    primary_roi: str
    ceiling: float
    ceiling_error: float
    ceiling_kind: str
    citation: str
    normalisation: str = ""
    score_meaning: str = ""
    number_name: str = ""
    """What the number is called if it is no share of a ceiling; empty for a normalised score."""
    error_in_words: str = ""
    """The kind of error, such as "standard error over 8 listeners"."""
    ceiling_in_words: str = ""
    """What the ceiling is, and whether rows disagree on it."""
    ranking_in_words: str = ""
    """What ranks rest on, or why nobody is ranked or told apart."""
    n_ranked: int = 0
    is_drawn: bool = False
    """Whether ``n`` counts draws."""
    is_registered: bool = True
    in_overall: bool = True
    """Whether the overall mean has it: a registered benchmark on which more is better, and on which
    somebody is ranked."""

    @property
    def is_descriptive(self) -> bool:
        """Whether more is neither better nor worse, and the number no share of a ceiling."""
        return self.path[:1] == (DESCRIPTIVE,)

    @property
    def is_testable(self) -> bool:
        """Whether there are enough samples to tell two models apart."""
        return are_enough(self.n, is_drawn=self.is_drawn)

    @property
    def samples_in_words(self) -> str:
        """What errors are taken over, and how many of them there are; of draws, how many."""
        if self.n == 0:
            return plural(self.sample)
        if self.is_drawn:
            return f"{plural(self.sample)}, drawn anew {self.n:,} times"
        return counted(self.n, self.sample)


@dataclass(frozen=True)
class Group:
    """A node of the benchmark tree: the mean of its children, each counted once."""

    path: tuple[str, ...]
    label: str
    children: tuple[str, ...]
    """Slugs of columns, or paths of groups joined by ``/``."""
    columns: tuple[str, ...]
    """Every column below it."""
    words: str = ""
    """What its mean is of, for who hovers over it."""


@dataclass(frozen=True)
class Board:
    """One section of the leaderboard; every array is (row, column) unless said otherwise.

    The first column of the ranks' and the separability's second axis set, ``overall``, is the mean
    over all columns by the tree; only rows with every column have it.
    """

    section: Literal["real", "phantom"]
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    files: Mapping[tuple[str, str], ScoreFile]
    """By the slugs of row and column."""
    value: Mapping[str, np.ndarray]
    """``score`` and ``normalised`` in the primary region; NaN where there is none."""
    error: Mapping[str, np.ndarray]
    low: Mapping[str, np.ndarray]
    high: Mapping[str, np.ndarray]
    rank_low: np.ndarray
    """1 + the number of rows that are separably better, by the normalised number; 0 is unranked."""
    rank_high: np.ndarray
    """The number of ranked rows less those that are separably worse; 0 is unranked."""
    why_unranked: Mapping[tuple[str, str], str]
    """By the slugs of row and column (or ``overall``): in words, why a number has no rank."""
    overall: Mapping[str, np.ndarray]
    """``value, error, low, high, rank_low, rank_high, coverage`` (row,) of the normalised number;
    ``coverage`` is the share of the columns that count on which a row is ranked."""
    separable: Mapping[str, np.ndarray]
    """By a column's slug or ``overall``: whether the paired difference of two rows excludes nought
    (row, row), bool, symmetric."""
    group_value: Mapping[str, np.ndarray] = field(default_factory=dict)
    """By the path of a group, joined by ``/``: the mean of its children (row,), NaN for rows that
    lack a column below it that counts."""
    overall_in_words: str = ""
    """What the overall number and its error are."""
    published: Mapping[str, PublishedTable] = field(default_factory=dict)
    """By the slug of a column, all that its paper prints, in units of whatever kind."""

    @property
    def overall_untold(self) -> str:
        """Why no two models are told apart overall, in a sentence; empty where they may be."""
        few = [each.label for each in self.columns if each.in_overall and not each.is_testable]
        if not few:
            return ""
        return (
            "Overall tells no models apart, so that every rank may be any: "
            f"{some(few, at_most=1)} {'has' if len(few) == 1 else 'have'} fewer than "
            f"{LEAST_SAMPLES} samples."
        )
