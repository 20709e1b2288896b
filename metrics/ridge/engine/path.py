"""The penalty path, compressed: squared predictions for all penalties from few products.

The shares D(alpha, axis) = 1/(eigenvalue + alpha) are a Cauchy matrix. Over a
band of neighbouring eigenvalues it has, to working precision in every single
entry, a small rank R: D = C L with C (alpha, R) and L (R, axis). So R products
with the operators ``root · diag(L_k)`` and a small mix by C give the
predictions for any number of penalties. The shares are known, so the error is
too: it is checked entry by entry.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["SLAB", "Band", "Mixer", "Space", "bands_of", "operators", "path_sums"]

SLAB = 32
"""Rows mixed at a time: what is mixed stays in the cache until it is squared."""

PANEL = 208
"""Rows multiplied at a time: what is multiplied stays in the cache until it is mixed."""

MIX_COST = 1.7
"""Time of a multiplication in the mix, in small matrices, and of squaring; in a product it is 1."""

WIDTHS = (0.25, 0.4, 0.65)
"""Widths of a band that are tried, in decades."""


@dataclass(frozen=True)
class Band:
    """Neighbouring axes whose shares are compressed together.

    Parameters
    ----------
    axes
        Positions in the ascending eigenvalues, first and behind the last.
    left, right
        (alpha, rank) and (rank, axis): their product is the band of D.
    """

    axes: tuple[int, int]
    left: np.ndarray
    right: np.ndarray

    @property
    def width(self) -> int:
        """The number of axes."""
        return self.axes[1] - self.axes[0]

    @property
    def rank(self) -> int:
        """The number of products."""
        return int(self.left.shape[1])


def bands_of(
    eigenvalues: np.ndarray,
    alphas: np.ndarray,
    *,
    precision: float,
    n_rows: int,
    is_triangular: bool = True,
) -> list[Band]:
    """Cut the spectrum into the bands that cost least, the most expensive ones first.

    Parameters
    ----------
    eigenvalues
        (axis,), ascending.
    alphas
        (alpha,), ascending.
    precision
        The largest relative error of any entry of D.
    n_rows
        Rows of the largest root that the bands will be multiplied with.
    is_triangular
        Whether the root is.

    >>> eigenvalues, alphas = np.logspace(-1, 4, 400), np.logspace(1, 8, 20)
    >>> bands = bands_of(eigenvalues, alphas, precision=1e-6, n_rows=200)
    >>> round(sum(band.rank * band.width for band in bands) / 400)  # products for each axis, not 20
    6
    """
    if not len(eigenvalues):
        return []

    def cost(cut: _Cut) -> float:
        ranks = _ranks(eigenvalues, alphas, cut, precision)
        return _cost(cut, ranks, n_rows, len(alphas), is_triangular=is_triangular)

    cuts = {tuple(_cut(eigenvalues, alphas, width)) for width in WIDTHS}
    best = min(sorted(cuts), key=cost)
    bands = [_compress(eigenvalues, alphas, axes, precision) for axes in best]
    return sorted(bands, key=lambda band: (-band.rank, band.axes))


def _ranks(eigenvalues: np.ndarray, alphas: np.ndarray, cut: _Cut, precision: float) -> np.ndarray:
    """Return about the rank of each band, (band,), from a few eigenvalues in between."""
    ends = eigenvalues[[(first, last - 1) for first, last in cut]] + alphas[0]  # (band, 2)
    share = np.linspace(0.0, 1.0, 16)
    sampled = ends[:, :1] ** (1 - share) * ends[:, 1:] ** share - alphas[0]
    shares = 1.0 / (alphas[:, None] + sampled[:, None])  # (band, alpha, sample)
    relative = shares / np.sqrt(shares[:, :, :1] * shares[:, :, -1:])
    singular = np.linalg.svd(relative, compute_uv=False)
    found = (singular > precision * singular[:, :1]).sum(axis=1)
    return np.asarray(np.minimum(found, [last - first for first, last in cut]))


def _cost(
    cut: _Cut, ranks: np.ndarray, n_rows: int, n_alphas: int, *, is_triangular: bool
) -> float:
    """Return the multiplications for each unit: products and mix."""
    order = np.argsort(-ranks, kind="stable")
    widths = np.array([last - first for first, last in cut])[order]
    heights = np.minimum(np.cumsum(widths), n_rows) if is_triangular else n_rows
    mixed = MIX_COST * n_rows * n_alphas * ranks.sum()
    return float((heights * widths * ranks[order]).sum() + mixed)


_Cut = tuple[tuple[int, int], ...]


def _cut(eigenvalues: np.ndarray, alphas: np.ndarray, decades: float) -> list[tuple[int, int]]:
    """Cut where D changes by so many decades; below the smallest penalty it hardly does."""
    change = np.log10(eigenvalues + alphas[0])
    number = np.floor((change - change[0]) / decades).astype(int)
    edges = np.flatnonzero(np.diff(number)) + 1
    return list(itertools.pairwise([0, *edges.tolist(), len(eigenvalues)]))


def _compress(
    eigenvalues: np.ndarray, alphas: np.ndarray, axes: tuple[int, int], precision: float
) -> Band:
    inside = eigenvalues[slice(*axes)]
    shares = 1.0 / (alphas[:, None] + inside)  # (alpha, axis)
    # Relative to the middle of the band all entries are near 1, so that the decomposition, which
    # is best in the sum of squares, is near the best in relative error as well.
    scale = np.sqrt(shares[:, :1] * shares[:, -1:])
    full_rank = Band(axes, np.eye(len(alphas)), shares)
    left, singular, right = np.linalg.svd(shares / scale, full_matrices=False)
    first = max(1, int((singular > precision * singular[0]).sum()) - 1)
    for rank in range(first, len(singular)):
        approximate = (left[:, :rank] * (scale * singular[:rank])) @ right[:rank]
        if np.abs(approximate / shares - 1.0).max() <= precision:
            spread = np.sqrt(singular[:rank])
            return Band(axes, scale * left[:, :rank] * spread, spread[:, None] * right[:rank])
    if len(inside) < len(alphas):
        return Band(axes, shares, np.eye(len(inside)))
    return full_rank


def operators(root: np.ndarray, bands: list[Band]) -> list[np.ndarray]:
    """Return root · diag(L_k) for each band, (rank, row, axis), without rows that are 0.

    Parameters
    ----------
    root
        (row, axis), the axes in the order of the bands. If upper triangular (or trapezoidal), the
        first bands reach the first rows only.
    bands
        As from `bands_of`.
    """
    made, end = [], 0
    is_triangular = not np.tril(root[:, : len(root)], -1).any()
    for band in bands:
        start, end = end, end + band.width
        height = min(end, len(root)) if is_triangular else len(root)
        right = band.right[:, None, :].astype(root.dtype)
        made.append(np.multiply(root[:height, start:end], right, order="C"))
    return made


class Mixer:
    """Sums of squares over rows for all penalties, in tiles of units.

    Parameters
    ----------
    bands
        As from `bands_of`.
    row_scale
        (row, alpha) by which each predicted row is multiplied before it is squared; None for 1.
    has_target
        Whether predictions are subtracted from a target before that.
    dtype
        Of the products.
    """

    def __init__(
        self,
        bands: list[Band],
        *,
        dtype: np.dtype,
        row_scale: np.ndarray | None = None,
        has_target: bool = False,
        n_alphas: int,
    ) -> None:
        self.ranks = [band.rank for band in bands]
        self.has_target = has_target
        left = np.hstack([np.zeros((n_alphas, 0)), *(band.left for band in bands)])
        if has_target:
            left = np.hstack([left, np.full((n_alphas, 1), -1.0)])
        if row_scale is not None:
            left = row_scale[:, :, None] * left  # (row, alpha, product)
        self.left = left.astype(dtype)


class Space:
    """Memory that is used again."""

    def __init__(self, dtype: np.dtype) -> None:
        self._numbers = np.empty(0, dtype=dtype)

    def of(self, *shape: int) -> np.ndarray:
        """Return an array of this shape with any numbers in it."""
        size = int(np.prod(shape))
        if len(self._numbers) < size:
            self._numbers = np.empty(size, dtype=self._numbers.dtype)
        return self._numbers[:size].reshape(shape)


def path_sums(
    made: list[np.ndarray],
    mixer: Mixer,
    loaded: np.ndarray,
    target: np.ndarray,
    *,
    space: Space,
) -> tuple[np.ndarray, np.ndarray]:
    """Return Σ over rows of squared predictions and of target times prediction, (alpha, unit).

    Where the mixer subtracts the target, the squares are those of errors.

    Parameters
    ----------
    made
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
    n_rows, n_units = target.shape
    squares, crossed = np.zeros((2, n_alphas, n_units))
    if n_products == 0 or n_rows == 0:
        return squares, crossed
    mixed = np.empty((SLAB, n_alphas, n_units), dtype=loaded.dtype)
    height = -(-n_rows // -(-n_rows // PANEL))  # even panels
    for first in range(0, n_rows, height):
        of_panel = target[first : first + height]
        products = space.of(n_products, len(of_panel), n_units)
        heights = _multiply(made, loaded, slice(first, first + len(of_panel)), products)
        if mixer.has_target:
            products[-1] = of_panel
        by_row = products.transpose(1, 0, 2)  # (row, product, unit)
        for low, high, reaching in _slabs(heights, mixer.ranks, len(of_panel)):
            left = mixer.left[..., reaching:]
            if left.ndim > 2:  # noqa: PLR2004 - a matrix for each row
                left = left[first + low : first + high]
            slab = np.matmul(left, by_row[low:high, reaching:], out=mixed[: high - low])
            squares += np.einsum("iav,iav->av", slab, slab)
            if not mixer.has_target:
                crossed += np.einsum("iav,iv->av", slab, of_panel[low:high])
    return squares, crossed


def _multiply(
    made: list[np.ndarray], loaded: np.ndarray, panel: slice, products: np.ndarray
) -> list[int]:
    """Fill ``products (product, row, unit)`` and return to which row each band reaches."""
    heights = []
    product = start = 0
    for operator in made:  # (rank, row, axis) @ (axis, unit)
        rank, _, width = operator.shape
        part = operator[:, panel]
        heights.append(part.shape[1])
        if heights[-1]:
            np.matmul(
                part,
                loaded[start : start + width],
                out=products[product : product + rank, : heights[-1]],
            )
        product, start = product + rank, start + width
    return heights


def _slabs(heights: list[int], ranks: list[int], n_rows: int) -> Iterator[tuple[int, int, int]]:
    """Yield rows from, to, and the first product that reaches them."""
    start = product = 0
    for height, rank in zip([*heights, n_rows], [*ranks, 0], strict=True):
        for first in range(start, height, SLAB):
            yield first, min(first + SLAB, height), product
        start = max(start, height)
        product += rank
