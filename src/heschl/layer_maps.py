"""Where in the model a brain is: the best layer of every unit, and its spread over regions.

Follows millet2022.hierarchy. Units of listeners who share a space are summarised over listeners, by
the circular mean and by the median; the others stand by themselves.
"""

from __future__ import annotations

import numpy as np
import scipy.stats
import xarray as xr

from heschl.dimensions import LAYER, ROI, SUBJECT, UNIT
from heschl.errors import InvalidInput, UnknownName, near_names
from heschl.scores import Score
from heschl.statistics import TestResult, best_layer, wilcoxon

__all__ = ["best_layers", "depth_along", "layer_proportions"]


def best_layers(score: Score) -> xr.Dataset:
    """Return where each place of a space that listeners share is best predicted from.

    Returns
    -------
    xr.Dataset
        ``circular_mean``, ``resultant_length``, ``linear_median`` and
        ``is_reliable`` (unit,), see `heschl.statistics.best_layer`, with layers
        counted from 1; ``n`` (unit,), the listeners. The coordinate ``unit`` is
        the number of the place.
    """
    units = score.tree["units"].to_dataset()
    layers = _best(units)
    subjects = list(dict.fromkeys(units[SUBJECT].to_numpy().tolist()))
    places, position = np.unique(units["unit_of_subject"].to_numpy(), return_inverse=True)
    chosen = np.zeros((len(subjects), len(places)), dtype=int)  # 0 where there is no such unit
    owner = np.array([subjects.index(each) for each in units[SUBJECT].to_numpy().tolist()])
    chosen[owner, position] = layers
    n = (chosen > 0).sum(axis=0)
    found = {
        name: np.full(len(places), np.nan)
        for name in ("circular_mean", "resultant_length", "linear_median")
    }
    is_reliable = np.zeros(len(places), dtype=bool)
    # Places that the same listeners have are summarised at once.
    _, pattern = np.unique(chosen > 0, axis=1, return_inverse=True)
    for number in np.unique(pattern):
        columns = np.flatnonzero(pattern.ravel() == number)
        has = chosen[:, columns[0]] > 0
        summary = best_layer(chosen[np.ix_(has, columns)], units.sizes[LAYER])
        for name, values in found.items():
            values[columns] = getattr(summary, name)
        is_reliable[columns] = summary.is_reliable
    return xr.Dataset(
        {name: (UNIT, values) for name, values in found.items()}
        | {"is_reliable": (UNIT, is_reliable), "n": (UNIT, n)},
        coords={UNIT: places},
    )


def layer_proportions(score: Score) -> xr.DataArray:
    """Return which share of each listener's units is best predicted from each layer.

    The shares (subject, roi, layer) of a region add up to 1; NaN where a listener has none of it.
    """
    units = score.tree["units"].to_dataset()
    layers, owners = _best(units), units[SUBJECT].to_numpy()
    subjects = list(dict.fromkeys(owners.tolist()))
    in_roi = units["in_roi"].to_numpy().astype(bool)
    shares = np.full((len(subjects), units.sizes[ROI], units.sizes[LAYER]), np.nan)
    for s, subject in enumerate(subjects):
        for r in range(units.sizes[ROI]):
            here = layers[(owners == subject) & in_roi[r]]
            if len(here):
                shares[s, r] = np.bincount(here - 1, minlength=units.sizes[LAYER]) / len(here)
    return xr.DataArray(
        shares,
        dims=(SUBJECT, ROI, LAYER),
        coords={SUBJECT: subjects, ROI: units[ROI].to_numpy(), LAYER: units[LAYER].to_numpy()},
    )


def depth_along(score: Score, regions: tuple[str, ...]) -> tuple[xr.DataArray, TestResult]:
    """Return whether deeper layers go with later regions: Spearman's rho (subject,), and its test.

    Parameters
    ----------
    score
        A score of several layers.
    regions
        In the order of the hierarchy, three at least; for each the mean best
        layer of a listener's units is taken.
    """
    shares = layer_proportions(score)
    known = shares[ROI].to_numpy().tolist()
    for region in regions:
        if region not in known:
            raise UnknownName(f"this score has no region {region!r}; {near_names(region, known)}")
    if len(regions) < 3:  # noqa: PLR2004  two always rank alike or opposite
        raise InvalidInput(f"regions={regions}; an order needs three at least")
    number = xr.DataArray(np.arange(1, shares.sizes[LAYER] + 1), dims=LAYER)
    depth = (shares.sel({ROI: list(regions)}) * number).sum(LAYER, skipna=False)
    order = np.arange(len(regions))
    rho = [
        float(scipy.stats.spearmanr(order, row).statistic)
        if np.isfinite(row).all() and np.ptp(row) > 0
        else np.nan
        for row in depth.to_numpy()
    ]
    values = xr.DataArray(rho, dims=SUBJECT, coords={SUBJECT: shares[SUBJECT].to_numpy()})
    finite = values.to_numpy()[np.isfinite(values)]
    if not len(finite):
        raise InvalidInput("no listener has units with different best layers in these regions")
    return values, wilcoxon(finite)


def _best(units: xr.Dataset) -> np.ndarray:
    """Return the best layer of every unit (unit,), counted from 1."""
    return np.asarray(units["score"].transpose(LAYER, UNIT).to_numpy().argmax(axis=0)) + 1
