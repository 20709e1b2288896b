"""Masks: which voxels of a run are brain."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from heschl.data_registry.little_prince.volumes import Grid
from heschl.errors import CorruptData
from heschl.packed import check_gzip
from heschl.untrusted import check_file

__all__ = ["epi_mask", "read_mask"]

_LARGEST_BYTES = 2**28


def epi_mask(mean: np.ndarray, grid: Grid, path: Path) -> np.ndarray:
    """Return nilearn's ``compute_epi_mask`` of a mean volume, booleans (x, y, z).

    The threshold lies in the widest gap between the intensities of the darker and the brighter
    voxels; of what is above it, the largest connected part counts.
    """
    from nilearn.masking import compute_epi_mask

    finite = np.nan_to_num(mean, nan=0.0, posinf=0.0, neginf=0.0)
    if np.ptp(finite) == 0:
        raise CorruptData(f"{path} has the same mean in every voxel; there is no brain in it")
    make_image: Any = nibabel.Nifti1Image  # untyped
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an empty mask, which is refused below
        image = compute_epi_mask(make_image(finite.astype(np.float32), grid.matrix))
    mask = np.asarray(image.dataobj) > 0
    if not mask.any():
        raise CorruptData(
            f"no brain was found in the mean of {path}; fetch it again, or give a mask"
        )
    return np.asarray(mask)


def read_mask(path: Path, grid: Grid) -> np.ndarray:
    """Return the mask of a file, booleans (x, y, z), which must be in the grid of the runs."""
    check_file(path)
    if path.suffix == ".gz":
        check_gzip(path, at_most=_LARGEST_BYTES)
    try:
        image = nibabel.Nifti1Image.from_filename(path)
        shape, affine = image.shape, np.asarray(image.affine)
        values = np.asarray(image.dataobj) if shape == grid.shape else None
    except Exception as error:
        raise CorruptData(f"{path} cannot be read as NIfTI: {error}; give another mask") from error
    if values is None or not np.allclose(affine, grid.matrix, atol=1e-3):
        raise CorruptData(
            f"{path} is a mask of shape {shape}; expected {grid.shape} in the space of the runs: "
            "resample it with nilearn.image.resample_to_img"
        )
    return np.asarray(np.nan_to_num(values) != 0)
