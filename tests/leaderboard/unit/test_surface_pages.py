"""Maps on the site: their files, their words and tables, and what they cost."""

import base64
import gzip
import json
import math
import time
from types import SimpleNamespace

import numpy as np
import pytest
from made_score_files import made_file
from made_submissions import layered_benches, made_map

from heschl.leaderboard.score_file import SurfaceMap
from heschl.leaderboard.site import STATIC, Site
from heschl.leaderboard.surface_colours import THEMES, palette
from heschl.leaderboard.surface_maps import from_values, values_of
from heschl.leaderboard.surface_mesh import N_VERTICES
from heschl.leaderboard.surface_pages import figure_of, reference_figure, write
from heschl.leaderboard.surface_png import looks

BENCH = layered_benches()[1]


def region_map(file):
    """Return the map on which the left hemisphere is the file's first region."""
    left = np.full(N_VERTICES, 1, np.uint8)
    return SurfaceMap("region", 0.0, 254.0, left.tobytes(), bytes(N_VERTICES))


def file_with_maps(*names, **changes):
    maps = tuple(made_map(np.random.default_rng(number), name) for number, name in enumerate(names))
    return made_file("a-model", BENCH, np.full(len(BENCH.names), 0.3), maps=maps, **changes)


def board_of(files, dataset="narratives"):
    return SimpleNamespace(
        files={(f"model-{number}", "bench"): file for number, file in enumerate(files)},
        columns=(SimpleNamespace(dataset=dataset),),
    )


def test_files_without_maps_have_no_figure():
    assert figure_of("a", "b", file_with_maps()) is None


def test_figure_names_files_by_model_benchmark_and_kind():
    figure = figure_of("a-model", "bench", file_with_maps("normalised", data_kind="phantom"))
    (view,) = figure.views
    assert view.payload == "data/maps/a-model/bench.phantom/normalised.js"
    assert view.pictures[1] == "maps/a-model/bench.phantom/normalised-dark.png"
    assert (view.low, view.high, view.kind) == (0.0, 1.0, "sequential")
    assert figure.specification["maps"][0]["payload"] == view.payload
    assert "left: " in view.alt
    assert "nan" not in view.alt


def test_scale_of_a_raw_score_spans_most_of_its_values():
    figure = figure_of("a", "b", file_with_maps("score"))
    values = values_of(figure.views[0].values)
    high = figure.views[0].high
    assert figure.views[0].low == 0
    assert 0.9 < (np.abs(values[np.isfinite(values)]) <= high).mean() < 1
    assert len(f"{high:g}".replace(".", "").strip("0")) <= 2


def test_table_has_the_means_of_regions_by_hemisphere():
    file = file_with_maps("score")
    file = made_file("a-model", BENCH, np.zeros(3), maps=(*file.maps, region_map(file)))
    figure = figure_of("a", "b", file)
    values = values_of(file.maps[0])
    everything, region = figure.table.rows
    assert everything[0] == "All vertices"
    np.testing.assert_allclose(everything[1][0], np.nanmean(values, axis=1))
    assert region[0] == file.regions[0].name
    assert region[1][0][0] == everything[1][0][0]
    assert math.isnan(region[1][0][1])


def test_written_files_hold_the_map_and_are_small(tmp_path):
    file = file_with_maps("normalised", "best_layer")
    file = made_file("a-model", BENCH, np.zeros(3), maps=(*file.maps, region_map(file)))
    write(Site(tmp_path), {"real": board_of([file])})
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*"))
    stem = "maps/model-0/bench"
    assert written == [
        *(f"data/{stem}/{name}.js" for name in ("best_layer", "normalised", "region")),
        *(
            f"{stem}/{name}{theme}.png"
            for name in ("best_layer", "normalised")
            for theme in ("-dark", "")
        ),
    ]
    text = (tmp_path / f"data/{stem}/normalised.js").read_text()
    assert len(gzip.compress(text.encode())) <= 20 * 1024
    content = json.loads(text.partition(",")[2].rstrip().removesuffix(");"))
    assert base64.b64decode(content["left"]) == file.maps[0].left
    assert (content["low"], content["high"]) == (file.maps[0].low, file.maps[0].high)
    names = json.loads(
        (tmp_path / f"data/{stem}/region.js").read_text().partition(",")[2].rstrip()[:-2]
    )
    assert names["names"] == [region.name for region in file.regions]


def test_noise_everywhere_is_within_20_kilobytes_too(tmp_path):
    values = np.random.default_rng(0).normal(size=(2, N_VERTICES))
    file = made_file("m", BENCH, np.zeros(3), maps=(from_values("score", values),))
    write(Site(tmp_path), {"real": board_of([file])})
    (payload,) = (tmp_path / "data").rglob("*.js")
    assert len(gzip.compress(payload.read_bytes())) <= 20 * 1024


def test_mesh_is_within_240_kilobytes():
    assert len(gzip.compress((STATIC / "fsaverage5.js").read_bytes())) <= 240 * 1024


def test_forty_maps_are_written_within_the_time_for_a_build(tmp_path):
    looks()  # once a build
    started = time.process_time()
    write(Site(tmp_path), {"real": board_of([file_with_maps("normalised")] * 4)})
    assert (time.process_time() - started) / 4 < 30 / 40


def test_reference_maps_are_shown_if_they_are_on_disk(monkeypatch, tmp_path):
    values = np.zeros((2, N_VERTICES))
    values[0, :100] = 40.0
    values[1, :5] = -4.0
    maps = (from_values("speech", values),)
    monkeypatch.setattr("heschl.leaderboard.surface_pages.reference_maps", lambda _: maps)
    figure = reference_figure("nh2015_components")
    (view,) = figure.views
    assert view.kind == "diverging"
    assert view.low == -view.high < 0
    assert view.threshold == 3
    (highest, share) = figure.table.rows
    np.testing.assert_allclose(highest[1], [(40.0, 0.0)], atol=44 / 508)
    np.testing.assert_allclose(share[1], [(100 / N_VERTICES, 5 / N_VERTICES)])
    monkeypatch.setattr("heschl.leaderboard.surface_pages.reference_maps", lambda _: ())
    assert reference_figure("nh2015_components") is None


@pytest.mark.parametrize("theme", THEMES)
def test_colours_are_those_of_the_style_sheet(theme):
    ramp = palette("sequential", theme).ramp
    assert ramp.shape == (256, 3)
    lightness = ramp @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness[::8]) * (1 if theme == "dark" else -1) > 0).all()
    diverging = palette("diverging", theme)
    ends = diverging.ramp[[0, 127, 255]].astype(float)
    assert ends[0, 0] > ends[0, 2]  # burnt orange below
    assert ends[2, 2] > ends[2, 0]  # teal above
    assert np.ptp(ends[1]) < 12  # nought is grey
    assert sum(diverging.sulcus) < sum(diverging.cortex)
