"""A score as a person reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from heschl.cli.printing import print_table, print_text
from heschl.dimensions import LAYER, ROI
from heschl.layer_choice import LAYER_RULES
from heschl.score_words import fairness_in_words
from heschl.scores import Score
from heschl.wording import counted, number, plural, with_error

__all__ = ["interval", "print_score", "score_record"]


_STATISTICS = ("value", "error", "low", "high", "p")
_CHOSEN = {
    "mean": "mean",
    "inner": "by unit",
    "splits": "by unit",
    "blocks": "by block",
    "training": "by split",
}
"""What a row of the table is called whose layers were chosen by a rule."""


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
        "trained_on_test_data": score.tree.attrs.get("trained_on_test_data", ""),
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
    for words in fairness_in_words(score):
        print_text(words)
    print_text()
    interval = f"{100 * float(score.tree['population'].attrs['interval_level']):g} % interval"
    print_table(
        ["region", "layer", "score", "ceiling", "normalised", interval, "p", "n", "units"],
        [_cells(row) for row in _rows(score)],
    )
    print_text(f"* {_choice(score)}.")
    if score.is_drawn:
        print_text(f"  Errors and intervals: with {plural(score.sample)} drawn anew.")
    else:
        samples = plural(score.sample)
        print_text(f"  p: Wilcoxon over {samples}, – where fewer than six leave it untestable.")
    if "rule_dual_error" in score.tree["population"]:
        at = {"quantity": "normalised", "layer_rule": score.layer_rule}
        error = score.tree["population"]["rule_dual_error"].sel(at | {ROI: attrs["primary_roi"]})
        print_text(f"  With other listeners and other sounds at once: ± {number(float(error))}.")
    if score.is_of_recordings and score.tree["ceiling"].attrs["kind"] != "none":
        print_text("  Units: those with a usable ceiling.")
    print_text()
    print_text(score.explain())


def _choice(score: Score) -> str:
    """Return what the starred rows are."""
    if score.tree["population"].sizes[LAYER] == 1:
        return "the only layer"
    if score.layer_rule == "nested":
        return (
            f"the layer chosen most often on the other {plural(score.sample)}, as for the board's "
            "number; its row is its mean over all"
        )
    return f"the board's number: {LAYER_RULES[score.layer_rule]}"


def _basis(score: Score) -> str:
    """Return in one line what the board's number is of, and how sure it is."""
    attrs, population = score.tree.attrs, score.tree["population"]
    primary = attrs["primary_roi"]
    over = (
        f"{plural(score.sample)} drawn anew"
        if score.is_drawn
        else counted(int(population["n"].sel({ROI: primary})), attrs["unit_of_uncertainty"])
    )
    basis = f"the board's number: {attrs['normalisation']} in region {primary}, over {over}"
    if np.isfinite(score.error):
        level = 100 * float(population.attrs["interval_level"])
        basis += f"; {level:g} % interval {interval(*score.interval)}"
    return basis + (f", p = {number(score.p, 4)}" if np.isfinite(score.p) else "")


def interval(low: float, high: float) -> str:
    """Return both ends in brackets, or a dash where there are none."""
    return f"[{number(low)}, {number(high)}]" if np.isfinite([low, high]).all() else "–"


def _rows(score: Score) -> list[dict[str, Any]]:
    """Return a row for each region and layer, and one for layers that were chosen unit by unit."""
    population = score.tree["population"].to_dataset()
    summary = score.tree["summary"].to_dataset()
    is_of_rule = score.layer_rule != "nested" and population.sizes[LAYER] > 1
    has_ceiling = score.tree["ceiling"].attrs["kind"] != "none"
    rows = []
    for roi in population[ROI].to_numpy().tolist():
        here, of_all = population.sel({ROI: roi}), summary.sel({ROI: roi})
        if not int(of_all["n_units_of_region"].sum()):
            continue
        shared = {
            "roi": roi,
            "ceiling": float(here["ceiling_value"]) if has_ceiling else float("nan"),
            "n": int(here["n"]),
            "n_units": int(of_all["n_units"].sum()),
        }
        chosen = here["nested_layer"].to_numpy().tolist()
        for layer in population[LAYER].to_numpy().tolist():
            is_chosen = not is_of_rule and max(set(chosen), key=chosen.count) == layer
            of_layer = here.sel({LAYER: layer})
            values = {name: of_layer[name] for name in _STATISTICS}
            all_units = of_all["score_of_all_units"].sel({LAYER: layer})
            rows.append(shared | _row(layer, values, all_units, is_chosen=is_chosen))
        if is_of_rule:
            is_mean = score.layer_rule == "mean"
            of_rule = here.sel(layer_rule=score.layer_rule)
            values = {name: of_rule[f"rule_{name}"] for name in _STATISTICS}
            all_units = of_all[f"{'' if is_mean else 'inner_'}score_of_all_units"]
            rows.append(shared | _row(_CHOSEN[score.layer_rule], values, all_units, is_chosen=True))
    return rows


def _row(
    layer: str, values: dict[str, xr.DataArray], all_units: xr.DataArray, *, is_chosen: bool
) -> dict[str, Any]:
    return {
        "layer": layer,
        "is_chosen": is_chosen,
        "score": float(values["value"].sel(quantity="score")),
        "score_error": float(values["error"].sel(quantity="score")),
        "score_of_all_units": float(all_units.mean()),  # of those who have one
        **{name: float(values[name].sel(quantity="normalised")) for name in _STATISTICS},
    }


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        str(row["roi"]),
        str(row["layer"]) + ("*" if row["is_chosen"] else ""),
        number(row["score"]),
        number(row["ceiling"]),
        with_error(row["value"], row["error"]),
        interval(row["low"], row["high"]),
        number(row["p"], 4),
        str(row["n"]),
        str(row["n_units"]),
    ]
