"""The penalty path, compressed: squared predictions for all penalties from few products.

The shares D(alpha, axis) = 1/(eigenvalue + alpha) are a Cauchy matrix. Over a
band of neighbouring eigenvalues it has, to working precision in every single
entry, a small rank R: D = C L with C (alpha, R) and L (R, axis). So R products
with the operators ``root · diag(L_k)`` and a small mix by C give the
predictions for any number of penalties. The shares are known, so the error is
too: it is checked entry by entry (`bands`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.engine.bands import Band
from heschl.metrics.ridge.engine.space import Space

__all__ = ["SLAB", "Mixer", "Panel", "operators", "path_sums"]

PANEL = 48
"""Rows multiplied at a time: what is multiplied stays in the cache until it is mixed."""

SLAB = 32
"""Rows mixed at a time: what is mixed stays in the cache until it is squared."""


@dataclass(frozen=True)
class Panel:
    """The operators root · diag(L_k) of neighbouring rows of the root.

    Parameters
    ----------
    rows
        First row and the one behind the last.
    first_band
        The first band that reaches these rows.
    operators
        (rank · row, axis) of each band from the first: all products of a band are one.
    """

    rows: tuple[int, int]
    first_band: int
    operators: tuple[np.ndarray, ...]

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.rows[1] - self.rows[0]


def operators(root: np.ndarray, bands: Sequence[Band]) -> list[Panel]:
    """Return the operators of all rows, in panels, without rows that are 0 in a band.

    Parameters
    ----------
    root
        (row, axis), the axes in the order of the bands. If upper triangular (or trapezoidal), the
        first bands reach the first rows only.
    bands
        As from `heschl.metrics.ridge.engine.bands.bands_of`.
    """
    ends = np.cumsum([0, *(band.width for band in bands)])
    is_triangular = not np.tril(root[:, : len(root)], -1).any()
    heights = np.minimum(ends[1:], len(root)) if is_triangular else np.full(len(bands), len(root))
    found = []
    for low, high in itertools.pairwise(_panel_edges(heights, len(root))):
        first = int(np.searchsorted(heights, low, side="right"))
        made = []
        for number in range(first, len(bands)):
            axes = slice(ends[number], ends[number + 1])
            right = bands[number].right[:, None, :].astype(root.dtype)
            product = np.multiply(root[low:high, axes], right, order="C")  # (rank, row, axis)
            made.append(product.reshape(-1, product.shape[-1]))
        found.append(Panel((low, high), first, tuple(made)))
    return found


def _panel_edges(heights: np.ndarray, n_rows: int) -> list[int]:
    """Cut rows where bands end, but not into slices thinner than a third of a panel."""
    edges = [0]
    for height in [*np.unique(heights).tolist(), n_rows]:
        rows = height - edges[-1]
        if rows >= PANEL / 3 or height == n_rows > edges[-1]:
            parts = -(-rows // PANEL)
            edges += [edges[-1] + rows * part // parts for part in range(1, parts + 1)]
    return edges


class Mixer:
    """Sums of squares over rows for all penalties, in tiles of units.

    Parameters
    ----------
    bands
        As from `heschl.metrics.ridge.engine.bands.bands_of`.
    strength
        (alpha,) by which predictions are multiplied, so that their squares fit into float32.
    row_scale
        (row, alpha) by which each predicted row is multiplied before it is squared; None for 1.
    has_target
        Whether predictions are subtracted from a target before that.
    dtype
        Of the products.
    """

    def __init__(
        self,
        bands: Sequence[Band],
        *,
        dtype: np.dtype,
        strength: np.ndarray,
        row_scale: np.ndarray | None = None,
        has_target: bool = False,
    ) -> None:
        self.starts = np.cumsum([0, *(band.rank for band in bands)])  # of each band's products
        self.axes = np.cumsum([0, *(band.width for band in bands)])
        self.has_target = has_target
        left = np.hstack([np.zeros((len(strength), 0)), *(band.left for band in bands)])
        left *= strength[:, None]
        if has_target:
            left = np.hstack([left, -strength[:, None]])
        if row_scale is not None:
            left = row_scale[:, :, None] * left  # (row, alpha, product)
        self.left = left.astype(dtype)


def path_sums(
    panels: Sequence[Panel],
    mixer: Mixer,
    loaded: np.ndarray,
    target: np.ndarray,
    *,
    space: Space,
) -> tuple[np.ndarray, np.ndarray]:
    """Return Σ over rows of squared predictions and of target times prediction, (alpha, unit).

    Where the mixer subtracts the target, the squares are those of errors. All are of predictions
    times the strength.

    Parameters
    ----------
    panels
        The `operators`.
    mixer
        Of the same bands.
    loaded
        (axis, unit) the responses on the axes, in the order of the bands.
    target
        (row, unit), on the rows of the root.
    space
        Memory to work in.
    """
    n_alphas, n_products = mixer.left.shape[-2:]
    n_units = target.shape[1]
    squares, crossed = np.zeros((2, n_alphas, n_units))
    mixed = space.of("mixed", SLAB, n_alphas, n_units)
    for panel in panels if n_products else ():
        of_panel = target[slice(*panel.rows)]
        reaching = int(mixer.starts[panel.first_band])  # products before do not reach these rows
        products = space.of("products", n_products - reaching, panel.height, n_units)
        _multiply(panel, mixer, loaded, products)
        if mixer.has_target:
            products[-1] = of_panel
        by_row = products.transpose(1, 0, 2)  # (row, product, unit)
        for low in range(0, panel.height, SLAB):
            rows = slice(low, min(low + SLAB, panel.height))
            left = mixer.left[..., reaching:]
            if left.ndim > 2:  # noqa: PLR2004 - a matrix for each row
                left = left[panel.rows[0] + rows.start : panel.rows[0] + rows.stop]
            slab = np.matmul(left, by_row[rows], out=mixed[: rows.stop - rows.start])
            squares += np.einsum("iav,iav->av", slab, slab)
            if not mixer.has_target:
                crossed += np.einsum("iav,iv->av", slab, of_panel[rows])
    return squares, crossed


def _multiply(panel: Panel, mixer: Mixer, loaded: np.ndarray, products: np.ndarray) -> None:
    """Fill ``products (product, row, unit)`` of the bands that reach a panel."""
    start = 0
    for band, operator in enumerate(panel.operators, panel.first_band):
        # (rank · row, axis) @ (axis, unit)
        stop = start + len(operator) // panel.height
        of_band = products[start:stop].reshape(len(operator), -1)  # neighbours in memory: a view
        np.matmul(operator, loaded[mixer.axes[band] : mixer.axes[band + 1]], out=of_band)
        start = stop
