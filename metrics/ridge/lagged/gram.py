"""The Gram matrix of a lagged design times a block, without the matrix; see the package, 2.

With 20 lags this is less than half the work of the full matrix, and a sixth of
its memory. What the offset of the frames adds is of low rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, rfft

from heschl.metrics.ridge.lagged.spectra import column_slices
from heschl.metrics.ridge.lagged.statistics import LagStatistics
from heschl.metrics.ridge.lagged.threads import blas_threads

__all__ = ["LagGram"]


@dataclass(frozen=True)
class LagGram:
    """A centred Gram matrix, to be multiplied by blocks.

    Parameters
    ----------
    kernel
        R(f) (frequency, feature, feature), complex.
    edges
        E(f) (frequency, sentence, feature), complex, each with the places of the rows outside.
    means
        (lag · feature,) of X₀, times the root of the number of rows.
    presence, presence_squares
        X₀'P (lag · feature, lag) and P'P (lag, lag), less means.
    offset
        m (feature,).
    n_places
        N.
    """

    kernel: np.ndarray
    edges: tuple[tuple[np.ndarray, slice], ...]
    means: np.ndarray
    presence: np.ndarray
    presence_squares: np.ndarray
    offset: np.ndarray
    n_places: int

    @classmethod
    def of(cls, statistics: LagStatistics, dtype: np.dtype) -> LagGram:
        """Transform the statistics in float64, then round to ``dtype``."""
        n_lags = len(statistics.lags)
        edges = [
            (frames, slice(start, start + len(frames)))
            for frames, start in ((statistics.ends, n_lags - 1), (statistics.heads, 0))
            if len(frames)
        ]
        # No wave may come round to the lags, nor to the rows outside.
        n_places = n_lags + max([n_lags, *(len(frames) for frames, _ in edges)])
        n_places += n_places % 2
        complex_type = np.result_type(dtype, np.complex64)

        def transformed(values: np.ndarray) -> np.ndarray:
            found = rfft(values, n_places, axis=0, workers=blas_threads())
            return np.asarray(found.astype(complex_type))

        # The correlations at negative distances are the transposes of those at positive ones.
        kernel = transformed(statistics.correlations)
        kernel += kernel.conj().transpose(0, 2, 1)
        kernel -= statistics.correlations[0].astype(dtype)
        cross, among = (table[:, -n_lags:] for table in statistics.centred())
        return cls(
            kernel,
            tuple((transformed(frames), outside) for frames, outside in edges),
            (statistics.sums / np.sqrt(statistics.n_rows)).astype(dtype),
            cross.astype(dtype),
            among.astype(dtype),
            statistics.offset.astype(dtype),
            n_places,
        )

    @property
    def dtype(self) -> np.dtype:
        """The type of the products."""
        return self.means.dtype

    def __matmul__(self, block: np.ndarray) -> np.ndarray:
        """Return the product with ``block (lag · feature, column)``."""
        product = np.empty_like(block)
        for some in column_slices(block.shape[1]):
            product[:, some] = self._times(block[:, some])
        product -= np.multiply.outer(self.means, self.means @ block)
        by_lag = block.reshape(len(self.presence_squares), len(self.offset), block.shape[1])
        of_offset = self.offset @ by_lag  # (lag, column)
        product += self.presence @ of_offset
        added = self.presence.T @ block + self.presence_squares @ of_offset
        product.reshape(by_lag.shape)[...] += self.offset[:, None] * added[:, None]
        return product

    def _times(self, block: np.ndarray) -> np.ndarray:
        """Return X₀'X₀ times a block, means and all."""
        n_lags, workers = len(self.presence_squares), blas_threads()
        by_lag = block.reshape(n_lags, len(self.offset), block.shape[1])
        waves = rfft(by_lag, self.n_places, axis=0, workers=workers)
        image = self.kernel @ waves
        for edge, outside in self.edges:
            # products of (frequency, sentence, feature) and (frequency, feature, column)
            rows = irfft(edge @ waves, self.n_places, axis=0, overwrite_x=True, workers=workers)
            rows[: outside.start] = 0.0
            rows[outside.stop :] = 0.0
            back = rfft(rows, axis=0, workers=workers)
            # E*v is the conjugate of E'v̄: no conjugate of E is ever stored.
            taken = edge.transpose(0, 2, 1) @ np.conjugate(back, out=back)
            image -= np.conjugate(taken, out=taken)
        product = irfft(image, self.n_places, axis=0, overwrite_x=True, workers=workers)
        return np.asarray(product[:n_lags].reshape(block.shape))
