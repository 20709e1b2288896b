"""Which files of a dataset are meant: what a benchmark needs, what a user chose."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from heschl.data_folders import default_data_folder
from heschl.manifest import Manifest
from heschl.registry import datasets, resolve_benchmark

__all__ = ["add_choices", "choices", "dataset_and_stimuli", "missing_files"]

_CHOICES = {
    "subjects": "only these listeners",
    "stories": "only these stimuli",
    "languages": "only what is in these languages, as the files name them",
}


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Declare the options that name a part of a dataset."""
    for group, meaning in _CHOICES.items():
        parser.add_argument(f"--{group}", nargs="+", metavar="NAME", help=meaning)


def choices(arguments: argparse.Namespace) -> dict[str, list[str] | None]:
    """Return what was chosen, as `Manifest.select` takes it."""
    return {group: getattr(arguments, group) for group in _CHOICES}


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


def missing_files(benchmark: str, subjects: Sequence[str] | None = None) -> Manifest | None:
    """Return what of a benchmark's files is not on disk; None where nothing can be fetched."""
    dataset_id, stories = dataset_and_stimuli(benchmark)
    card = datasets.card(dataset_id)
    if not card.manifest:
        return None
    chosen = Manifest.read(card.manifest).select(subjects=subjects, stories=stories)
    return chosen.missing(default_data_folder(card.id))
