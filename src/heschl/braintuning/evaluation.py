"""The suite that tells what tuning changed: each model and what it was tuned from, scored alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heschl.braintuning.pairing import read_card
from heschl.contracts import Benchmark
from heschl.disk import made_folder
from heschl.errors import InvalidInput, UnknownName, near_names
from heschl.registry import datasets, resolve_benchmark
from heschl.scoring import score

__all__ = ["SUITE", "evaluate"]

SUITE = (
    "lebel_moth-ridge",
    "lebel_moth-low_level_impact",
    "timit-mfcc",
    "timit-phonemes",
    "timit-sentence_type",
    "speech_commands-words",
    "librispeech-semantic_phonetic",
)
"""Alignment, what of it is low-level, what layers tell of sound, phones, sentences and words, and
whether they are nearer to meaning or to sound: moussa2025 and moussa2025h."""


@dataclass(frozen=True)
class _Wanted:
    """A Score that the report needs."""

    path: Path
    model: str
    subjects: list[str] | None
    beside: str | None


def evaluate(
    folders: Sequence[str | Path],
    scores: str | Path,
    *,
    benchmarks: Sequence[str] = SUITE,
    data: str | Mapping[str, str] | None = None,
    **settings: Any,  # of heschl.score: layers, device, seed, store, executor, watcher
) -> list[Path]:
    """Score tuned models, and what they were tuned from, on every benchmark of a suite.

    What was scored before is read from the store.

    Parameters
    ----------
    folders
        Of tuned models, a model for each listener and control.
    scores
        The folder below which Scores are written, one of each benchmark.
    benchmarks
        Their ids or URIs.
    data
        Where each dataset lies, by its id; a text is for all of them, such as ``"phantom"``.
    **settings
        Those of `heschl.score`.

    Returns
    -------
    list of Path
        The Scores' files, from which `heschl.braintuning.report.report` tells what changed.
    """
    cards = {Path(folder).resolve(): read_card(folder) for folder in folders}
    if len({folder.name for folder in cards}) < len(cards):
        raise InvalidInput(
            f"of the folders {', '.join(map(str, cards))} some have the same name, by which the "
            "models go; rename them, such as net-UTS01"
        )
    # Scores take hours, and a name that nobody knows may stand last.
    declarations: list[Benchmark] = [resolve_benchmark(each).object for each in benchmarks]
    if isinstance(data, Mapping):
        _check_places(data, [each.card.dataset for each in declarations])
    made_folder(scores)
    written = []
    for benchmark, declaration in zip(benchmarks, declarations, strict=True):
        place = Path(scores) / declaration.card.id
        where = data.get(declaration.card.dataset) if isinstance(data, Mapping) else data
        for wanted in _wanted(cards, place, declaration.card.dataset):
            found = score(
                wanted.model,
                benchmark,
                subjects=wanted.subjects,
                beside=wanted.beside,
                data=where,
                **settings,
            )
            written.append(found.save(wanted.path))
    return written


def _check_places(data: Mapping[str, str], asked: Sequence[str]) -> None:
    """Refuse a place of a dataset that nobody knows, and that would be passed over."""
    for name in data:
        if name not in asked and not datasets.has(name):
            raise UnknownName(
                f"data has a place for {name!r}, which is no dataset of these benchmarks; "
                f"{near_names(name, sorted(set(asked)))}"
            )


def _wanted(
    cards: Mapping[Path, Mapping[str, Any]], place: Path, dataset: str
) -> Iterator[_Wanted]:
    """Return what is to be scored: each base once for each listener, or once for all."""
    made: set[Path] = set()
    for folder, card in cards.items():
        uri, subject = f"tuned:{folder}", card["plan"]["subject"]
        is_of_listener = dataset == card["plan"]["dataset"]
        base = f"base-{card['base_digest'][:8]}"
        path = place / (f"{base}-{subject}.nc" if is_of_listener else f"{base}.nc")
        subjects = [subject] if is_of_listener else None
        if path not in made:
            made.add(path)
            yield _Wanted(path, card["base"], subjects, uri if is_of_listener else None)
        yield _Wanted(place / f"{folder.name}.nc", uri, subjects, None)
