"""The projection of The Little Prince's volumes: held against nilearn's own."""

from __future__ import annotations

import warnings

import nibabel
import numpy as np
import pytest
from nilearn.masking import compute_epi_mask
from nilearn.surface import InMemoryMesh, vol_to_surf

from heschl.data_registry.little_prince.brain_mask import epi_mask
from heschl.data_registry.little_prince.projection import sampling
from heschl.data_registry.little_prince.surfaces import find_meshes, n_vertices, read_mesh
from heschl.data_registry.little_prince.volumes import read_header, read_run
from heschl.errors import CorruptData, MissingData

# Oblique, flipped and with voxels of three lengths, so that no axis can stand for another.
AFFINES = {
    "radiological": [[-6, 0, 0, 80.0], [0, 6, 0, -112], [0, 0, 6, -68], [0, 0, 0, 1]],
    "oblique": [[5.5, 0.8, 0, -90.0], [-0.6, 6.5, 0.4, -118], [0, -0.3, 7, -70], [0, 0, 0, 1]],
    "cut": [[-6, 0, 0, 60.0], [0, 6, 0, -60], [0, 0, 6, -50], [0, 0, 0, 1]],
}


@pytest.fixture(params=AFFINES.values(), ids=AFFINES)
def run(request, tmp_path):
    """Return the path of a run of noise within an ellipsoid."""
    affine, shape = np.array(request.param, dtype=float), (28, 33, 26)
    places = np.indices(shape).reshape(3, -1).T @ affine[:3, :3].T + affine[:3, 3]
    is_brain = (((places - [0, -18, 10]) / [76, 96, 72]) ** 2).sum(axis=1).reshape(shape) < 1
    values = np.random.default_rng(0).normal(100, 10, (*shape, 3)) * is_brain[..., None]
    path = tmp_path / "run.nii.gz"
    nibabel.save(nibabel.Nifti1Image(values.astype(np.float32), affine), path)
    return path


def test_projection_is_nilearns(run, tmp_path):
    meshes = find_meshes("fsaverage5", tmp_path)
    header = read_header(run)
    points = sampling(meshes, (hash(header),), header.grid)
    read = read_run(run, header, points.voxels)
    image = nibabel.load(run)
    mask = epi_mask(read.mean, header.grid, run)
    expected_mask = compute_epi_mask(image)

    np.testing.assert_array_equal(mask, expected_mask.get_fdata() > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of vertices outside of the mask
        expected = [vol_to_surf(image, str(mesh), mask_img=expected_mask) for mesh in meshes]
    np.testing.assert_allclose(
        points.project(mask, read.values, np.dtype(float)),
        np.concatenate(expected).T,
        rtol=1e-6,
        equal_nan=True,
    )


def test_projection_outside_of_the_volume_is_nilearns(tmp_path):
    """Beyond the last voxel's centre, but within its cell, the volume is continued."""
    corner = np.array([[0.2, 0.2, 0.2], [9.8, 9.9, 9.7], [4.5, 9.95, 5], [10.5, 5, 5]])
    vertices, triangles = corner * 2.0, np.array([[0, 1, 2], [1, 3, 2], [0, 2, 3]])
    path = tmp_path / "lh.pial"
    nibabel.freesurfer.io.write_geometry(path, vertices, triangles)
    image = nibabel.Nifti1Image(
        np.random.default_rng(0).normal(size=(10, 10, 10, 2)), np.diag([2.0, 2, 2, 1])
    )
    nibabel.save(image, tmp_path / "run.nii")
    header = read_header(tmp_path / "run.nii")
    points = sampling((path,), (1,), header.grid)
    mask = np.ones((10, 10, 10), bool)

    found = points.project(
        mask, read_run(tmp_path / "run.nii", header, points.voxels).values, np.dtype(float)
    )

    mesh = InMemoryMesh(*read_mesh(path))
    np.testing.assert_allclose(found, vol_to_surf(image, mesh).T, rtol=1e-5, atol=1e-6)


def test_meshes_are_found_under_the_names_of_their_makers(tmp_path):
    shipped = find_meshes("fsaverage5", tmp_path)
    for left, right in (
        ("surf/lh.pial.gii", "surf/rh.pial.gii"),
        ("pial_left.gii.gz", "pial_right.gii.gz"),
    ):
        folder = tmp_path / left.replace("/", "-")
        for name, source in zip((left, right), shipped, strict=True):
            place = folder / name.removeprefix("surf/")
            place.parent.mkdir(parents=True, exist_ok=True)
            content = source.read_bytes()
            place.write_bytes(nibabel_gunzip(content) if place.suffix == ".gii" else content)
        assert n_vertices(find_meshes(folder, tmp_path)) == 10_242


def nibabel_gunzip(content: bytes) -> bytes:
    import gzip

    return gzip.decompress(content)


def test_fsaverage6_that_is_not_there_is_told_how_to_get(tmp_path):
    with pytest.raises(MissingData, match=r"fetch\('fsaverage6', data_dir=.*SUBJECTS_DIR"):
        find_meshes("fsaverage6", tmp_path)


def test_swapped_and_unequal_hemispheres_are_refused(tmp_path):
    left, right = find_meshes("fsaverage5", tmp_path)
    with pytest.raises(CorruptData, match="swapped, or inflated"):
        n_vertices((right, left))
    nibabel.freesurfer.io.write_geometry(tmp_path / "rh.pial", np.eye(3) + 5, np.array([[0, 1, 2]]))
    with pytest.raises(CorruptData, match=r"10242 vertices and rh\.pial 3"):
        n_vertices((left, tmp_path / "rh.pial"))


@pytest.mark.parametrize(
    ("vertices", "triangles", "complaint"),
    [
        pytest.param(np.full((3, 3), np.nan), [[0, 1, 2]], "finite", id="nan"),
        pytest.param(np.eye(3), [[0, 1, 3]], "triangles|surface", id="triangle"),
    ],
)
def test_broken_meshes_are_refused(tmp_path, vertices, triangles, complaint):
    path = tmp_path / "lh.pial"
    nibabel.freesurfer.io.write_geometry(path, vertices, np.array(triangles))
    with pytest.raises(CorruptData, match=complaint):
        read_mesh(path)


def test_file_that_is_no_mesh_is_refused(tmp_path):
    (tmp_path / "lh.pial").write_bytes(b"nothing of the kind")
    with pytest.raises(CorruptData, match="cannot be read as a surface"):
        read_mesh(tmp_path / "lh.pial")
