"""Charts as Python draws them; `tests/leaderboard/unit-js` holds the browser's against the same."""

import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_charts import FILE, as_json, made_charts

from heschl.leaderboard.dot_chart import MOST_ROWS, DotRow, dot_scene
from heschl.leaderboard.layer_chart import Line, layer_scene
from heschl.leaderboard.region_order import in_anatomical_order
from heschl.leaderboard.scene import (
    area_path,
    cut,
    domain_of,
    line_path,
    spread,
    svg_of,
    tick_text,
    ticks,
)

SVG = "{http://www.w3.org/2000/svg}"
NAN = math.nan


def test_the_charts_that_scripts_are_held_against_are_those_of_today() -> None:
    assert json.loads(FILE.read_text()) == json.loads(json.dumps(as_json(made_charts())))


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 1, 4, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0.43, 5, [0, 0.1, 0.2, 0.3, 0.4]),
        (-0.021, 0.0301, 4, [-0.02, -0.01, 0, 0.01, 0.02, 0.03]),
        (120.1, 121.3, 3, [120.5, 121]),
        (0, 900_000, 4, [0, 200_000, 400_000, 600_000, 800_000]),
    ],
)
def test_ticks_are_round_numbers_within_the_axis(low, high, count, expected) -> None:
    assert ticks(low, high, count) == pytest.approx(expected)


def test_tick_texts_have_the_decimals_that_tell_them_apart() -> None:
    assert [tick_text(each, [-0.05, 0.0, 0.05]) for each in (-0.05, 0.0)] == ["−0.05", "0.00"]
    assert tick_text(200_000, [0, 200_000]) == "200000"


@given(st.lists(st.floats(-1e3, 1e3) | st.just(NAN), max_size=9))
def test_an_axis_holds_every_number(values) -> None:
    low, high = domain_of(values)

    assert low < high
    assert all(low <= value <= high for value in values if math.isfinite(value))


def test_paths_break_where_there_is_no_number() -> None:
    assert line_path([(0, 1), (1, 2), (2, NAN), (3, 4)]) == "M0,1L1,2M3,4Z"
    assert area_path([(0, 1, 3), (1, 2, 4), (2, NAN, 1)]) == "M0,3L1,4L1,2L0,1Z"
    assert line_path([(0, NAN)]) == ""


@given(st.lists(st.floats(0, 200), min_size=1, max_size=8))
def test_spread_labels_keep_their_order_and_their_distance(places) -> None:
    moved = spread(places, gap=10, lowest=200)

    order = np.argsort(places, kind="stable")
    assert (np.diff(np.array(moved)[order]) >= 10 - 1e-9).all()
    assert max(moved) <= 200


def test_texts_of_a_drawing_are_text_whatever_they_hold() -> None:
    hostile = '</svg><script>alert(1)</script>" onload="x'
    rows = [DotRow(hostile, 0.4, 0.3, 0.5, hostile, hostile)]
    scene = dot_scene(rows, width=640, axis=hostile, ceiling=1, ceiling_text=hostile)
    lines = [Line(hostile, 0, [0.1, 0.2], [0.01, 0.01], 1)]
    other = layer_scene(lines, [hostile] * 2, width=640, axis=hostile, committed=1)

    for drawn in (scene, other):
        root = ET.fromstring(svg_of(drawn, "chart", hostile, hostile))  # noqa: S314  made here
        assert "script" not in {each.tag.removeprefix(SVG) for each in root.iter()}
        assert "onload" not in {name for each in root.iter() for name in each.attrib}
        assert hostile in [each.text for each in root.iter()]


def test_a_name_that_is_too_long_is_cut_by_characters() -> None:
    assert cut("🎧" * 9, 4) == "🎧🎧🎧…"
    assert cut("two\nlines", 20) == "two lines"


def test_layer_curves_lie_where_their_numbers_are() -> None:
    line = Line("A1", 0, [0.0, 0.5, 1.0], [0.1] * 3, 1)
    layers = ["a", "b", "c"]
    scene = layer_scene([line], layers, width=500, axis="", committed=1, domain=(0.0, 1.0))

    dots = [mark.attributes for mark in scene.marks if mark.tag == "circle"]
    x, y = ([dot[name] for dot in dots] for name in ("cx", "cy"))
    assert np.diff(x) == pytest.approx([x[1] - x[0]] * 2)
    assert np.diff(y) == pytest.approx([y[1] - y[0]] * 2)
    assert ["chosen" in str(dot["class"]) for dot in dots] == [False, True, False]
    assert "b" in [mark.text for mark in scene.marks]


def test_a_ceiling_out_of_reach_is_told_and_not_drawn() -> None:
    line = Line("A1", 0, [0.1, 0.2], [0.0, 0.0])
    options = {"width": 500.0, "axis": "", "ceiling": 1.0, "ceiling_text": "ceiling 1.000"}
    scene = layer_scene([line], ["a", "b"], **options)

    assert "ceiling" not in [mark.attributes["class"] for mark in scene.marks]
    assert "ceiling 1.000 ↑" in [mark.text for mark in scene.marks]


def test_the_name_of_a_ceiling_stands_clear_of_the_curves() -> None:
    for highest, is_beside in ((0.9, True), (1.3, False)):
        line = Line("A1", 0, [0.6, highest], [0.0, 0.0])
        options = {"width": 500.0, "axis": "", "ceiling": 1.0, "ceiling_text": "ceiling"}
        marks = layer_scene([line], ["a", "b"], **options).marks
        name = next(mark for mark in marks if mark.text == "ceiling")
        drawn = next(mark for mark in marks if mark.attributes["class"] == "ceiling")
        top = min(mark.attributes["cy"] for mark in marks if mark.tag == "circle")

        assert name.attributes["y"] < top - 4  # of 11 pixels, and a dot has a radius of 2
        assert (name.attributes["y"] == drawn.attributes["y1"] - 5) == is_beside


def test_many_rows_are_few_marks() -> None:
    row = DotRow("model", 0.4, 0.3, 0.5, "0.400")
    few = dot_scene([row] * MOST_ROWS, width=640, axis="")
    many = dot_scene([row] * 1000, width=640, axis="")

    assert sum(mark.tag == "circle" for mark in few.marks) == MOST_ROWS
    assert len(many.marks) < 40
    (points,) = (m for m in many.marks if str(m.attributes["class"]).startswith("point"))
    assert str(points.attributes["d"]).count("M") == 1000


def test_regions_come_in_anatomical_order() -> None:
    names = ["music", "Motor", "IFG", "MTG", "STS", "late_language", "STG", "A1", "Heschl", "all"]

    assert in_anatomical_order(names) == [
        "all", "Heschl", "A1", "STG", "STS", "MTG", "late_language", "IFG", "Motor", "music",
    ]  # fmt: skip
    assert in_anatomical_order(["rh_IFG", "lh STG", "pitch", "lowfreq"]) == [
        "lh STG", "rh_IFG", "lowfreq", "pitch",
    ]  # fmt: skip
