"""A page for each model: what it is, its numbers on every benchmark, its layers and its regions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from heschl.leaderboard.board import Board, Column, Row
from heschl.leaderboard.cell_facts import reproduce_command
from heschl.leaderboard.differences import twin_figures
from heschl.leaderboard.figures import Figure, layer_figure, region_figure
from heschl.leaderboard.numbers import amount, error, hours, number, rank
from heschl.leaderboard.score_downloads import ScoreDownload, copied_scores
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.shown_cells import ShownCell, shown_cell
from heschl.leaderboard.site import Site
from heschl.leaderboard.surface_pages import MapFigure, figure_of
from heschl.wording import counted

__all__ = ["write"]

_TITLES = {"real": "On recordings", "phantom": "On simulated recordings"}


@dataclass(frozen=True)
class Block:
    """The figures of one benchmark."""

    id: str
    slug: str
    label: str
    figures: tuple[Figure, ...]
    maps: MapFigure | None


@dataclass(frozen=True)
class Section:
    """What one board says of a model."""

    board: str
    title: str
    overall: str
    words: str
    """What the overall number is, where there is one."""
    cells: tuple[tuple[Column, ShownCell], ...]
    blocks: tuple[Block, ...]
    twin: Figure | None
    commands: str


def write(site: Site, boards: Mapping[str, Board]) -> None:
    """Write the page of every model that is on a board."""
    twins = {name: twin_figures(board) for name, board in boards.items()}
    places: dict[str, dict[str, int]] = {}
    for name, board in boards.items():
        for i, row in enumerate(board.rows):
            places.setdefault(row.slug, {})[name] = i
    names = {row.id: row for board in boards.values() for row in board.rows}
    for slug, found in places.items():
        row = next(boards[name].rows[i] for name, i in found.items())
        sections = [_section(boards[name], i, twins[name].get(i)) for name, i in found.items()]
        site.page(
            f"models/{slug}.html",
            "model.html.j2",
            row=row,
            facts=_facts(row),
            twin=names.get(row.untrained_twin),
            sections=sections,
            has_maps=any(block.maps for section in sections for block in section.blocks),
            score_files=_score_files(site, slug, [boards[name] for name in found]),
        )


def _score_files(site: Site, slug: str, boards: Iterable[Board]) -> ScoreDownload | None:
    if site.submissions is None:
        return None
    files = (
        board.files[slug, column.slug]
        for board in boards
        for column in board.columns
        if (slug, column.slug) in board.files
    )
    return copied_scores(site, site.submissions, slug, files)


def _facts(row: Row) -> list[tuple[str, str]]:
    """Return what the card says, without what it does not say."""
    parameters = "" if row.parameters is None else amount(row.parameters)
    facts = {
        "Id": row.id if row.id != row.name else "",
        "Family": row.family,
        "Modality": row.modality,
        "Parameters": parameters,
        "Training": row.training_kind if row.training_kind != "unknown" else "",
        "Objective": row.objective if row.objective != "none" else "",
        "Hours": "" if row.hours is None else f"{hours(row.hours)} h",
        "Languages": ", ".join(row.languages),
        "Licence": row.licence,
        "Submitted by": row.submitted_by,
    }
    return [(label, text) for label, text in facts.items() if text]


def _section(board: Board, i: int, twin: Figure | None) -> Section:
    row = board.rows[i]
    here = [
        (j, column, board.files[row.slug, column.slug])
        for j, column in enumerate(board.columns)
        if (row.slug, column.slug) in board.files
    ]
    commands = (reproduce_command(row, column, file) for _, column, file in here)
    return Section(
        board.section,
        _TITLES[board.section],
        _overall_in_words(board, i),
        board.overall_in_words if np.isfinite(board.overall["value"][i]) else "",
        tuple((column, shown_cell(board, i, j, file)) for j, column, file in here),
        tuple(_blocks(board.section, row.slug, here)),
        twin,
        "\n".join(filter(None, commands)),
    )


def _overall_in_words(board: Board, i: int) -> str:
    overall, slug = board.overall, board.rows[i].slug
    is_here = [(slug, column.slug) in board.files for column in board.columns]
    # Of benchmarks that papers alone have numbers of, nobody could be ranked.
    n_open = sum(here or bool(c.n_ranked) for here, c in zip(is_here, board.columns, strict=True))
    covered = f"Scored on {sum(is_here)} of {counted(n_open, 'benchmark')}."
    value, low = float(overall["value"][i]), int(overall["rank_low"][i])
    if not np.isfinite(value):
        why = board.why_unranked.get((slug, "overall"), "")
        return f"{covered} No overall rank{f': {why}' if why else ''}."
    shown = f"{number(value)} {error(float(overall['error'][i]))}".rstrip()
    n_ranked = int((overall["rank_low"] > 0).sum())
    place = f"rank {rank(low, int(overall['rank_high'][i]))} of {n_ranked}" if low else "not ranked"
    return f"{covered} Overall {shown}, {place}."


def _blocks(section: str, slug: str, here: list[tuple[int, Column, ScoreFile]]) -> Iterator[Block]:
    """Yield the benchmarks that have more to show than a number."""
    for _, column, file in here:
        prefix, name = f"{section}-{column.slug}", column.number_name
        figures = (
            layer_figure(file, f"{prefix}-layers", "By layer", number_name=name),
            region_figure(file, f"{prefix}-regions", "By region", number_name=name),
        )
        there = tuple(figure for figure in figures if figure is not None)
        maps = figure_of(slug, column.slug, file, column.label) if file.maps else None
        if there or maps:
            yield Block(prefix, column.slug, column.label, there, maps)
