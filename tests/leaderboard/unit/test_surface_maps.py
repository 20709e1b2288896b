"""Maps of the cortex: what steps lose, and where a score's vertices are."""

import os
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import made_score

from heschl.data_registry.nh2015_components import NH2015_COMPONENTS
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.leaderboard.surface_maps import (
    from_overlay,
    from_values,
    maps_of,
    reference_maps,
    values_of,
)
from heschl.leaderboard.surface_mesh import read_mesh
from heschl.manifest import Manifest

N = 10_242
MIRROR = os.environ.get("HESCHL_MIRROR", "")
REAL = Path(MIRROR) / Manifest.read(NH2015_COMPONENTS.manifest).dataset
OVERLAYS = REAL / "data/component-weight-significances/group"


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    scale=st.floats(1e-6, 1e6),
    offset=st.floats(-1e3, 1e3),
    missing=st.floats(0, 0.999),
)
def test_half_a_step_is_lost_at_most(seed, scale, offset, missing):
    rng = np.random.default_rng(seed)
    values = offset + scale * rng.standard_normal((2, N))
    values[rng.random((2, N)) < missing] = np.nan
    values[0, 0] = offset
    surface_map = from_values("score", values)
    found = values_of(surface_map)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
    half_a_step = (np.nanmax(values) - np.nanmin(values)) / 508
    assert np.nanmax(np.abs(found - values)) <= half_a_step * (1 + 1e-9) + 1e-9 * abs(offset)
    assert (surface_map.low, surface_map.high) == (np.nanmin(values), np.nanmax(values))


def test_one_value_everywhere_is_kept():
    assert (values_of(from_values("score", np.full((2, N), 0.3))) == 0.3).all()


@pytest.mark.parametrize("values", [np.full((2, N), np.nan), np.zeros((2, 642)), np.zeros(2 * N)])
def test_what_is_no_map_is_refused(values):
    with pytest.raises(InvalidInput):
        from_values("score", values)


def score_on(n_vertices, n_layers=3, n_subjects=3, **attrs):
    """Return a made score whose value at a vertex is its number, and the values themselves."""
    rng = np.random.default_rng(0)
    base = np.linspace(0.1, 0.9, 2 * n_vertices)
    values = 0.01 * rng.standard_normal((n_subjects, n_layers, 2 * n_vertices)) + base
    values[:, 1] += 0.05  # the best layer of all
    is_early = np.arange(2 * n_vertices) < 5
    return made_score(values, rois={"Heschl": is_early}, **attrs), values


def test_map_is_the_mean_over_listeners_in_the_layer_of_the_board():
    score, values = score_on(40_962)
    maps = {each.name: each for each in maps_of(score)}
    assert list(maps) == ["normalised", "score", "ceiling", "best_layer", "region"]
    expected = values[:, 1].mean(axis=0).reshape(2, -1)[:, :N]  # fsaverage6 begins with fsaverage5
    found = values_of(maps["score"])
    assert np.abs(found - expected).max() <= np.ptp(expected) / 508 * (1 + 1e-6)
    assert (values_of(maps["ceiling"]) == 1).all()
    region = values_of(maps["region"])
    assert region[0, :5].tolist() == [1] * 5  # the second of the score's regions
    assert np.isnan(region[0, 5:]).all()
    assert np.isnan(region[1]).all()


def test_depth_of_the_best_layer_runs_from_the_first_to_the_last():
    values = np.full((3, 5, 2 * N), 0.1)
    values[:, 0, :N] = values[:, 4, N:] = 0.5
    maps = {each.name: values_of(each) for each in maps_of(made_score(values))}
    assert (maps["best_layer"] == [[0.0], [1.0]]).all()


def test_vertices_below_the_least_ceiling_show_nothing_but_the_ceiling():
    ceiling = np.where(np.arange(2 * N) < 100, -1.0, 0.5)
    score = made_score(np.full((2, 1, 2 * N), 0.25), ceiling=ceiling)
    maps = {each.name: values_of(each) for each in maps_of(score)}
    assert "best_layer" not in maps
    assert np.isnan(maps["score"][0, :100]).all()
    assert (maps["normalised"][0, 100:] == 0.5).all()
    assert (maps["ceiling"][0, :100] == -1).all()


def test_a_coarse_mesh_is_spread_between_its_vertices():
    score, values = score_on(642)
    maps = {each.name: values_of(each) for each in maps_of(score)}
    coarse = values[:, 1].mean(axis=0).reshape(2, -1)
    step = np.ptp(coarse) / 508 * (1 + 1e-6)
    assert np.abs(maps["score"][:, :642] - coarse).max() <= step
    assert np.isfinite(maps["score"]).all()
    assert maps["score"].min() >= coarse.min() - step
    assert maps["score"].max() <= coarse.max() + step


def test_units_that_are_no_vertices_have_no_map():
    assert maps_of(score_on(43)[0]) == ()
    assert maps_of(score_on(642, data_kind="real")[0]) == ()  # as many voxels as it happens


def test_one_listener_without_a_board_number_has_no_map_of_it():
    names = [each.name for each in maps_of(made_score(np.full((1, 2, 2 * N), 0.2)))]
    assert names == ["ceiling", "region"]


def write_overlay(path, values):
    nibabel.save(nibabel.MGHImage(values.astype(np.float32).reshape(-1, 1, 1), np.eye(4)), path)
    return path


def test_overlays_are_read_as_they_are(tmp_path):
    rng = np.random.default_rng(1)
    halves = [rng.standard_normal(163_842) for _ in range(2)]
    halves[1][3] = np.nan
    left, right = (
        write_overlay(tmp_path / f"{side}.mgz", half)
        for side, half in zip(("lh", "rh"), halves, strict=True)
    )
    found = values_of(from_overlay("z", left, right))
    expected = np.stack([half[:N] for half in halves])
    assert np.isnan(found[1, 3])
    assert np.nanmax(np.abs(found - expected)) <= (np.nanmax(expected) - np.nanmin(expected)) / 507


def test_overlays_of_other_meshes_are_refused(tmp_path):
    fine = write_overlay(tmp_path / "lh.mgz", np.zeros(163_842))
    coarse = write_overlay(tmp_path / "rh.mgz", np.zeros(N))
    odd = write_overlay(tmp_path / "odd.mgz", np.zeros(100))
    (tmp_path / "text.mgz").write_text("no overlay")
    with pytest.raises(CorruptData, match="two hemispheres of one mesh"):
        from_overlay("z", fine, coarse)
    with pytest.raises(CorruptData, match="holds 100 values"):
        from_overlay("z", odd, odd)
    with pytest.raises(CorruptData, match="cannot be read"):
        from_overlay("z", tmp_path / "text.mgz", fine)
    with pytest.raises(MissingData, match="does not exist"):
        from_overlay("z", tmp_path / "none.mgz", fine)


def test_maps_of_the_components_are_the_overlays_of_a_folder(tmp_path, monkeypatch):
    folder = tmp_path / REAL.name / "data/component-weight-significances/group"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(2)
    for number in range(1, 7):
        for side in ("lh", "rh"):
            write_overlay(folder / f"{side}.comp{number}.mgz", rng.standard_normal(163_842))
    monkeypatch.setenv("HESCHL_MIRROR", str(tmp_path))
    maps = reference_maps("nh2015_components")
    assert [each.name for each in maps][:2] == ["lowfreq", "highfreq"]
    assert maps[4] == from_overlay("speech", folder / "lh.comp5.mgz", folder / "rh.comp5.mgz")


def test_absent_maps_are_simply_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("HESCHL_MIRROR", str(tmp_path))
    monkeypatch.setenv("HESCHL_DATA", str(tmp_path))
    assert reference_maps("nh2015_components") == ()
    assert reference_maps("narratives") == ()


def test_where_nothing_reads_overlays_there_are_no_reference_maps(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nibabel", None)
    assert reference_maps("nh2015_components", tmp_path) == ()


@pytest.mark.skipif(not MIRROR or not OVERLAYS.is_dir(), reason="no mirror holds the overlays")
def test_real_components_lie_in_auditory_cortex(monkeypatch):
    """Speech, the fifth, is strongest in the superior temporal lobe: near Heschl's gyrus."""
    monkeypatch.setenv("HESCHL_MIRROR", MIRROR)
    maps = {each.name: values_of(each) for each in reference_maps("nh2015_components")}
    assert len(maps) == 6
    for number, side in enumerate(("left", "right")):
        strongest = np.nanargmax(maps["speech"][number])
        x_mm, y_mm, z_mm = read_mesh().positions["pial", side][strongest]
        assert 45 < abs(x_mm) < 72
        assert -45 < y_mm < 10
        assert -15 < z_mm < 20
    overlay = from_overlay("speech", OVERLAYS / "lh.comp5.mgz", OVERLAYS / "rh.comp5.mgz")
    np.testing.assert_allclose(values_of(overlay), maps["speech"])
