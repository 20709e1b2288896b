"""All the work on a design that one training set needs, before any unit comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heschl.metrics.ridge.engine.bands import Band, bands_of
from heschl.metrics.ridge.engine.crossing import turn_onto_axes
from heschl.metrics.ridge.engine.design import Design
from heschl.metrics.ridge.engine.factors import (
    Factor,
    Projection,
    Route,
    factor_training,
    project,
    squares_on_axes,
    unreachable_axes,
)
from heschl.metrics.ridge.engine.settings import Settings
from heschl.metrics.ridge.engine.sides import (
    HeldOutSide,
    LeftOutSide,
    held_out_sides,
    left_out_side,
)
from heschl.metrics.ridge.engine.training import Training
from heschl.metrics.ridge.estimators import LeaveOneOut

__all__ = ["prepare_training"]

PRECISION = {"float32": 1e-6, "float64": 1e-13}
"""The largest relative error of any share in a compressed path, by the type of the products."""

NEGLIGIBLE = {"float32": 1e-9, "float64": 1e-15}
"""Axes are dropped that reach predictions by less than this share of the others."""


def prepare_training(
    design: Design,
    settings: Settings,
    position: int,
    route: Route,
    *,
    gram: np.ndarray | None,
    root: np.ndarray | None,
    keeps: bool,
    has_weights: bool = False,
) -> Training:
    """Do all the work on the design that one training set needs; units come later.

    Gram matrix and root are those of `factor_training` and `turn_onto_axes`, for the route
    "summed".
    """
    arrangement, alphas, dtype = settings.arrangement, settings.alphas, settings.dtype
    rows = arrangement.trainings[position]
    is_left_out = isinstance(settings.estimator, LeaveOneOut)
    factor = factor_training(
        design, rows, route, smallest_alpha=alphas[0], gram=gram, has_loadings=is_left_out
    )
    projections = {
        held_out: project(design, factor, rows, arrangement.held_out[held_out])
        for held_out in arrangement.predicted_from(position)
    }
    predicted = [*projections.values()]
    if is_left_out:
        assert factor.loadings is not None  # noqa: S101 - tells the type checker
        predicted.append(Projection(factor.loadings, np.zeros(factor.loadings.shape[1])))
    seen = squares_on_axes(predicted)
    n_predicted = max(len(each.centred) for each in predicted[-1 if is_left_out else 0 :])
    order, bands = _order_axes(factor, seen, settings, n_rows=n_predicted)
    factor = factor.of_axes(order)
    projections = {
        held_out: projection.of_axes(order, dtype) for held_out, projection in projections.items()
    }
    turn = None
    if factor.loadings is None:
        assert root is not None  # noqa: S101 - tells the type checker
        turn = turn_onto_axes(
            design, factor, root, seen=seen[order], smallest_alpha=alphas[0], dtype=dtype
        )
        if turn is None:
            factor = factor.loaded_by_rows(design, rows)
    strength = alphas + factor.eigenvalues.max(initial=0.0)
    shares = strength[:, None] / (alphas[:, None] + factor.eigenvalues)
    sides: tuple[HeldOutSide | LeftOutSide, ...]
    if is_left_out:
        sides = (left_out_side(factor, settings, bands, position),)
    else:
        sides = tuple(held_out_sides(projections, settings, bands, position, strength=strength))
    scored = {
        outer.scored.held_out: projections[outer.scored.held_out]
        for outer in arrangement.outer
        if outer.scored.training == position
    }

    loadings = None
    if factor.loadings is not None:
        loadings = np.ascontiguousarray(factor.loadings, dtype=dtype)
    training = Training(
        settings,
        position,
        factor.eigenvalues,
        strength,
        shares.astype(dtype),
        loadings,
        turn,
        factor.feature_basis(design, rows) if has_weights and scored else None,
        bands,
        sides,
        scored,
    )
    if not keeps:
        return training
    spent = tuple(replace(side, root=side.root[:0]) for side in sides)  # roots only make operators
    return replace(training, kept=training.made(), sides=spent)


def _order_axes(
    factor: Factor, seen: np.ndarray, settings: Settings, *, n_rows: int
) -> tuple[np.ndarray, list[Band]]:
    """Return the axes that matter in the order of the bands, and the bands.

    ``seen (axis,)`` are the squares of predicted rows; at most ``n_rows`` are predicted at once.
    """
    name = settings.dtype.name
    axes = np.argsort(factor.eigenvalues, kind="stable")
    is_left_out = isinstance(settings.estimator, LeaveOneOut)
    if not (is_left_out and factor.spans_rows):  # there the residual lies on all axes
        unreachable = unreachable_axes(factor, seen, settings.alphas[0], NEGLIGIBLE[name])
        axes = axes[~unreachable[axes]]
    bands = bands_of(
        factor.eigenvalues[axes], settings.alphas, precision=PRECISION[name], n_rows=n_rows
    )
    order = [np.zeros(0, dtype=np.intp), *(axes[slice(*band.axes)] for band in bands)]
    return np.concatenate(order), bands
