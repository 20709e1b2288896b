"""Signal and noise of known shares, for the tests of ceilings."""

from __future__ import annotations

import numpy as np
import xarray as xr

from heschl.temporal import zscore


def simulated(share, n=10, n_rows=251, n_units=400, seed=0, first="repeat"):
    """Signal (row, unit) and its noisy presentations (n, row, unit) of unit variance."""
    rng = np.random.default_rng(seed)
    signal = np.sqrt(share) * rng.normal(size=(n_rows, n_units))
    noise = np.sqrt(1 - share) * rng.normal(size=(n, n_rows, n_units))
    return signal, labelled(signal + noise, first)


def labelled(values, first="repeat"):
    dims = (first, "time", "unit")
    sizes = dict(zip(dims, values.shape, strict=True))
    coordinates = {dim: np.arange(size) for dim, size in sizes.items()}
    return xr.DataArray(values, dims=dims, coords=coordinates)


def columns_r(one, other):
    return (zscore(one) * zscore(other)).mean(axis=0)
