"""From cells that are done to the Score: its root, its digests, its provenance and its groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

import xarray as xr

from heschl.cells import Outcome
from heschl.configuration import digest
from heschl.data_folders import seed_of_phantom
from heschl.dimensions import DRAW
from heschl.provenance import capture
from heschl.scores import SCHEMA_VERSION, Score

if TYPE_CHECKING:
    from heschl.scoring import Plan

__all__ = ["gathered"]

_NOWHERE = "none: what the model heard was in the store"


def gathered(planned: Plan, outcomes: Sequence[Outcome], seconds: dict[str, float]) -> Score:
    """Return the Score of a plan whose cells are all done."""
    session, benchmark = planned.session, planned.benchmark
    card = benchmark.card
    dataset = session.dataset.get()
    root = xr.Dataset(
        attrs={
            "schema_version": SCHEMA_VERSION,
            "model": session.model_id,
            "benchmark": card.id,
            "benchmark_version": card.version,
            "dataset": dataset.card.id,
            "data_kind": session.data_kind,
            "protocol": card.protocol,
            "primary_roi": benchmark.rois[0],
            "unit_of_uncertainty": card.unit_of_uncertainty,
            **benchmark.description(),
            **planned.fairness.attributes,
        }
    )
    stimuli = dataset.stimuli()
    digests = {
        "cells": {
            stage: [key for cell in cells for key in cell.keys]
            for stage, cells in groupby(planned.cells, key=lambda cell: cell.stage)
        },
        "sounds": {
            name: stimuli[name].sound.digest for cell in planned.cells for name in cell.heard
        },
        "recordings": {
            subject: dataset.fingerprint(subject, dataset.stimuli_of(subject))
            for subject in session.subjects
        },
    }
    provenance = capture(
        model=session.model_id,
        model_digest=session.model_version["digest"],
        model_origin=session.model_origin,
        benchmark=card.id,
        benchmark_version=card.version,
        protocol=card.protocol,
        dataset=dataset.card.id,
        data_kind=session.data_kind,
        data_digests=digests,
        configuration={
            "model": session.model_version,
            "benchmark": benchmark.configuration(),
            "layers": session.layers,
            "subjects": session.subjects,
            "seed": session.seed,
            # Where the digest of the configuration holds it, and whoever reads scores finds it.
            **({"seen": list(map(asdict, planned.seen))} if planned.seen else {}),
            **({"fairness": told} if (told := planned.fairness.attributes) else {}),
        },
        seed=session.seed,
        device=_devices(outcomes),
        seconds={stage: round(value, 3) for stage, value in seconds.items()},
        cells=dict(Counter(outcome.status for outcome in outcomes)),
    )
    if (planted := seed_of_phantom(dataset)) is not None:
        provenance["phantom_seed"] = str(planted)
    groups = dict(benchmark.gather(session, planned.cells))
    provenance |= groups.pop("provenance", xr.Dataset()).attrs
    groups |= {"provenance": xr.Dataset(attrs=provenance)}
    if "rule_draws" in groups["population"]:
        drawn = _draws_digest(planned, groups["population"], digests)
        groups["population"] = groups["population"].assign_attrs(draws_digest=drawn)
    tree = xr.DataTree.from_dict({"/": root, **{f"/{name}": each for name, each in groups.items()}})
    return Score(tree)


def _devices(outcomes: Sequence[Outcome]) -> str:
    """Return where the model was when it heard: each worker settles ``auto`` for itself."""
    found = sorted({outcome.device for outcome in outcomes if outcome.device})
    return ", ".join(found) or _NOWHERE


def _draws_digest(planned: Plan, population: xr.Dataset, digests: Mapping[str, Any]) -> str:
    """Return what is the same for two models exactly if their draws are of the same samples."""
    return digest(
        {
            "benchmark": planned.benchmark.configuration(),
            "sounds": digests["sounds"],
            "recordings": digests["recordings"],
            "items": population.attrs.get("drawn_items", ""),
            "seed": planned.session.seed,
            "n_draws": population.sizes[DRAW],
        }
    )
