"""Which way costs least, from shapes alone, and that way in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from heschl.metrics.ridge.engine.arrangement import Arrangement
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.factors import Route
from heschl.metrics.ridge.estimators import Estimator, LeaveOneOut
from heschl.metrics.ridge.solver import EXACT_PENALTY, SAFE_PENALTY
from heschl.wording import counted

__all__ = ["CHUNK", "Routing", "Stretch", "choose_routes", "describe_route", "expected_routes"]

TILE = {"float32": 512, "float64": 256}
"""Units multiplied at a time: as many as keep BLAS busy and the products in the cache."""

Stretch: TypeAlias = Sequence[tuple[int, int]]
"""Tiles that a thread reads at a time, each from a unit to the one behind its last."""

CHUNK = 1024
"""Units read at a time by a thread, and for which path operators are made where none are kept."""

TYPICAL_UNITS = 2048
"""Units for which a route is chosen: no recording's numbers depend on how many there are."""

CHUNK_BYTES = 128 * 2**20
"""Memory for the responses that a thread has read."""

KEPT_BYTES = 512 * 2**20
"""Memory for path operators; beyond, they are made anew for each chunk."""

BLOCK_BYTES = 1024 * 2**20
"""Memory for the Gram matrices of blocks."""

MEAN_RANK = {"float32": 6, "float64": 12}
"""Products for each axis in a compressed path, typically."""


@dataclass(frozen=True)
class Routing:
    """What was chosen.

    Parameters
    ----------
    routes
        Of each training set.
    dtype
        Of products with responses.
    keeps
        Whether path operators are kept, or made for each chunk of units.
    chunk, tile
        Units.
    """

    routes: tuple[Route, ...]
    dtype: np.dtype
    keeps: bool
    chunk: int
    tile: int

    def stretches(self, edges: Iterable[int], n_threads: int) -> list[Stretch]:
        """Cut recordings, each from one of the ``edges`` to the next, for so many threads.

        Tiles depend on nothing but their own recording, so that its numbers are
        the same whichever others are solved with it, on any number of threads.

        >>> routing = Routing((), np.dtype("float32"), keeps=True, chunk=512, tile=256)
        >>> routing.stretches([0, 600], n_threads=2)
        [[(0, 150), (150, 300)], [(300, 450), (450, 600)]]
        """
        found: list[Stretch] = []
        for first, behind in itertools.pairwise(map(int, edges)):
            width = behind - first
            n_tiles = max(-(-width // self.tile), min(FEWEST, width // SMALLEST), width > 0)
            bounds = [first + width * number // max(1, n_tiles) for number in range(n_tiles + 1)]
            tiles = [*itertools.pairwise(bounds)]
            n_stretches = -(-width // self.chunk)
            n_stretches = min(-(-n_stretches // n_threads) * n_threads, n_tiles)
            at = [-(-n_tiles * number // max(1, n_stretches)) for number in range(n_stretches + 1)]
            found += [tiles[low:high] for low, high in itertools.pairwise(at)]
        return found


FEWEST, SMALLEST = 4, 64
"""Tiles of any recording, for threads to share, unless they had fewer units than this."""


def expected_routes(
    n_features: int,
    arrangement: Arrangement,
    estimator: Estimator,
    *,
    dtype: np.dtype,
    largest_chunk: int,
) -> Routing:
    """Choose from shapes alone; only a design itself can tell that this would cost digits."""
    is_wide = [n_features >= len(rows) - estimator.has_intercept for rows in arrangement.trainings]
    tall = _tall_route(n_features, arrangement, is_wide, estimator)
    routes: tuple[Route, ...] = tuple("kernel" if wide else tall for wide in is_wide)
    kept = _operator_numbers(n_features, arrangement, estimator, dtype) * dtype.itemsize
    keeps = kept <= KEPT_BYTES
    # Of a unit in work, three copies are held; of one that waits while others are, one.
    column = dtype.itemsize * arrangement.n_rows
    in_work = int(np.clip(CHUNK_BYTES // (3 * column), 64, largest_chunk))
    read = int(np.clip(CHUNK_BYTES // column, 64, largest_chunk)) if keeps else in_work
    return Routing(routes, dtype, keeps, min(read, CHUNK), min(in_work, TILE[dtype.name]))


def choose_routes(
    design: Design,
    arrangement: Arrangement,
    alphas: np.ndarray,
    estimator: Estimator,
    *,
    dtype: np.dtype,
    largest_chunk: int,
    is_raw: bool,
) -> Routing:
    """Choose how each training set is factored, and what is kept in memory."""
    squares = _squares(design)
    least = {"float32": SAFE_PENALTY, "float64": EXACT_PENALTY}[dtype.name]
    is_small = [alphas[0] <= least * squares[rows].sum() for rows in arrangement.trainings]
    expected = expected_routes(
        design.n_features,
        arrangement,
        estimator,
        dtype=np.dtype(np.float64) if any(is_small) else dtype,
        largest_chunk=largest_chunk,
    )

    def checked(route: Route, *, is_too_small: bool) -> Route:
        if is_too_small:
            return "decomposed"
        return "direct" if route == "summed" and is_raw else route

    routes = tuple(
        checked(route, is_too_small=small)
        for route, small in zip(expected.routes, is_small, strict=True)
    )
    return replace(expected, routes=routes)


def describe_route(
    routing: Routing,
    arrangement: Arrangement,
    *,
    n_features: int,
    n_alphas: int,
) -> str:
    """Return the chosen way in one sentence.

    >>> rows = np.arange(40)
    >>> blocks = (rows[:20], rows[20:])
    >>> arrangement = Arrangement(40, blocks, blocks[::-1], (), blocks, ((0,), (1,)))
    >>> routing = Routing(("summed", "summed"), np.dtype("float32"), True, 1024, 256)
    >>> sentence = describe_route(routing, arrangement, n_features=3, n_alphas=20)
    >>> sentence.split("; ")[0]
    "2 training sets by X'X (3 × 3) summed over 2 blocks of rows"
    """
    sizes = [len(rows) for rows in arrangement.trainings]
    words: dict[Route, str] = {
        "summed": f"by X'X ({n_features} × {n_features}) summed over {len(arrangement.blocks)} "
        "blocks of rows",
        "direct": f"by X'X ({n_features} × {n_features}) of their own rows",
        "kernel": "by XX' ({0} × {0})",
        "decomposed": "by singular values ({0} × " + f"{n_features})",
    }
    parts = []
    for route, text in words.items():
        of_route = [size for size, chosen in zip(sizes, routing.routes, strict=True)
                    if chosen == route]  # fmt: skip
        if of_route:
            parts.append(f"{counted(len(of_route), 'training set')} {text.format(max(of_route))}")
    name = routing.dtype.name
    rank = min(n_alphas, MEAN_RANK[name])
    return (
        f"{', '.join(parts)}; {n_alphas} penalties compressed to about {rank} {name} products an "
        f"axis, operators {'kept' if routing.keeps else 'made for each chunk'}; units in tiles of "
        f"{routing.tile}"
    )


def _squares(design: Design) -> np.ndarray:
    """Return the squared length of each row (row,); their sum is no less than any eigenvalue."""
    squares = np.empty(design.n_rows)
    for start in range(0, design.n_rows, 1024):
        rows = design.rows(slice(start, start + 1024))
        squares[start : start + 1024] = np.einsum("tp,tp->t", rows, rows)
    return squares


def _tall_route(
    n_features: int,
    arrangement: Arrangement,
    is_wide: Sequence[bool],
    estimator: Estimator,
) -> Route:
    """Compare sums over blocks with the rows of each training set, in multiplications."""
    n_blocks = len(arrangement.blocks)
    tall = [position for position, wide in enumerate(is_wide) if not wide]
    if n_blocks * n_features**2 * 8 > BLOCK_BYTES:
        return "direct"
    n_fitted = sum(len(arrangement.trainings[position]) for position in tall)
    n_added = sum(len(arrangement.members[position]) for position in tall)
    adding = 16.0  # an addition waits for memory while so many multiplications are done
    turns = 0.0 if isinstance(estimator, LeaveOneOut) else len(tall) * n_features
    summed = n_features**2 * (arrangement.n_rows + adding * n_added + turns)
    direct = 3.0 * n_features**2 * n_fitted  # the Gram matrix and the loadings, in float64
    if not isinstance(estimator, LeaveOneOut):
        turned = n_features * (arrangement.n_rows + len(tall) * n_features + adding * n_added)
        summed += TYPICAL_UNITS * turned
        direct += TYPICAL_UNITS * n_features * n_fitted
    return "summed" if summed <= direct else "direct"


def _operator_numbers(
    n_features: int, arrangement: Arrangement, estimator: Estimator, dtype: np.dtype
) -> float:
    """Return about how many numbers the path operators of all sides have."""
    rank = min(len(estimator.alphas), MEAN_RANK[dtype.name])
    sides = {(trial.training, trial.held_out) for o in arrangement.outer for trial in o.judged}
    shapes = [
        (len(arrangement.held_out[held_out]), len(arrangement.trainings[training]))
        for training, held_out in sides
    ]
    if isinstance(estimator, LeaveOneOut):
        shapes = [(len(rows), len(rows)) for rows in arrangement.trainings]
    return float(sum(rank * n * min(m, n_features) for n, m in shapes))
