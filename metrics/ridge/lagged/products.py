"""The Gram matrix of a lagged design times a block, without the matrix.

Were there rows before and after every sentence as well, until its frames have
left the lags, the block of lags a and b would depend on b - a alone. Such a
matrix is a convolution over lags: after a Fourier transform of N places, with
N at least twice the lags, it is a product of (feature, feature) with (feature,
column) at each frequency. The rows that are not there are taken off again.
They are themselves convolutions, of the first or last frames of each sentence,
at the same frequencies:

    G X  =  F⁻¹ [ K(f) X(f) - E(f)* F P F⁻¹ E(f) X(f) ]  -  n mu mu' X,

with E the transformed edges and P the choice of the rows outside. With 20 lags
this is a third of the work of the full matrix, and a sixth of its memory. What
the offset of the frames adds is of low rank; see `covariances`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heschl.metrics.ridge.lagged.convolution import inverse_waves, waves
from heschl.metrics.ridge.lagged.covariances import LagCovariances

__all__ = ["LagProducts"]

Parts = tuple[np.ndarray, np.ndarray]
"""Real and imaginary part, each with the frequency first."""


@dataclass(frozen=True)
class _Edge:
    """The frames of all sentences at one edge, and the rows outside of it."""

    frames: Parts
    """(frequency, sentence, feature)."""
    outside: slice
    """The places of the rows outside."""


@dataclass(frozen=True)
class LagProducts:
    """A centred Gram matrix, to be multiplied by blocks.

    Parameters
    ----------
    kernel
        (frequency, feature, feature).
    edges
        What is to be taken off.
    means
        (lag · feature,), times the root of the number of rows.
    presence, presence_squares, offset
        (lag · feature, lag), (lag, lag) and (feature,) of `LagCovariances`, means taken off.
    n_places
        Of the transform.
    """

    kernel: Parts
    edges: tuple[_Edge, ...]
    means: np.ndarray
    presence: np.ndarray
    presence_squares: np.ndarray
    offset: np.ndarray
    n_places: int

    @classmethod
    def of(cls, covariances: LagCovariances, dtype: type[np.floating]) -> LagProducts:
        """Transform the covariances, rounded at the end."""
        lags = covariances.lags
        ends, heads = covariances.ends, covariances.heads
        n_lags = len(lags)
        n_places = 2 * n_lags + max(0, ends.shape[1] - n_lags, heads.shape[1] - n_lags)
        n_places += n_places % 2
        cosines, sines = waves(n_places, np.arange(n_lags))
        apart = covariances.first.copy()
        _complete(apart, covariances)
        flat = apart.reshape(n_lags, -1)
        shape = (n_places // 2 + 1, *apart.shape[1:])
        # The blocks of opposite distance are each other's transposes: e^{iωδ} C(δ) and its
        # conjugate transpose. `sines` are those of e^{-iωδ}.
        real = (cosines @ flat).reshape(shape)
        imaginary = (-sines @ flat).reshape(shape)
        real = real + real.transpose(0, 2, 1) - apart[0]
        imaginary = imaginary - imaginary.transpose(0, 2, 1)
        edges = []
        for frames, start in ((ends, n_lags - 1), (heads, 0)):
            reach = frames.shape[1]
            if reach:
                parts = [
                    np.tensordot(wave, frames, axes=(1, 1)).astype(dtype)
                    for wave in waves(n_places, np.arange(reach))
                ]
                edges.append(_Edge((parts[0], parts[1]), slice(start, start + reach)))
        presence, squares = covariances.centred_presence()
        means = covariances.sums / np.sqrt(covariances.n_rows)
        return cls(
            (real.astype(dtype), imaginary.astype(dtype)),
            tuple(edges),
            means.astype(dtype),
            presence.astype(dtype),
            squares.astype(dtype),
            covariances.offset.astype(dtype),
            n_places,
        )

    @property
    def size(self) -> int:
        """Rows and columns."""
        return len(self.means)

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """The type of the products."""
        return np.dtype(self.means.dtype)

    def __matmul__(self, block: np.ndarray) -> np.ndarray:
        """Return the product with ``block (lag · feature, column)``."""
        n_features = self.kernel[0].shape[1]
        n_lags, n_columns = self.size // n_features, block.shape[1]
        by_lag = block.reshape(n_lags, n_features, n_columns)
        real, imaginary = self._forward(by_lag, slice(0, n_lags))
        image = _product(self.kernel, (real, imaginary))
        for edge in self.edges:
            rows = self._backward(_product(edge.frames, (real, imaginary)), edge.outside)
            taken = _adjoint_product(edge.frames, self._forward(rows, edge.outside))
            image[0][...] -= taken[0]
            image[1][...] -= taken[1]
        product = self._backward(image, slice(0, n_lags)).reshape(self.size, n_columns)
        product -= np.multiply.outer(self.means, self.means @ block)
        of_offset = np.matmul(self.offset, by_lag)  # (lag, column)
        product += self.presence @ of_offset
        added = self.presence.T @ block + self.presence_squares @ of_offset
        product.reshape(by_lag.shape)[...] += self.offset[:, None] * added[:, None]
        return product

    def _forward(self, values: np.ndarray, places: slice) -> Parts:
        """Transform values (place, row, column) that stand at some places."""
        used = np.arange(self.n_places)[places]
        both = np.concatenate(waves(self.n_places, used)).astype(self.dtype)
        n_rows, n_columns = values.shape[1:]
        flat = both @ values.reshape(len(used), n_rows * n_columns)
        parts = flat.reshape(2, -1, n_rows, n_columns)
        return parts[0], parts[1]

    def _backward(self, parts: Parts, places: slice) -> np.ndarray:
        """Return the values (place, row, column) at some places."""
        used = np.arange(self.n_places)[places]
        back = inverse_waves(self.n_places, used).astype(self.dtype)
        n_frequencies, n_rows, n_columns = parts[0].shape
        # (place, 2 · frequency) in two halves, to keep the parts where they are.
        real, imaginary = (part.reshape(n_frequencies, -1) for part in parts)
        values = back[:, :n_frequencies] @ real
        values += back[:, n_frequencies:] @ imaginary
        return np.asarray(values.reshape(len(used), n_rows, n_columns))


def _complete(apart: np.ndarray, covariances: LagCovariances) -> None:
    """Add to the blocks of the first lag the rows that are not there."""
    lag = covariances.lags[0]
    frames = covariances.heads if lag < 0 else covariances.ends
    reach = frames.shape[1]
    rows = range(reach) if lag < 0 else range(reach - lag, reach)
    for distance in range(len(apart)):
        for row in rows:
            if row >= distance:
                apart[distance] += frames[:, row].T @ frames[:, row - distance]


def _product(left: Parts, right: Parts) -> Parts:
    """Return the complex products at all frequencies, of three real ones each."""
    shape = (len(left[0]), left[0].shape[1], right[0].shape[2])
    out = np.empty(shape, right[0].dtype), np.empty(shape, right[0].dtype)
    for f, (a, b, c, d) in enumerate(zip(*left, *right, strict=True)):
        shared = (a + b) @ c
        np.subtract(shared, b @ (c + d), out=out[0][f])
        np.add(shared, a @ (d - c), out=out[1][f])
    return out


def _adjoint_product(left: Parts, right: Parts) -> Parts:
    """Return the same with the conjugate transposes of ``left``."""
    return _product((left[0].transpose(0, 2, 1), -left[1].transpose(0, 2, 1)), right)
