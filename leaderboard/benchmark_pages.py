"""A page for each benchmark: what it measures, and every model on it with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from heschl import registry
from heschl.leaderboard.board import Board, Column, Row
from heschl.leaderboard.columns import NO_NORMALISATION
from heschl.leaderboard.dot_chart import DotRow
from heschl.leaderboard.figures import Figure, dot_figure, interval
from heschl.leaderboard.numbers import error, number
from heschl.leaderboard.region_order import in_anatomical_order
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.shown_cells import ShownCell, shown_cell
from heschl.leaderboard.site import Site
from heschl.leaderboard.surface_pages import reference_figure
from heschl.published import PublishedTable
from heschl.wording import counted

__all__ = ["write"]

_TITLES = {"real": "On recordings", "phantom": "On simulated recordings"}


@dataclass(frozen=True)
class Section:
    """What one board says of a benchmark."""

    board: str
    title: str
    ceiling: str
    errors: str
    ranking: str
    figure: Figure | None
    models: tuple[tuple[Row, ShownCell], ...]
    """Best first, or highest where more is not better."""
    published: tuple[tuple[Row, ShownCell, str], ...]
    """With the paper and its table."""
    printed: PublishedTable | None
    """All that its paper prints, in whatever unit."""
    regions: tuple[str, ...]
    """In anatomical order; empty where there is one alone."""
    by_region: tuple[tuple[Row, tuple[tuple[float, float], ...]], ...]


def write(site: Site, boards: Mapping[str, Board]) -> None:
    """Write the page of every benchmark that is on a board."""
    places: dict[str, dict[str, int]] = {}
    for name, board in boards.items():
        for j, column in enumerate(board.columns):
            places.setdefault(column.slug, {})[name] = j
    for slug, found in places.items():
        first, j = next(iter(found.items()))
        column = boards[first].columns[j]
        site.page(
            f"benchmarks/{slug}.html",
            "benchmark.html.j2",
            column=column,
            facts=_facts(column, is_simulated=first == "phantom"),
            reference=reference_figure(column.dataset),
            sections=[_section(boards[name], at) for name, at in found.items()],
        )


def _facts(column: Column, *, is_simulated: bool) -> list[tuple[str, str]]:
    facts = {
        "Id": column.id if column.id != column.label else "",
        "Version": str(column.version),
        "Dataset": column.dataset,
        **_dataset_facts(column.dataset),
        "Metric": column.metric,
        "Protocol": column.protocol,
        "Board’s region": column.primary_roi,
        "Score": column.score_meaning,
        "Normalisation": column.normalisation,
        # Simulated listeners are not those of the recordings, which a line above counts.
        "Errors": column.error_in_words + (", simulated" if is_simulated else ""),
    }
    return [(label, text) for label, text in facts.items() if text]


def _dataset_facts(dataset: str) -> Mapping[str, str]:
    if not registry.datasets.has(dataset):  # of a benchmark that is not installed here
        return {}
    card = registry.datasets.card(dataset)
    subjects = "" if card.n_subjects is None else counted(card.n_subjects, "listener")
    return {
        "Recording": ", ".join(filter(None, (card.recording, subjects))),
        "Languages": ", ".join(card.languages),
        "Access": card.access + (f" – {card.how_to_get}" if card.how_to_get else ""),
    }


def _section(board: Board, j: int) -> Section:
    column = board.columns[j]
    value = board.value["normalised"][:, j]
    # Stable, so that equal numbers keep the board's order; what is NaN comes last.
    order = np.argsort(-value, kind="stable").tolist()
    here = [
        (i, board.rows[i], board.files[board.rows[i].slug, column.slug])
        for i in order
        if (board.rows[i].slug, column.slug) in board.files
    ]
    scored = [each for each in here if each[2].status != "published"]
    names = {region.name for _, _, file in scored for region in file.regions}
    regions = tuple(in_anatomical_order(sorted(names))) if len(names) > 1 else ()
    cells = {i: shown_cell(board, i, j, file) for i, _, file in here}
    return Section(
        board.section,
        _TITLES[board.section],
        _ceiling_in_words(column),
        column.error_in_words,
        column.ranking_in_words,
        _figure(board, j, [i for i, _, _ in scored]),
        tuple((row, cells[i]) for i, row, _ in scored),
        tuple(
            (row, cells[i], file.citation) for i, row, file in here if file.status == "published"
        ),
        board.published.get(column.slug),
        regions,
        tuple((row, tuple(_by_region(file, regions))) for _, row, file in scored)
        if regions
        else (),
    )


def _ceiling_in_words(column: Column) -> str:
    if not np.isfinite(column.ceiling) and column.normalisation.startswith(NO_NORMALISATION):
        return "There is no ceiling: numbers are as they were measured."
    if not np.isfinite(column.ceiling):
        return f"There is no ceiling of the whole; numbers are {column.normalisation}."
    shown = f"{number(column.ceiling)} {error(column.ceiling_error)}".rstrip()
    kind = f" ({column.ceiling_in_words})" if column.ceiling_in_words else ""
    if column.number_name:
        return f"The data allow {shown}{kind}; the numbers here are no share of it."
    return f"The data allow {shown}{kind}, which is 1 when normalised."


def _figure(board: Board, j: int, order: list[int]) -> Figure | None:
    column = board.columns[j]
    known = [i for i in order if np.isfinite(board.value["normalised"][i, j])]
    if not known:
        return None
    value, low, high = (
        each["normalised"][:, j].tolist() for each in (board.value, board.low, board.high)
    )
    rows = [
        DotRow(
            board.rows[i].name,
            value[i],
            low[i],
            high[i],
            number(value[i]),
            interval(low[i], high[i]),
        )
        for i in known
    ]
    best = board.rows[known[0]].name
    return dot_figure(
        f"{board.section}-models",
        f"{counted(len(known), 'model')}, {'highest' if column.is_descriptive else 'best'} first",
        f"{column.number_name or 'Normalised scores'} of {counted(len(known), 'model')} with their "
        f"intervals; the highest is {number(value[known[0]])}, of {best}. The table below has "
        "every number.",
        rows,
        axis=column.number_name or "Normalised score",
        ceiling=1.0 if np.isfinite(column.ceiling) and not column.number_name else np.nan,
    )


def _by_region(file: ScoreFile, regions: tuple[str, ...]) -> Iterator[tuple[float, float]]:
    """Yield the normalised number of each region, and its error."""
    found = {region.name: region.normalised for region in file.regions}
    for name in regions:
        estimate = found.get(name)
        yield (math.nan, math.nan) if estimate is None else (estimate.value, estimate.error)
