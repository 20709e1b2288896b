"""The phantom's brain: the shape of fsaverage in coarse voxels, cut into parcels.

All voxels of a parcel do the same, so that a vertex whose points lie within one parcel does what
the parcel does, however points are weighed. These vertices make up the regions; all others mix
several parcels and belong to none. Which parcel is of which region differs between the hemispheres,
and x runs from right to left: whoever swaps sides finds other regions' responses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nibabel
import nibabel.freesurfer.io
import numpy as np
import scipy.spatial

__all__ = ["N_PARCELS", "REGIONS", "Brain", "brain", "write_run", "write_surface"]

REGIONS = ("Heschl", "STG", "STS", "IFG", "Motor")

_LABELS = {
    "Heschl": ("G_temp_sup-G_T_transv", "S_temporal_transverse"),
    "STG": ("G_temp_sup-Lateral",),
    "STS": ("S_temporal_sup",),
    "IFG": ("G_front_inf-Opercular", "G_front_inf-Triangul", "G_front_inf-Orbital"),
    "Motor": ("G_precentral", "S_precentral-inf-part", "S_precentral-sup-part"),
}
_OTHER_LABELS = ("G_occipital_middle", "G_temp_sup-Plan_tempo", "G_temp_sup-Plan_polar")
"""What vertices that mix parcels carry in turn."""

_N_VERTICES = 642
"""Of a hemisphere: the first of fsaverage5, which are those of fsaverage3."""
_N_SEEDS = 42
"""Of a hemisphere: its coarsest vertices but the icosahedron's, each the middle of a parcel."""
N_PARCELS = 2 * _N_SEEDS

_VOXEL_MM = 5.5
_SHAPE = (28, 35, 27)
_AFFINE = np.array(
    [
        [-_VOXEL_MM, 0, 0, 76.0],
        [0, _VOXEL_MM, 0, -113.0],
        [0, 0, _VOXEL_MM, -62.0],
        [0, 0, 0, 1],
    ]
)
_MARGIN_MM = 14.0
"""How far the brain reaches beyond the nearest vertex, so that no mask cuts the cortex."""
_BASELINE, _AMPLITUDE = 1000.0, 10.0
_WRONG_TR_S = 1.0


@dataclass(frozen=True)
class Brain:
    """Where parcels and vertices are."""

    parcels: np.ndarray
    """The parcel of each voxel (x, y, z), -1 outside of the brain."""
    mixing: np.ndarray
    """What each vertex takes of each parcel (vertex, parcel), left hemisphere first."""
    regions: tuple[str, ...]
    """The region of each parcel."""

    @property
    def parcel_of(self) -> np.ndarray:
        """The parcel (vertex,) of each vertex that is of one alone, -1 of those that mix."""
        is_pure = np.isclose(self.mixing.max(axis=1), 1.0, rtol=0, atol=1e-9)
        return np.where(is_pure, self.mixing.argmax(axis=1), -1)

    def counts(self, region: str) -> np.ndarray:
        """Return how many vertices (parcel,) of a region each parcel has."""
        counts = np.bincount(self.parcel_of[self.parcel_of >= 0], minlength=N_PARCELS)
        return np.where(np.array(self.regions) == region, counts, 0)


@lru_cache(maxsize=1)
def brain() -> Brain:
    """Return the brain that all listeners share. Takes a second."""
    from nilearn.surface import vol_to_surf

    meshes = [_mesh(side) for side in ("left", "right")]
    seeds = np.concatenate([vertices[:_N_SEEDS] for vertices, _ in meshes])
    places = np.indices(_SHAPE).reshape(3, -1).T @ _AFFINE[:3, :3].T + _AFFINE[:3, 3]
    parcels = scipy.spatial.KDTree(seeds).query(places)[1]
    cortex = scipy.spatial.Delaunay(np.concatenate([vertices for vertices, _ in meshes]))
    distance_mm, _ = scipy.spatial.KDTree(cortex.points).query(places)
    is_brain = (cortex.find_simplex(places) >= 0) | (distance_mm < _MARGIN_MM)
    parcels = np.where(is_brain, parcels, -1).reshape(_SHAPE)
    members = (parcels[..., None] == np.arange(N_PARCELS)).astype(np.float32)
    # What is projected here is the oracle's own view of where each vertex takes its value from.
    image = _image(members)
    mixing = np.concatenate([vol_to_surf(image, list(mesh)) for mesh in meshes])
    regions = tuple(
        REGIONS[(number + 2 * (number >= _N_SEEDS)) % len(REGIONS)] for number in range(N_PARCELS)
    )
    return Brain(parcels, mixing, regions)


def write_surface(folder: Path) -> None:
    """Write the meshes and their Destrieux labels as FreeSurfer has them."""
    for name in ("surf", "label"):
        (folder / name).mkdir(parents=True)
    parcel_of = brain().parcel_of.reshape(2, -1)
    for side, hemisphere, parcels in zip(("left", "right"), ("lh", "rh"), parcel_of, strict=True):
        freesurfer: Any = nibabel.freesurfer.io  # untyped
        vertices, triangles = _mesh(side)
        path = folder / "surf" / f"{hemisphere}.pial"
        freesurfer.write_geometry(path, vertices, triangles, create_stamp="simulated")
        names = [*_OTHER_LABELS, *(label for labels in _LABELS.values() for label in labels)]
        numbers = [_label(names, parcel, vertex) for vertex, parcel in enumerate(parcels)]
        colours = np.zeros((len(names), 5), np.int64)
        colours[:, 0] = 20 + np.arange(len(names))  # any, but different: they identify the labels
        freesurfer.write_annot(
            folder / "label" / f"{hemisphere}.aparc.a2009s.annot",
            np.array(numbers),
            colours,
            names,
            fill_ctab=True,
        )


def write_run(path: Path, series: np.ndarray) -> None:
    """Write a run from the series (volume, parcel) of all parcels; its header has a wrong TR."""
    volumes = np.zeros((*_SHAPE, len(series)), dtype=np.float32)
    parcels = brain().parcels
    is_brain = parcels >= 0
    volumes[is_brain] = (_BASELINE + _AMPLITUDE * series.T)[parcels[is_brain]]
    image = _image(volumes)
    image.header.set_data_dtype(np.int16)
    image.header.set_zooms((_VOXEL_MM, _VOXEL_MM, _VOXEL_MM, _WRONG_TR_S))
    nibabel.save(image, path)


def _label(names: list[str], parcel: int, vertex: int) -> int:
    if parcel < 0:
        return vertex % len(_OTHER_LABELS)
    parts = _LABELS[brain().regions[parcel]]
    return names.index(parts[vertex % len(parts)])


def _image(values: np.ndarray) -> Any:
    make_image: Any = nibabel.Nifti1Image  # untyped
    return make_image(values, _AFFINE)


def _mesh(side: str) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (vertex, 3) and triangles (triangle, 3) of a hemisphere, coarsely."""
    from nilearn.datasets import fetch_surf_fsaverage
    from nilearn.surface import load_surf_mesh

    shipped = fetch_surf_fsaverage("fsaverage5")
    vertices = load_surf_mesh(shipped[f"pial_{side}"]).coordinates[:_N_VERTICES]
    sphere = load_surf_mesh(shipped[f"sphere_{side}"]).coordinates[:_N_VERTICES]
    hull = scipy.spatial.ConvexHull(sphere)
    # The hull's own order of corners says nothing of which side is out.
    corners = sphere[hull.simplices]
    inward = np.einsum("ij,ij->i", np.cross(corners[:, 1], corners[:, 2]), corners[:, 0]) < 0
    triangles = np.where(inward[:, None], hull.simplices[:, ::-1], hull.simplices)
    return vertices.astype(np.float64), triangles[np.lexsort(triangles.T)]
