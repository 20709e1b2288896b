"""Scaling curves on paper: a table and a figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from heschl.braintuning.report_writing import require_figures
from heschl.braintuning.scaling import Trend
from heschl.disk import made_folder

__all__ = ["table", "write_scaling"]

_HEADER = (
    *("benchmark", "control", "roi", "axis"),
    *("size", "gain", "error", "rho", "low", "high", "n"),
)


def table(trends: Sequence[Trend]) -> str:
    """Return every gain with all its digits, as CSV: a row for each size."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for trend in trends:
        for size, gain, error in zip(trend.sizes, trend.gains, trend.errors, strict=True):
            named = [trend.benchmark, trend.control, trend.roi, trend.axis]
            writer.writerow([*named, size, gain, error, trend.rho, trend.low, trend.high, trend.n])
    return text.getvalue()


def write_scaling(trends: Sequence[Trend], folder: Path) -> list[Path]:
    """Write ``scaling.csv``, and the curves as vectors: a panel for each benchmark."""
    require_figures()
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    made_folder(folder)
    path = folder / "scaling.csv"
    path.write_text(table(trends), encoding="utf-8")
    benchmarks = list(dict.fromkeys(each.benchmark for each in trends))
    figure = Figure(figsize=(3 * len(benchmarks) + 0.5, 2.8), layout="constrained")
    FigureCanvasSVG(figure)
    panels = figure.subplots(1, len(benchmarks), squeeze=False)[0]
    for panel, benchmark in zip(panels, benchmarks, strict=True):
        for each in trends:
            if each.benchmark == benchmark:
                label = each.roi if each.control == "none" else f"{each.roi}, {each.control}"
                panel.errorbar(
                    each.sizes, each.gains, each.errors, fmt="o-", markersize=3, label=label
                )
        panel.set(xscale="log", title=benchmark, xlabel=trends[0].axis, ylabel="gain")
        panel.axhline(0, color="0.7", linewidth=0.5)
        panel.legend(fontsize=6, frameon=False)
    drawings = [folder / f"scaling.{kind}" for kind in ("svg", "pdf")]
    for drawing in drawings:
        figure.savefig(drawing)
    return [path, *drawings]
