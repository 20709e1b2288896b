"""The promises of a dataset, held on its phantom or on a folder of the real data."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from heschl.cards import DatasetCard
from heschl.configuration import array_digest
from heschl.contracts import Dataset, LabelledDataset
from heschl.dimensions import REPEAT, ROI, TIME, UNIT
from heschl.errors import HeschlError, MissingData, UnknownName
from heschl.manifest import Manifest
from heschl.recording import Recording
from heschl.registry import Resolved, datasets, resolve_dataset
from heschl.structure import missing_members
from heschl.testing.check import refused, require, skip, stated
from heschl.testing.folders import classes_of_files
from heschl.testing.kinds import card_of
from heschl.testing.loading import UnderTest, loads
from heschl.testing.phantoms import phantom_root

__all__ = ["CHECKS", "DatasetUnderTest", "read_whole"]

_NOBODY = "no such name"


class DatasetUnderTest(UnderTest[Resolved[DatasetCard]]):
    """A dataset over the folder that was given, or over its phantom; or one in memory."""

    def __init__(self, plugin: object, root: str | Path | None = None) -> None:
        super().__init__(self._resolved)
        self.plugin = plugin
        self._given_root = root

    def _resolved(self) -> Resolved[DatasetCard]:
        return resolve_dataset(self.plugin) if self.is_in_memory else self.opened(self.root)

    def opened(self, root: Path) -> Resolved[DatasetCard]:
        """Return the dataset over any folder."""
        return resolve_dataset(self.plugin, root)

    @property
    def is_in_memory(self) -> bool:
        """Whether it is a ready object rather than a recipe that takes a folder."""
        is_recipe = isinstance(self.plugin, (str, DatasetCard, type)) or callable(self.plugin)
        return not is_recipe and not missing_members(self.plugin, (Dataset, LabelledDataset))[1]

    @property
    def is_phantom(self) -> bool:
        """Whether it reads its own phantom."""
        return not self.is_in_memory and self._given_root is None

    @functools.cached_property
    def root(self) -> Path:
        """The folder that it reads."""
        if self._given_root is not None:
            return Path(self._given_root)
        if self.is_in_memory:
            raise skip("it is in memory and reads no files")
        return phantom_root(self.card)

    @property
    def card(self) -> DatasetCard:
        """The metadata, without reading any data."""
        card = card_of(datasets, self.plugin)
        if isinstance(card, DatasetCard):
            return card
        raise skip("it brings no card beside it that names a phantom; give the folder to read")

    @property
    def dataset(self) -> Any:  # keeps the contract Dataset, which was checked
        """The object."""
        return self.thing.object

    @property
    def name(self) -> str:
        """The id."""
        return self.thing.card.id

    @functools.cached_property
    def subjects(self) -> tuple[str, ...]:
        """The first listener and the last."""
        return tuple(dict.fromkeys([self.dataset.subjects()[0], self.dataset.subjects()[-1]]))

    def stimuli_of(self, subject: str) -> tuple[str, ...]:
        """Return what a listener heard: the first two stimuli and the last."""
        there = self.dataset.stimuli_of(subject)
        return tuple(dict.fromkeys([*there[:2], there[-1]]))

    def whom(self) -> tuple[str, tuple[str, ...]]:
        """Return the listener on whom files are tried, and what of them is read."""
        subject = self.subjects[0]
        return subject, self.stimuli_of(subject)

    def classes_of_files(self, root: Path) -> dict[str, Path]:
        """Return one file of each class, such as "one listener's response to a story"."""
        subject, _ = self.whom()
        others = set(self.dataset.subjects()) - {subject}
        return classes_of_files(root, subject, others, list(self.dataset.stimuli()))

    def content_of(self, data: Any) -> str:
        """Return a digest of what any opened copy gives, or the kind of error that it raises."""
        return read_whole(data, *self.whom())

    def heard_stimuli(self) -> tuple[str, ...]:
        """Return the stimuli whose sounds are opened when files are tried."""
        return self.whom()[1]


def card_is_complete(dataset: DatasetUnderTest) -> None:
    """State what was recorded, under which terms, and how to get it."""
    card = dataset.thing.card
    fields = {
        name: getattr(card, name)
        for name in ("summary", "licence", "citation", "how_to_get", "languages", "recording")
    }
    is_public = isinstance(dataset.plugin, str) and datasets.has(dataset.plugin)
    stated(f"the card of {card.id!r}", fields, is_public=is_public)
    if card.manifest:
        require(
            len(Manifest.read(card.manifest).files) > 0,
            f"the manifest of {card.id!r} lists no file; list what there is to fetch",
        )


def names_agree(dataset: DatasetUnderTest) -> None:
    """Name listeners and stimuli, each once; every listener heard stimuli that are there."""
    subjects, stimuli = dataset.dataset.subjects(), list(dataset.dataset.stimuli())
    for kind, names in (("listeners", subjects), ("stimuli", stimuli)):
        require(names, f"{dataset.name!r} lists no {kind}; expected one at least")
        require(
            len(set(names)) == len(names),
            f"{dataset.name!r} lists its {kind} as {names}; expected each once",
        )
    for subject in subjects:
        heard = dataset.dataset.stimuli_of(subject)
        unknown = sorted(set(heard) - set(stimuli))
        require(
            heard and not unknown,
            f"{dataset.name!r} says that {subject} heard {list(heard)}; expected one stimulus at "
            f"least, and of {unknown} there is no sound",
        )


def unknown_names_are_refused(dataset: DatasetUnderTest) -> None:
    """Refuse a listener or stimulus that is not there with UnknownName."""
    data = dataset.dataset
    asked = {
        "stimuli_of": lambda: data.stimuli_of(_NOBODY),
        "recording": lambda: data.recording(_NOBODY),
        "rois": lambda: data.rois(_NOBODY),
        "clock": lambda: data.clock(_NOBODY),
        "stimuli()[...]": lambda: data.stimuli()[_NOBODY],
    }
    for method, ask in asked.items():
        refused(
            ask,
            UnknownName,
            f"an unknown name, given to {method} of {dataset.name!r},",
            "name what there is, with heschl.errors.near_names",
        )


def clocks_lie_within_the_sounds(dataset: DatasetUnderTest) -> None:
    """Give times of responses that increase and lie within their sound."""
    stimuli = dataset.dataset.stimuli()
    for stimulus in dict.fromkeys(s for each in dataset.subjects for s in dataset.stimuli_of(each)):
        clock = np.asarray(dataset.dataset.clock(stimulus))
        where = f"the clock of {dataset.name!r} for {stimulus!r}"
        require(
            clock.ndim == 1 and len(clock) > 1 and np.isfinite(clock).all(),
            f"{where} has shape {clock.shape}, finite: {np.isfinite(clock).all()}; expected finite "
            "times (row,), two at least",
        )
        require((np.diff(clock) > 0).all(), f"{where} does not increase; sort rows by time")
        duration_s = stimuli[stimulus].sound.duration_s
        require(
            clock[-1] <= duration_s,
            f"{where} goes on to {clock[-1]:g} s, but the sound ends at {duration_s:g} s; give "
            "times in seconds of the sound",
        )


def recordings_are_labelled(dataset: DatasetUnderTest) -> None:
    """Return what was asked for, on its clock, with some units finite throughout."""
    for subject in dataset.subjects:
        stimuli = dataset.stimuli_of(subject)
        recording = dataset.dataset.recording(subject, stimuli)
        where = f"the recording of {subject} in {dataset.name!r}"
        require(
            isinstance(recording, Recording) and recording.subject == subject,
            f"{where} is a {type(recording).__name__} of "
            f"{getattr(recording, 'subject', 'nobody')!r}; expected a Recording of that listener",
        )
        require(
            list(recording.responses) == list(stimuli),
            f"{where}, asked for {list(stimuli)}, holds {list(recording.responses)}; expected just "
            "those, in that order",
        )
        for stimulus, response in recording.responses.items():
            require(
                np.array_equal(response[TIME], dataset.dataset.clock(stimulus)),
                f"{where} for {stimulus!r} has {response.sizes[TIME]} rows at other times than "
                f"clock({stimulus!r}); give both the same times",
            )
            require(
                response.dtype.kind == "f",
                f"{where} for {stimulus!r} holds {response.dtype}; expected floating point",
            )
        for stimulus, repeats in recording.repeats.items():
            require(
                repeats.sizes[REPEAT] > 1,
                f"{where} has a single repeat of {stimulus!r}; leave it out, or give them all",
            )
        require(
            len(set(recording.units.tolist())) == len(recording.units),
            f"{where} numbers two units alike; number each once",
        )
        require(
            recording.finite_units().any(),
            f"{where} has no unit that is finite throughout; check the scale and the mask",
        )


def parts_equal_the_whole(dataset: DatasetUnderTest) -> None:
    """Read one stimulus as it is read among several."""
    subject = dataset.subjects[0]
    stimuli = dataset.stimuli_of(subject)
    whole = dataset.dataset.recording(subject, stimuli)
    part = dataset.dataset.recording(subject, stimuli[-1:])
    require(
        list(part.responses) == list(stimuli[-1:]),
        f"the recording of {subject} in {dataset.name!r}, asked for {stimuli[-1]!r} alone, holds "
        f"{list(part.responses)}; read what is asked for",
    )
    require(
        whole.responses[stimuli[-1]].identical(part.responses[stimuli[-1]]),
        f"the recording of {subject} for {stimuli[-1]!r} in {dataset.name!r} depends on what else "
        "is read; read each stimulus by itself",
    )


def rois_are_masks(dataset: DatasetUnderTest) -> None:
    """Give regions as booleans (roi, unit) over the recording's units, the first one being all."""
    for subject in dataset.subjects:
        rois = dataset.dataset.rois(subject)
        where = f"the regions of {subject} in {dataset.name!r}"
        require(
            isinstance(rois, xr.DataArray) and rois.dims == (ROI, UNIT) and rois.dtype == bool,
            f"{where} are a {type(rois).__name__} {getattr(rois, 'dims', '')} of "
            f"{getattr(rois, 'dtype', 'no type')}; expected booleans {(ROI, UNIT)}",
        )
        names = [str(name) for name in rois[ROI].to_numpy()]
        require(
            names[0] == "all" and bool(rois[0].all()),
            f"{where} begin with {names[0]!r}; expected 'all', true for every unit",
        )
        require(len(set(names)) == len(names), f"{where} are {names}; expected each name once")
        units = dataset.dataset.recording(subject, dataset.stimuli_of(subject)[:1]).units
        require(
            UNIT in rois.coords and np.array_equal(rois[UNIT], units),
            f"{where} are numbered otherwise than the units of the recording; use its numbers",
        )


def fingerprint_is_stable(dataset: DatasetUnderTest) -> None:
    """Give the same fingerprint whenever it is asked, and another for other data."""
    subject = dataset.subjects[0]
    stimuli = dataset.stimuli_of(subject)
    first = dataset.dataset.fingerprint(subject, stimuli)
    where = f"the fingerprint of {subject} in {dataset.name!r}"
    require(isinstance(first, str) and first, f"{where} is {first!r}; expected a text")
    again = dataset.made_again().object.fingerprint(subject, stimuli)
    require(first == again, f"{where} differs from one call to the next; digest contents alone")
    others: list[tuple[str, Sequence[str]]] = [
        *((other, dataset.stimuli_of(other)) for other in dataset.subjects[1:]),
        *([(subject, stimuli[:-1])] if len(stimuli) > 1 else []),
    ]
    for other, heard in others:
        require(
            dataset.dataset.fingerprint(other, heard) != first,
            f"{where} is also that of {other} for {list(heard)}; digest the files that are read",
        )


def read_whole(data: Any, subject: str, stimuli: Sequence[str]) -> str:
    """Return a digest of what `recording` and `rois` give, or the kind of error that they raise."""
    try:
        recording = data.recording(subject, stimuli)
        arrays = [*recording.responses.values(), *recording.repeats.values(), data.rois(subject)]
    except MissingData:
        raise
    except HeschlError as error:
        return type(error).__name__
    return " ".join(array_digest(array.to_numpy()) for array in arrays)


CHECKS = (
    loads,
    card_is_complete,
    names_agree,
    unknown_names_are_refused,
    clocks_lie_within_the_sounds,
    recordings_are_labelled,
    parts_equal_the_whole,
    rois_are_masks,
    fingerprint_is_stable,
)
"""What a dataset promises; that of its files and its phantom is in `dataset_files`."""
