"""What stands behind a number: the facts that the drawer shows of a cell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from heschl.leaderboard import numbers
from heschl.leaderboard.board import Board, Column, Row
from heschl.leaderboard.score_file import ScoreFile

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
    order: dict[str, list[str]] = {}
    for j, column in enumerate(board.columns):
        file = board.files.get((row.slug, column.slug))
        if file is None:
            continue
        cells[column.slug] = {}
        for part, label, text in facts(board, i, j, file):
            known = order.setdefault(part, [])
            if label not in known:
                known.append(label)
            cells[column.slug][label] = text
        explanations[column.slug] = file.explanation
        commands[column.slug] = reproduce_command(row, column, file)
    shared = _shared(list(cells.values()))
    return {
        "order": [[part, labels] for part, labels in order.items()],
        "shared": shared,
        "cells": {
            slug: {label: text for label, text in each.items() if label not in shared}
            for slug, each in cells.items()
        },
        "explanations": explanations,
        "commands": commands,
    }


def facts(board: Board, i: int, j: int, file: ScoreFile) -> Iterator[tuple[str, str, str]]:
    """Yield the part, the label and the text of each fact of a cell; there is no empty one."""
    for part, label, text in _facts(board, i, j, file):
        shown = _text(text)
        if shown:
            yield part, label, shown


def reproduce_command(row: Row, column: Column, file: ScoreFile) -> str:
    """Return what to type to compute a number again; nothing for what a paper printed."""
    if file.status in {"published", "features-only"}:
        return ""
    return f"heschl reproduce submissions/{row.slug} {column.id} --kind {file.data_kind}"


def _facts(
    board: Board, i: int, j: int, file: ScoreFile
) -> Iterator[tuple[str, str, Any]]:  # texts, or what JSON can hold
    row, column, region = board.rows[i], board.columns[j], file.primary
    provenance = file.provenance
    has_error = file.status != "published"
    level = f"{100 * file.interval_level:g} % interval"
    for label, name, estimate in (
        ("Normalised", "normalised", region.normalised),
        ("Raw", "score", region.score),
    ):
        value, error = board.value[name][i, j], board.error[name][i, j]
        low, high = board.low[name][i, j], board.high[name][i, j]
        yield "Number", label, _with_error(value, error)
        if numbers.thousandths(low) is not None and numbers.thousandths(high) is not None:
            interval = f"{numbers.number(low)} to {numbers.number(high)}"
            yield "Number", f"{label}, {level}", interval
        if numbers.thousandths(estimate.p) is not None:
            yield "Number", f"{label}, p", f"{estimate.p:.2g}"
    yield "Number", "Ceiling", _with_error(region.ceiling, region.ceiling_error)
    yield "Number", "Kind of ceiling", file.ceiling_kind
    yield "Number", "Error", column.error_in_words if has_error else "none is known"
    rank = numbers.rank(int(board.rank_low[i, j]), int(board.rank_high[i, j]))
    why = board.why_unranked.get((row.slug, column.slug), "")
    yield "Number", "Rank here", why or rank
    yield "Number", "Badge", BADGES[file.status]
    yield "Number", "Data", "simulated" if file.data_kind == "phantom" else "real"

    yield "What was scored", "Score", file.score_meaning
    yield "What was scored", "Normalisation", file.normalisation
    yield "What was scored", "Region", region.name
    yield "What was scored", "Units", f"{region.n_units:,}" if region.n_units else ""
    yield "What was scored", "Layer", region.layer
    yield "What was scored", "Rule for the layer", file.layer_rule
    yield "What was scored", "Benchmark", f"{file.benchmark}, version {file.benchmark_version}"
    yield "What was scored", "Protocol", file.protocol
    yield "What was scored", "Dataset", file.dataset
    yield "What was scored", "Data's digests", _digests(provenance.get("data_digests"))
    yield "What was scored", "Published in", file.citation

    yield "How", "Model", file.model
    yield "How", "Model's digest", provenance.get("model_digest")
    yield "How", "Model from", provenance.get("model_origin")
    yield "How", "Metric", _metric(provenance.get("configuration"))
    yield "How", "Seed", provenance.get("seed")
    yield "How", "Started", provenance.get("started")
    yield "How", "Wall time", _seconds(provenance.get("seconds"))
    yield "How", "Ran on", _hardware(provenance.get("device"), provenance.get("hardware"))
    yield "How", "Versions", _pairs(provenance.get("versions"))
    yield "How", "Source", _pairs(provenance.get("git"))
    yield "How", "Configuration's digest", provenance.get("configuration_digest")
    yield "How", "Command", provenance.get("command")
    yield "How", "Full score", _source(file)


def _shared(cells: list[dict[str, str]]) -> dict[str, str]:
    if len(cells) < 2:  # noqa: PLR2004  there is nothing to share
        return {}
    first, *others = cells
    return {
        label: text
        for label, text in first.items()
        if all(other.get(label) == text for other in others)
    }


def _text(value: Any) -> str:  # as facts have it
    if value is None or value in ("", {}, []):
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
    return "" if metric is None else json.dumps(metric, ensure_ascii=False, indent=1)


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
