"""Assembly: from submissions to a board, with every statistic that pages show.

Numbers are those of the files, whole. What is computed here is what files alone cannot know: who
can be told from whom, ranks, and means over benchmarks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from heschl import registry
from heschl.leaderboard.board import Board, Row
from heschl.leaderboard.columns import known_card, measured, with_own_slugs
from heschl.leaderboard.published_rows import published_rows
from heschl.leaderboard.score_file import ScoreFile
from heschl.leaderboard.submissions import Submissions
from heschl.leaderboard.submitted_card import SubmittedCard
from heschl.leaderboard.tabulation import tabulated, told_apart_in
from heschl.leaderboard.training_kinds import training_kind
from heschl.leaderboard.tree import OUTSIDE
from heschl.published import PublishedTable, read_published

__all__ = ["assemble"]

_N_THREADS = 2
"""NumPy compares in them at once; each holds the draws of a thousand models."""
_FIRST = ("Brain", "Behaviour", "Probing")


def assemble(submissions: Submissions, section: Literal["real", "phantom"]) -> Board:
    """Return the board of a section.

    Parameters
    ----------
    submissions
        Of `heschl.leaderboard.submissions.read_submissions`.
    section
        ``real``, which papers' numbers stand beside, or ``phantom``, of simulated data.
    """
    by_benchmark: dict[str, dict[str, ScoreFile]] = defaultdict(dict)
    by_row: dict[str, list[ScoreFile]] = defaultdict(list)
    for (slug, benchmark, kind), file in sorted(submissions.files.items()):
        if kind == section:
            by_benchmark[benchmark][slug] = file
            by_row[slug].append(file)
    rows = {
        slug: _row(slug, submissions.cards[slug], files) for slug, files in sorted(by_row.items())
    }
    is_known = any(known_card(benchmark) for benchmark in by_benchmark)
    is_beside_papers = section == "real" and is_known
    tables = _add_published(rows, by_benchmark, submissions) if is_beside_papers else {}
    with ThreadPoolExecutor(_N_THREADS) as threads:
        found, told_apart = [], {}
        for benchmark, files in by_benchmark.items():
            each = measured(
                benchmark, known_card(benchmark), files, by_benchmark.keys(), is_known=is_known
            )
            found.append(each)
            told_apart[benchmark] = threads.submit(told_apart_in, each)  # beside all that follows
        found.sort(key=lambda each: _place(each.column.path, each.column.id))
        return tabulated(section, rows, with_own_slugs(found), told_apart, tables)


def _row(slug: str, card: SubmittedCard, files: Sequence[ScoreFile]) -> Row:
    training = card.training
    return Row(
        slug=slug,
        id=card.id,
        name=card.name,
        summary=card.summary,
        family=card.family,
        modality=card.modality,
        parameters=card.parameters,
        hours=training.hours,
        languages=training.languages,
        objective=training.objective,
        training_kind=training_kind(training, card.parameters),
        licence=card.licence,
        url=card.url,
        citation=card.citation,
        untrained_twin=card.untrained_twin,
        submitted_by=card.submitted_by,
        is_ranked=any(file.status != "published" for file in files),
    )


def _add_published(
    rows: dict[str, Row],
    by_benchmark: dict[str, dict[str, ScoreFile]],
    submissions: Submissions,
) -> dict[str, PublishedTable]:
    """Add the rows of papers, and return their tables by the id of a benchmark."""
    tables, shown = {}, set()
    for benchmark in registry.benchmarks.names():
        card = known_card(benchmark)
        if card is None or not card.published:
            continue
        is_scored = benchmark in by_benchmark
        if card.published in shown and not is_scored:
            continue  # a variant of a benchmark that has them
        shown.add(card.published)
        table = read_published(card.published)
        ours = [file.primary_roi for file in by_benchmark.get(benchmark, {}).values()]
        roi = min(set(ours), key=lambda each: (-ours.count(each), each)) if ours else ""
        roi = roi or next((each.roi for each in table.rows), "")
        printed = published_rows(card, table, roi, submissions.cards)
        if printed or is_scored:
            tables[benchmark] = table
        for row, file in printed:
            rows[row.slug] = row
            by_benchmark[benchmark][row.slug] = file
    return tables


def _place(path: tuple[str, ...], name: str) -> tuple[int, tuple[str, ...], str]:
    """Return what columns are sorted by: brains first, what counts nowhere last."""
    order = [*_FIRST, "", *OUTSIDE]
    return order.index(path[0] if path[0] in order else ""), path, name
