"""Published values: what a paper reports for a benchmark, as data to stand beside ours.

A table of tab-separated columns ``model roi quantity value error source`` below a few
``# key: value`` lines (``paper``, ``note``, and ``training of MODEL``, how the paper says that it
was trained, in a word of the leaderboard's). ``model`` is the paper's name of it, empty for what
belongs to the data; ``quantity`` is a name of `OURS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from heschl.comparison import ceiling_exponent, of_listeners
from heschl.dimensions import ROI, SUBJECT
from heschl.errors import CorruptData
from heschl.resources import read_text
from heschl.scores import Score

__all__ = ["OURS", "Published", "PublishedTable", "read_published"]

_COLUMNS = ("model", "roi", "quantity", "value", "error", "source")
_TRAINING = "training of "


@dataclass(frozen=True)
class Published:
    """One number of a paper, and where in it it stands; ``error`` is NaN where none is printed."""

    model: str
    roi: str
    quantity: str
    value: float
    error: float
    source: str

    def ours(self, score: Score) -> float:
        """Return the same quantity of a score; NaN if it does not report the region."""
        if self.roi not in score.tree["population"][ROI].to_numpy().tolist():
            return math.nan
        return OURS[self.quantity](score, self.roi)


@dataclass(frozen=True)
class PublishedTable:
    """The numbers of one paper."""

    paper: str
    note: str
    rows: tuple[Published, ...]
    training: Mapping[str, str]
    """How models were trained, by the paper's name of each that it says so of."""


def _score_of_all_units(score: Score, roi: str) -> float:
    """Return the mean over all units of a region, whose ceilings papers do not ask for first."""
    of_each = of_listeners(score, "score_of_all_units").sel({ROI: roi})
    return float(of_each.mean())  # of those who have one


def _ceiling_of_all_units(score: Score, roi: str) -> float:
    units = score.tree["units"].to_dataset()
    ceiling = score.tree["ceiling"]["ceiling"].to_numpy()
    is_member = units["in_roi"].sel({ROI: roi}).to_numpy().astype(bool) & np.isfinite(ceiling)
    ceiling = ceiling[is_member]
    _, owner = np.unique(units[SUBJECT].to_numpy()[is_member], return_inverse=True)
    if not len(owner):
        return math.nan
    return float((np.bincount(owner, ceiling) / np.bincount(owner)).mean())


def _ratio_of_averages(score: Score, roi: str) -> float:
    """Return the one over the other, as `heschl.comparison.reductions` does for the units kept."""
    ceiling = _ceiling_of_all_units(score, roi)
    exponent = ceiling_exponent(score)
    return _score_of_all_units(score, roi) / ceiling**exponent if ceiling > 0 else math.nan


def _rule(quantity: str) -> Callable[[Score, str], float]:
    def of(score: Score, roi: str) -> float:
        chosen = {"quantity": quantity, "layer_rule": score.layer_rule, ROI: roi}
        return float(score.tree["population"]["rule_value"].sel(chosen))

    return of


def _best_layer(score: Score, roi: str) -> float:
    """Return the mean over folds of the layer that does best; NaN where none was looked for."""
    summary = score.tree["summary"].to_dataset()
    if "best_layer" not in summary:
        return math.nan
    return float(summary["best_layer"].sel({ROI: roi}).mean())


OURS: Mapping[str, Callable[[Score, str], float]] = {
    "score": _score_of_all_units,
    "normalised": _rule("normalised"),
    "ceiling": _ceiling_of_all_units,
    "average_of_ratios": _rule("normalised"),
    "ratio_of_averages": _ratio_of_averages,
    "best_layer": _best_layer,
}
"""What may be published of a region, and how it is read off a score. Scores and ceilings are those
of all units; the units that the board leaves out for their ceilings lack a ratio alone."""


def read_published(resource: str) -> PublishedTable:
    """Return the table of a card's ``"package:relative/path.tsv"``."""
    lines = read_text(resource).splitlines()
    header: dict[str, str] = {}
    n_header = next((n for n, line in enumerate(lines) if line[:1] != "#"), len(lines))
    for line in lines[:n_header]:
        key, _, value = line[1:].partition(":")
        header[key.strip()] = value.strip()
    lines = lines[n_header:]
    if not lines or tuple(lines[0].split("\t")) != _COLUMNS:
        raise CorruptData(
            f"{resource} lacks the header row; expected the tab-separated columns "
            + " ".join(_COLUMNS)
        )
    rows = tuple(_row(line, f"{resource}, row {n}") for n, line in enumerate(lines[1:], start=1))
    training = {
        key.removeprefix(_TRAINING): value
        for key, value in header.items()
        if key.startswith(_TRAINING)
    }
    if strangers := sorted(training.keys() - {row.model for row in rows}):
        raise CorruptData(
            f"{resource} tells the training of {', '.join(map(repr, strangers))}, of which it has "
            "no row; write the model as its rows do"
        )
    return PublishedTable(header.get("paper", ""), header.get("note", ""), rows, training)


def _row(line: str, where: str) -> Published:
    cells = line.split("\t")
    try:
        model, roi, quantity, value, error, source = cells
        row = Published(
            model, roi, quantity, float(value), float(error) if error else math.nan, source
        )
    except ValueError as problem:
        raise CorruptData(
            f"{where} is {line!r}: {problem}; expected {len(_COLUMNS)} cells"
        ) from None
    if quantity not in OURS:
        raise CorruptData(
            f"{where} has the quantity {quantity!r}; expected one of {', '.join(OURS)}"
        )
    return row
