"""Before against after: what tuning changed, listener by listener, region by region.

Each listener has a model that was tuned on that listener, and one number before and one after for
each layer and region: moussa2025.alignment, and the scalars of moussa2025h.layerwise_alignment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from heschl.dimensions import LAYER, ROI, SUBJECT
from heschl.errors import InvalidInput, MissingData
from heschl.scores import Score, open_score
from heschl.statistics import bootstrap_interval, standard_error, testability_floor, wilcoxon
from heschl.wording import some

__all__ = ["SCALARS", "Change", "Curves", "Pair", "Report", "late_slope", "pairs_in", "report"]

SCALARS = {
    "alignment": "the mean over layers",
    "slope": "the slope over the later half of layers, per layer",
    "best layer": "the number of the best layer, from 1",
}
"""What is compared, and what it is."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A tuned model: what its folder's card says, and the Scores before and after."""

    card: Mapping[str, Any]
    before: Score
    after: Score


@dataclass(frozen=True)
class Change:
    """What tuning, or a control of it, changed in one scalar and region."""

    control: str
    """``none`` is the tuned model."""
    roi: str
    scalar: str
    before: float
    after: float
    difference: float
    error: float
    low: float
    high: float
    p: float
    n: int
    floor: float
    """The smallest p that so many listeners can reach."""


@dataclass(frozen=True, eq=False)
class Curves:
    """The alignment (when, subject, layer, roi) before and after, of one control."""

    control: str
    values: xr.DataArray


@dataclass(frozen=True, eq=False)
class Report:
    """All that is told of some tuned models."""

    changes: tuple[Change, ...]
    curves: tuple[Curves, ...]
    cards: tuple[Mapping[str, Any], ...]
    benchmark: str
    data_kind: str


def late_slope(curve: np.ndarray) -> np.ndarray:
    """Return the least-squares slope over the later half of layers (layer, ...), per layer.

    Of twelve layers these are 7 to 12.

    >>> float(late_slope(np.arange(12.0) / 4))
    0.25
    """
    late = curve[len(curve) - len(curve) // 2 :]
    if len(late) < 2:  # noqa: PLR2004
        return np.full(curve.shape[1:], np.nan)
    steps = np.arange(len(late)) - (len(late) - 1) / 2
    return np.asarray(np.tensordot(steps, late, axes=1) / np.square(steps).sum())


def report(pairs: Sequence[Pair]) -> Report:
    """Return what tuning changed.

    Parameters
    ----------
    pairs
        A tuned model for each listener, and for each control.

    Raises
    ------
    InvalidInput
        If the models have not one base and dataset, the Scores not one benchmark, the same rows,
        layers and regions, or a listener has two models of one kind.
    """
    if not pairs:
        raise InvalidInput("no tuned model was given to report on; name their folders")
    first = pairs[0].after.tree.attrs
    by_control: dict[str, dict[str, Pair]] = {}
    for pair in pairs:
        for score in (pair.before, pair.after):
            for name in ("benchmark", "benchmark_version", "data_kind"):
                if score.tree.attrs[name] != first[name]:
                    raise InvalidInput(
                        f"the Scores have other values of {name}: {first[name]!r} and "
                        f"{score.tree.attrs[name]!r}; report on one benchmark at a time"
                    )
        plan = pair.card["plan"]
        _check_alike(pairs[0], pair)
        of_control = by_control.setdefault(plan["control"], {})
        if plan["subject"] in of_control:
            raise InvalidInput(
                f"two models of {plan['subject']} have the control {plan['control']!r}; name one"
            )
        of_control[plan["subject"]] = pair
    curves = tuple(
        Curves(control, _curves(by_control[control]))
        for control in sorted(by_control, key=lambda name: (name != "none", name))
    )
    changes = tuple(
        _change(each, roi, scalar)
        for roi in curves[0].values[ROI].to_numpy().tolist()
        for each in curves
        for scalar in SCALARS
    )
    cards = tuple(pair.card for pair in pairs)
    return Report(changes, curves, cards, str(first["benchmark"]), str(first["data_kind"]))


def pairs_in(folders: Sequence[str | Path], scores: str | Path) -> list[Pair]:
    """Return the tuned models in folders, with the Scores before and after below ``scores``."""
    known = [open_score(path) for path in sorted(Path(scores).rglob("*.nc"))]
    found = []
    for folder in map(Path, folders):
        if not (folder / "card.json").is_file():
            raise MissingData(
                f"{folder} holds no tuned model: it has no card.json; give folders that "
                "`heschl tune` names when it is done"
            )
        card = json.loads((folder / "card.json").read_text())
        subject = card["plan"]["subject"]
        name = f"tuned:{folder.resolve().name}"
        after = [s for s in known if s.model == name and subject in _labels(s, SUBJECT)]
        of_base = (s for s in known if s.provenance["model_digest"] == card["base_digest"])
        before = [s for s in of_base if subject in _labels(s, SUBJECT)]
        for score, what, command in (
            (before, card["base"], f"heschl score {card['base']} BENCHMARK --beside {name}"),
            (after, name, f"heschl score tuned:{folder} BENCHMARK"),
        ):
            if len(score) != 1:
                raise MissingData(
                    f"below {scores} are {len(score)} Scores of {what} with the listener "
                    f"{subject}, and one is expected; run `{command} --subjects {subject} -o "
                    f"{scores}`, or remove those that are not meant"
                )
        found.append(Pair(card, before[0], after[0]))
    return found


def _curves(pairs: Mapping[str, Pair]) -> xr.DataArray:
    """Return the normalised alignments (when, subject, layer, roi) of one control."""
    rows = []
    for subject, pair in pairs.items():
        found = []
        for score in (pair.before, pair.after):
            if subject not in _labels(score, SUBJECT):
                raise InvalidInput(
                    f"the Score of {score.model} has no listener {subject}, on whom its pair was "
                    f"tuned; it has {', '.join(_labels(score, SUBJECT))}"
                )
            found.append(score.tree["summary"].to_dataset().sel({SUBJECT: [subject]}))
        for name in ("n_stimuli", "n_train", "n_test"):
            before, after = (int(each[name].item()) for each in found)
            if before != after:
                raise InvalidInput(
                    f"{subject} has {name} {before} before and {after} after tuning; score the "
                    "base with --beside the tuned model, so that both have the same rows"
                )
        rows.append(
            xr.concat([each["normalised"] for each in found], "when", join="exact").assign_coords(
                when=["before", "after"]
            )
        )
    whole = xr.concat(rows, SUBJECT, join="exact")
    return whole.transpose("when", SUBJECT, LAYER, ROI)


def _check_alike(first: Pair, pair: Pair) -> None:
    """Refuse a pair that is of something else than the first one."""
    subjects = [each.card["plan"]["subject"] for each in (first, pair)]
    for name, ours, theirs in zip(_FACTS, _facts(first.card), _facts(pair.card), strict=True):
        if ours != theirs:
            raise InvalidInput(
                f"the model of {subjects[1]} has another {name}, {theirs!r}, than that of "
                f"{subjects[0]}, {ours!r}; report on models of one base and dataset at a time"
            )
    for what, dimension in (("layers", LAYER), ("regions", ROI)):
        wanted = _labels(first.before, dimension)
        for when, score in (("before", pair.before), ("after", pair.after)):
            there = _labels(score, dimension)
            if there != wanted:
                lacking = [name for name in wanted if name not in there]
                more = [name for name in there if name not in wanted]
                raise InvalidInput(
                    f"the Score {when} tuning of {pair.card['plan']['subject']} has other {what}: "
                    f"it lacks {some(lacking) if lacking else 'none'} and has "
                    f"{some(more) if more else 'none'} beside those of {first.before.model}; score "
                    f"both with the same {what}"
                )


_FACTS = ("base", "base_digest", "dataset", "layer that was tuned")


def _facts(card: Mapping[str, Any]) -> tuple[str, ...]:
    plan = card["plan"]
    return card["base"], card["base_digest"], plan["dataset"], plan["layer"]


def _labels(score: Score, dimension: str) -> list[str]:
    names: list[str] = score.tree["summary"][dimension].to_numpy().astype(str).tolist()
    return names


def _change(curves: Curves, roi: str, scalar: str) -> Change:
    """Return what changed in one region, over the listeners who have the region."""
    values = curves.values.sel({ROI: roi}).to_numpy()
    values = values[:, np.isfinite(values).all(axis=(0, 2))]
    before, after = _reduced(np.moveaxis(values, 2, 0), scalar)
    difference, nothing = after - before, float("nan")
    n = len(difference)
    # None have the region, or there are too few layers for a slope.
    is_known = n > 0 and bool(np.isfinite(difference).all())
    low, high = bootstrap_interval(difference) if is_known else (nothing, nothing)
    return Change(
        curves.control,
        roi,
        scalar,
        before=float(before.mean()) if is_known else nothing,
        after=float(after.mean()) if is_known else nothing,
        difference=float(difference.mean()) if is_known else nothing,
        error=float(standard_error(difference)) if is_known and n > 1 else nothing,
        low=float(low),
        high=float(high),
        p=wilcoxon(difference).p if is_known else nothing,
        n=n,
        floor=testability_floor(n) if n else nothing,
    )


def _reduced(curves: np.ndarray, scalar: str) -> np.ndarray:
    """Return one number (when, subject) for each curve (layer, when, subject)."""
    if scalar == "alignment":
        return np.asarray(curves.mean(axis=0))
    return late_slope(curves) if scalar == "slope" else curves.argmax(axis=0) + 1.0
