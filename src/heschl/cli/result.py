"""A score as a person reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from heschl.cli.printing import print_table, print_text
from heschl.dimensions import LAYER, ROI
from heschl.scores import Score
from heschl.wording import counted, number, with_error

__all__ = ["print_score", "score_record"]


def score_record(score: Score) -> dict[str, Any]:
    """Return a score as JSON can hold it: the board's number and every region and layer."""
    low, high = score.interval
    return {
        "model": score.model,
        "benchmark": score.benchmark,
        "benchmark_version": int(score.tree.attrs["benchmark_version"]),
        "data_kind": score.tree.attrs["data_kind"],
        "primary_roi": score.tree.attrs["primary_roi"],
        "value": score.value,
        "error": score.error,
        "low": low,
        "high": high,
        "p": score.p,
        "regions": _rows(score),
    }


def print_score(score: Score) -> None:
    """Print the board's number, the table by region and layer, and how the number came about."""
    attrs = score.tree.attrs
    name = f"{score.model} on {score.benchmark} ({attrs['data_kind']} data)"
    if np.isfinite(score.value):
        print_text(f"{name}: {with_error(score.value, score.error)}")
        print_text(_basis(score))
    else:
        print_text(f"{name}: no board number, as the last lines say")
    print_text()
    interval = f"{100 * float(score.tree['population'].attrs['interval_level']):g} % interval"
    print_table(
        ["region", "layer", "score", "ceiling", "normalised", interval, "p", "n", "units"],
        [_cells(row) for row in _rows(score)],
    )
    print_text(
        "* the layer chosen most often on the other listeners, as for the board's number; its row "
        "is its mean over all."
    )
    print_text("  p: Wilcoxon over listeners, – where fewer than six leave it untestable.")
    print_text("  Units: those with a usable ceiling.")
    print_text()
    print_text(score.explain())


def _basis(score: Score) -> str:
    """Return in one line what the board's number is of, and how sure it is."""
    attrs, population = score.tree.attrs, score.tree["population"]
    primary = attrs["primary_roi"]
    subjects = counted(int(population["n"].sel({ROI: primary})), attrs["unit_of_uncertainty"])
    basis = f"the board's number: {attrs['normalisation']} in region {primary}, over {subjects}"
    if np.isfinite(score.error):
        level = 100 * float(population.attrs["interval_level"])
        basis += f"; {level:g} % interval {_interval(*score.interval)}"
    return basis + (f", p = {number(score.p, 4)}" if np.isfinite(score.p) else "")


def _interval(low: float, high: float) -> str:
    return f"[{number(low)}, {number(high)}]" if np.isfinite([low, high]).all() else "–"


def _rows(score: Score) -> list[dict[str, Any]]:
    population, summary = score.tree["population"], score.tree["summary"]
    rows = []
    for roi in population[ROI].to_numpy().tolist():
        if not int(summary["n_units_of_region"].sel({ROI: roi}).sum()):
            continue
        chosen = population["nested_layer"].sel({ROI: roi}).to_numpy().tolist()
        for layer in population[LAYER].to_numpy().tolist():
            here = population.sel({ROI: roi, LAYER: layer})
            normalised = here.sel(quantity="normalised")
            rows.append(
                {
                    "roi": roi,
                    "layer": layer,
                    "is_chosen": max(set(chosen), key=chosen.count) == layer,
                    "score": float(here["value"].sel(quantity="score")),
                    "score_error": float(here["error"].sel(quantity="score")),
                    "score_of_all_units": float(
                        np.nanmean(summary["score_of_all_units"].sel({ROI: roi, LAYER: layer}))
                    ),
                    "ceiling": float(here["ceiling_value"]),
                    **{
                        name: float(normalised[name])
                        for name in ("value", "error", "low", "high", "p")
                    },
                    "n": int(here["n"]),
                    "n_units": int(summary["n_units"].sel({ROI: roi}).sum()),
                }
            )
    return rows


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        str(row["roi"]),
        str(row["layer"]) + ("*" if row["is_chosen"] else ""),
        number(row["score"]),
        number(row["ceiling"]),
        with_error(row["value"], row["error"]),
        _interval(row["low"], row["high"]),
        number(row["p"], 4),
        str(row["n"]),
        str(row["n_units"]),
    ]
