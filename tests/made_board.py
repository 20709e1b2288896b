"""Submissions of a few numbers, for tests of what a board makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from heschl.cards import Training
from heschl.leaderboard.score_file import Estimate, Region, Samples, ScoreFile
from heschl.leaderboard.submissions import Submissions, slug_of
from heschl.leaderboard.submitted_card import SubmittedCard

NOTHING = Estimate(*[math.nan] * 5)


def score_file(
    model: str,
    benchmark: str,
    numbers: Mapping[str, float] | tuple[float, ...],
    *,
    digest: str = "draws",
    ceiling: float = 0.5,
    noun: str = "listener",
    value: float | None = None,
    **changes: Any,
) -> ScoreFile:
    """Return a file of the numbers of listeners by name, or of draws."""
    is_drawn = isinstance(numbers, tuple)
    values = tuple(numbers) if isinstance(numbers, tuple) else tuple(numbers.values())
    finite = [each for each in values if math.isfinite(each)]
    mean = sum(finite) / len(finite) if finite and value is None else value
    found = Estimate(math.nan if mean is None else mean, 0.02, 0.1, 0.9, 0.01)
    halved = Estimate(found.value * ceiling, 0.01, 0.05, 0.45, 0.01)
    fields: dict[str, Any] = {
        "model": model,
        "benchmark": benchmark,
        "benchmark_version": 1,
        "dataset": "",
        "data_kind": "real",
        "protocol": "",
        "status": "self-reported",
        "primary_roi": "all",
        "layer_rule": "nested",
        "score_meaning": "correlation",
        "normalisation": "score / ceiling",
        "ceiling_kind": "split half",
        "interval_level": 0.95,
        "explanation": "made",
        "samples": Samples(
            noun,
            is_drawn,
            (digest,) if is_drawn else tuple(numbers),
            tuple(number * ceiling for number in values),
            values,
        ),
        "regions": (Region("all", len(finite), 100, halved, found, ceiling, 0.01, "final"),),
        "layers": ("final",),
        "curves": (),
        "provenance": {},
        "source_sha256": "0" * 64,
        "source_bytes": 1,
    }
    return ScoreFile(**fields | changes)


def submissions(files: Iterable[ScoreFile], **cards: Any) -> Submissions:
    """Return submissions of some files; ``cards`` says more of a model by its slug."""
    files = list(files)
    slugs = {slug_of(file.model): file.model for file in files}
    return Submissions(
        {
            slug: SubmittedCard(
                id=model,
                name=model,
                **{"training": Training("masked units"), "parameters": 1, **cards.get(slug, {})},
            )
            for slug, model in slugs.items()
        },
        {(slug_of(file.model), file.benchmark, file.data_kind): file for file in files},
    )


def listeners(*numbers: float) -> dict[str, float]:
    """Return numbers by the names of listeners."""
    return {f"S{place + 1}": number for place, number in enumerate(numbers)}
