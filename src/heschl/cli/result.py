"""A score as a person reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from heschl.cli.printing import number, print_table, print_text
from heschl.dimensions import LAYER, ROI
from heschl.scores import Score

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
    """Print the table by region and layer, then the board's number in words."""
    print_table(
        ["region", "layer", "score", "ceiling", "normalised", "95 % interval", "p", "n", "units"],
        [_cells(row) for row in _rows(score)],
        title=f"{score.model} on {score.benchmark} ({score.tree.attrs['data_kind']} data)",
    )
    print_text("* the layer chosen most often on the other listeners. p: Wilcoxon over listeners,")
    print_text("  – where fewer than six leave it untestable. Units: those with a usable ceiling.")
    print_text()
    print_text(score.explain())


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
        f"{number(row['value'])} ± {number(row['error'])}",
        f"[{number(row['low'])}, {number(row['high'])}]",
        number(row["p"], 4),
        str(row["n"]),
        str(row["n_units"]),
    ]
