"""Pictures of maps without a browser's graphics: four views, drawn in NumPy, as small PNG files.

Where each pixel looks at the cortex does not depend on the map, so it is found once. A picture is
then an interpolation and a palette: the steps of the ramp in some shades, greys for cortex without
a value, and clear background, so that a page's paper shows through.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.ndimage
import scipy.special

from heschl.leaderboard.surface_mesh import N_VERTICES, SIDES, Side, read_mesh

__all__ = [
    "HEIGHT",
    "VIEWS",
    "WIDTH",
    "Palette",
    "View",
    "draw",
    "image_of",
    "looks",
    "opaque",
    "png",
]

WIDTH, HEIGHT = 960, 640
VIEWS: tuple[tuple[Side, int], ...] = (("left", -90), ("right", 90), ("left", 90), ("right", -90))
"""Side and yaw in degrees of the four: lateral above, medial below. A yaw of 0 looks from behind,
with the left of the body on the left; 90 looks at its right side."""
MILLIMETRES_WIDE = 234.0
"""Of one of the four views; the inflated hemisphere is 216 mm long."""
LIGHT = np.array([-0.25, 0.5, 0.83])
"""Where the light comes from, to the right, up and towards the viewer."""

_CELL = (HEIGHT // 2, WIDTH // 2)
_N_RIM, _N_GREYS, _N_LEVELS, _N_SHADES = 7, 38, 21, 10
_DARKEST = 0.58
"""What is left of a colour that the light does not reach."""
_COMPRESSION = 6
"""Of zlib: at most, a picture would take twice the time for a hundredth less."""
_SULCUS = 0.6
"""How bright the depth of a sulcus is beside a gyrus, before a theme's colours."""
_ALPHA = np.full(256, 255)
_ALPHA[: 1 + _N_RIM] = np.linspace(0, 255, 1 + _N_RIM).round()
_GRAIN = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16
"""By how much neighbouring pixels are rounded up, so that few colours look like many."""


@dataclass(frozen=True)
class View:
    """What each pixel of a picture looks at; arrays are (pixel,) of those on the cortex."""

    pixel: np.ndarray
    """Its number, row by row."""
    corners: np.ndarray
    """The three vertices of its triangle (pixel, 3); the right ones follow the left ones."""
    weights: np.ndarray
    """Their shares (pixel, 3), which add up to 1."""
    grain: np.ndarray
    """From what fraction on a step is rounded up."""
    shade: np.ndarray
    """How much it is lit, in steps."""
    bare: np.ndarray
    """The number of its colour if it has no value."""
    background: np.ndarray
    """The whole picture (row, column) without the cortex: clear but for the outline."""


@dataclass(frozen=True)
class Palette:
    """The colours of a theme, as (red, green, blue) from 0 to 255."""

    ramp: np.ndarray
    """(step, 3), evenly from the lowest value that is shown to the highest."""
    cortex: tuple[int, int, int]
    """Of a gyrus in full light."""
    sulcus: tuple[int, int, int]
    """Of the depth of a sulcus in full light."""
    rim: tuple[int, int, int]


def axes(yaw_degrees: float) -> np.ndarray:
    """Return what is right, up and towards the viewer on the screen (3, 3), in the brain's axes."""
    yaw = np.deg2rad(yaw_degrees)
    return np.array(
        [[np.cos(yaw), np.sin(yaw), 0.0], [0.0, 0.0, 1.0], [np.sin(yaw), -np.cos(yaw), 0.0]]
    )


@cache
def looks() -> View:
    """Return what the pixels of the four views look at. Takes a second, once."""
    found = [_look(side, yaw, *divmod(number, 2)) for number, (side, yaw) in enumerate(VIEWS)]
    pixel, corners, weights, light, grey = (
        np.concatenate(each) for each in zip(*found, strict=True)
    )
    mask = np.zeros(HEIGHT * WIDTH)
    mask[pixel] = 1.0
    rim = scipy.ndimage.gaussian_filter(mask.reshape(HEIGHT, WIDTH), 0.8)
    grain = _GRAIN[pixel // WIDTH % 4, pixel % WIDTH % 4]
    brightness = (_SULCUS + (1 - _SULCUS) * grey) * (_DARKEST + (1 - _DARKEST) * light)
    darkest = _SULCUS * _DARKEST
    return View(
        pixel,
        corners,
        weights,
        grain,
        shade=_rounded(light * (_N_SHADES - 1), grain),
        bare=1 + _N_RIM + _rounded((brightness - darkest) / (1 - darkest) * (_N_GREYS - 1), grain),
        background=np.ceil(np.clip(2 * rim, 0, 1) * _N_RIM).astype(np.uint8),
    )


def lit(normals: np.ndarray) -> np.ndarray:
    """Return how much places are lit (place,), from directions on the screen (place, 3)."""
    towards = LIGHT / np.linalg.norm(LIGHT)
    return np.asarray(np.clip(0.5 * normals @ towards + 0.5 * np.sqrt(np.abs(normals[:, 2])), 0, 1))


def draw(
    values: np.ndarray,
    low: float,
    high: float,
    palettes: Sequence[Palette],
    threshold: float = 0.0,
) -> list[bytes]:
    """Return PNG files of a map, one in each palette, on clear background.

    Parameters
    ----------
    values
        (hemisphere, vertex), left first; NaN where there is none.
    low, high
        What the ends of the ramp stand for; values beyond them have its ends' colours.
    palettes
        Of the themes; all else is the same, and done once.
    threshold
        Values nearer to nought than this are not shown.
    """
    image = image_of(values, low, high, threshold)
    return png(image, [_colours(each) for each in palettes], _ALPHA)


def image_of(values: np.ndarray, low: float, high: float, threshold: float = 0.0) -> np.ndarray:
    """Return the picture of a map (row, column) in numbers of colours; 0 is its background."""
    view = looks()
    shown, is_there = _interpolated(view, values)
    is_there &= np.abs(shown) >= threshold
    share = np.clip((np.where(is_there, shown, low) - low) / ((high - low) or 1.0), 0, 1)
    level = _rounded(share * (_N_LEVELS - 1), view.grain)
    coloured = 1 + _N_RIM + _N_GREYS + level * _N_SHADES + view.shade
    image = view.background.copy()
    image.ravel()[view.pixel] = np.where(is_there, coloured, view.bare)
    return image


def opaque(image: np.ndarray, palette: Palette, paper: tuple[int, int, int]) -> bytes:
    """Return the PNG file of an `image_of` on paper of a colour."""
    share = _ALPHA[:, np.newaxis] / 255
    colours = share * _colours(palette) + (1 - share) * np.array(paper)
    return png(image, [colours.round()])[0]


def png(
    image: np.ndarray, colours: Sequence[np.ndarray], alpha: np.ndarray | None = None
) -> list[bytes]:
    """Return PNG files of an ``image`` (row, column), numbers of colours.

    Each of ``colours`` (256, 3) makes a file; ``alpha`` (256,) is how opaque colours are, from 0 to
    255, all of them wholly if there is none.
    """
    height, width = image.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each begins with its filter, none
    rows[:, 1:] = image
    before = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
    after = (
        (b"" if alpha is None else _chunk(b"tRNS", alpha.astype(np.uint8).tobytes()))
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), _COMPRESSION))
        + _chunk(b"IEND", b"")
    )
    tables = (_chunk(b"PLTE", each.astype(np.uint8).tobytes()) for each in colours)
    return [b"\x89PNG\r\n\x1a\n" + before + table + after for table in tables]


def _chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def _interpolated(view: View, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the value at each pixel (pixel,), and whether most of its triangle has one."""
    has_value = np.isfinite(values).ravel()
    weight = np.einsum("ij,ij->i", view.weights, has_value.astype(np.float64)[view.corners])
    filled = np.where(has_value, values.ravel(), 0.0)
    total = np.einsum("ij,ij->i", view.weights, filled[view.corners])
    is_there = weight > 1 / 2
    return total / np.where(is_there, weight, 1.0), is_there


def _rounded(numbers: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Return ``numbers`` rounded up where their fraction exceeds the grain, else down."""
    return np.asarray(np.floor(numbers + grain)).astype(np.int64)


def _colours(palette: Palette) -> np.ndarray:
    """Return the 256 colours (256, 3) of a picture."""
    brightness = np.linspace(_SULCUS * _DARKEST, 1, _N_GREYS)[:, None]
    # Such a power that a lit sulcus has its colour.
    contrast = np.log(sum(palette.sulcus) / sum(palette.cortex)) / np.log(_SULCUS)
    greys = brightness**contrast * palette.cortex
    steps = np.linspace(0, len(palette.ramp) - 1, _N_LEVELS).round().astype(int)
    shades = _DARKEST + (1 - _DARKEST) * np.linspace(0, 1, _N_SHADES)
    lit_steps = palette.ramp[steps][:, None] * shades[:, None]
    rim = np.tile(palette.rim, (1 + _N_RIM, 1))
    return np.asarray(np.concatenate([rim, greys, lit_steps.reshape(-1, 3)]).round())


def _look(side: Side, yaw: int, row: int, column: int) -> tuple[np.ndarray, ...]:
    """Return pixel, corners, weights, light and grey of one of the four, in that row and column.

    Grey is 0 in the depth of a sulcus and 1 on a gyrus.
    """
    mesh = read_mesh()
    to_screen = axes(yaw)
    scale = _CELL[1] / MILLIMETRES_WIDE
    placed = mesh.positions["inflated", side] @ to_screen.T * scale
    # Pixels are numbered by their centres, rows from above.
    x, y = placed[:, 0] + (_CELL[1] - 1) / 2, (_CELL[0] - 1) / 2 - placed[:, 1]
    pixel, triangle, weights = _rasterised(np.stack([x, y, placed[:, 2]], axis=1), mesh.triangles)
    corners = mesh.triangles[triangle]
    normals = (mesh.normals("inflated", side) @ to_screen.T)[corners]
    normal = np.einsum("ij,ijk->ik", weights, normals)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    depth = np.einsum("ij,ij->i", weights, mesh.sulcal[side][corners])
    rows, columns = np.divmod(pixel, _CELL[1])
    return (
        (rows + row * _CELL[0]) * WIDTH + columns + column * _CELL[1],
        corners + SIDES.index(side) * N_VERTICES,
        weights,
        lit(normal),
        scipy.special.expit(-6 * depth),
    )


def _rasterised(
    corners: np.ndarray, triangles: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each covered pixel of a view, the nearest triangle there, and its weights.

    ``corners`` (vertex, 3) are columns, rows and nearness in pixels.
    """
    first, second, third = (corners[triangles[:, k]] for k in range(3))
    area = _area(first, second, third)
    # Rows count downwards, so that triangles that face the viewer turn the other way.
    facing = np.flatnonzero(area < 0)
    first, second, third, area = (each[facing] for each in (first, second, third, area))
    low = np.floor(np.minimum(np.minimum(first, second), third)[:, :2]).astype(int)
    high = np.ceil(np.maximum(np.maximum(first, second), third)[:, :2]).astype(int)
    pieces = []
    for down in range(int((high - low)[:, 1].max()) + 1):
        for right in range(int((high - low)[:, 0].max()) + 1):
            point = low + np.array([right, down])
            shares = [
                _area(point, second, third) / area,
                _area(first, point, third) / area,
                _area(first, second, point) / area,
            ]
            inside = np.flatnonzero(np.all([each >= 0 for each in shares], axis=0))
            weights = np.stack(shares, axis=1)[inside]
            near = np.stack([first[inside, 2], second[inside, 2], third[inside, 2]], axis=1)
            pieces.append(
                (
                    point[inside, 1] * _CELL[1] + point[inside, 0],
                    facing[inside],
                    weights,
                    (weights * near).sum(axis=1),
                )
            )
    pixel, triangle, weights, nearness = (
        np.concatenate(each) for each in zip(*pieces, strict=True)
    )
    order = np.lexsort((triangle, -nearness, pixel))
    pixels, position = np.unique(pixel[order], return_index=True)
    nearest = order[position]
    return pixels, triangle[nearest], weights[nearest]


def _area(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> np.ndarray:
    """Return twice the signed areas of triangles from their columns and rows."""
    return np.asarray(
        (second[:, 0] - first[:, 0]) * (third[:, 1] - first[:, 1])
        - (second[:, 1] - first[:, 1]) * (third[:, 0] - first[:, 0])
    )
