"""Gathering: from the store's similarities to the groups of a Score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from heschl.aggregation import QUANTITIES, over_stimuli, over_subjects
from heschl.ceilings import NoCeiling
from heschl.cells import Cell
from heschl.configuration import canonical_json
from heschl.dimensions import DRAW, FOLD, LAYER, ROI, STIMULUS, SUBJECT, UNIT
from heschl.dual_bootstrap import dual_error
from heschl.encoding_rows import stored
from heschl.gathering import warn_of_empty
from heschl.resampling import drawing_digest
from heschl.session import Session

if TYPE_CHECKING:
    from heschl.similarity import SimilarityBenchmark

__all__ = ["gather_similarities"]

PAIR = "pair"


def gather_similarities(
    benchmark: SimilarityBenchmark, session: Session, cells: Sequence[Cell]
) -> dict[str, xr.Dataset]:
    """Return ``summary``, ``population``, ``units`` and ``ceiling``, and the ``geometries``.

    A unit is a geometry: that of one region of one listener. ``population`` has, beside the errors
    over listeners, ``dual_error`` (quantity, layer, roi) and ``rule_dual_error`` (quantity,
    layer_rule, roi), with other listeners and other sounds at once, where the metric draws sounds.
    """
    read = _Results(session, cells)
    summary = _summary(benchmark, session, read)
    found = read.of_listeners("scores")
    draws = {
        "draws": ((LAYER, DRAW, SUBJECT, ROI), "draws"),
        "inner_draws": ((DRAW, SUBJECT, ROI), "inner_draws"),
    }
    drawn = xr.Dataset(
        {
            name: (dims, np.stack([each[key] for each in found], axis=-2))
            for name, (dims, key) in draws.items()
            if key in found[0]
        },
        coords={LAYER: summary[LAYER], SUBJECT: summary[SUBJECT], ROI: summary[ROI]},
    )
    population = over_subjects(summary, layer_rule=benchmark.metric.layer_rule, seed=session.seed)
    if benchmark.card.unit_of_uncertainty == STIMULUS:
        population = over_stimuli(population, drawn)
        population.attrs["drawn_from"] = drawing_digest(
            read.stimuli, seed=session.seed, n_draws=drawn.sizes[DRAW]
        )
    elif "draws" in drawn:
        population = _with_dual_errors(population, summary, drawn, len(read.stimuli))
    is_there = np.isfinite(summary["ceiling"].to_numpy())
    warn_of_empty(session.dataset.get(), session.subjects[0], benchmark.rois, is_there.T)
    return {
        "summary": summary,
        "population": population,
        "units": _units(summary, found, is_there),
        "ceiling": _ceilings(benchmark, summary, is_there),
        "geometries": _geometries(benchmark, session, read),
    }


class _Results:
    """What the cells left in the store, by stage."""

    def __init__(self, session: Session, cells: Sequence[Cell]) -> None:
        self.session = session
        self.of = {(cell.stage, cell.about): cell for cell in cells}
        self.stimuli = [cell.about for cell in cells if cell.stage == "features"]

    def of_listeners(self, stage: str) -> list[dict[str, np.ndarray]]:
        """Return the arrays of each listener who is scored."""
        return [self.read(self.of[stage, subject])[0] for subject in self.session.subjects]

    def read(self, cell: Cell) -> list[dict[str, np.ndarray]]:
        """Return the arrays of each entry of a cell."""
        return [stored(self.session, key, cell.label) for key in cell.keys]


def _summary(benchmark: SimilarityBenchmark, session: Session, read: _Results) -> xr.Dataset:
    """Return what is known of each listener and region."""
    found, geometries = read.of_listeners("scores"), read.of_listeners("geometries")
    score = np.stack([each["score"] for each in found], axis=1)  # (layer, subject, roi)
    inner = np.stack([each["inner_score"] for each in found])
    ceiling = np.ones(inner.shape)
    topline = np.ones(inner.shape[1])
    if not isinstance(benchmark.ceiling, NoCeiling):
        cell = read.of["ceiling", "listeners"]
        everybody = read.read(cell)[0]["ceiling"]
        on_disk = session.dataset.get().subjects()
        ceiling = everybody[[on_disk.index(subject) for subject in session.subjects]]
        counted = np.isfinite(everybody)
        topline = np.where(counted, everybody, 0).sum(axis=0) / np.maximum(counted.sum(axis=0), 1)
    is_there = np.isfinite(inner)
    divisor = np.where(topline > benchmark.ceiling.minimum, topline, np.nan)
    layered, by_region = (LAYER, SUBJECT, ROI), (SUBJECT, ROI)
    return xr.Dataset(
        {
            "score": (layered, score),
            "normalised": (layered, score / divisor),
            "score_of_all_units": (layered, score),
            "inner_score": (by_region, inner),
            "inner_normalised": (by_region, inner / divisor),
            "inner_score_of_all_units": (by_region, inner),
            "ceiling": (by_region, np.where(is_there, ceiling, np.nan)),
            "divisor": ((ROI,), divisor),
            "n_units": (by_region, (is_there & np.isfinite(divisor)).astype(np.int64)),
            "n_units_of_region": (by_region, is_there.astype(np.int64)),
            "n_units_of_geometry": (by_region, np.stack([each["n_units"] for each in geometries])),
            "n_units_dropped": (
                (SUBJECT,),
                np.array([int(each["n_units_dropped"]) for each in geometries]),
            ),
        },
        coords={
            LAYER: list(session.layers),
            SUBJECT: list(session.subjects),
            ROI: list(benchmark.rois),
        },
    )


def _with_dual_errors(
    population: xr.Dataset, summary: xr.Dataset, drawn: xr.Dataset, n_stimuli: int
) -> xr.Dataset:
    """Return the population with the errors of other listeners and other sounds at once."""
    divisor = summary["divisor"]
    scales = dict(zip(QUANTITIES, (xr.ones_like(divisor), divisor), strict=True))
    of_layers = _dual(summary["score"], drawn["draws"], n_stimuli)
    rules = population["layer_rule"].to_numpy()
    of_rules = {
        "mean": _dual(summary["score"].mean(LAYER), drawn["draws"].mean(LAYER), n_stimuli),
        rules[-1]: _dual(summary["inner_score"], drawn["inner_draws"], n_stimuli),
    }
    # The other rules look at all listeners, so that theirs is not the error of a mean.
    ruled = xr.full_like(population["rule_error"].isel(quantity=0, drop=True), np.nan)
    for rule, error in of_rules.items():
        ruled.loc[{"layer_rule": rule}] = error.to_numpy()
    quantity = population["quantity"]
    return population.assign(
        dual_error=xr.concat([of_layers / scales[q] for q in QUANTITIES], quantity).transpose(
            *population["error"].dims
        ),
        rule_dual_error=xr.concat([ruled / scales[q] for q in QUANTITIES], quantity).transpose(
            *population["rule_error"].dims
        ),
    )


def _dual(found: xr.DataArray, draws: xr.DataArray, n_stimuli: int) -> xr.DataArray:
    error: xr.DataArray = xr.apply_ufunc(
        dual_error,
        found,
        draws,
        input_core_dims=[[SUBJECT], [DRAW, SUBJECT]],
        vectorize=True,
        kwargs={"n_stimuli": n_stimuli},
    )
    return error


def _units(
    summary: xr.Dataset, found: Sequence[dict[str, np.ndarray]], is_there: np.ndarray
) -> xr.Dataset:
    """Return every region of every listener as a unit, side by side."""
    subjects, rois = np.nonzero(is_there)
    in_roi = np.zeros((summary.sizes[ROI], len(rois)), dtype=np.int8)
    in_roi[rois, np.arange(len(rois))] = 1

    def of_units(values: np.ndarray, kind: type[np.generic]) -> np.ndarray:
        return np.asarray(values[..., subjects, rois].astype(kind))

    flags = np.stack([each["flag_constant"] for each in found], axis=1)
    chosen = np.stack([each["inner_layer"] for each in found], axis=1)
    return xr.Dataset(
        {
            **{
                name: ((LAYER, UNIT), of_units(summary[name].to_numpy(), np.float32))
                for name in QUANTITIES
            },
            "flag_constant": ((LAYER, UNIT), of_units(flags, np.int8)),
            "in_roi": ((ROI, UNIT), in_roi),
            "inner_layer": ((FOLD, UNIT), of_units(chosen, np.int16)),
        },
        coords={
            LAYER: summary[LAYER].to_numpy(),
            ROI: summary[ROI].to_numpy(),
            SUBJECT: (UNIT, summary[SUBJECT].to_numpy()[subjects]),
            "unit_of_subject": (UNIT, rois),
        },
    )


def _ceilings(
    benchmark: SimilarityBenchmark, summary: xr.Dataset, is_there: np.ndarray
) -> xr.Dataset:
    subjects, rois = np.nonzero(is_there)
    return xr.Dataset(
        {"ceiling": (UNIT, summary["ceiling"].to_numpy()[subjects, rois])},
        coords={
            SUBJECT: (UNIT, summary[SUBJECT].to_numpy()[subjects]),
            "unit_of_subject": (UNIT, rois),
        },
        attrs={
            "kind": benchmark.ceiling.kind,
            "power": benchmark.ceiling.power,
            "minimum": benchmark.ceiling.minimum,
            "configuration": canonical_json(benchmark.ceiling),
        },
    )


def _geometries(benchmark: SimilarityBenchmark, session: Session, read: _Results) -> xr.Dataset:
    """Return all geometries, so that who has the file can go on with them."""
    layers = read.read(read.of["model", session.model_id])
    listeners = read.of_listeners("geometries")
    return xr.Dataset(
        {
            "model": ((LAYER, PAIR), np.stack([each["geometry"] for each in layers])),
            "listener": (
                (SUBJECT, ROI, PAIR),
                np.stack([each["geometry"] for each in listeners]),
            ),
        },
        coords={
            LAYER: list(session.layers),
            SUBJECT: list(session.subjects),
            ROI: list(benchmark.rois),
            STIMULUS: read.stimuli,
        },
        attrs={"metric": benchmark.metric.card.id},
    ).astype(np.float32)
