"""Bands of a spectrum, in each of which the shares of all penalties have a small rank.

The shares D(alpha, axis) = 1/(eigenvalue + alpha) are a Cauchy matrix. How fast the singular values
of a band fall depends on its width in

    t = log₁₀ (eigenvalue + smallest alpha) / (eigenvalue + largest alpha)

(the cross-ratio of the two intervals), and on little else. So the widest band of every rank is
tabulated once for a grid of penalties, and a shortest path over the spectrum finds the cut that
costs least. The rank of each band is then found from its own shares, entry by entry.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

__all__ = ["Band", "bands_of"]

MIX_COST = 1.3
"""Time of a multiplication in the mix, in small matrices, and of squaring; in a product it is 1."""

STEP = 0.02
"""Distance of possible cuts, in decades of the cross-ratio."""


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
    eigenvalues: np.ndarray, alphas: np.ndarray, *, precision: float, n_rows: int
) -> list[Band]:
    """Cut the spectrum into the bands that cost least, those of the highest rank first.

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

    >>> eigenvalues, alphas = np.logspace(-1, 4, 400), np.logspace(1, 8, 20)
    >>> bands = bands_of(eigenvalues, alphas, precision=1e-6, n_rows=200)
    >>> round(sum(band.rank * band.width for band in bands) / 400)  # products for each axis, not 20
    6
    """
    if not len(eigenvalues):
        return []
    cut = _cheapest_cut(eigenvalues, alphas, precision, n_rows)
    bands = [_compress(eigenvalues, alphas, axes, precision) for axes in cut]
    return sorted(bands, key=lambda band: (-band.rank, band.axes))


_Cut = list[tuple[int, int]]


def _cheapest_cut(
    eigenvalues: np.ndarray, alphas: np.ndarray, precision: float, n_rows: int
) -> _Cut:
    """Return the first axis of each band and the one behind its last: a shortest path."""
    position = np.log10((eigenvalues + alphas[0]) / (eigenvalues + alphas[-1]))  # ascending
    steps = np.arange(position[0], position[-1], STEP)
    edges = np.unique([0, *np.searchsorted(position, steps), len(position)])
    reached = _reached(position, edges, alphas, precision)  # (edge, rank)
    cost = [0.0] + [np.inf] * (len(edges) - 1)
    before = [0] * len(edges)
    axes = edges.tolist()
    mix = MIX_COST * len(alphas)
    for number, ends in enumerate(reached.tolist()):
        for rank, end in enumerate(ends, 1):
            n_axes = axes[end] - axes[number]
            through = cost[number] + min(rank, n_axes) * n_rows * (n_axes + mix)
            if n_axes and through < cost[end]:
                cost[end], before[end] = through, number
    cut: _Cut = []
    end = len(edges) - 1
    while end > 0:
        cut.append((axes[before[end]], axes[end]))
        end = before[end]
    return cut[::-1]


def _reached(
    position: np.ndarray, edges: np.ndarray, alphas: np.ndarray, precision: float
) -> np.ndarray:
    """Return to which edge a band of each rank reaches, from each edge but the last."""
    anchors, widest = _widest_bands(tuple(alphas / alphas[0]), precision)
    starts = edges[:-1]
    ranks = np.arange(1, widest.shape[1] + 1)
    width = np.stack([np.interp(position[starts], anchors, of_rank) for of_rank in widest.T], 1)
    behind = np.searchsorted(position, position[starts][:, None] + width, side="right")
    behind = np.maximum(behind, starts[:, None] + ranks)  # few axes never have a higher rank
    reached = np.searchsorted(edges, behind, side="right") - 1
    reached[:, -1] = np.maximum(reached[:, -1], np.arange(1, len(edges)))
    return np.asarray(reached)


@functools.lru_cache(maxsize=16)
def _widest_bands(ratios: tuple[float, ...], precision: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where bands may begin (anchor,), and the widest of each rank there (anchor, rank).

    Parameters
    ----------
    ratios
        Penalties in units of the smallest, ascending.
    precision
        Of the shares. Errors of single entries are a few times that of the mean.
    """
    alphas = np.array(ratios)
    span = np.log10(alphas[-1])
    anchors = np.linspace(-span, -0.01 * span, 12)
    widths = np.geomspace(0.01, max(3.0, span), 24)
    offsets = widths[:, None] * np.linspace(0.0, 1.0, 16)  # (width, sample)
    cross_ratio = 10.0 ** np.minimum(anchors[:, None, None] + offsets, -1e-6)
    # Where all penalties are one penalty, every eigenvalue has the cross-ratio 1, and rank 1.
    sampled = (cross_ratio * alphas[-1] - 1.0) / np.maximum(1.0 - cross_ratio, 1e-12)
    shares = 1.0 / (alphas[:, None] + np.maximum(sampled, 0.0)[..., None, :])
    relative = shares / np.sqrt(shares[..., :1] * shares[..., -1:])
    singular = np.linalg.svd(relative, compute_uv=False)  # (anchor, width, singular value)
    needed = (singular > 0.2 * precision * singular[..., :1]).sum(axis=-1)
    needed = np.maximum.accumulate(needed, axis=1)
    ranks = np.arange(1, needed.max() + 1)
    fitting = (needed[:, None, :] <= ranks[:, None]).sum(axis=-1)  # (anchor, rank)
    return anchors, np.where(fitting > 0, widths[fitting - 1], 0.0)


def _compress(
    eigenvalues: np.ndarray, alphas: np.ndarray, axes: tuple[int, int], precision: float
) -> Band:
    inside = eigenvalues[slice(*axes)]
    shares = 1.0 / (alphas[:, None] + inside)  # (alpha, axis)
    # Relative to the middle of the band all entries are near 1, so that the decomposition, which
    # is best in the sum of squares, is near the best in relative error as well.
    scale = np.sqrt(shares[:, :1] * shares[:, -1:])
    full_rank = Band(axes, np.diag(scale[:, 0]), shares / scale)
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
