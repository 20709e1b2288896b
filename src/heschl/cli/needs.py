"""What a benchmark needs of its dataset."""

from __future__ import annotations

from heschl.manifest import Manifest
from heschl.registry import datasets, resolve_benchmark

__all__ = ["dataset_and_stimuli"]


def dataset_and_stimuli(benchmark: str) -> tuple[str, list[str] | None]:
    """Return the dataset's id and the stimuli that may enter.

    None stands for all, and for those of a dataset whose files cannot be chosen by stimulus.
    """
    declaration = resolve_benchmark(benchmark).object
    dataset = declaration.card.dataset
    included = getattr(declaration, "included", None)
    manifest = datasets.card(dataset).manifest
    if not included or not manifest or "stories" not in Manifest.read(manifest).choices():
        return dataset, None
    return dataset, list(included)
