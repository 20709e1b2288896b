"""The mesh of fsaverage5, as the site ships it: both hemispheres, inflated and pial, on one page.

Each vertex of FreeSurfer's average lies near the middle of an edge of the next coarser mesh, down
to the twelve of an icosahedron. Packed are positions on a grid of 16 bits, of each vertex what it
differs by from the middle between its two parents, and of the triangles, which the hemispheres
share, what each differs by from the one before. ``surface_mesh.ts`` reads the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from heschl.errors import InvalidInput

__all__ = [
    "LEVELS",
    "MESH_PATH",
    "N_VERTICES",
    "SIDES",
    "Mesh",
    "coded",
    "coded_field",
    "decoded",
    "parents_of",
    "read_mesh",
]

MESH_PATH = "static/fsaverage5.js"
"""Of the packed mesh in a site: a script, since pages on a disk may load nothing else."""
N_VERTICES = 10_242
"""Of one hemisphere."""
SIDES: tuple[Side, Side] = ("left", "right")
Side = Literal["left", "right"]

LEVELS = (12, 42, 162, 642, 2562, N_VERTICES)
"""Vertices of the nested meshes, fsaverage0 to fsaverage5."""
_CALL = f'heschlReceive("{MESH_PATH}",'


@dataclass(frozen=True)
class Mesh:
    """The surfaces of both hemispheres; arrays are not to be written to."""

    triangles: np.ndarray
    """Numbers of vertices (triangle, 3), counter-clockwise seen from outside; of either side."""
    positions: Mapping[tuple[str, str], np.ndarray]
    """Of each vertex in millimetres (vertex, 3): x to the right, y to the front, z up; by surface
    (``inflated``, ``pial``) and side. Inflated hemispheres are each centred on the origin."""
    sulcal: Mapping[str, np.ndarray]
    """How deep in a sulcus each vertex lies (vertex,), by side; negative on a gyrus."""
    step_mm: Mapping[tuple[str, str], float]
    """Of the grid that positions are rounded to: they are off by half of it at most."""

    def normals(self, surface: str, side: str) -> np.ndarray:
        """Return the directions out of a surface (vertex, 3), means over triangles by area."""
        corners = self.positions[surface, side][self.triangles]
        of_triangles = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        summed = np.zeros((N_VERTICES, 3))
        for corner in range(3):
            np.add.at(summed, self.triangles[:, corner], of_triangles)
        return np.asarray(summed / np.linalg.norm(summed, axis=1, keepdims=True))


@cache
def read_mesh() -> Mesh:
    """Return the packed mesh. It is read once."""
    path = Path(__file__).with_name("static") / Path(MESH_PATH).name
    text = path.read_text(encoding="ascii")
    packed: dict[str, Any] = json.loads(text.removeprefix(_CALL).rstrip().removesuffix(");"))
    triangles = np.cumsum(_numbers(packed["triangles"], 3), axis=0)
    parents = parents_of(triangles)
    fields = {
        (name, side): decoded(field, parents)
        for name, sides in packed["fields"].items()
        for side, field in sides.items()
    }
    surfaces = [key for key in fields if key[0] != "sulcal"]
    return Mesh(
        triangles,
        {key: fields[key] for key in surfaces},
        {side: fields["sulcal", side][:, 0] for side in SIDES},
        {(name, side): packed["fields"][name][side]["step"] for name, side in surfaces},
    )


def parents_of(triangles: np.ndarray) -> np.ndarray:
    """Return the two vertices (vertex, 2) that each lies between; -1 for those of the icosahedron.

    A triangle of a coarser mesh became four, three with one old vertex each and one of the three
    new vertices in the middle; so a new vertex has two old neighbours.
    """
    parents = np.full((N_VERTICES, 2), -1)
    faces = triangles
    for n_old in LEVELS[-2::-1]:
        is_old = faces < n_old
        outer = is_old.sum(axis=1) == 1
        old = np.repeat(faces[outer][is_old[outer]], 2)
        new = faces[outer][~is_old[outer]]
        pairs = np.unique(np.stack([new, old], axis=1), axis=0)
        parents[pairs[::2, 0]] = pairs[:, 1].reshape(-1, 2)
        middle = faces[~is_old.any(axis=1)]
        around = np.sort(parents[middle].reshape(-1, 6), axis=1)
        faces = around[:, ::2]  # each of the three is a parent of two
    return parents


def coded_field(values: np.ndarray, bits: int, parents: np.ndarray) -> dict[str, Any]:
    """Return a packed field of ``values`` (vertex, component), rounded to a grid.

    The grid has ``2 ** bits - 1`` points along the component that extends farthest.
    """
    low, high = values.min(axis=0), values.max(axis=0)
    origin = (low + high) / 2
    step = float((high - low).max() / (2**bits - 2))
    grid = np.round((values - origin) / step).astype(np.int64)
    rest = grid.copy()
    has_parents = parents[:, 0] >= 0
    rest[has_parents] -= grid[parents[has_parents]].sum(axis=1) >> 1
    return {"origin": [float(each) for each in origin], "step": step, "rest": coded(rest)}


def decoded(field: Mapping[str, Any], parents: np.ndarray) -> np.ndarray:
    """Return the values (vertex, component) of a field that `coded_field` packed."""
    rest = _numbers(field["rest"], len(field["origin"]))
    grid = rest.copy()
    for low, high in pairwise(LEVELS):
        grid[low:high] += grid[parents[low:high]].sum(axis=1) >> 1
    return np.asarray(field["origin"] + field["step"] * grid)


def coded(numbers: np.ndarray) -> str:
    """Return whole numbers (row, column) as text: column by column, low bytes before high ones.

    Signs go to the lowest bit, so that small numbers of either sign have an empty high byte.
    """
    unsigned = ((numbers << 1) ^ (numbers >> 63)).T.ravel()
    if unsigned.max() >= 2**16:
        raise InvalidInput("a number is beyond 16 bits; take a coarser grid")
    planes = np.concatenate([unsigned & 255, unsigned >> 8]).astype(np.uint8)
    return base64.b64encode(planes.tobytes()).decode("ascii")


def _numbers(text: str, n_columns: int) -> np.ndarray:
    """Return the whole numbers (row, column) that `coded` wrote."""
    low, high = np.frombuffer(base64.b64decode(text), np.uint8).astype(np.int64).reshape(2, -1)
    unsigned = low | high << 8
    return np.asarray(((unsigned >> 1) ^ -(unsigned & 1)).reshape(n_columns, -1).T)
