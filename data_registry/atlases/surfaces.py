"""Surfaces: which vertex of a standard mesh lies in which region of an atlas.

The meshes of FreeSurfer's average are nested: the first 10,242 vertices of fsaverage6 are
fsaverage5, and its 40,962 are the first of fsaverage's 163,842. Labels of a finer mesh therefore
serve a coarser one.

Label files are looked for under the names that their makers gave them:

- ``?h.aparc.a2009s.annot`` (Destrieux) is in ``label`` of FreeSurfer's own subjects fsaverage5,
  fsaverage6 and fsaverage; for fsaverage5 alone nilearn fetches it;
- ``?h.HCPMMP1.annot`` (Glasser) on fsaverage is what FreeSurfer users pass round
  (doi:10.6084/m9.figshare.3498446), ``tpl-fsaverage6_hemi-?_desc-MMP_dseg.label.gii`` comes with
  the derivatives of Narratives.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr

from heschl.data_folders import default_data_folder
from heschl.data_registry.atlases.groups import ATLASES
from heschl.data_registry.atlases.label_files import HEMISPHERES, read_labels, require_labels
from heschl.dimensions import ROI, UNIT
from heschl.errors import CorruptData, MissingData, UnknownName, near_names

__all__ = ["MESHES", "atlas_folder", "find_label_files", "membership", "regions"]

MESHES = {"fsaverage5": 10_242, "fsaverage6": 40_962, "fsaverage": 163_842}
"""Vertices of one hemisphere; each mesh begins with the vertices of the one before it."""

_SIDES = {"L": "left", "R": "right"}
_FILE_NAMES = {
    "destrieux": ("{lh}.aparc.a2009s.annot", "{left}.aparc.a2009s.annot"),
    "glasser": (
        "{lh}.HCPMMP1.annot",
        "{lh}.HCP-MMP1.annot",
        "tpl-{mesh}_hemi-{L}_desc-MMP_dseg.label.gii",
    ),
}
_FOLDERS = ("", "label", "{mesh}", "{mesh}/label", "tpl-{mesh}", "destrieux_surface")


def atlas_folder() -> Path:
    """Return where label files are looked for if no folder is named."""
    return default_data_folder("atlases")


def find_label_files(
    atlas: str, mesh: str | int, root: str | Path | None = None
) -> dict[str, Path] | None:
    """Return the label file of each hemisphere, or None if the folder holds neither.

    Parameters
    ----------
    atlas
        ``destrieux`` or ``glasser``.
    mesh
        One of `MESHES`, or the vertices of one hemisphere of another mesh.
    root
        The folder: the files themselves, a FreeSurfer subject with ``label`` in it, a folder of
        such subjects, or nilearn's data folder; by default `atlas_folder`.
    """
    _check_atlas(atlas)
    folder = atlas_folder() if root is None else Path(root)
    # Of the nested meshes the finer ones will do, the mesh itself first.
    candidates = _serving(mesh)
    names_in = lru_cache(maxsize=None)(_names_in)  # most places are none, or empty
    places = [
        (names, where, served)
        for place in _FOLDERS
        for served in candidates
        if (names := names_in(where := folder / place.format(mesh=served)))
    ]
    for name in _FILE_NAMES[atlas]:
        for names, where, served in places:
            files = [_filled(name, served, hemisphere) for hemisphere in HEMISPHERES]
            lost = [file for file in files if file not in names]
            if not lost:
                return {
                    hemisphere: where / file
                    for hemisphere, file in zip(HEMISPHERES, files, strict=True)
                }
            if len(lost) < len(files):
                raise MissingData(
                    f"{where / lost[0]} is not there, but the file of the other hemisphere is; "
                    "give both"
                )
    return None


def _names_in(folder: Path) -> frozenset[str]:
    """Return the names of what is in a folder, links that lead nowhere among them."""
    try:
        return frozenset(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()


def membership(atlas: str, mesh: str | int, root: str | Path | None = None) -> xr.DataArray:
    """Return which vertex lies in which region of an atlas, booleans (roi, unit).

    Units are the vertices of the left hemisphere, then those of the right; the coordinate
    ``hemi`` says which.

    Parameters
    ----------
    atlas, mesh, root
        As of `find_label_files`.

    Examples
    --------
    >>> membership("destrieux", "fsaverage5", "nilearn_data").sel(roi="Heschl")  # doctest: +SKIP
    """
    files = find_label_files(atlas, mesh, root)
    if files is None:
        raise MissingData(_advice(atlas, mesh, atlas_folder() if root is None else Path(root)))
    groups = ATLASES[atlas]
    labels = []
    for hemisphere, path in files.items():
        of_vertex = _on_mesh(read_labels(path, hemisphere).of_vertex, mesh, path)
        require_labels(set(of_vertex.tolist()), groups, path, atlas)
        labels.append(of_vertex)
    label = np.concatenate(labels)
    rows = np.stack([np.isin(label, parts) for parts in groups.values()])
    return _labelled(list(groups), rows, len(labels[0]))


def regions(mesh: str | int, roots: Sequence[str | Path]) -> tuple[xr.DataArray, tuple[Path, ...]]:
    """Return ``all`` and the regions of every atlas that is found, and the files they come from.

    Parameters
    ----------
    mesh
        As of `find_label_files`.
    roots
        Folders; for each atlas the first that holds its files counts.
    """
    n_vertices = _n_vertices(mesh)
    found = [_labelled(["all"], np.ones((1, 2 * n_vertices), dtype=bool), n_vertices)]
    read: list[Path] = []
    for atlas in ATLASES:
        for root in roots:
            files = find_label_files(atlas, mesh, root)
            if files is not None:
                found.append(membership(atlas, mesh, root))
                read += files.values()
                break
    return xr.concat(found, ROI, join="exact"), tuple(read)


def _labelled(names: Sequence[str], rows: np.ndarray, n_left: int) -> xr.DataArray:
    n_units = rows.shape[1]
    return xr.DataArray(
        rows,
        dims=(ROI, UNIT),
        coords={
            ROI: list(names),
            UNIT: np.arange(n_units),
            "hemi": (UNIT, np.where(np.arange(n_units) < n_left, "L", "R")),
        },
    )


def _check_atlas(atlas: str) -> None:
    if atlas not in ATLASES:
        raise UnknownName(f"there is no atlas {atlas!r}; {near_names(atlas, ATLASES)}")


def _serving(mesh: str | int) -> tuple[str, ...]:
    """Return the meshes whose labels hold those of a mesh, itself first."""
    if isinstance(mesh, int):
        names = [name for name, count in MESHES.items() if count == mesh]
        return _serving(names[0]) if names else (str(mesh), *MESHES)
    if mesh not in MESHES:
        raise UnknownName(f"there is no mesh {mesh!r}; {near_names(mesh, MESHES)}")
    names = list(MESHES)
    return tuple(names[names.index(mesh) :])


def _n_vertices(mesh: str | int) -> int:
    return mesh if isinstance(mesh, int) else MESHES[_serving(mesh)[0]]


def _filled(pattern: str, mesh: str, hemisphere: str) -> str:
    return pattern.format(
        mesh=mesh, L=hemisphere, lh=HEMISPHERES[hemisphere], left=_SIDES[hemisphere]
    )


def _on_mesh(labels: np.ndarray, mesh: str | int, path: Path) -> np.ndarray:
    """Return the labels of the mesh's own vertices, if the file's mesh holds it."""
    wanted = _n_vertices(mesh)
    is_nested = wanted in MESHES.values() and len(labels) in MESHES.values()
    if len(labels) != wanted and not (is_nested and len(labels) > wanted):
        finer = [f"{count:,}" for count in MESHES.values() if count > wanted]
        or_finer = f", or a finer mesh ({' or '.join(finer)})" if wanted in MESHES.values() else ""
        raise CorruptData(
            f"{path} labels {len(labels):,} vertices; expected {wanted:,} for {mesh}{or_finer}"
        )
    return labels[:wanted]


def _advice(atlas: str, mesh: str | int, folder: Path) -> str:
    names = " or ".join(
        _filled(name, str(mesh), "L") for name in _FILE_NAMES[atlas] if "{left}" not in name
    )
    message = f"{folder} holds no labels of the {atlas} atlas on {mesh}; put {names} there, and R"
    if atlas == "destrieux" and mesh in ("fsaverage5", MESHES["fsaverage5"]):
        command = (
            "from nilearn.datasets import fetch_atlas_surf_destrieux as fetch; "
            f"fetch(data_dir={str(folder)!r})"
        )
        return f'{message}, or fetch them: python -c "{command}"'
    if atlas == "destrieux":
        return f"{message}; FreeSurfer has them in $SUBJECTS_DIR/{mesh}/label: name that folder"
    return f"{message}; on fsaverage they are at https://doi.org/10.6084/m9.figshare.3498446"
