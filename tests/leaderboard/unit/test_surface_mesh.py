"""The packed mesh against nilearn's own."""

import numpy as np
import pytest
from nilearn.datasets import load_fsaverage, load_fsaverage_data

from heschl.errors import InvalidInput
from heschl.leaderboard.surface_mesh import (
    SIDES,
    coded,
    coded_field,
    decoded,
    parents_of,
    read_mesh,
)


@pytest.fixture(scope="module")
def template():
    return load_fsaverage("fsaverage5")


@pytest.mark.parametrize("surface", ["inflated", "pial"])
@pytest.mark.parametrize("side", SIDES)
def test_mesh_is_nilearns_within_half_a_step(template, surface, side):
    mesh, theirs = read_mesh(), template[surface].parts[side]
    np.testing.assert_array_equal(mesh.triangles, theirs.faces)
    step_mm = mesh.step_mm[surface, side]
    assert step_mm < 0.004
    assert np.abs(mesh.positions[surface, side] - theirs.coordinates).max() <= step_mm / 2 + 1e-9


@pytest.mark.parametrize("side", SIDES)
def test_depth_of_sulci_is_nilearns_within_half_of_an_8_bit_step(side):
    theirs = load_fsaverage_data("fsaverage5", data_type="sulcal").data.parts[side]
    step = np.ptp(theirs) / 254
    assert np.abs(read_mesh().sulcal[side] - theirs).max() <= step / 2 + 1e-6


@pytest.mark.parametrize("side", SIDES)
def test_normals_point_outwards(side):
    mesh = read_mesh()
    normals = mesh.normals("inflated", side)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    # An inflated hemisphere is nearly convex about its middle.
    assert (np.einsum("ij,ij->i", normals, mesh.positions["inflated", side]) > 0).mean() > 0.99


def test_left_is_left_of_right():
    pial = {side: read_mesh().positions["pial", side] for side in SIDES}
    assert pial["left"][:, 0].mean() < 0 < pial["right"][:, 0].mean()


def test_packing_loses_half_a_step_at_most():
    parents = parents_of(read_mesh().triangles)
    values = np.random.default_rng(0).normal(size=(10_242, 2)) * (1.0, 0.1)
    field = coded_field(values, 12, parents)
    assert field["step"] == pytest.approx(np.ptp(values[:, 0]) / (2**12 - 2))
    assert np.abs(decoded(field, parents) - values).max() <= field["step"] / 2 * (1 + 1e-9)


def test_numbers_beyond_16_bits_are_refused():
    with pytest.raises(InvalidInput, match="beyond 16 bits"):
        coded(np.array([[40_000]]))
