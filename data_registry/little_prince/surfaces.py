"""Surfaces: the meshes onto which volumes are projected, and where they are found.

nilearn ships fsaverage5 and fetches fsaverage6; FreeSurfer has both. Of either the pial surface is
taken, which is what the examples of ``vol_to_surf`` give it.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from heschl.errors import CorruptData, MissingData
from heschl.packed import check_gifti
from heschl.untrusted import check_file

__all__ = ["Mesh", "find_meshes", "n_vertices", "read_mesh", "stamp_of"]

_NAMES = (
    ("surf/lh.pial", "surf/rh.pial"),
    ("lh.pial", "rh.pial"),
    ("pial_left.gii.gz", "pial_right.gii.gz"),
    ("pial_left.gii", "pial_right.gii"),
    ("lh.pial.gii", "rh.pial.gii"),
)
"""Below a folder: FreeSurfer's names, nilearn's, and GIFTI under FreeSurfer's."""
_SHIPPED = "fsaverage5"
_LARGEST_BYTES = 64 * 2**20
_MOST_VERTICES = 2_000_000


class Mesh(NamedTuple):
    """The surface of one hemisphere."""

    vertices: np.ndarray
    """(vertex, 3) in millimetres."""
    triangles: np.ndarray
    """Three numbers of vertices each (triangle, 3), counter-clockwise seen from outside."""


def find_meshes(surface: str | Path, root: Path) -> tuple[Path, Path]:
    """Return the pial surfaces of both hemispheres, the left one first.

    Parameters
    ----------
    surface
        A folder, or the name of one below ``root`` or below nilearn's data folders, such as
        ``fsaverage6``; for ``fsaverage5`` nilearn's own will do.
    root
        The dataset's folder.
    """
    import nilearn.datasets

    is_name = Path(surface).name == str(surface)
    places = [root / surface] if is_name else [Path(surface).expanduser().absolute()]
    if is_name:
        places += [Path(each) / surface for each in nilearn.datasets.get_data_dirs()]
    for place in places:
        for left, right in _NAMES:
            if _is_there(place / left) or _is_there(place / right):
                return place / left, place / right
    if is_name and str(surface) == _SHIPPED:
        shipped = nilearn.datasets.fetch_surf_fsaverage(_SHIPPED)  # within the package
        return Path(shipped["pial_left"]), Path(shipped["pial_right"])
    name = str(surface) if is_name else "fsaverage6"
    raise MissingData(
        f"no meshes of {surface} are in {', '.join(map(str, dict.fromkeys(places)))}; fetch them: "
        f'python -c "from nilearn.datasets import fetch_surf_fsaverage as fetch; '
        f"fetch({name!r}, data_dir={str(root)!r})\", or link FreeSurfer's $SUBJECTS_DIR/{name} to "
        f"{root / name}"
    )


def read_mesh(path: Path) -> Mesh:
    """Return the mesh in a file of FreeSurfer or in GIFTI."""
    from nilearn.surface import load_surf_mesh

    if check_file(path).st_size > _LARGEST_BYTES:
        raise CorruptData(f"{path} has more than {_LARGEST_BYTES:,} bytes; this is no mesh")
    if ".gii" in path.suffixes:
        check_gifti(path, at_most=4 * _LARGEST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what FreeSurfer's files may lack beside the mesh
            mesh: Any = load_surf_mesh(str(path))
        vertices, triangles = np.asarray(mesh.coordinates), np.asarray(mesh.faces)
    except Exception as error:
        raise CorruptData(
            f"{path} cannot be read as a surface ({type(error).__name__}: {error}); fetch it again"
        ) from error
    if vertices.ndim != 2 or vertices.shape[1] != 3 or not np.isfinite(vertices).all():  # noqa: PLR2004
        raise CorruptData(f"{path} has vertices of shape {vertices.shape}; expected finite (n, 3)")
    if not 0 < len(vertices) <= _MOST_VERTICES:
        raise CorruptData(f"{path} has {len(vertices)} vertices; expected at most {_MOST_VERTICES}")
    is_whole = triangles.ndim == 2 and triangles.shape[1] == 3 and len(triangles) > 0  # noqa: PLR2004
    if not is_whole or triangles.min() < 0 or triangles.max() >= len(vertices):
        raise CorruptData(
            f"{path} has triangles of shape {triangles.shape} that do not fit {len(vertices)} "
            "vertices; fetch it again"
        )
    return Mesh(vertices, triangles.astype(np.int64))


def stamp_of(meshes: tuple[Path, ...]) -> tuple[int, ...]:
    """Return numbers that change when the content of the files does."""
    states = [check_file(path) for path in meshes]
    return tuple(number for each in states for number in (each.st_size, each.st_mtime_ns))


@lru_cache(maxsize=8)
def n_vertices(meshes: tuple[Path, Path], stamp: tuple[int, ...] = ()) -> int:
    """Return the vertices of one hemisphere; both must have as many, and lie on their sides.

    ``stamp`` is that of `stamp_of`, since the answer is kept.
    """
    del stamp
    left, right = (read_mesh(path).vertices for path in meshes)
    if len(left) != len(right):
        raise CorruptData(
            f"{meshes[0]} has {len(left)} vertices and {meshes[1].name} {len(right)}; expected as "
            "many on either side, of one and the same mesh"
        )
    if not left[:, 0].mean() < 0 < right[:, 0].mean():
        raise CorruptData(
            f"{meshes[0]} lies at x = {left[:, 0].mean():.0f} mm and {meshes[1].name} at "
            f"{right[:, 0].mean():.0f} mm on average; expected the left one below 0 and the right "
            "one above: they are swapped, or inflated surfaces"
        )
    return len(left)


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
