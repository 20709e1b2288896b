"""What stands behind a number: the facts that the drawer shows of a cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any

from heschl.leaderboard import numbers
from heschl.leaderboard.board import Board, Column, Row
from heschl.leaderboard.columns import own_error_in_words
from heschl.leaderboard.score_file import Provenance, ScoreFile

__all__ = ["cells_payload", "facts", "reproduce_command"]

BADGES = {
    "rerun": "rerun: the maintainers ran it again and found the same numbers",
    "self-reported": "self-reported: the submitter's own numbers",
    "features-only": "features only: computed from features that nobody else can compute",
    "published": "published: from the table of a paper; no rank, and no error that pairs",
}
_MOST_TEXT = 2000
"""Characters of one fact; a configuration may go on for pages, and is whole in the score file."""


def cells_payload(board: Board, i: int) -> dict[str, Any]:  # whatever JSON can hold
    """Return the facts of every number of a row.

    Facts that are the same for all of them are given once, as ``shared``; ``order`` is how they
    are read, in parts.
    """
    row = board.rows[i]
    cells: dict[str, dict[str, str]] = {}
    explanations: dict[str, str] = {}
    commands: dict[str, str] = {}
    order: dict[str, dict[str, str]] = {}
    for j, column in enumerate(board.columns):
        file = board.files.get((row.slug, column.slug))
        if file is None:
            continue
        cell = cells[column.slug] = {}
        for part, texts in facts(board, i, j, file).items():
            cell.update(texts)
            order.setdefault(part, {}).update(texts)
        explanations[column.slug] = file.explanation
        commands[column.slug] = reproduce_command(row, column, file)
    shared = _shared(list(cells.values()))
    return {
        "order": [[part, list(labels)] for part, labels in order.items() if labels],
        "shared": shared,
        "cells": {
            slug: {label: text for label, text in each.items() if label not in shared}
            for slug, each in cells.items()
        },
        "explanations": explanations,
        "commands": commands,
    }


def facts(board: Board, i: int, j: int, file: ScoreFile) -> dict[str, dict[str, str]]:
    """Return the facts of a cell by their part and label; there is no empty one."""
    provenance = file.provenance
    said = provenance.content if isinstance(provenance, Provenance) else provenance
    parts = {
        "Number": _of_number(board, i, j, file),
        "What was scored": _of_benchmark(file, said.get("data_digests")),
        "How": _of_provenance(file, said.get),
    }
    return {
        part: {
            label: shown
            for label, text in texts.items()
            if (shown := text if type(text) is str and len(text) <= _MOST_TEXT else _text(text))
        }
        for part, texts in parts.items()
    }


def reproduce_command(row: Row, column: Column, file: ScoreFile) -> str:
    """Return what to type to compute a number again; nothing for what a paper printed."""
    if file.status in {"published", "features-only"}:
        return ""
    return f"heschl reproduce submissions/{row.slug} {column.id} --kind {file.data_kind}"


def _of_number(board: Board, i: int, j: int, file: ScoreFile) -> dict[str, str]:
    row, column, region = board.rows[i], board.columns[j], file.primary
    level = f"{100 * file.interval_level:g} % interval"
    texts = {}
    for label, estimate in (
        (column.number_name or "Normalised", region.normalised),
        ("Raw", region.score),
    ):
        texts[label] = _with_error(estimate.value, estimate.error)
        if isfinite(estimate.low) and isfinite(estimate.high):
            interval = f"{numbers.number(estimate.low)} to {numbers.number(estimate.high)}"
            texts[f"{label}, {level}"] = interval
        if isfinite(estimate.p):
            texts[f"{label}, p"] = f"{estimate.p:.2g}"
    rank = numbers.rank(int(board.rank_low[i, j]), int(board.rank_high[i, j]))
    is_published = file.status == "published"
    return texts | {
        "Ceiling": _with_error(region.ceiling, region.ceiling_error),
        "Kind of ceiling": file.ceiling_kind,
        "Error": "none is known" if is_published else own_error_in_words(column, file),
        "Rank here": board.why_unranked.get((row.slug, column.slug)) or rank,
        "Badge": BADGES[file.status],
        "Data": "simulated" if file.data_kind == "phantom" else "real",
    }


def _of_benchmark(file: ScoreFile, data_digests: Any) -> dict[str, str]:  # a submitter's
    region = file.primary
    return {
        "Score": file.score_meaning,
        "Normalisation": file.normalisation,
        "Region": region.name,
        "Units": f"{region.n_units:,}" if region.n_units else "",
        "Layer": region.layer,
        "Rule for the layer": file.layer_rule,
        "Benchmark": f"{file.benchmark}, version {file.benchmark_version}",
        "Protocol": file.protocol,
        "Dataset": file.dataset,
        "Data's digests": _digests(data_digests),
        "Published in": file.citation,
    }


def _of_provenance(
    file: ScoreFile, said: Callable[[str], Any]
) -> dict[str, Any]:  # texts, or what JSON can hold
    return {
        "Model": file.model,
        "Model's digest": said("model_digest"),
        "Model from": said("model_origin"),
        "Metric": _metric(said("configuration")),
        "Seed": said("seed"),
        "Started": said("started"),
        "Wall time": _seconds(said("seconds")),
        "Ran on": _hardware(said("device"), said("hardware")),
        "Versions": _pairs(said("versions")),
        "Source": _pairs(said("git")),
        "Configuration's digest": said("configuration_digest"),
        "Command": said("command"),
        "Full score": _source(file),
    }


def _shared(cells: list[dict[str, str]]) -> dict[str, str]:
    if len(cells) < 2:  # noqa: PLR2004  there is nothing to share
        return {}
    first, *others = cells
    shared = set(first.items()).intersection(*(other.items() for other in others))
    return {label: text for label, text in first.items() if (label, text) in shared}


def _text(value: Any) -> str:  # as facts have it
    if value is None or value in ({}, []):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]} …"


def _with_error(value: float, error: float) -> str:
    shown, spread = numbers.number(value), numbers.error(error)
    return f"{shown} {spread}" if spread else shown


def _digests(digests: Any) -> str:  # of a provenance, which is a submitter's
    if not isinstance(digests, Mapping):
        return ""
    lines = [
        f"{name}: {part['n']} with sha256 {part['sha256']}"
        for name, part in digests.items()
        if isinstance(part, Mapping) and {"n", "sha256"} <= set(part)
    ]
    return "\n".join(lines)


def _metric(configuration: Any) -> Any:  # of a provenance, which is a submitter's
    if not isinstance(configuration, Mapping):
        return ""
    benchmark = configuration.get("benchmark")
    metric = benchmark.get("metric") if isinstance(benchmark, Mapping) else None
    return "" if metric is None else _indented(json.dumps(metric, ensure_ascii=False))


@lru_cache(maxsize=64)
def _indented(text: str) -> str:
    """Return JSON with line breaks, which takes long to make and is mostly that of other cells."""
    return json.dumps(json.loads(text), ensure_ascii=False, indent=1)


def _seconds(seconds: Any) -> str:  # of a provenance, which is a submitter's
    if not isinstance(seconds, Mapping):
        return ""
    times = {str(k): v for k, v in seconds.items() if isinstance(v, (int, float))}
    stages = ", ".join(f"{stage} {time:,.1f}" for stage, time in times.items())
    return f"{sum(times.values()):,.1f} s ({stages})" if times else ""


def _hardware(device: Any, hardware: Any) -> str:  # of a provenance, which is a submitter's
    parts = [str(device)] if device else []
    if isinstance(hardware, Mapping):
        parts += [str(hardware[k]) for k in ("gpu", "processor", "system") if hardware.get(k)]
        if hardware.get("cores"):
            parts.append(f"{hardware['cores']} cores")
    return ", ".join(parts)


def _pairs(value: Any) -> str:  # of a provenance, which is a submitter's
    if not isinstance(value, Mapping):
        return "" if value is None else str(value)
    return ", ".join(f"{name} {text}" for name, text in value.items())


def _source(file: ScoreFile) -> str:
    if not file.source_sha256:
        return ""
    return f"{file.source_bytes:,} bytes with sha256 {file.source_sha256}, kept by the submitter"
