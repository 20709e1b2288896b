"""What a submission says of the stimuli that its model was tuned on, held to its provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from heschl.leaderboard.score_file import ScoreFile

__all__ = ["fairness_problems"]


def fairness_problems(file: ScoreFile) -> Iterator[str]:
    """Yield where a file hides what its provenance says of the stimuli that its model had seen."""
    configuration = file.provenance.get("configuration")
    if not isinstance(configuration, dict):
        return
    told = configuration.get("fairness")
    for name, text in (told if isinstance(told, dict) else {}).items():
        if file.extra.get(name) != text:
            yield (
                f"its provenance says {name}: {text}, and its extra {file.extra.get(name)!r}; "
                "submit it anew"
            )
    overlap = sorted(_tested(configuration) & _seen(configuration, file))
    if overlap and not file.extra.get("trained_on_test_data"):
        yield (
            f"by its provenance its model was tuned on {', '.join(overlap)}, on which it was "
            "tested, and its extra has no trained_on_test_data; score with allow_seen=True "
            "(--allow-seen) and submit it anew"
        )


def _tested(configuration: Mapping[str, Any]) -> set[str]:
    """Return the stimuli that a benchmark always holds out, by its configuration."""
    benchmark = configuration.get("benchmark")
    inner = benchmark.get("alignment", benchmark) if isinstance(benchmark, dict) else None
    splitter = inner.get("splitter") if isinstance(inner, dict) else None
    while isinstance(splitter, dict) and isinstance(splitter.get("splitter"), dict):
        splitter = splitter["splitter"]  # of one that leaves out some of another's rows
    held_out = splitter.get("test") if isinstance(splitter, dict) else None
    return set(filter(_is_text, held_out)) if isinstance(held_out, list) else set()


def _seen(configuration: Mapping[str, Any], file: ScoreFile) -> set[str]:
    """Return the stimuli of a file's dataset that its model was tuned on."""
    seen = configuration.get("seen")
    return {
        name
        for each in (seen if isinstance(seen, list) else [])
        if isinstance(each, dict) and isinstance(each.get("stimuli"), list)
        if (each.get("dataset"), each.get("data_kind")) == (file.dataset, file.data_kind)
        for name in filter(_is_text, each["stimuli"])
    }


def _is_text(value: Any) -> bool:  # whatever JSON can hold
    return isinstance(value, str)
