"""Sets of scores over models, read from score files and from tables.

A score file (``.nc``) gives its board number under its benchmark; several of one benchmark are one
set. A table (``.tsv``) is a set of its own, by the name of the file: tab-separated columns
``model`` and ``value``, and ``family`` where it is known.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heschl import registry
from heschl.errors import CorruptData, HeschlError, InvalidInput
from heschl.scores import open_score
from heschl.tables import numbers, read_table

__all__ = ["ScoreSets", "read_sets"]

_SAME = ("benchmark_version", "data_kind")
"""What the scores of a set must share."""


@dataclass
class ScoreSets:
    """Sets of scores, and what is known of the models."""

    sets: dict[str, dict[str, float]] = field(default_factory=dict)
    """For each set the value of each model."""
    families: dict[str, str] = field(default_factory=dict)
    """The family of each model that has one."""
    without_value: list[str] = field(default_factory=list)
    """``model on benchmark`` of scores that have no board number."""


def read_sets(paths: Sequence[str | os.PathLike[str]], into: ScoreSets | None = None) -> ScoreSets:
    """Return the sets of some files.

    Parameters
    ----------
    paths
        Score files and tables.
    into
        Sets that were read before: families are added to theirs and must agree, sets are new.
    """
    found = ScoreSets(families={} if into is None else into.families)
    told: dict[str, dict[str, object]] = {}
    for path in map(Path, paths):
        if path.suffix == ".nc":
            _add_score(found, path, told)
        elif path.suffix == ".tsv":
            _add_table(found, path)
        else:
            raise InvalidInput(
                f"{path} is neither a score (.nc) nor a table (.tsv); give files that `heschl "
                "score` wrote, or tab-separated columns model, value and family"
            )
    empty = [name for name, values in found.sets.items() if not values]
    if empty:
        raise InvalidInput(f"no score of {', '.join(empty)} has a board number")
    return found


def _add_score(found: ScoreSets, path: Path, told: dict[str, dict[str, object]]) -> None:
    score = open_score(path)
    facts = {name: score.tree.attrs[name] for name in _SAME}
    before = told.setdefault(score.benchmark, facts)
    if before != facts:
        raise InvalidInput(
            f"{path} is of {score.benchmark} with {facts}, and a file before it with {before}; "
            "relate scores of one version and of one kind of data"
        )
    values = found.sets.setdefault(score.benchmark, {})
    family = _registered_family(score.model)
    _add(found, values, score.model, score.value, family, path)
    if not math.isfinite(score.value):
        del values[score.model]
        found.without_value.append(f"{score.model} on {score.benchmark}")


def _add_table(found: ScoreSets, path: Path) -> None:
    if path.stem in found.sets:
        raise InvalidInput(f"{path} is the second set by the name {path.stem!r}; rename the file")
    table = read_table(path, ("model", "value"), delimiter="\t")
    values = found.sets.setdefault(path.stem, {})
    families = table.get("family", [""] * len(table["model"]))
    for model, value, family in zip(
        table["model"], numbers(path, table, "value").tolist(), families, strict=True
    ):
        if not model:
            raise CorruptData(f"{path} has a value without a model; name it in every row")
        _add(found, values, model, value, family or _registered_family(model), path)


def _add(
    found: ScoreSets, values: dict[str, float], model: str, value: float, family: str, path: Path
) -> None:
    if model in values:
        raise InvalidInput(f"{path} has {model!r}, of which there is a value already; give one")
    values[model] = value
    known = found.families.get(model)
    if family and known and known != family:
        raise InvalidInput(
            f"{path} counts {model!r} to the family {family!r}, and a file before it to {known!r}; "
            "name one family everywhere"
        )
    if family:
        found.families[model] = family


def _registered_family(model: str) -> str:
    """Return the family on a model's card; nothing for strangers."""
    try:
        return registry.models.card(model).family if registry.models.has(model) else ""
    except (HeschlError, ImportError):
        return ""
