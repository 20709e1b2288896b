r"""Regions: which voxel of a listener belongs to which part of an atlas of the cortex.

Columns of the responses are the nonzero voxels of ``mask_thick.nii.gz`` in pycortex's order: the
volume is transposed to (z, y, x) and read row by row, so x runs fastest. ``matrices.xfm`` takes
millimetres of the surfaces to voxels (x, y, z) with integers at the centres. A voxel gets the label
of the nearest vertex of the surface midway between white matter and pia.

Destrieux labels are published. Whoever puts Glasser's beside them, as ``lh.HCPMMP1.annot`` and
``rh.HCPMMP1.annot``, gets its regions too. FreeSurfer brings them onto a listener's surface::

    mri_surf2surf --hemi lh --srcsubject fsaverage --sval-annot lh.HCPMMP1.annot \
        --trgsubject UTS01 --tval lh.HCPMMP1.annot

unverified: that ``matrices.xfm`` has the entry ``coord`` and that the vertices of pycortex's
surfaces are those of FreeSurfer in their order (their numbers agree for UTS02, whose sizes tell).
Both are checked as far as the files allow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import scipy.spatial
import xarray as xr

from heschl.data_registry.atlases.groups import DESTRIEUX, GLASSER
from heschl.data_registry.atlases.label_files import HEMISPHERES, read_labels, require_labels
from heschl.dimensions import ROI, UNIT
from heschl.errors import CorruptData, MissingData
from heschl.packed import check_gifti, check_gzip, check_zip
from heschl.untrusted import read_json

__all__ = [
    "ANNOTATIONS",
    "GROUPS",
    "HEMISPHERES",
    "MAXIMUM_DISTANCE_MM",
    "RegionFiles",
    "membership",
]

GROUPS = DESTRIEUX
"""The regions of the published labels."""

MAXIMUM_DISTANCE_MM = 5.0
"""Voxels farther from every vertex belong to no region. From the middle of a cortex at most 4.5 mm
thick to the centre of a 2.6 mm voxel that touches it are at most 2.25 + 2.25 mm."""

ANNOTATIONS = {"destrieux": "aparc.a2009s", "glasser": "HCPMMP1"}
"""What FreeSurfer's files of each atlas are called."""

_LARGEST_BYTES = 256 * 2**20
_MOST_VOXELS = 2**24


@dataclass(frozen=True)
class RegionFiles:
    """Where one listener's anatomy lies."""

    transform: Path
    """The folder of ``mask_thick.nii.gz`` and ``matrices.xfm``."""
    surfaces: Path
    """The folder of pycortex's ``wm_lh.gii`` and its like, or of ``.npz`` of the same names."""
    labels: Path
    """The folder of FreeSurfer's ``lh.aparc.a2009s.annot`` and its like."""
    atlases: tuple[str, ...] = ()
    """Those of `ANNOTATIONS` that the listener has."""

    @property
    def mask(self) -> Path:
        """The voxels that were kept."""
        return self.transform / "mask_thick.nii.gz"

    @property
    def matrices(self) -> Path:
        """The transforms."""
        return self.transform / "matrices.xfm"

    def surface(self, kind: str, hemisphere: str) -> Path:
        """Return the file of a surface, ``.gii`` unless only ``.npz`` is there."""
        name = f"{kind}_{HEMISPHERES[hemisphere]}"
        npz = self.surfaces / f"{name}.npz"
        return npz if npz.exists() else self.surfaces / f"{name}.gii"

    def annotation(self, atlas: str, hemisphere: str) -> Path:
        """Return the file of a hemisphere's labels."""
        return self.labels / f"{HEMISPHERES[hemisphere]}.{ANNOTATIONS[atlas]}.annot"

    def geometry(self) -> tuple[Path, ...]:
        """Return the files that place voxels beside the surfaces."""
        surfaces = (self.surface(kind, h) for h in HEMISPHERES for kind in ("wm", "pia"))
        return (self.mask, self.matrices, *surfaces)

    def annotations(self, atlas: str) -> tuple[Path, ...]:
        """Return the files of both hemispheres' labels."""
        return tuple(self.annotation(atlas, hemisphere) for hemisphere in HEMISPHERES)

    def all(self) -> tuple[Path, ...]:
        """Return every file that tells of regions."""
        labels = (path for atlas in self.atlases for path in self.annotations(atlas))
        return (*self.geometry(), *labels)


def membership(files: RegionFiles, n_voxels: int) -> xr.DataArray:
    """Return which voxel lies in which region, booleans (roi, unit).

    The first row is ``all``, the others are the regions of each atlas that the listener has. The
    coordinate ``hemi`` holds the hemisphere of each unit, ``L`` or ``R``.

    Parameters
    ----------
    n_voxels
        How many columns the responses have.
    """
    voxels = _voxels(files.mask)
    if len(voxels) != n_voxels:
        raise CorruptData(
            f"{files.mask} keeps {len(voxels)} voxels where the responses have {n_voxels}; "
            "fetch both again, they are not of the same release"
        )
    positions = _millimetres(voxels, files.matrices)
    distances, nearest = {}, {}
    for hemisphere in HEMISPHERES:
        tree = scipy.spatial.KDTree(_middle_surface(files, hemisphere))
        distances[hemisphere], nearest[hemisphere] = tree.query(positions)
    is_left = distances["L"] <= distances["R"]
    if min(distances["L"].min(), distances["R"].min()) > MAXIMUM_DISTANCE_MM:
        raise CorruptData(
            f"no voxel of {files.mask} is within {MAXIMUM_DISTANCE_MM} mm of a surface in "
            f"{files.surfaces}; {files.matrices} does not belong to them"
        )
    rows = {"all": np.ones(n_voxels, dtype=bool)}
    is_near = np.minimum(distances["L"], distances["R"]) <= MAXIMUM_DISTANCE_MM
    for atlas in files.atlases:
        groups = {"destrieux": GROUPS, "glasser": GLASSER}[atlas]
        labels = {h: _labels(files, atlas, groups, h)[nearest[h]] for h in HEMISPHERES}
        label = np.where(is_near, np.where(is_left, labels["L"], labels["R"]), "")
        rows.update({name: np.isin(label, parts) for name, parts in groups.items()})
    return xr.DataArray(
        np.stack(list(rows.values())),
        dims=(ROI, UNIT),
        coords={
            ROI: list(rows),
            UNIT: np.arange(n_voxels),
            "hemi": (UNIT, np.where(is_left, "L", "R")),
        },
    )


def _voxels(mask: Path) -> np.ndarray:
    """Return the kept voxels (voxel, 3) as (x, y, z), in the order of the responses' columns."""
    check_gzip(mask, at_most=_LARGEST_BYTES)
    try:
        image = nibabel.Nifti1Image.from_filename(mask)
        volume = np.asanyarray(image.dataobj) if math.prod(image.shape) <= _MOST_VOXELS else None
    except Exception as error:
        raise CorruptData(f"{mask} cannot be read as NIfTI: {error}; fetch it again") from error
    if volume is None or volume.ndim != 3:  # noqa: PLR2004 - a volume
        raise CorruptData(f"{mask} has the shape {image.shape}; expected one volume (x, y, z)")
    xyz: np.ndarray = np.argwhere(volume.T != 0)[:, ::-1]
    return xyz


def _millimetres(voxels: np.ndarray, matrices: Path) -> np.ndarray:
    """Return the centres (voxel, 3) of voxels in the space of the surfaces."""
    try:
        to_voxels = np.array(read_json(matrices, at_most=2**20)["coord"], dtype=float)
        to_millimetres = np.linalg.inv(to_voxels)
    except (ValueError, KeyError, TypeError, np.linalg.LinAlgError) as error:
        if isinstance(error, (CorruptData, MissingData)):
            raise
        raise CorruptData(
            f"{matrices} is not pycortex's JSON of an invertible 4 x 4 matrix 'coord' "
            f"({type(error).__name__}: {error}); fetch it again"
        ) from error
    if to_millimetres.shape != (4, 4):
        raise CorruptData(
            f"{matrices} has a 'coord' of shape {to_millimetres.shape}; expected 4 x 4"
        )
    homogeneous = np.column_stack([voxels, np.ones(len(voxels))])
    millimetres: np.ndarray = (homogeneous @ to_millimetres.T)[:, :3]
    return millimetres


def _middle_surface(files: RegionFiles, hemisphere: str) -> np.ndarray:
    """Return the vertices (vertex, 3) midway between white matter and pia, in mm."""
    white = _vertices(files.surface("wm", hemisphere))
    pia = _vertices(files.surface("pia", hemisphere))
    if white.shape != pia.shape:
        raise CorruptData(
            f"{files.surfaces} has {len(white)} white and {len(pia)} pial vertices of hemisphere "
            f"{hemisphere}; expected as many of each: fetch them again"
        )
    middle: np.ndarray = (white + pia) / 2
    return middle


def _vertices(path: Path) -> np.ndarray:
    """Return the vertices (vertex, 3) of a surface in GIFTI or pycortex's npz."""
    check = check_zip if path.suffix == ".npz" else check_gifti
    check(path, at_most=_LARGEST_BYTES)
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                vertices = archive["pts"]
        else:
            image: Any = nibabel.load(path)  # of any class that GIFTI files turn out to be
            vertices = image.agg_data("pointset")
        points = np.asarray(vertices, dtype=np.float64)
    except Exception as error:
        raise CorruptData(
            f"{path} holds no vertices ({type(error).__name__}: {error}); fetch it again"
        ) from error
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():  # noqa: PLR2004
        raise CorruptData(f"{path} has vertices of shape {points.shape}; expected finite (n, 3)")
    return points


def _labels(
    files: RegionFiles, atlas: str, groups: Mapping[str, tuple[str, ...]], hemisphere: str
) -> np.ndarray:
    """Return the name of the label of each vertex; empty where it has none."""
    path = files.annotation(atlas, hemisphere)
    labels = read_labels(path, hemisphere)
    require_labels(labels.known, groups, path, atlas)
    n_vertices = len(_vertices(files.surface("wm", hemisphere)))
    if len(labels.of_vertex) != n_vertices:
        raise CorruptData(
            f"{path} labels {len(labels.of_vertex)} vertices where the surface in "
            f"{files.surfaces} has {n_vertices}; the two are of different reconstructions"
        )
    return labels.of_vertex
