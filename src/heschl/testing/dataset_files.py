"""The promises of a dataset on files: what it notices, what it leaves alone, and its phantom."""

from __future__ import annotations

import filecmp
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from heschl.errors import BrokenPlugin, HeschlError, MissingData, UnknownName
from heschl.phantom_folders import DIGESTS
from heschl.registry import benchmarks, models
from heschl.testing.check import require, skip
from heschl.testing.datasets import DatasetUnderTest
from heschl.testing.folders import copied, damaged, removed, state_of, watched
from heschl.testing.phantoms import write_phantom
from heschl.truth import read_expectations

__all__ = ["CHECKS", "CHECKS_OF_LABELS", "read_truth"]


def fingerprint_sees_every_byte(dataset: DatasetUnderTest) -> None:
    """Change the fingerprint with any byte that changes what is read of a listener."""
    with _copy(dataset) as copy:
        before, content = _fingerprint(dataset, copy), _content(dataset, copy)
        subject, stimuli = dataset.whom()
        require(
            before == dataset.dataset.fingerprint(subject, stimuli),
            f"the fingerprint of {subject} in {dataset.name!r} changes when the folder moves; "
            "digest names below the root, and contents",
        )
        for kind, file in dataset.classes_of_files(copy).items():
            with damaged(copy, file):
                if _fingerprint(dataset, copy) == before:
                    require(
                        _content(dataset, copy) == content,
                        f"a changed byte of {kind} changes what {dataset.name!r} reads of "
                        f"{subject}, but not the fingerprint; digest this file too",
                    )


def lost_files_are_missing_data(dataset: DatasetUnderTest) -> None:
    """Refuse with MissingData what a lost file leaves unreadable, and read the rest."""
    with _copy(dataset) as copy:
        for kind, file in dataset.classes_of_files(copy).items():
            with removed(copy, file):
                try:
                    data = dataset.opened(copy).object
                    dataset.content_of(data)
                    _listen(data, dataset.heard_stimuli())
                except MissingData:
                    continue
                except Exception as error:
                    raise BrokenPlugin(
                        f"without {kind}, {dataset.name!r} raises {type(error).__name__}: {error}; "
                        "expected MissingData, saying what is missing and how to get it"
                    ) from error


def reading_leaves_the_folder_alone(dataset: DatasetUnderTest) -> None:
    """Read without writing into the folder, running a program, unpickling or calling abroad."""
    root = dataset.root
    dataset.content_of(dataset.opened(root).object)  # imports are no reading
    before = state_of(root)
    with watched() as events:
        data = dataset.opened(root).object
        dataset.content_of(data)
        _listen(data, dataset.heard_stimuli()[:1])
    require(
        not events,
        f"reading {dataset.name!r} runs or unpickles what is in its files, or calls abroad: "
        f"{'; '.join(events[:3])}; read numbers as numbers",
    )
    after = state_of(root)
    changed = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    require(
        not changed,
        f"reading {dataset.name!r} writes {', '.join(changed[:3])} into its folder; data are read "
        "only: keep what is derived in the store",
    )


def phantom_is_deterministic(dataset: DatasetUnderTest) -> None:
    """Write the same phantom for the same seed, byte for byte."""
    if not dataset.is_phantom:
        raise skip("a folder was given, so the phantom is not written")
    root = dataset.root
    with tempfile.TemporaryDirectory(prefix="heschl-again-") as place:
        again = Path(place)
        write_phantom(dataset.card, again)
        names = [
            sorted(p.relative_to(each).as_posix() for p in each.rglob("*") if p.name != DIGESTS)
            for each in (root, again)
        ]
        require(
            names[0] == names[1],
            f"the phantom of {dataset.name!r} has other files the second time: "
            f"{sorted(set(names[0]) ^ set(names[1]))[:3]}; draw names from the seed alone",
        )
        files = [name for name in names[0] if (root / name).is_file()]
        _, differ, unread = filecmp.cmpfiles(root, again, files, shallow=False)
        require(
            not differ and not unread,
            f"the phantom of {dataset.name!r} has other bytes the second time in "
            f"{', '.join((differ + unread)[:3])}; draw from the seed alone, and write no times",
        )


def truth_is_well_formed(dataset: DatasetUnderTest) -> None:
    """Say in ``truth.json`` which phantom it is, and what models must find in it within what."""
    read_truth(dataset)
    where = f"truth.json of {dataset.name!r}"
    expectations = read_expectations(dataset.root)
    require(expectations, f"{where} expects nothing; say what which model must find where")
    for expectation in expectations:
        model, benchmark = expectation.model, expectation.benchmark
        require(
            models.has(model),
            f"{where} expects something of the model {model!r}, which is not registered",
        )
        require(
            benchmarks.has(benchmark) and benchmarks.card(benchmark).dataset == dataset.name,
            f"{where} names the benchmark {benchmark!r}, which is not one of this dataset",
        )
        require(
            expectation.source != "",
            f"{where} does not say where the expected {expectation.quantity} of {model!r} comes "
            "from; name the closed form",
        )


def read_truth(dataset: DatasetUnderTest) -> dict[str, Any]:
    """Return what ``truth.json`` of the phantom holds, which must be of that phantom."""
    if not dataset.is_phantom:
        raise skip("a folder was given, so no phantom is read")
    path = dataset.root / "truth.json"
    require(
        path.is_file(), f"the phantom of {dataset.name!r} has no truth.json; write what is planted"
    )
    truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for name, asked in {"phantom_version": dataset.card.phantom_version, "seed": 0}.items():
        require(
            truth.get(name, asked) == asked,
            f"truth.json of {dataset.name!r} says {name}={truth.get(name)!r}; expected {asked}, as "
            "it was asked for",
        )
    return truth


@contextmanager
def _copy(dataset: DatasetUnderTest) -> Iterator[Path]:
    if not dataset.is_phantom and not dataset.is_in_memory:
        raise skip("real data may be too many to copy; the phantom's files are tried instead")
    with copied(dataset.root) as copy:
        yield copy


def _fingerprint(dataset: DatasetUnderTest, root: Path) -> str:
    subject, stimuli = dataset.whom()
    try:
        return str(dataset.opened(root).object.fingerprint(subject, stimuli))
    except HeschlError as error:
        return type(error).__name__


def _content(dataset: DatasetUnderTest, root: Path) -> str:
    return dataset.content_of(dataset.opened(root).object)


def _listen(data: Any, stimuli: tuple[str, ...]) -> None:
    """Open sounds; a stimulus whose file is lost may be no stimulus any more."""
    for stimulus in stimuli:
        try:
            next(iter(data.stimuli()[stimulus].sound.blocks(16_000)))
        except UnknownName:
            continue


CHECKS = (
    fingerprint_sees_every_byte,
    lost_files_are_missing_data,
    reading_leaves_the_folder_alone,
    phantom_is_deterministic,
    truth_is_well_formed,
)
"""What a dataset promises on its files and its phantom."""

CHECKS_OF_LABELS = (
    lost_files_are_missing_data,
    reading_leaves_the_folder_alone,
    phantom_is_deterministic,
)
"""Those that hold for labelled sounds as well, whose digest is made of what was read."""
