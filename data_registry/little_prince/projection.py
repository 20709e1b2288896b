"""Projection: from voxels to the vertices of a surface, as nilearn's ``vol_to_surf`` does it.

A vertex is the mean of ten points, from 3 mm outside of the surface to 3 mm inside along its
normal; a point is interpolated between the eight voxels around it. Points outside of the volume or
of the mask are left out of the mean, and a vertex without any is NaN. All this is one sparse matrix
for a grid, a mesh and a mask, where nilearn interpolates anew for every volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
import scipy.sparse

from heschl.data_registry.little_prince.surfaces import Mesh, read_mesh
from heschl.data_registry.little_prince.volumes import Grid

__all__ = ["Sampling", "sampling"]

RADIUS_MM = 3.0
"""How far from the surface the outermost points are; nilearn's default."""
N_POINTS = 10
"""Points of a vertex; nilearn's default."""
_VOLUMES_AT_ONCE = 32


@dataclass(frozen=True)
class Sampling:
    """The points of all vertices in a grid of voxels; voxels are numbered with x running fastest.

    Parameters
    ----------
    voxels
        The numbers (voxel,) of the voxels that any point needs.
    weights
        What each point takes of those, (vertex x point, voxel).
    cells
        The number (vertex x point,) of the voxel in whose cell a point lies, which is what a mask
        is asked for; -1 outside of the volume.
    """

    voxels: np.ndarray
    weights: scipy.sparse.csr_array
    cells: np.ndarray

    def matrix(self, mask: np.ndarray) -> scipy.sparse.csr_array:
        """Return the map (vertex, voxel) for a mask, booleans (x, y, z); rows may be empty."""
        kept = (self.cells >= 0) & mask.ravel(order="F")[self.cells]
        count = kept.reshape(-1, N_POINTS).sum(axis=1)
        share = np.repeat(1 / np.maximum(count, 1), count)
        starts = np.concatenate([[0], np.cumsum(count)])
        averaging = scipy.sparse.csr_array(
            (share, np.flatnonzero(kept), starts), shape=(len(count), len(self.cells))
        )
        return averaging @ self.weights

    def project(self, mask: np.ndarray, values: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Return responses (volume, vertex) of the voxels' ``values`` (voxel, volume)."""
        matrix = self.matrix(mask)
        is_empty = np.diff(matrix.indptr) == 0
        projected = np.empty((values.shape[1], matrix.shape[0]), dtype=dtype)
        for start in range(0, values.shape[1], _VOLUMES_AT_ONCE):
            part = slice(start, start + _VOLUMES_AT_ONCE)
            projected[part] = (matrix @ values[:, part].astype(np.float64)).T
        projected[:, is_empty] = np.nan
        return projected


@lru_cache(maxsize=2)
def sampling(meshes: tuple[Path, ...], stamp: tuple[int, ...], grid: Grid) -> Sampling:
    """Return the points of some meshes, one after the other, in a grid.

    Takes seconds and some hundred megabytes, and is kept for the next run.

    Parameters
    ----------
    meshes
        Files; those of the left hemisphere first.
    stamp
        Anything that changes when their content does.
    """
    del stamp
    points = np.concatenate([_points(read_mesh(path)) for path in meshes])
    to_voxels = np.linalg.inv(grid.matrix)
    places = points @ to_voxels[:3, :3].T + to_voxels[:3, 3]
    shape = np.array(grid.shape)
    strides = np.array([1, grid.shape[0], grid.shape[0] * grid.shape[1]])
    is_inside = np.all((places >= 0) & (places < shape), axis=1)
    cells = np.where(is_inside, np.floor(places).astype(np.int64) @ strides, -1)
    weights = _interpolation(np.where(is_inside[:, None], places, 0.0), shape, strides)
    used = np.unique(weights.indices)
    return Sampling(used, weights[:, used], cells)


def _points(mesh: Mesh) -> np.ndarray:
    """Return the points (vertex x point, 3) of a mesh in millimetres."""
    offsets_mm = np.linspace(RADIUS_MM, -RADIUS_MM, N_POINTS)
    points = mesh.vertices[:, None, :] + offsets_mm[:, None] * _normals(mesh)[:, None, :]
    return np.asarray(points.reshape(-1, 3))


def _normals(mesh: Mesh) -> np.ndarray:
    """Return the direction (vertex, 3) out of the surface: the mean over a vertex's triangles."""
    first, second, third = (mesh.vertices[mesh.triangles[:, corner]] for corner in range(3))
    of_triangles = _unit_length(np.cross(second - first, third - first))
    summed = np.zeros(mesh.vertices.shape)
    for corner in range(3):
        np.add.at(summed, mesh.triangles[:, corner], of_triangles)
    return _unit_length(summed)


def _unit_length(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def _interpolation(
    places: np.ndarray, shape: np.ndarray, strides: np.ndarray
) -> scipy.sparse.csr_array:
    """Return what each place (place, 3) takes of each voxel by trilinear interpolation.

    Between the last voxel's centre and the end of its cell the last two are continued.
    """
    corner = np.minimum(np.floor(places).astype(np.int64), shape - 2)
    fraction = places - corner
    columns = np.empty((len(places), 8), dtype=np.int64)
    weights = np.empty((len(places), 8))
    for number, steps in enumerate(product((0, 1), repeat=3)):
        columns[:, number] = (corner + steps) @ strides
        weights[:, number] = np.where(steps, fraction, 1 - fraction).prod(axis=1)
    matrix = scipy.sparse.csr_array(
        (weights.ravel(), columns.ravel(), np.arange(len(places) + 1) * 8),
        shape=(len(places), int(np.prod(shape))),
    )
    matrix.eliminate_zeros()  # a voxel of NaN concerns those alone who take something of it
    matrix.sort_indices()
    return matrix
