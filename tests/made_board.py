"""Submissions of a few numbers, for tests of what a board makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from heschl.cards import Training
from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.board import Board, Column
from heschl.leaderboard.score_file import Estimate, Region, Samples, ScoreFile
from heschl.leaderboard.submissions import Submissions, slug_of
from heschl.leaderboard.submitted_card import SubmittedCard

NOTHING = Estimate(*[math.nan] * 5)
ONE, TWO, DRAWN = "nh2015-ridge", "timit_ecog-trf", "nh2015_components-ridge"
N_LISTENERS = 8


def score_file(
    model: str,
    benchmark: str,
    numbers: Mapping[str, float] | tuple[float, ...],
    *,
    digest: str = "draws",
    ceiling: float = 0.5,
    noun: str = "listener",
    value: float | None = None,
    **changes: Any,
) -> ScoreFile:
    """Return a file of the numbers of listeners by name, or of draws."""
    is_drawn = isinstance(numbers, tuple)
    values = tuple(numbers) if isinstance(numbers, tuple) else tuple(numbers.values())
    finite = [each for each in values if math.isfinite(each)]
    mean = sum(finite) / len(finite) if finite and value is None else value
    found = Estimate(math.nan if mean is None else mean, 0.02, 0.1, 0.9, 0.01)
    halved = Estimate(found.value * ceiling, 0.01, 0.05, 0.45, 0.01)
    fields: dict[str, Any] = {
        "model": model,
        "benchmark": benchmark,
        "benchmark_version": 1,
        "dataset": "",
        "data_kind": "real",
        "protocol": "",
        "status": "self-reported",
        "primary_roi": "all",
        "layer_rule": "nested",
        "score_meaning": "correlation",
        "normalisation": "score / ceiling",
        "ceiling_kind": "split half",
        "interval_level": 0.95,
        "explanation": "made",
        "samples": Samples(
            noun,
            is_drawn,
            (digest,) if is_drawn else tuple(numbers),
            tuple(number * ceiling for number in values),
            values,
        ),
        "regions": (Region("all", len(finite), 100, halved, found, ceiling, 0.01, "final"),),
        "layers": ("final",),
        "curves": (),
        "provenance": {},
        "source_sha256": "0" * 64,
        "source_bytes": 1,
    }
    return ScoreFile(**fields | changes)


def submissions(files: Iterable[ScoreFile], **cards: Any) -> Submissions:
    """Return submissions of some files; ``cards`` says more of a model by its slug."""
    files = list(files)
    slugs = {slug_of(file.model): file.model for file in files}
    return Submissions(
        {
            slug: SubmittedCard(
                id=model,
                name=model,
                **{"training": Training("masked units"), "parameters": 1, **cards.get(slug, {})},
            )
            for slug, model in slugs.items()
        },
        {(slug_of(file.model), file.benchmark, file.data_kind): file for file in files},
    )


def listeners(*numbers: float) -> dict[str, float]:
    """Return numbers by the names of listeners."""
    return {f"S{place + 1}": number for place, number in enumerate(numbers)}


def eight(seed: int, level: float) -> dict[str, float]:
    """Return numbers of eight listeners around a level."""
    generator = np.random.default_rng(seed)
    return listeners(*(level + 0.03 * generator.standard_normal(N_LISTENERS)))


def board_of(*files, section="real", **cards) -> Board:
    return assemble(submissions(files, **cards), section)


def models(n: int, benchmark: str = ONE, **changes) -> list:
    """Return files of models, each a little better than the next."""
    return [
        score_file(f"m{number}", benchmark, eight(number, 0.6 - 0.02 * number), **changes)
        for number in range(n)
    ]


def cell(board: Board, row: str, column: str) -> tuple[int, int]:
    """Return the place of a number on the board."""
    return [each.slug for each in board.rows].index(row), [
        each.slug for each in board.columns
    ].index(column)


def column_of(board: Board, slug: str = ONE) -> Column:
    return next(each for each in board.columns if each.slug == slug)


def ranks(board: Board, row: str, column: str) -> tuple[int, int]:
    place = cell(board, row, column)
    return int(board.rank_low[place]), int(board.rank_high[place])


def two_benchmarks() -> list:
    return [*models(5), *models(4, TWO)]
