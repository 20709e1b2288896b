"""Distances between items: each pair once, batch by batch, on all threads that BLAS may use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from threadpoolctl import threadpool_limits

from heschl.errors import InvalidInput
from heschl.metrics.abx.frames import ENDINGS, LEAST, FrameDistance, check_frames, prepared
from heschl.metrics.abx.warping import warp
from heschl.metrics.ridge.engine.threads import ENGINE, blas_threads

__all__ = ["Measure", "PathNormalisation", "item_distances"]

PathNormalisation = Literal["longest", "path"]

_TILE_BYTES = 2**26
"""Of the prepared frames on either side of a batch."""
_SQUARE = 24
"""Items on a side; the product of their frames stays in the cache."""
_DENSE = 1 / 3
"""The share of a square from which on one large product is faster than many small ones."""
_PARTS_A_THREAD = 8


@dataclass(frozen=True)
class Measure:
    """How far apart two items are.

    Parameters
    ----------
    frames
        Between frames, see `heschl.metrics.abx.frames.prepared`.
    normalisation
        What the cost of the best alignment is divided by: ``longest``, the number of frames of the
        longer item (Millet et al. 2022), or ``path``, the number of steps of the best path (ABXpy,
        Libri-light, fastabx).
    """

    frames: FrameDistance = "euclidean"
    normalisation: PathNormalisation = "longest"

    def __post_init__(self) -> None:
        """Refuse words that nothing goes by."""
        for name, allowed in (("frames", FrameDistance), ("normalisation", PathNormalisation)):
            if getattr(self, name) not in get_args(allowed):
                raise InvalidInput(
                    f"{name}={getattr(self, name)!r}; expected one of "
                    f"{', '.join(get_args(allowed))}"
                )


def item_distances(
    values: np.ndarray,
    first: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    measure: Measure | None = None,
    *,
    tile_bytes: int = _TILE_BYTES,
) -> np.ndarray:
    """Return the distance (pair,) of pairs of items.

    Frames are aligned by dynamic time warping, whose cost is divided as the measure says; items of
    one frame each are as far apart as their frames. The number of threads changes nothing.

    Parameters
    ----------
    values, first
        Finite frames (frame, unit); those of item k are the rows ``first[k]:first[k + 1]``.
    left, right
        Numbers of items (pair,). A pair that is asked for again, in either order, costs nothing.
    tile_bytes
        How much of the frames is prepared at a time, on either side.

    Examples
    --------
    >>> values = np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])
    >>> item_distances(values, np.array([0, 3, 5]), np.array([0]), np.array([1]))
    array([0.])
    """
    measure = measure or Measure()
    values, first = np.asarray(values), np.asarray(first, dtype=np.int64)
    check_frames(values)
    _check_items(first, len(values))
    left, right = np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
    _check_pairs(left, right, len(first) - 1)
    n = len(first) - 1
    keys, place = np.unique(
        np.minimum(left, right) * n + np.maximum(left, right), return_inverse=True
    )
    found = np.empty(len(keys))
    low, high = keys // n, keys % n
    for chosen, tile in _tiles(low, high, first, values.shape[1] * 8, tile_bytes):
        found[chosen] = _of_tile(values, first, low[chosen], high[chosen], tile, measure)
    return np.asarray(found[place.reshape(-1)])


def _tiles(
    low: np.ndarray, high: np.ndarray, first: np.ndarray, row_bytes: int, tile_bytes: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs (their positions) and the items that they are of, both in ascending order."""
    number = first[:-1] * row_bytes // max(tile_bytes, row_bytes)
    order = np.lexsort((high, low, number[high], number[low]))
    kinds = np.stack([number[low[order]], number[high[order]]])
    borders = np.flatnonzero(np.any(np.diff(kinds, axis=1) != 0, axis=0)) + 1
    for chosen in np.split(order, borders):
        yield chosen, np.union1d(low[chosen], high[chosen])


def _of_tile(
    values: np.ndarray,
    first: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    items: np.ndarray,
    measure: Measure,
) -> np.ndarray:
    """Return the distances of pairs, all of the items of a tile."""
    anchors, partners = np.searchsorted(items, low), np.searchsorted(items, high)
    # Items that are compared with one another come to lie side by side.
    links = coo_array((np.ones(len(anchors)), (anchors, partners)), shape=(len(items),) * 2)
    _, component = connected_components(links, directed=False)
    arranged = np.argsort(component, kind="stable")
    place = np.argsort(arranged)
    anchors, partners = place[anchors], place[partners]
    lengths = np.diff(first)[items[arranged]]
    local = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.repeat(first[items[arranged]] - local[:-1], lengths) + np.arange(local[-1])
    frames = prepared(values[rows], measure.frames)
    order, runs = _runs(anchors, partners)
    anchors, partners = anchors[order], partners[order]
    cells = np.cumsum(lengths[anchors] * lengths[partners])
    distances = np.empty(len(anchors))

    def work(part: np.ndarray) -> None:
        warp(
            frames.left,
            frames.right,
            frames.norm,
            local,
            part,
            anchors,
            partners,
            distances,
            ENDINGS[measure.frames],
            LEAST,
            measure.normalisation == "path",
        )

    with ENGINE:
        n_threads = blas_threads()
        parts = _shared_out(runs, cells, n_threads * _PARTS_A_THREAD)
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:
            for _ in pool.map(work, parts):
                pass
    found = np.empty_like(distances)
    found[order] = distances
    return found


def _runs(anchors: np.ndarray, partners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an order of the pairs, and the runs (run, 6) that it falls into.

    Pairs are those of a square of neighbouring items with all of their neighbours, if a good part
    of it is wanted; elsewhere, those of one item with partners that follow one another.
    """
    square = anchors // _SQUARE * (partners.max() // _SQUARE + 1) + partners // _SQUARE
    order = np.lexsort((partners, anchors, square))
    anchors, partners, square = anchors[order], partners[order], square[order]
    is_first = np.append(True, np.diff(square) != 0)
    begins = np.flatnonzero(is_first)
    n_pairs = np.diff(np.append(begins, len(square)))
    area = _extent(anchors, begins) * _extent(partners, begins)
    is_dense = np.repeat(n_pairs >= _DENSE * area, n_pairs)
    goes_on = np.append(False, (np.diff(anchors) == 0) & (np.diff(partners) == 1))
    begins = np.flatnonzero(is_first | ~(is_dense | goes_on))
    ends = np.append(begins[1:], len(square))
    borders = [
        edge
        for items in (anchors, partners)
        for edge in (np.minimum.reduceat(items, begins), np.maximum.reduceat(items, begins) + 1)
    ]
    return order, np.column_stack([*borders, begins, ends])


def _extent(items: np.ndarray, begins: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum.reduceat(items, begins) - np.minimum.reduceat(items, begins) + 1)


def _shared_out(runs: np.ndarray, cells: np.ndarray, n_parts: int) -> list[np.ndarray]:
    """Return the runs in parts of about as many cells of alignment each."""
    done = cells[runs[:, 5] - 1]
    borders = np.searchsorted(done, done[-1] * np.arange(1, n_parts) / n_parts)
    return [part for part in np.split(runs, borders) if len(part)]


def _check_items(first: np.ndarray, n_frames: int) -> None:
    if first.ndim != 1 or len(first) < 2 or first[0] != 0 or first[-1] != n_frames:  # noqa: PLR2004
        raise InvalidInput(
            f"first has {len(first)} numbers for {n_frames} frames; expected one for each item, "
            "from 0 up, and the number of frames at the end"
        )
    empty = np.flatnonzero(np.diff(first) < 1)
    if len(empty):
        raise InvalidInput(
            f"{len(empty)} of {len(first) - 1} items have no frame, the first is item {empty[0]}; "
            "leave them out, or choose a layer of a higher rate"
        )


def _check_pairs(left: np.ndarray, right: np.ndarray, n_items: int) -> None:
    if left.shape != right.shape or left.ndim != 1 or not len(left):
        raise InvalidInput(
            f"{left.shape} items were given on the left of pairs and {right.shape} on the right; "
            "expected as many on both sides, one at least"
        )
    both = np.concatenate([left, right])
    if both.min() < 0 or both.max() >= n_items:
        raise InvalidInput(
            f"pairs are of the items {both.min()} to {both.max()}; expected numbers from 0 to "
            f"{n_items - 1}"
        )
