"""A report on paper: tables, a figure, and what a methods section says."""

from __future__ import annotations

import csv
import dataclasses
import importlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from heschl.braintuning.report import Change, Report
from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.disk import made_folder
from heschl.errors import MissingExtra
from heschl.statistics import testability_floor
from heschl.wording import number, plural

__all__ = [
    "HEADER",
    "csv_table",
    "latex_table",
    "methods",
    "over_listeners",
    "require_figures",
    "rows",
    "write_figure",
    "write_report",
]

HEADER = (
    "benchmark",
    "model",
    "region",
    "scalar",
    "before",
    "after",
    "difference",
    "95 % interval",
    "p",
    "n",
)


def rows(report: Report) -> list[list[str]]:
    """Return the cells of the table under `HEADER`."""
    return [
        [
            each.benchmark,
            _named(each.control),
            each.roi,
            each.scalar,
            *(number(value, 4) for value in (each.before, each.after, each.difference)),
            f"[{number(each.low, 4)}, {number(each.high, 4)}]",
            number(each.p, 4),
            str(each.n),
        ]
        for each in report.changes
    ]


def csv_table(report: Report) -> str:
    """Return every change with all its digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [each.name for each in dataclasses.fields(Change)]
    writer.writerow(names)
    for change in report.changes:
        writer.writerow([getattr(change, name) for name in names])
    return text.getvalue()


def latex_table(report: Report) -> str:
    r"""Return a table of booktabs, with ``\toprule`` and its kin."""
    header, *body = (_latex_row(cells) for cells in (HEADER, *rows(report)))
    above = (r"\begin{tabular}{llllrrrlrr}", r"\toprule", header, r"\midrule")
    return "\n".join([*above, *body, r"\bottomrule", r"\end{tabular}", ""])


def _latex_row(cells: Sequence[str]) -> str:
    escaped = [
        "".join(f"\\{sign}" if sign in "%_&#$" else sign for sign in cell).replace("–", "--")
        for cell in cells
    ]
    return " & ".join(escaped) + r" \\"


def methods(report: Report) -> str:
    """Return the methods paragraph; every number is a card's."""
    tuned = [each for each in report.cards if each["plan"]["control"] == "none"] or report.cards
    plan, recipe = tuned[0]["plan"], tuned[0]["plan"]["recipe"]
    listeners = sorted({each["plan"]["subject"] for each in tuned})
    units, steps = ([each[name] for each in tuned] for name in ("n_units", "n_steps"))
    seeds = sorted({each["plan"]["seed"] for each in report.cards})
    checked = dict.fromkeys(s for each in tuned for s in each["plan"]["stories"]["validation"])
    controls = sorted({each["plan"]["control"] for each in report.cards} - {"none"})
    window = {"code": "10", "paper": "16"}[recipe["window"]]
    n_stories = sorted({len(each["plan"]["stories"]["training"]) for each in tuned})
    others = len({str(each["plan"]["recipe"]) for each in report.cards}) > 1
    others |= len({each["plan"].get("stop_after") for each in tuned}) > 1
    parts = [
        f"{plan['base']} was tuned {_on_what(plan)} {plan['dataset']}, for "
        f"{_each_of(listeners)}, with Heschl {tuned[0]['heschl']}.",
        f"The mean frame over {window} s of sound predicted {_span(units, 'unit')} through a "
        f"linear layer; the squared error was minimised over {_span(n_stories, 'story')} by Adam "
        f"in batches of {recipe['batch_size']}, with rates of {recipe['network_rate']:g} (network) "
        f"and {recipe['head_rate']:g} (layer) that rose over the first "
        f"{100 * recipe['warmup']:g} % of steps and fell to 0.",
        f"{_stopping(plan, checked)} ({_span(steps, 'step')}; "
        f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}).",
    ]
    if recipe.get("lora_rank"):  # recipes of older releases lack it
        parts.append(
            f"Of the network low-rank adapters learned alone (rank {recipe['lora_rank']}, alpha "
            f"{recipe['lora_alpha']:g}, on {', '.join(recipe['lora_layers'])})."
        )
    if controls:
        parts.append(_controls(report.cards, controls))
    if others:
        parts.append("Recipes differ between models; each is in its card.json.")
    parts.append(
        f"Scores are those of {', '.join(report.benchmarks)} ({report.data_kind} data), before "
        "against after on the same rows; the layers are a network's blocks, the slope is over the "
        "later half of them; what a benchmark says of no listener is one number of the "
        f"untuned network, against which each listener's is set; {_inference(report)}"
    )
    return " ".join(parts)


def _on_what(plan: Mapping[str, Any]) -> str:
    """Return what was learned; where no tuned model is told of, the controls' own."""
    told = {
        "random-head": "to what a random layer makes of it on the {} sounds of",
        "stimulus": "by its own self-supervised loss on the {} sounds of",
        "model": "on the layers of another model for the {} sounds of",
        "local": "on the {} responses, permuted in blocks, of",
        "all": "on the {} responses, those of one story for another, of",
    }.get(plan["control"], "on the {} responses of")
    return told.format(plan["data_kind"])


def _stopping(plan: Mapping[str, Any], checked: Iterable[str]) -> str:
    """Return when learning ended, and the weights of which epoch were kept."""
    recipe, stop_after = plan["recipe"], plan.get("stop_after")
    if stop_after is not None:
        return (
            f"Of {recipe['n_epochs']} epochs, for which the rates were planned, the first "
            f"{stop_after} were learned, and the last of these was kept"
        )
    if plan["control"] in ("local", "all"):
        return f"Of {recipe['n_epochs']} epochs the last was kept"
    return (
        f"Of at most {recipe['n_epochs']} epochs, ended after {recipe['patience']} without a lower "
        f"loss on {', '.join(checked)}, the best was kept"
    )


def _controls(cards: Sequence[Mapping[str, Any]], controls: Sequence[str]) -> str:
    """Return which controls there are, and whether they learned as long as the tuned models."""
    steps = {(each["plan"]["control"], each["plan"]["subject"]): each["n_steps"] for each in cards}
    of_controls = {key: n for key, n in steps.items() if key[0] != "none"}
    if all(n == steps.get(("none", subject)) for (_, subject), n in of_controls.items()):
        return f"Controls of as many steps: {', '.join(controls)}."
    return f"Controls: {', '.join(controls)} ({_span(list(of_controls.values()), 'step')})."


def _each_of(listeners: Sequence[str]) -> str:
    if len(listeners) == 1:
        return f"one listener ({listeners[0]})"
    return f"each of {len(listeners)} listeners ({', '.join(listeners)}) apart"


def _inference(report: Report) -> str:
    """Return what the changes of so many listeners can show of others."""
    n = max((each.n for each in report.changes), default=0)
    if n == 0:
        return "no listener has a value in every layer of any region, so that no change is told."
    if n < 2:  # noqa: PLR2004
        return (
            "of a single listener a change has neither an error nor an interval nor a p: it is "
            "what became of this listener's scores, and shows nothing of other listeners."
        )
    floor = testability_floor(n)
    shown = (
        f"intervals are of a bootstrap over listeners (95 %), p of Wilcoxon's exact signed-rank "
        f"test, which with {n} listeners can reach {floor:.4f} at the least"
    )
    return f"{shown}." if floor <= _ALPHA else f"{shown}, so that none is given."


def _span(values: Sequence[int], noun: str) -> str:
    """Return the least and the most of some counts, in words."""
    least, most = min(values), max(values)
    if least == most == 1:
        return f"1 {noun}"
    return f"{least:,} {plural(noun)}" if least == most else f"{least:,} to {most:,} {plural(noun)}"


_ALPHA = 0.05
"""What no p can fall below is not tested, see `heschl.statistics.wilcoxon`."""


def require_figures() -> None:
    """Raise unless what draws figures is installed."""
    try:
        importlib.import_module("matplotlib.figure")
    except ImportError as error:
        raise MissingExtra(
            "figures are drawn by matplotlib, which is not installed; run: pip install matplotlib"
        ) from error


def over_listeners(values: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the standard error (when, layer) over listeners who have the region.

    They are those of the table: whoever lacks a layer, before or after, is in neither.
    """
    curves = values.transpose("when", SUBJECT, LAYER).to_numpy()
    curves = curves[:, np.isfinite(curves).all(axis=(0, 2))]
    n = curves.shape[1]
    nothing = np.full((curves.shape[0], curves.shape[2]), np.nan)
    mean = curves.mean(axis=1) if n else nothing
    return mean, curves.std(axis=1, ddof=1) / n**0.5 if n > 1 else nothing


def write_figure(report: Report, benchmark: str, path: Path) -> Path:
    """Draw one benchmark's layer curves before and after, a panel for each region; vectors."""
    require_figures()
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    drawn = [each for each in report.curves if each.benchmark == benchmark]
    regions = drawn[0].values[ROI].to_numpy().tolist()
    figure = Figure(figsize=(2.4 * len(regions) + 1, 2.6), layout="constrained")
    FigureCanvasSVG(figure)
    panels = figure.subplots(1, len(regions), sharey=True, squeeze=False)[0]
    for panel, roi in zip(panels, regions, strict=True):
        for place, curves in enumerate(drawn):
            here = curves.values.sel({ROI: roi})
            means, errors = over_listeners(here)
            steps = range(1, here.sizes[LAYER] + 1)
            for when, mean, spread in zip(("before", "after"), means, errors, strict=True):
                if place and when == "before":
                    continue
                label = "before" if when == "before" else _named(curves.control)
                colour = "0.5" if when == "before" else f"C{place}"
                panel.plot(steps, mean, "o-", markersize=3, color=colour, label=label)
                if np.isfinite(spread).all():
                    panel.fill_between(steps, mean - spread, mean + spread, color=colour, alpha=0.2)
        panel.set_title(roi)
        panel.set_xticks(list(steps), here[LAYER].to_numpy().tolist(), rotation=90, fontsize=6)
    panels[0].set_ylabel(benchmark, fontsize=7)
    panels[-1].legend(fontsize=7, frameon=False)
    figure.savefig(path)
    return path


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write ``changes.csv`` and ``.tex``, ``methods.txt``, and the curves of each benchmark."""
    require_figures()
    made_folder(folder)
    texts = {
        "changes.csv": csv_table(report),
        "changes.tex": latex_table(report),
        "methods.txt": methods(report) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    figures = [
        write_figure(report, benchmark, folder / f"{benchmark}.{kind}")
        for benchmark in report.benchmarks
        for kind in ("svg", "pdf")
    ]
    return [*(folder / name for name in texts), *figures]


def _named(control: str) -> str:
    return "tuned" if control == "none" else control
