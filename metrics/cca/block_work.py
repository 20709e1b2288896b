"""What the cells of shared directions do: score one fold and block after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from heschl.cells import Arrays, Report
from heschl.contracts import Metric
from heschl.dimensions import FEATURE, STIMULUS, TIME
from heschl.encoding import EncodingBenchmark
from heschl.encoding_rows import folds_of, responses_of, stored
from heschl.encoding_work import design_of
from heschl.metrics.cca.company import Heard
from heschl.metrics.cca.decomposition import SIDES, Decomposition
from heschl.metrics.cca.moments import Moments
from heschl.session import Session
from heschl.splits import Fold

__all__ = ["WHOLE", "Inputs", "compute_blocks"]

WHOLE: Mapping[str, str] = {
    "original": "model",
    "partner_original": "partner",
    "baseline": "baseline",
}
"""The blocks that are all features of a layer, and whose: the encoding benchmark scores them."""

_KEPT = ("score", "alpha", "flag_constant")


class Inputs(NamedTuple):
    """Keys of what blocks are made of.

    Parameters
    ----------
    stimuli
        Those of the listener, in the order of the rows.
    models
        ``model``, ``partner`` and ``baseline``.
    controls
        For each control the key of each stimulus.
    n_shared
        How many pairs count as shared.
    """

    stimuli: tuple[str, ...]
    models: Mapping[str, Heard]
    controls: Mapping[str, Mapping[str, str]]
    n_shared: int


def compute_blocks(
    trf: EncodingBenchmark,
    session: Session,
    subject: str,
    inputs: Inputs,
    names: Sequence[str],
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield the missing blocks of one listener, fold by fold.

    Position ``fold · len(names) + block`` has ``score``, ``alpha`` and ``flag_constant`` (unit,),
    the layers ``model_layer`` and ``partner_layer``, and the canonical ``correlation`` and
    ``held_out`` (pair,) of the block's pairs, of which blocks of whole layers have none.
    """
    chosen = {who: each.chosen(session, subject) for who, each in inputs.models.items()}
    rows = _Rows(trf, session, subject, inputs)
    by_fold: dict[int, list[int]] = {}
    for position in missing:
        by_fold.setdefault(position // len(names), []).append(position)
    n_done = 0
    for number, positions in by_fold.items():
        layers = {who: int(each[number]) for who, each in chosen.items()}
        found = {
            f"{who}_layer": np.asarray(inputs.models[who].layers[layers[who]])
            for who in ("model", "partner")
        }
        scored = _Scored(rows, number, layers)
        for position in positions:
            yield position, {**found, **scored.block(names[position % len(names)])}
            n_done += 1
            report(n_done / len(missing))


class _Rows:
    """A listener's responses, and features that are read when they are wanted."""

    def __init__(
        self, trf: EncodingBenchmark, session: Session, subject: str, inputs: Inputs
    ) -> None:
        self.trf, self.session, self.subject, self.inputs = trf, session, subject, inputs
        self.folds: tuple[Fold, ...] = folds_of(trf, session, inputs.stimuli)
        self.responses = responses_of(trf, session, inputs.stimuli, subject)
        self._moments: dict[tuple[int, int], list[Moments]] = {}

    def features(self, keys: Mapping[str, str]) -> np.ndarray:
        """Return features (row, feature) of the listener's stimuli."""
        own = {stimulus: keys[stimulus] for stimulus in self.inputs.stimuli}
        return design_of(self.trf, self.session, own).to_numpy()

    def layer(self, who: str, number: int) -> np.ndarray:
        """Return all features of a layer."""
        return self.features(self.inputs.models[who].features[number])

    def moments(
        self, fold: int, layers: tuple[int, int], model: np.ndarray, partner: np.ndarray
    ) -> Moments:
        """Return those of two layers on a fold's training rows: what the other folds test."""
        if layers not in self._moments:
            # Sums are kept of one pair of layers; most folds choose the same.
            self._moments = {
                layers: [Moments.of(model[each.test], partner[each.test]) for each in self.folds]
            }
        parts = self._moments[layers]
        return Moments.pooled([each for number, each in enumerate(parts) if number != fold])


class _Scored:
    """The blocks of one fold, decomposed when the first is wanted."""

    def __init__(self, rows: _Rows, number: int, layers: Mapping[str, int]) -> None:
        self._rows, self._number, self._layers = rows, number, layers
        self._decomposition: Decomposition | None = None
        self._known: dict[tuple[str, int, int], Arrays] = {}

    def block(self, name: str) -> Arrays:
        """Return a block's scores and canonical correlations."""
        if name in WHOLE:
            return self._whole(WHOLE[name])
        decomposition = self._decomposed()
        if name not in SIDES:
            return self._of(name)
        side, directions = decomposition.directions(name)
        # The narrower side has no directions without a partner: its rest is all the rest.
        place = (side, directions.start, directions.stop)
        if place not in self._known:
            self._known[place] = self._of(name)
        return self._known[place]

    def _decomposed(self) -> Decomposition:
        if self._decomposition is None:
            rows, fold = self._rows, self._rows.folds[self._number]
            layers = self._layers["model"], self._layers["partner"]
            model, partner = rows.layer("model", layers[0]), rows.layer("partner", layers[1])
            self._decomposition = Decomposition(
                model,
                partner,
                rows.layer("partner", 0),
                {name: rows.features(keys) for name, keys in rows.inputs.controls.items()},
                fold.train,
                fold.test,
                rows.moments(self._number, layers, model, partner),
                rows.inputs.n_shared,
            )
        return self._decomposition

    def _of(self, name: str) -> Arrays:
        block = self._decomposed().block(name)
        found = {"correlation": block.correlation, "held_out": block.held_out}
        n_units = self._rows.responses.shape[1]
        if not block.design.shape[1]:
            # What has no direction predicts nothing but the mean.
            nothing = np.zeros(n_units)
            return found | {"score": nothing, "alpha": nothing, "flag_constant": np.ones(n_units)}
        rows = self._rows
        design = xr.DataArray(
            block.design,
            dims=(TIME, FEATURE),
            coords={name: (TIME, rows.responses[name].to_numpy()) for name in (TIME, STIMULUS)},
        )
        scored = _score_fold(
            rows.trf.metric, design, rows.responses, rows.folds, self._number, rows.session.seed
        )
        found["ran_on"] = np.asarray(scored.attrs.get("ran_on", "not said by the metric"))
        return found | {name: scored[name][0].to_numpy() for name in _KEPT}

    def _whole(self, whose: str) -> Arrays:
        """Return what the encoding benchmark made of the whole layer."""
        rows, layer = self._rows, self._layers[whose]
        key = rows.inputs.models[whose].scores[rows.subject][layer]
        scored = stored(rows.session, key, f"the scores of {rows.subject}")
        place = {"ran_on": scored["ran_on"]} if "ran_on" in scored else {}
        return place | {
            "score": scored["fold_score"][self._number],
            "alpha": scored["alpha"][self._number],
            "flag_constant": scored["flag_constant"],
            "correlation": np.empty(0),
            "held_out": np.empty(0),
        }


def _score_fold(
    metric: Metric,
    design: xr.DataArray,
    responses: xr.DataArray,
    folds: Sequence[Fold],
    number: int,
    seed: int,
) -> xr.Dataset:
    found: xr.Dataset = metric.score_fold(design, responses, folds, number, seed=seed)  # type: ignore[attr-defined]  # checked by require_lagged
    return found
