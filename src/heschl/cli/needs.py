"""What a benchmark needs of its dataset."""

from __future__ import annotations

from heschl.registry import resolve_benchmark

__all__ = ["dataset_and_stimuli"]


def dataset_and_stimuli(benchmark: str) -> tuple[str, list[str] | None]:
    """Return the dataset's id and the stimuli that may enter; None stands for all."""
    declaration = resolve_benchmark(benchmark).object
    included = getattr(declaration, "included", None)
    return declaration.card.dataset, list(included) if included else None
