"""Maps of the cortex: one value for each vertex of fsaverage5, in 255 steps.

The meshes of FreeSurfer's average are nested: the first 10,242 vertices of fsaverage6 and fsaverage
are fsaverage5, whose values are therefore taken and not averaged. The values of a coarser mesh, as
phantoms have, are spread out between its vertices.
"""

from __future__ import annotations

import math
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from heschl.data_folders import default_data_folder
from heschl.data_registry.nh2015_components.surface_maps import read_group_maps
from heschl.dimensions import LAYER, ROI, SUBJECT, UNIT
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.fetching import MIRROR_VARIABLE
from heschl.layer_maps import best_layers
from heschl.leaderboard.score_file import SurfaceMap
from heschl.leaderboard.surface_mesh import LEVELS, N_VERTICES, parents_of, read_mesh
from heschl.manifest import Manifest
from heschl.registry import datasets
from heschl.scores import Score
from heschl.untrusted import check_file

__all__ = ["from_overlay", "from_values", "maps_of", "reference_maps", "values_of"]

N_STEPS = 254
"""Between the lowest and the highest value; the byte 0 is for no value."""
_FINER = (N_VERTICES, 40_962, 163_842)
_COARSER = (642, 2562)
"""Vertices of one hemisphere, of meshes that hold fsaverage5 and of those that it holds."""
_SPECIAL_REGIONS = ("all", "Top10")


def from_values(name: str, values: np.ndarray) -> SurfaceMap:
    """Return the map of ``values`` (hemisphere, vertex), left first; NaN where there is none.

    Half a step is lost at most, a 508th of the range.

    >>> values = np.full((2, 10242), np.nan)
    >>> values[1, :3] = 0.0, 0.25, 1.0
    >>> values_of(from_values("score", values))[1, :4].round(2).tolist()
    [0.0, 0.25, 1.0, nan]
    """
    if values.shape != (2, N_VERTICES):
        raise InvalidInput(
            f"a map has values of shape {values.shape}; expected two hemispheres of "
            f"{N_VERTICES:,} vertices"
        )
    is_there = np.isfinite(values)
    if not is_there.any():
        raise InvalidInput(f"the map {name!r} has no finite value; leave it out")
    low, high = float(values[is_there].min()), float(values[is_there].max())
    share = np.where(is_there, values - low, 0.0) / ((high - low) or 1.0)
    steps = np.where(is_there, 1 + np.round(N_STEPS * share), 0).astype(np.uint8)
    return SurfaceMap(name, low, high, steps[0].tobytes(), steps[1].tobytes())


def values_of(surface_map: SurfaceMap) -> np.ndarray:
    """Return the values (hemisphere, vertex) of a map, left first; NaN where there is none."""
    steps = np.stack(
        [np.frombuffer(each, np.uint8) for each in (surface_map.left, surface_map.right)]
    )
    share = (steps.astype(np.float64) - 1) / N_STEPS
    values = surface_map.low + (surface_map.high - surface_map.low) * share
    return np.where(steps > 0, values, np.nan)


def maps_of(score: Score) -> tuple[SurfaceMap, ...]:
    """Return the maps of a score whose units are vertices of FreeSurfer's average; else none.

    ``normalised``, ``score`` and ``ceiling`` are means over listeners, in the layers that make the
    board's number. ``best_layer`` is where the layer lies that predicts a vertex best, from 0, the
    first, to 1, the last; the median over listeners. All but ``ceiling`` show those vertices alone
    whose ceiling is above the benchmark's minimum. ``region`` has the number, in the order of the
    score's regions, of the smallest region that holds a vertex.
    """
    units = score.tree["units"].to_dataset()
    n_vertices = _n_vertices(score)
    if n_vertices is None:
        return ()
    places = units["unit_of_subject"].to_numpy()
    ceilings = score.tree["ceiling"].to_dataset()
    is_shared = "shared_ceiling" in ceilings
    ceiling = ceilings["shared_ceiling" if is_shared else "ceiling"].to_numpy().astype(np.float64)
    minimum = float(score.tree["ceiling"].attrs["minimum"])
    counts = ceiling > minimum if np.isfinite(ceiling).any() else np.ones(len(ceiling), dtype=bool)

    def mean_over_listeners(values: np.ndarray) -> np.ndarray:
        kept = np.isfinite(values)
        n = np.bincount(places[kept], minlength=2 * n_vertices)
        total = np.bincount(places[kept], values[kept], minlength=2 * n_vertices)
        return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))

    found = {
        quantity: mean_over_listeners(
            np.where(counts, _of_the_board(score, units, quantity), np.nan)
        )
        for quantity in ("normalised", "score")
    }
    found["ceiling"] = mean_over_listeners(ceiling)
    if units.sizes[LAYER] > 1:
        best = best_layers(score)
        depth = np.full(2 * n_vertices, np.nan)
        depth[best[UNIT].to_numpy()] = (best["linear_median"].to_numpy() - 1) / (
            units.sizes[LAYER] - 1
        )
        found["best_layer"] = np.where(np.isfinite(found["score"]), depth, np.nan)
    maps = [
        from_values(name, on_mesh)
        for name, values in found.items()
        if np.isfinite(on_mesh := _on_fsaverage5(values.reshape(2, n_vertices))).any()
    ]
    region = _regions(units, places, n_vertices)
    # A step for each number, so that nothing is rounded.
    steps = np.where(region < 0, 0, region + 1).astype(np.uint8)
    maps.append(SurfaceMap("region", 0.0, float(N_STEPS), steps[0].tobytes(), steps[1].tobytes()))
    return tuple(maps)


def from_overlay(name: str, left: str | Path, right: str | Path) -> SurfaceMap:
    """Return the map of two overlays of FreeSurfer, ``.mgz``, on fsaverage5 or a finer mesh.

    Zeros are values; a vertex without one is NaN.
    """
    halves = [_read_overlay(Path(path)) for path in (left, right)]
    if len({len(half) for half in halves}) > 1:
        raise CorruptData(
            f"{left} has {len(halves[0]):,} vertices and {right} {len(halves[1]):,}; give the two "
            "hemispheres of one mesh"
        )
    return from_values(name, np.stack([half[:N_VERTICES] for half in halves]))


def reference_maps(dataset_id: str, root: str | Path | None = None) -> tuple[SurfaceMap, ...]:
    """Return the maps that a dataset's authors published, or none if they cannot be read here.

    Parameters
    ----------
    dataset_id
        Of these, ``nh2015_components`` has some.
    root
        The dataset's folder: by default that of the mirror, ``$HESCHL_MIRROR``, or else of
        `heschl.data_folders`.
    """
    if dataset_id != "nh2015_components":
        return ()
    for folder in _folders(dataset_id) if root is None else (Path(root),):
        try:
            maps = read_group_maps(folder)
        except (MissingData, ImportError):  # without nibabel nothing reads them
            continue
        return tuple(
            from_values(name, maps.sel(component=name).to_numpy().astype(np.float64))
            for name in maps["component"].to_numpy().tolist()
        )
    return ()


def _folders(dataset_id: str) -> tuple[Path, ...]:
    mirror = os.environ.get(MIRROR_VARIABLE, "")
    card = datasets.card(dataset_id)
    name = Manifest.read(card.manifest).dataset if card.manifest else dataset_id
    is_folder = bool(mirror) and "://" not in mirror
    return (*([Path(mirror) / name] if is_folder else []), default_data_folder(dataset_id))


def _n_vertices(score: Score) -> int | None:
    """Return the vertices of one hemisphere, if a score's units are those of a known mesh."""
    if not score.is_of_recordings or "in_roi" not in score.tree["units"].data_vars:
        return None
    owners = score.tree["units"][SUBJECT].to_numpy()
    summary = score.tree["summary"].to_dataset()
    names = summary[SUBJECT].to_numpy().tolist()
    dropped = summary["n_units_dropped"].to_numpy()
    totals = {
        int(np.count_nonzero(owners == name)) + int(n)
        for name, n in zip(names, dropped, strict=True)
    }
    # Few voxels may be as many as a coarse mesh has; simulated listeners alone are measured on one.
    meshes = (*_FINER, *(_COARSER if score.tree.attrs["data_kind"] == "phantom" else ()))
    known = {2 * count: count for count in meshes}
    return known.get(totals.pop()) if len(totals) == 1 else None


def _of_the_board(score: Score, units: xr.Dataset, quantity: str) -> np.ndarray:
    """Return a quantity of every unit (unit,), in the layers that make the board's number."""
    if f"inner_{quantity}" in units:
        return units[f"inner_{quantity}"].to_numpy().astype(np.float64)
    values = units[quantity].transpose(LAYER, UNIT).to_numpy().astype(np.float64)
    layers = units[LAYER].to_numpy().astype(str).tolist()
    chosen = score.tree["population"]["nested_layer"].sel({ROI: score.tree.attrs["primary_roi"]})
    found = np.full(values.shape[1], np.nan)
    owners = units[SUBJECT].to_numpy()
    for subject, layer in zip(
        chosen[SUBJECT].to_numpy(), chosen.to_numpy().astype(str), strict=True
    ):
        if layer:
            found[owners == subject] = values[layers.index(layer), owners == subject]
    return found


def _regions(units: xr.Dataset, places: np.ndarray, n_vertices: int) -> np.ndarray:
    """Return the number of the smallest region at each vertex (hemisphere, vertex), -1 for none."""
    names = units[ROI].to_numpy().astype(str).tolist()
    members = np.zeros((len(names), 2 * n_vertices), dtype=bool)
    for number, row in enumerate(units["in_roi"].transpose(ROI, UNIT).to_numpy().astype(bool)):
        members[number, places[row]] = names[number] not in _SPECIAL_REGIONS
    region = np.full(2 * n_vertices, -1)
    for number in np.argsort(-members.sum(axis=1), kind="stable"):
        region[members[number]] = number
    return _spread(region.reshape(2, n_vertices))


def _on_fsaverage5(values: np.ndarray) -> np.ndarray:
    """Return values (hemisphere, vertex) of a nested mesh on fsaverage5.

    Between the vertices of a coarser mesh they are what drawing its triangles would show: weighted
    by nearness, and nothing where most of the weight is of vertices without a value.
    """
    n_vertices = values.shape[1]
    if n_vertices >= N_VERTICES:
        return values[:, :N_VERTICES]
    parents = parents_of(read_mesh().triangles)
    filled = np.zeros((2, 2, N_VERTICES))  # (value times weight and weight, hemisphere, vertex)
    filled[1, :, :n_vertices] = np.isfinite(values)
    filled[0, :, :n_vertices] = np.where(np.isfinite(values), values, 0.0)
    for low, high in pairwise(LEVELS):
        if low >= n_vertices:
            filled[..., low:high] = filled[..., parents[low:high]].mean(axis=-1)
    weighted, weight = filled
    return np.where(weight >= 1 / 2, weighted / np.maximum(weight, 1 / 2), np.nan)


def _spread(labels: np.ndarray) -> np.ndarray:
    """Return labels (hemisphere, vertex) of a nested mesh on fsaverage5, each vertex's in full.

    Between two vertices the label of the first of them goes on.
    """
    n_vertices = labels.shape[1]
    if n_vertices >= N_VERTICES:
        return labels[:, :N_VERTICES]
    parents = parents_of(read_mesh().triangles)
    spread = np.zeros((2, N_VERTICES), dtype=labels.dtype)
    spread[:, :n_vertices] = labels
    for low, high in pairwise(LEVELS):
        if low >= n_vertices:
            spread[:, low:high] = spread[:, parents[low:high, 0]]
    return spread


def _read_overlay(path: Path) -> np.ndarray:
    import nibabel

    if not path.exists():
        raise MissingData(f"{path} does not exist; name an overlay of FreeSurfer")
    check_file(path)
    try:
        image: Any = nibabel.load(str(path))  # of the class that the file turns out to be
        is_known = math.prod(image.shape) in _FINER
        values = np.asarray(image.dataobj, dtype=np.float64).ravel() if is_known else np.empty(0)
    except Exception as error:
        raise CorruptData(f"{path} cannot be read as an overlay: {error}") from error
    if len(values) not in _FINER:
        raise CorruptData(
            f"{path} holds {math.prod(image.shape):,} values; expected one for each vertex of "
            f"fsaverage5, fsaverage6 or fsaverage: {', '.join(f'{count:,}' for count in _FINER)}"
        )
    return values
