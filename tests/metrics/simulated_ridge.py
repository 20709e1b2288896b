"""Small regression problems, for the tests of the ridge metric."""

from __future__ import annotations

import numpy as np
import xarray as xr

from heschl.splits import Fold

ALPHAS = (0.1, 3.0, 30.0, 200.0, 3000.0)

WIDTHS = {"tall": (8, 5), "inner wide": (30, 45), "wide": (90, 4)}
"""Of two feature spaces, beside 60 or 40 training rows."""


def walk(generator, shape, coefficient):
    """Return AR(1) columns of unit variance."""
    values = generator.standard_normal(shape)
    for row in range(1, len(values)):
        values[row] *= np.sqrt(1 - coefficient**2)
        values[row] += coefficient * values[row - 1]
    return values


def problem(n_rows=60, n_features=8, n_units=6, coefficient=0.0, seed=0):
    """Return a design and noisy linear responses, off centre and of unequal scales."""
    generator = np.random.default_rng(seed)
    design = walk(generator, (n_rows, n_features), coefficient) + 0.5
    weights = generator.standard_normal((n_features, n_units))
    noise = walk(generator, (n_rows, n_units), coefficient) * np.linspace(0.5, 6, n_units)
    return design, design @ weights + noise * np.sqrt(n_features) + 3.0


def labelled(design, responses):
    return (
        xr.DataArray(design, dims=("time", "feature")),
        xr.DataArray(
            responses,
            dims=("time", "unit"),
            coords={
                "unit": np.arange(responses.shape[1]) + 100,
                "roi": ("unit", ["A1"] * responses.shape[1]),
            },
        ),
    )


def thirds(n_rows):
    parts = np.array_split(np.arange(n_rows), 3)
    return [
        Fold(f"part {k}", np.setdiff1d(np.arange(n_rows), part), part)
        for k, part in enumerate(parts)
    ]


def spaced(n_features, names):
    """Return a space for each feature, the spaces interleaved as far as they go."""
    return [names[column % len(names)] for column in range(n_features)]
