"""Rows of numbers that papers print, to stand beside ours: never ranked, never averaged.

Of what a paper prints the board shows what is of the same quantity as its own numbers. Everything
else, such as the number of a layer, stays in the table that comes along.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import asdict
from typing import cast, get_args

from heschl.cards import BenchmarkCard
from heschl.errors import CorruptData
from heschl.leaderboard.board import Row
from heschl.leaderboard.score_file import Estimate, Region, Samples, ScoreFile
from heschl.leaderboard.submissions import slug_of
from heschl.leaderboard.training_kinds import TrainingKind
from heschl.published import Published, PublishedTable

__all__ = ["published_rows"]

_QUANTITIES = {
    "score": "score",
    "normalised": "normalised",
    "average_of_ratios": "normalised",  # what the board's normalised number is
}


def published_rows(
    card: BenchmarkCard, table: PublishedTable, roi: str, taken: Collection[str]
) -> list[tuple[Row, ScoreFile]]:
    """Return a row and its file for every model of a paper's table that has a number of ours.

    Where a paper prints a number twice, the first counts. Errors are left to the table, since a
    paper's are of whatever kind.

    Parameters
    ----------
    card
        Of the benchmark.
    table
        What the paper prints.
    roi
        The region of the board's number; the paper may lack it.
    taken
        The slugs of submissions, which no paper's row may have.
    """
    rows = []
    for model in dict.fromkeys(each.model for each in table.rows if each.model):
        of_model = [each for each in table.rows if each.model == model]
        if any(each.quantity in _QUANTITIES for each in of_model):
            slug = slug_of(f"published-{card.protocol.partition('.')[0]}-{model}")
            while slug in taken:
                slug += "-of-paper"
            row = _row(slug, model, card, table)
            rows.append((row, _file(row, card, table, of_model, roi)))
    return rows


def _row(slug: str, model: str, card: BenchmarkCard, table: PublishedTable) -> Row:
    return Row(
        slug=slug,
        id=slug,
        name=model,
        summary=f"{model}, as printed in {table.paper}",
        family=table.paper,
        modality="audio",
        parameters=None,
        hours=None,
        languages=(),
        objective="",
        training_kind=_training(model, table),
        licence="",
        url="",
        citation=card.citation,
        untrained_twin="",
        submitted_by=table.paper,
        is_ranked=False,
    )


def _training(model: str, table: PublishedTable) -> TrainingKind:
    """Return what the paper says, and that it is unknown where it says nothing."""
    kind = table.training.get(model, "unknown")
    if kind not in get_args(TrainingKind):
        raise CorruptData(
            f"the table of {table.paper} has the training {kind!r} of {model!r}; expected one of "
            + ", ".join(get_args(TrainingKind))
        )
    return cast("TrainingKind", kind)


def _file(
    row: Row, card: BenchmarkCard, table: PublishedTable, of_model: list[Published], roi: str
) -> ScoreFile:
    first: dict[tuple[str, str], float] = {}
    for each in of_model:
        if each.quantity in _QUANTITIES:
            first.setdefault((each.roi, _QUANTITIES[each.quantity]), each.value)
    ceilings = {
        each.roi: each.value for each in table.rows if each.quantity == "ceiling" and not each.model
    }
    sources = ", ".join(dict.fromkeys(each.source for each in of_model if each.source))
    return ScoreFile(
        model=row.id,
        benchmark=card.id,
        benchmark_version=card.version,
        dataset=card.dataset,
        data_kind="real",
        protocol=card.protocol,
        status="published",
        primary_roi=roi,
        layer_rule="",
        score_meaning="",
        normalisation="",
        ceiling_kind="",
        interval_level=0.95,
        explanation=f"Printed in {table.paper}, {sources}. {table.note}",
        samples=Samples("listener", is_drawn=False, names=(), score=(), normalised=()),
        regions=tuple(
            Region(
                name,
                n=0,
                n_units=0,
                score=_printed(first.get((name, "score"))),
                normalised=_printed(first.get((name, "normalised"))),
                ceiling=ceilings.get(name, math.nan),
                ceiling_error=math.nan,
                layer="",
            )
            for name in dict.fromkeys([roi, *(name for name, _ in first)])
        ),
        layers=(),
        curves=(),
        provenance={},
        source_sha256="",
        source_bytes=0,
        citation=f"{table.paper}, {sources}",
        extra={
            "published": [
                {
                    name: None if isinstance(value, float) and math.isnan(value) else value
                    for name, value in asdict(each).items()
                }
                for each in of_model
            ]
        },
    )


def _printed(value: float | None) -> Estimate:
    return Estimate(math.nan if value is None else value, *[math.nan] * 4)
