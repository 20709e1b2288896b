"""Scores made of numbers that a test chooses, for what reads scores."""

from types import SimpleNamespace

import numpy as np
import xarray as xr

from heschl.aggregation import over_subjects
from heschl.ceilings import CorrelationCeiling
from heschl.configuration import canonical_json, digest
from heschl.gathering import SubjectScores, gather_groups
from heschl.provenance import REQUIRED
from heschl.scores import Score


def made_score(values, model="model", rois=None, layers=None, subjects=None, ceiling=None, **attrs):
    """Return a score whose unit scores are ``values`` (subject, layer, unit).

    ``rois`` are masks (unit,) by name; the ceiling of every unit is 1 unless given.
    """
    values = np.asarray(values, dtype=float)
    n_subjects, n_layers, n_units = values.shape
    rois = {"all": np.ones(n_units, dtype=bool)} | (rois or {})
    subjects = subjects or [f"S{number}" for number in range(1, n_subjects + 1)]
    layers = layers or [f"block.{number}" for number in range(n_layers)]
    kind = CorrelationCeiling()
    membership = xr.DataArray(
        np.stack(list(rois.values())),
        dims=("roi", "unit"),
        coords={"roi": list(rois), "unit": np.arange(n_units)},
    )
    dataset = SimpleNamespace(rois=lambda _: membership, card=SimpleNamespace(id="made"))
    results = [
        SubjectScores(
            subject=subject,
            unit=np.arange(n_units),
            score=of_subject,
            alpha=np.ones((n_layers, 1, n_units)),
            flag_constant=np.zeros((n_layers, n_units), dtype=bool),
            ceiling=np.ones(n_units) if ceiling is None else np.asarray(ceiling, dtype=float),
            n_repeats=4,
            n_units_dropped=0,
            n_stimuli=attrs.pop("n_stimuli", 3) if subject == subjects[0] else 3,
            n_train=100,
            n_test=50,
        )
        for subject, of_subject in zip(subjects, values, strict=True)
    ]
    groups = gather_groups(
        results, dataset, layers, list(rois), kind, score_power="correlation", seed=0
    )
    root = {
        "schema_version": 1,
        "model": model,
        "benchmark": "made-ridge",
        "benchmark_version": 1,
        "dataset": "made",
        "data_kind": "phantom",
        "protocol": "made",
        "primary_roi": "all",
        "unit_of_uncertainty": "subject",
        "score_meaning": "a number",
        "normalisation": "score / ceiling",
        **attrs,
    }
    configuration = {"benchmark": {}}
    provenance = dict.fromkeys(REQUIRED, "made") | {
        "configuration": canonical_json(configuration),
        "configuration_digest": digest(configuration),
    }
    nodes = {f"/{name}": group for name, group in groups.items()}
    tree = {"/": xr.Dataset(attrs=root), **nodes, "/provenance": xr.Dataset(attrs=provenance)}
    return Score(xr.DataTree.from_dict(tree))


def without_values(score, *places, layer_rule="mean"):
    """Return the score without values at ``places``, each a layer and a subject.

    Its number is by ``layer_rule``: such are the impacts of which the alignment is next to nothing.
    """
    tree = score.tree.copy(deep=True)
    summary = tree["summary"].to_dataset()
    for layer, subject in places:
        for quantity in ("score", "normalised"):
            summary[quantity].loc[{"layer": layer, "subject": subject}] = np.nan
    population = over_subjects(summary, seed=0).assign_attrs(tree["population"].attrs)
    tree["summary"], tree["population"] = xr.DataTree(summary), xr.DataTree(population)
    tree.attrs["layer_rule"] = layer_rule
    return Score(tree)
