"""The page on methods: what every number and mark means, and what is scored how."""

from __future__ import annotations

from collections.abc import Mapping

from heschl import registry
from heschl.cards import MetricCard
from heschl.leaderboard import downloads
from heschl.leaderboard.board import Board, Column
from heschl.leaderboard.site import Site

__all__ = ["write"]


def write(site: Site, boards: Mapping[str, Board]) -> None:
    """Write ``about.html``."""
    columns = _columns(boards)
    site.page(
        "about.html",
        "about.html.j2",
        columns=columns,
        errors_over=_errors_over(columns, boards),
        metrics=_metrics(columns),
        files=downloads.listing(site, boards),
        checksums=downloads.CHECKSUMS,
    )


def _columns(boards: Mapping[str, Board]) -> list[Column]:
    """Return every benchmark once: of real recordings where there are some."""
    by_slug: dict[str, Column] = {}
    for board in boards.values():
        for column in board.columns:
            by_slug.setdefault(column.slug, column)
    return sorted(by_slug.values(), key=lambda column: (column.path, column.label, column.slug))


def _errors_over(columns: list[Column], boards: Mapping[str, Board]) -> dict[str, str]:
    """Return, by slug, what errors are over; simulated listeners are not those of the dataset."""
    real = {column.slug for column in boards["real"].columns}
    return {
        column.slug: column.samples_in_words + ("" if column.slug in real else ", simulated")
        for column in columns
    }


def _metrics(columns: list[Column]) -> list[MetricCard]:
    """Return the cards of the metrics that the board uses; one of a stranger's may not be here."""
    used = sorted({column.metric for column in columns})
    return [registry.metrics.card(metric) for metric in used if registry.metrics.has(metric)]
