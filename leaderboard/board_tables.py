"""A board as tables of text: CSV for programs and spreadsheets, LaTeX for papers.

Names come from submitters, so nothing of them may act: no formula in a spreadsheet, no command in
LaTeX.
"""

from __future__ import annotations

import csv
import math
import unicodedata
from collections.abc import Iterator
from types import SimpleNamespace

from heschl.leaderboard.board import Board
from heschl.leaderboard.numbers import number

__all__ = ["CSV_FIELDS", "board_as_csv", "board_as_latex", "csv_text", "latex_text"]

QUANTITIES = ("score", "normalised")
_PARTS = {"value": "", "error": "_error", "low": "_low", "high": "_high"}
_NUMBERS = tuple(f"{quantity}{suffix}" for quantity in QUANTITIES for suffix in _PARTS.values())
CSV_FIELDS = (
    "section",
    "row",
    "id",
    "name",
    "column",
    "benchmark",
    "version",
    "status",
    *_NUMBERS,
    "ceiling",
    "ceiling_error",
    "rank_low",
    "rank_high",
    "why_unranked",
    "coverage",
    "primary_roi",
    "layer",
    "sample",
    "n",
    "source_sha256",
)

# A spreadsheet takes a cell that begins so for a formula, in some languages by the wide forms of
# the signs too; the apostrophe marks a text.
_FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "'",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)

_LATEX = {
    "\\": r"\textbackslash{}",
    # As commands, since BibTeX counts braces even behind a backslash.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}


def csv_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> csv_text("=1+1"), csv_text("logmel")
    ("'=1+1", 'logmel')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def latex_text(text: str) -> str:
    r"""Return a text that LaTeX prints as it is, on one line.

    >>> latex_text("a_b\\input{x}")
    'a\\_b\\textbackslash{}input\\textbraceleft{}x\\textbraceright{}'
    """
    # Controls of the line or of the direction of writing would set what stands around the text.
    one_line = "".join(" " if c.isspace() else c for c in text)
    shown = (
        c for c in one_line if unicodedata.category(c) not in {"Cc", "Cf", "Cs"} or c == "\u200d"
    )
    return " ".join("".join(_LATEX.get(c, c) for c in shown).split())


def board_as_csv(board: Board) -> str:
    """Return a line for each number, and one for each row's mean over all benchmarks.

    Numbers are written in full, so that they read back as they were; where there is none, the
    field is empty.
    """
    lines: list[str] = []  # a quarter of what a text that grows would take
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    writer.writerow(CSV_FIELDS)
    writer.writerows(_cell_lines(board))
    writer.writerows(_overall_lines(board))
    return "".join(lines)


def _cell_lines(board: Board) -> Iterator[list[object]]:
    numbers = [
        getattr(board, part)[quantity].tolist() for quantity in QUANTITIES for part in _PARTS
    ]
    rank_low, rank_high = board.rank_low.tolist(), board.rank_high.tolist()
    ids = [csv_text(column.id) for column in board.columns]
    for i, row in enumerate(board.rows):
        model = [board.section, row.slug, csv_text(row.id), csv_text(row.name)]
        for j, column in enumerate(board.columns):
            file = board.files.get((row.slug, column.slug))
            if file is None:
                continue
            region, samples = file.primary, file.samples
            # Of samples that were drawn anew there is no number.
            yield [
                *model,
                *(column.slug, ids[j], file.benchmark_version, file.status),
                *(_number(table[i][j]) for table in numbers),
                *(_number(region.ceiling), _number(region.ceiling_error)),
                *(rank_low[i][j], rank_high[i][j]),
                csv_text(board.why_unranked.get((row.slug, column.slug), "")),
                "",
                *(csv_text(file.primary_roi), csv_text(region.layer)),
                *(csv_text(samples.noun), "" if samples.is_drawn else region.n, file.source_sha256),
            ]


def _overall_lines(board: Board) -> Iterator[list[object]]:
    overall = board.overall
    for i, row in enumerate(board.rows):
        line: dict[str, object] = {
            "section": board.section,
            "row": row.slug,
            "id": csv_text(row.id),
            "name": csv_text(row.name),
            "column": "overall",
            "benchmark": "overall",
            **{
                f"normalised{suffix}": _number(float(overall[part][i]))
                for part, suffix in _PARTS.items()
            },
            "rank_low": int(overall["rank_low"][i]),
            "rank_high": int(overall["rank_high"][i]),
            "why_unranked": csv_text(board.why_unranked.get((row.slug, "overall"), "")),
            "coverage": float(overall["coverage"][i]),
        }
        yield [line.get(name, "") for name in CSV_FIELDS]


def _number(value: float) -> float | str:
    return "" if math.isnan(value) else value


def board_as_latex(board: Board) -> str:
    """Return the normalised numbers with their errors as one LaTeX table, a line for each row."""
    head = " & ".join(["Model", *(latex_text(column.label) for column in board.columns), "Mean"])
    lines = [
        f"% The {board.section} section: normalised scores and their standard errors.",
        *(
            f"% Not normalised: {latex_text(column.label)}, {column.number_name.lower()}."
            for column in board.columns
            if column.number_name
        ),
        "% Needs booktabs; names may hold any script, so set it with LuaLaTeX or XeLaTeX.",
        rf"\begin{{tabular}}{{l{'r' * (len(board.columns) + 1)}}}",
        r"\toprule",
        rf"{head} \\",
        r"\midrule",
    ]
    value, error = board.value["normalised"], board.error["normalised"]
    for i, row in enumerate(board.rows):
        cells = [_latex_number(value[i, j], error[i, j]) for j in range(len(board.columns))]
        mean = _latex_number(board.overall["value"][i], board.overall["error"][i])
        lines.append(rf"{' & '.join([latex_text(row.name), *cells, mean])} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _latex_number(value: float, error: float) -> str:
    if not math.isfinite(value):
        return "--"
    shown = number(value).replace("−", "-")  # in a formula either is a minus
    return f"${shown}$" if not math.isfinite(error) else rf"${shown} \pm {error:.3f}$"
