"""Charts that Python and TypeScript both draw, so that each can be held against the other.

``python tests/made_charts.py`` writes the file that the tests of the page's scripts read.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from heschl.leaderboard.dot_chart import DotRow, dot_scene
from heschl.leaderboard.layer_chart import Line, layer_scene
from heschl.leaderboard.scene import Scene

FILE = Path(__file__).parent / "leaderboard" / "unit-js" / "charts.json"


def made_charts() -> dict[str, Any]:
    """Return what charts are drawn from, and the marks that Python draws."""
    return {"layers": _layer_charts(), "dots": _dot_charts()}


def _layer_charts() -> list[dict[str, Any]]:
    generator = np.random.default_rng(0)
    found = []
    for width, depths, depth, ceiling, level in (
        (640.0, [13], "index", 1.0, 0.6),
        (352.0, [25, 25, 25], "index", 1.0, 0.1),
        (900.0, [40, 40], "index", math.nan, 0.003),
        (480.0, [5, 13, 2], "relative", 0.31, 0.2),
        (300.0, [1], "index", 1.0, -0.2),
    ):
        lines = []
        for slot, n_layers in enumerate(depths):
            values = level + 0.3 * abs(level) * generator.normal(size=n_layers)
            errors = 0.1 * abs(level) * generator.random(n_layers)
            if n_layers > 4:
                values[3], errors[1] = math.nan, math.nan
            label = ("Heschl", "superior temporal gyrus, posterior", "IFG")[slot]
            lines.append(Line(label, slot, values.tolist(), errors.tolist(), n_layers // 2))
        layers = [f"block.{number}" for number in range(max(depths))]
        options = {
            "width": width,
            "axis": "Normalised score",
            "ceiling": ceiling,
            "ceiling_text": "" if math.isnan(ceiling) else f"ceiling {ceiling:.3f}",
            "committed": max(depths) // 2 if depth == "index" else None,
            "depth": depth,
        }
        scene = layer_scene(lines, layers, **options)
        record = [vars(line) for line in lines]
        found.append({"lines": record, "layers": layers, **options, "scene": _plain(scene)})
    return found


def _dot_charts() -> list[dict[str, Any]]:
    generator = np.random.default_rng(1)
    found = []
    for width, n_rows, ceiling, sides, offset in (
        (640.0, 7, 1.0, ("", ""), 0.8),
        (350.0, 4, math.nan, ("b is better", "a is better"), 0.0),
        (820.0, 3, 0.4, ("", ""), 0.05),
        (640.0, 61, 1.0, ("", ""), 0.5),
        (640.0, 2, math.nan, ("", ""), 120.0),
    ):
        rows = []
        for number in range(n_rows):
            value = offset + 0.1 * float(generator.normal())
            spread = 0.05 * float(generator.random())
            rows.append(
                DotRow(
                    label=("A1", "a name that is far too long for its place", "STG 🎧")[number % 3],
                    value=math.nan if number == 2 else value,
                    low=math.nan if number == 2 else value - spread,
                    high=math.nan if number == 2 else value + spread,
                    shown=f"{value:.3f}".replace("-", "−"),
                    interval="[0.100, 0.200]" if number % 2 else "",
                    ceiling=0.9 if number == 1 else math.nan,
                    tone=("", "better", "worse", "self")[number % 4],
                )
            )
        options = {
            "width": width,
            "axis": "Difference",
            "ceiling": ceiling,
            "ceiling_text": "" if math.isnan(ceiling) else f"ceiling {ceiling:.3f}",
            "sides": sides,
        }
        scene = dot_scene(rows, **options)
        found.append({"rows": [vars(row) for row in rows], **options, "scene": _plain(scene)})
    return found


def _plain(scene: Scene) -> dict[str, Any]:
    marks = [
        {
            "tag": mark.tag,
            "attributes": {
                name: round(each, 2) if isinstance(each, float) else each
                for name, each in mark.attributes.items()
            },
            "text": mark.text,
        }
        for mark in scene.marks
    ]
    return {"width": scene.width, "height": scene.height, "marks": marks}


def as_json(charts: Any) -> Any:
    """Return charts as a file of JSON can hold them: null for NaN."""
    if isinstance(charts, dict):
        return {name: as_json(each) for name, each in charts.items()}
    if isinstance(charts, (list, tuple)):
        return [as_json(each) for each in charts]
    if isinstance(charts, float):
        return round(charts, 9) if math.isfinite(charts) else None
    return charts


if __name__ == "__main__":
    text = json.dumps(as_json(made_charts()), ensure_ascii=False, separators=(",", ":"))
    FILE.write_text(text.replace('{"lines"', '\n{"lines"').replace('{"rows"', '\n{"rows"') + "\n")
