"""The phantom's anatomy: a few hundred voxels beside two flat sheets of labelled cortex.

Axes are flipped, of different lengths and shifted, so that columns taken in another order, or
hemispheres mixed up, put voxels into the wrong region and the planted scores are not found.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import nibabel.freesurfer.io
import numpy as np

from heschl.data_registry.lebel_moth.rois import GROUPS, HEMISPHERES

__all__ = ["OUTSIDE", "REGIONS", "Anatomy", "draw_anatomy", "write_anatomy"]

REGIONS = ("Heschl", "STG", "STS", "IFG", "Motor")
"""The regions that have voxels, from the back of the sheets to the front."""
OUTSIDE = "outside"
"""What the voxels of no region are called here."""
# Motor, of pure noise, has two blocks: few of its voxels pass as reliable.
_BLOCKS = (*REGIONS, "Motor", OUTSIDE)

_SHAPE = (17, 32, 9)
_VOXEL_MM = 2.6
# Voxel (8, 14, 4) is at the origin; x runs from right to left.
_TO_MILLIMETRES = np.array(
    [
        [-_VOXEL_MM, 0, 0, 8 * _VOXEL_MM],
        [0, _VOXEL_MM, 0, -14 * _VOXEL_MM],
        [0, 0, _VOXEL_MM, -4 * _VOXEL_MM],
        [0, 0, 0, 1],
    ]
)
_SHEET = {"L": 13, "R": 3}
"""The x of each hemisphere's voxels; negative millimetres are left."""
_DEEP = (9, 14, 4)
"""A voxel that is kept, but far from either sheet."""
_DEPTH, _HEIGHT = 4, range(2, 7)
"""Voxels of a block along y, and those along z: 4 x 5 in each hemisphere."""
_OTHER_LABEL = "G_occipital_middle"
_HALF_THICKNESS_MM = 1.3
_JITTER_MM = 0.6


@dataclass(frozen=True)
class Anatomy:
    """Where the voxels are, in the order of the responses' columns."""

    regions: np.ndarray
    """The region of each voxel (voxel,), or `OUTSIDE`."""
    hemispheres: np.ndarray
    """``L`` or ``R`` (voxel,)."""

    def columns(self, region: str) -> np.ndarray:
        """Return the columns of a region's voxels."""
        return np.flatnonzero(self.regions == region)


def draw_anatomy() -> Anatomy:
    """Return the anatomy that every listener of the phantom shares.

    >>> anatomy = draw_anatomy()
    >>> {str(region): len(anatomy.columns(region)) for region in (*REGIONS, OUTSIDE)}
    {'Heschl': 40, 'STG': 40, 'STS': 40, 'IFG': 40, 'Motor': 80, 'outside': 41}
    """
    # pycortex numbers voxels with x running fastest: last to first axis.
    voxels = sorted(_voxels(), key=lambda voxel: voxel[0][::-1])
    regions = [region for _, region, _ in voxels]
    return Anatomy(np.array(regions), np.array([hemisphere for _, _, hemisphere in voxels]))


def write_anatomy(derivative: Path, subject: str, seed: int) -> None:
    """Write mask, transform, surfaces and labels of one listener.

    UTS02 has its surfaces in npz as in the published files. ``seed`` moves the vertices by less
    than half a voxel.
    """
    pycortex = derivative / "pycortex-db" / subject
    transform = pycortex / "transforms" / f"{subject}_auto"
    labels = derivative / "freesurfer_subjdir" / subject / "label"
    for folder in (transform, pycortex / "surfaces", labels):
        folder.mkdir(parents=True)
    mask = np.zeros(_SHAPE, np.uint8)
    for voxel, _, _ in _voxels():
        mask[voxel] = 1
    make_image: Any = nibabel.Nifti1Image  # untyped
    nibabel.save(make_image(mask, np.eye(4)), transform / "mask_thick.nii.gz")
    matrices = {"coord": np.linalg.inv(_TO_MILLIMETRES).tolist(), "magnet": np.eye(4).tolist()}
    (transform / "matrices.xfm").write_text(json.dumps(matrices, indent=4), encoding="utf-8")
    generator = np.random.default_rng(seed)
    for hemisphere, name in HEMISPHERES.items():
        vertices, triangles, numbers = _sheet(hemisphere, generator)
        outwards = np.array(
            [-_HALF_THICKNESS_MM if hemisphere == "L" else _HALF_THICKNESS_MM, 0, 0]
        )
        for kind, points in (("wm", vertices - outwards), ("pia", vertices + outwards)):
            path = pycortex / "surfaces" / f"{kind}_{name}"
            _write_surface(path, points, triangles, as_npz=subject == "UTS02")
        _write_labels(labels / f"{name}.aparc.a2009s.annot", numbers)


def _voxels() -> list[tuple[tuple[int, int, int], str, str]]:
    """Return each voxel with its region and hemisphere, in no order that matters."""
    found = [(_DEEP, OUTSIDE, "L")]
    for block, region in enumerate(_BLOCKS):
        for hemisphere, x in _SHEET.items():
            for y in range(1 + block * _DEPTH, 1 + (block + 1) * _DEPTH):
                found += [((x, y, z), region, hemisphere) for z in _HEIGHT]
    return found


def _label_names() -> list[str]:
    """Return the Destrieux labels that the loader knows, and one more."""
    return [_OTHER_LABEL, *(label for parts in GROUPS.values() for label in parts)]


def _sheet(
    hemisphere: str, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vertices (vertex, 3) in mm, triangles (triangle, 3), label numbers (vertex,)."""
    names = _label_names()
    region_of = {voxel: region for voxel, region, side in _voxels() if side == hemisphere}
    grid, numbers = [], []
    for y in range(_SHAPE[1]):
        for z in range(_SHAPE[2]):
            voxel = (_SHEET[hemisphere], y, z)
            grid.append(voxel)
            region = region_of.get(voxel)
            parts = GROUPS.get(region or "", (_OTHER_LABEL,))
            # Beside the voxels a vertex has no label, which FreeSurfer numbers -1.
            numbers.append(-1 if region is None else names.index(parts[z % len(parts)]))
    homogeneous = np.column_stack([np.array(grid), np.ones(len(grid))])
    vertices = (homogeneous @ _TO_MILLIMETRES.T)[:, :3]
    vertices += generator.uniform(-_JITTER_MM, _JITTER_MM, vertices.shape)
    corner = np.arange(len(grid)).reshape(_SHAPE[1], _SHAPE[2])
    low, right = corner[:-1, :-1].ravel(), corner[1:, :-1].ravel()
    up, across = corner[:-1, 1:].ravel(), corner[1:, 1:].ravel()
    triangles = np.concatenate([np.stack([low, right, up], 1), np.stack([right, across, up], 1)])
    return vertices, triangles, np.array(numbers)


def _write_surface(path: Path, points: np.ndarray, triangles: np.ndarray, *, as_npz: bool) -> None:
    if as_npz:
        np.savez(path.with_suffix(".npz"), pts=points, polys=triangles.astype(np.int32))
        return
    gifti: Any = nibabel.gifti  # untyped
    arrays = [
        gifti.GiftiDataArray(points.astype(np.float32), intent="NIFTI_INTENT_POINTSET"),
        gifti.GiftiDataArray(triangles.astype(np.int32), intent="NIFTI_INTENT_TRIANGLE"),
    ]
    nibabel.save(gifti.GiftiImage(darrays=arrays), path.with_suffix(".gii"))


def _write_labels(path: Path, numbers: np.ndarray) -> None:
    names = _label_names()
    colours = np.zeros((len(names), 5), np.int64)
    colours[:, 0] = 20 + np.arange(len(names))  # any, but different: they identify the labels
    write_annotation: Any = nibabel.freesurfer.io.write_annot  # untyped
    write_annotation(path, numbers, colours, names, fill_ctab=True)
