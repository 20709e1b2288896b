"""Volumes: one run of a listener, read volume by volume.

A run has some 300 volumes of half a million voxels; in doubles it would take more than a gigabyte.
The compressed stream is read once, from its beginning to its end, and of each volume only the
voxels that are asked for are kept, besides their sum.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from heschl.errors import CorruptData, HeschlError
from heschl.untrusted import check_file

__all__ = ["Grid", "Run", "RunHeader", "read_header", "read_run"]

_LARGEST_BYTES = 8 * 2**30
_MOST_VOXELS = 2**25
_MOST_VOLUMES = 100_000
_MOST_BEYOND = 2**20
"""Bytes behind the last volume."""


@dataclass(frozen=True)
class Grid:
    """Where voxels are: their number along each axis, and the map to millimetres, row by row."""

    shape: tuple[int, int, int]
    affine: tuple[float, ...]

    @property
    def matrix(self) -> np.ndarray:
        """The map (4, 4) from voxels to millimetres."""
        return np.array(self.affine).reshape(4, 4)

    @property
    def n_voxels(self) -> int:
        """How many voxels there are."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class RunHeader:
    """What the header of a run says."""

    grid: Grid
    n_volumes: int
    repetition_s: float
    """The repetition time; not to be believed, see the loader."""


@dataclass(frozen=True)
class Run:
    """One run: of every volume some voxels, of all voxels the mean."""

    values: np.ndarray
    """(voxel, volume), the voxels that were asked for."""
    mean: np.ndarray
    """The mean of all volumes, (x, y, z)."""


def read_header(path: Path) -> RunHeader:
    """Return where the voxels of a run are, and how many volumes it has."""
    size = check_file(path).st_size
    if size > _LARGEST_BYTES:
        raise CorruptData(f"{path} has {size:,} bytes; expected at most {_LARGEST_BYTES:,}")
    with _reading(path):
        header: Any = nibabel.Nifti1Image.from_filename(path).header  # untyped
        shape = tuple(int(count) for count in header.get_data_shape())
        affine: np.ndarray = np.array(header.get_best_affine(), dtype=np.float64)
        is_placed = bool(header["sform_code"] > 0 or header["qform_code"] > 0)
        zooms = header.get_zooms()
    if len(shape) != 4 or min(shape[:3]) < 2 or shape[3] < 1:  # noqa: PLR2004 - x, y, z, volume
        raise CorruptData(
            f"{path} has the shape {shape}; expected (x, y, z, volume), two voxels along each axis "
            "at least"
        )
    if np.prod(shape[:3], dtype=float) > _MOST_VOXELS or shape[3] > _MOST_VOLUMES:
        raise CorruptData(
            f"{path} claims the shape {shape}; expected at most {_MOST_VOXELS:,} voxels and "
            f"{_MOST_VOLUMES:,} volumes: fetch it again"
        )
    if not is_placed or not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-9:  # noqa: PLR2004 - singular
        raise CorruptData(
            f"{path} does not say where its voxels are in millimetres (sform and qform codes are 0 "
            "or the affine has no inverse); fetch it again, it should be in the space MNIColin27"
        )
    grid = Grid((shape[0], shape[1], shape[2]), tuple(affine.ravel().tolist()))
    return RunHeader(grid, shape[3], float(zooms[3]))


def read_run(path: Path, header: RunHeader, voxels: np.ndarray) -> Run:
    """Return some voxels of all volumes, and the mean of all voxels.

    Parameters
    ----------
    header
        What `read_header` said of the same file.
    voxels
        Numbers (voxel,) in the order in which the file has them: x runs fastest.
    """
    values = np.empty((len(voxels), header.n_volumes), dtype=np.float32)
    total = np.zeros(header.grid.n_voxels)
    with _reading(path):
        for number, volume in enumerate(_volumes(path)):
            flat = volume.ravel(order="F")
            total += flat
            values[:, number] = flat[voxels]
    _check_volumes(path, values)
    return Run(values, (total / header.n_volumes).reshape(header.grid.shape, order="F"))


def _volumes(path: Path) -> Iterator[np.ndarray]:
    """Yield one volume (x, y, z) after the other from a stream that is opened once."""
    # Reopened for each volume, a compressed file would be read from its beginning every time.
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as stream:
        nifti: Any = nibabel.Nifti1Image  # untyped
        image = nifti.from_file_map({"image": nibabel.FileHolder(fileobj=stream)})
        for number in range(image.shape[3]):
            yield np.asarray(image.dataobj[..., number])
        # The checksum of what was compressed comes at its end.
        if len(stream.read(_MOST_BEYOND + 1)) > _MOST_BEYOND:
            raise CorruptData(f"{path} goes on behind its {image.shape[3]} volumes; fetch it again")


def _check_volumes(path: Path, values: np.ndarray) -> None:
    """Refuse volumes of nothing; single voxels without a number are the benchmark's to drop."""
    tests: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "all zeros": lambda part: np.logical_not(part.any(axis=0)),
        "without a finite number": lambda part: np.logical_not(np.isfinite(part).any(axis=0)),
    }
    for fault, is_faulty in tests.items():
        faulty = np.flatnonzero(is_faulty(values))
        if len(faulty):
            raise CorruptData(
                f"{path} has {len(faulty)} volumes that are {fault}, the first is volume "
                f"{faulty[0]} of {values.shape[1]} (from 0); fetch it again"
            )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except HeschlError:
        raise
    except Exception as error:  # of whatever kind damage turns out to be
        raise CorruptData(
            f"{path} cannot be read as NIfTI ({type(error).__name__}: {error}); fetch it again"
        ) from error
