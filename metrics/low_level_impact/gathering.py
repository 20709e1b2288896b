"""Gathering: from unit scores with and without low-level features to impacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from heschl.aggregation import divisor, over_subjects, per_region
from heschl.ceilings import normalise
from heschl.cells import Cell
from heschl.dimensions import LAYER, ROI, SUBJECT, UNIT
from heschl.encoding_rows import stored
from heschl.errors import EntryLost, InvalidInput
from heschl.metrics.low_level_impact.reduction import FEATURES, impact, mean_impact
from heschl.metrics.low_level_impact.work import about
from heschl.session import Session

if TYPE_CHECKING:
    from heschl.metrics.low_level_impact.benchmark import LowLevelImpactBenchmark

__all__ = ["gather_impacts"]


def gather_impacts(
    benchmark: LowLevelImpactBenchmark, session: Session, cells: Sequence[Cell]
) -> dict[str, xr.Dataset]:
    """Return alignments, and the impacts that follow from their means."""
    of = {(cell.stage, cell.about): cell for cell in cells}
    groups = benchmark.alignment.gather(session, cells)
    summary, units = groups["summary"], groups["units"]
    others = {
        feature: _units_without(benchmark, feature, session, of, units, groups["ceiling"])
        for feature in benchmark.low_level
    }
    means = {
        feature: per_region(
            other, benchmark.alignment.ceiling.minimum, benchmark.alignment.unit_average
        )
        for feature, other in others.items()
    }
    dims = (FEATURES, LAYER, SUBJECT, ROI)
    impacts = {
        name: impact(summary[name], _over(means, name), benchmark.minimum).transpose(*dims)
        for name in ("normalised", "score_of_all_units")
    }
    score, n_valid = mean_impact(impacts["normalised"])
    reduced = summary.assign(
        score=score,
        normalised=score,
        score_of_all_units=mean_impact(impacts["score_of_all_units"])[0],
        impact=impacts["normalised"],
        original=summary["normalised"],
        residual=_over(means, "normalised").transpose(*dims),
        flag_undefined=(n_valid == 0).astype(np.int8),
    )
    if benchmark.has_unique_variance:
        reduced = reduced.assign(_unique(benchmark, session, of, units))
    return {
        **groups,
        "summary": reduced,
        "population": over_subjects(reduced, seed=session.seed),
        "units": _map(units, others, benchmark.minimum),
    }


def _units_without(
    benchmark: LowLevelImpactBenchmark,
    feature: str,
    session: Session,
    of: Mapping[tuple[str, str], Cell],
    units: xr.Dataset,
    ceilings: xr.Dataset,
) -> xr.Dataset:
    """Return the units with their scores from the residuals of one low-level space."""
    scores = []
    for subject in session.subjects:
        original, residual = (
            of["scores", subject],
            of["residual scores", about(feature, subject)],
        )
        _require_same_rows(original, residual)
        entries = [stored(session, key, residual.label) for key in residual.keys]
        own = units["unit_of_subject"].to_numpy()[units[SUBJECT].to_numpy() == subject]
        if not all(np.array_equal(entry["unit"], own) for entry in entries):
            raise EntryLost(
                f"the scores of {subject} without {feature} are of other units than the "
                "original ones; run the same again with another store"
            )
        scores.append(np.stack([entry["score"] for entry in entries]))
    score = units["score"].astype(np.float64).copy(data=np.concatenate(scores, axis=1))
    divided_by = divisor(ceilings)
    normalised = normalise(
        score,
        divided_by.drop_vars(divided_by.coords),
        score_power=benchmark.alignment.metric.power,
        ceiling=benchmark.alignment.ceiling,
    )
    return units[["in_roi"]].assign(score=score, normalised=normalised).merge(ceilings)


def _map(units: xr.Dataset, others: Mapping[str, xr.Dataset], minimum: float) -> xr.Dataset:
    """Return the map: the impact of each unit by itself, NaN where undefined."""
    residual = _over(others, "normalised").transpose(FEATURES, LAYER, UNIT)
    of_units = mean_impact(impact(units["normalised"], residual, minimum))[0]
    return units.assign(
        score=of_units.transpose(LAYER, UNIT).astype(np.float32),
        normalised=of_units.transpose(LAYER, UNIT).astype(np.float32),
        original=units["normalised"],
        residual=residual.astype(np.float32),
    )


def _unique(
    benchmark: LowLevelImpactBenchmark,
    session: Session,
    of: Mapping[tuple[str, str], Cell],
    units: xr.Dataset,
) -> dict[str, xr.DataArray]:
    """Return the mean R² over a region's units that layer, space or both together explain."""
    is_member = units["in_roi"].to_numpy().astype(bool)
    owners = units[SUBJECT].to_numpy()
    found: dict[str, xr.DataArray] = {}
    for name in ("layer", "space", "shared"):
        values = np.full(
            (
                len(benchmark.low_level),
                len(session.layers),
                len(session.subjects),
                units.sizes[ROI],
            ),
            np.nan,
        )
        for s, subject in enumerate(session.subjects):
            cell = of["unique variance", subject]
            of_layers = [stored(session, key, cell.label)[name] for key in cell.keys]
            for r, of_roi in enumerate(is_member[:, owners == subject]):
                if of_roi.any():
                    values[:, :, s, r] = np.stack(of_layers, axis=1)[..., of_roi].mean(axis=-1)
        found[f"unique_{name}" if name != "shared" else "shared_variance"] = xr.DataArray(
            values, dims=(FEATURES, LAYER, SUBJECT, ROI)
        )
    return found


def _over(spaces: Mapping[str, xr.Dataset], variable: str) -> xr.DataArray:
    """Return one variable of all low-level spaces."""
    return xr.concat(
        [each[variable] for each in spaces.values()],
        xr.DataArray(list(spaces), dims=FEATURES, name=FEATURES),
        coords="minimal",
        compat="override",
    )


def _require_same_rows(original: Cell, residual: Cell) -> None:
    """Refuse scores that were made in two ways: fewer rows alone would pass for an impact."""
    for ours, theirs in zip(original.configurations, residual.configurations, strict=True):
        for name in ours.keys() | theirs.keys():
            one, other = ours.get(name), theirs.get(name)
            if name == "features":  # by stimulus; the features themselves differ
                one, other = sorted(one or ()), sorted(other or ())
            if one != other:
                raise InvalidInput(
                    f"{original.label} and {residual.label} differ in {name!r}; an impact compares "
                    "fits on the same rows of the same stories"
                )
