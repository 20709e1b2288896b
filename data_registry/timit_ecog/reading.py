"""Reading an interchange file, a sentence at a time and believing nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import h5py
import numpy as np

from heschl.data_registry.timit_ecog.format import (
    FORMAT,
    VERSION,
    Timing,
    fault_of_electrodes,
    fault_of_name,
    fault_of_timing,
)
from heschl.errors import CorruptData
from heschl.hdf5 import dataset_in, opened
from heschl.hdf5_texts import check_texts
from heschl.untrusted import check_file

__all__ = ["Subject", "read_subject", "read_timing", "read_trials"]

_MOST_SENTENCES = 6300
_MOST_ELECTRODES = 100_000
_MOST_VALUES = 2**31
_WRITE = "write it with heschl.data_registry.timit_ecog.interchange.write_subject"


@dataclass(frozen=True)
class Subject:
    """What one listener's file holds, without the responses."""

    path: Path
    names: tuple[str, ...]
    areas: tuple[str, ...]
    """Of each electrode, in the order of the responses."""
    xyz: np.ndarray
    """(electrode, 3) in mm."""
    space: str
    sentences: Mapping[str, str]
    """For each sentence, by its name in lower case, the path of its responses in the file."""


def read_subject(path: Path) -> Subject:
    """Return what a file holds; it is read once while it is untouched."""
    status = check_file(path)
    return _subject(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _subject(path: Path, _changed_ns: int, _n_bytes: int) -> Subject:
    check_texts(path)
    with opened(path) as file:
        found = (file.attrs.get("format"), file.attrs.get("version"))
        if found != (FORMAT, VERSION):
            raise CorruptData(
                f"{path} has format {found[0]}, version {found[1]}; expected {FORMAT}, {VERSION}: "
                f"{_WRITE}"
            )
        names, areas = (_texts(path, file, f"electrodes/{name}") for name in ("name", "area"))
        positions = _dataset(path, file, "electrodes/xyz", "f")
        if positions.shape != (len(names), 3):
            fault: str | None = f"positions of shape {positions.shape} for {len(names)} electrodes"
        else:
            xyz = np.asarray(positions[()], dtype=np.float64)
            fault = fault_of_electrodes(names, areas, xyz)
        if fault:
            raise CorruptData(f"{path} has {fault}")
        space = str(positions.attrs.get("space", "unknown"))
        return Subject(path, names, areas, xyz, space, _sentences(path, file))


def read_trials(subject: Subject, sentence: str, *, first_samples: int | None = None) -> np.ndarray:
    """Return the responses to a sentence, float32 (trial, time, electrode).

    Parameters
    ----------
    first_samples
        How many samples of the first trial to read; None reads all of every trial.
    """
    with opened(subject.path) as file:
        dataset = _responses(subject, file, sentence)
        wanted = slice(None), slice(None)
        if first_samples is not None:
            wanted = slice(0, 1), slice(0, first_samples)
        values = np.asarray(dataset[wanted], dtype=np.float32)
    if np.isinf(values).any():
        raise CorruptData(
            f"{_named(subject, sentence)} holds infinite values; {_WRITE}, with NaN for what was "
            "not recorded"
        )
    return values


def read_timing(subject: Subject, sentence: str) -> Timing:
    """Return when the samples of the responses to a sentence were taken."""
    with opened(subject.path) as file:
        dataset = _responses(subject, file, sentence)
        numbers = [dataset.attrs.get(name) for name in ("rate_hz", "pre_s", "post_s")]
        if not all(
            np.ndim(each) == 0 and isinstance(each, (int, float, np.number)) for each in numbers
        ):
            raise CorruptData(
                f"{_named(subject, sentence)} has rate_hz, pre_s, post_s = {numbers}; expected "
                f"three numbers: {_WRITE}"
            )
        rate_hz, pre_s, post_s = (float(each) for each in numbers)
        timing = Timing(rate_hz, pre_s, post_s, dataset.shape[1])
    fault = fault_of_timing(timing.rate_hz, timing.pre_s, timing.post_s)
    if fault:
        raise CorruptData(f"{_named(subject, sentence)} has {fault}")
    return timing


def _sentences(path: Path, file: h5py.File) -> dict[str, str]:
    group = file.get("sentences")
    if not isinstance(group, h5py.Group) or not len(group):
        raise CorruptData(f"{path} has no group 'sentences' with responses; {_WRITE}")
    if len(group) > _MOST_SENTENCES:
        raise CorruptData(f"{path} claims {len(group):,} sentences; TIMIT has {_MOST_SENTENCES:,}")
    found: dict[str, str] = {}
    for name in group:
        fault = fault_of_name(name, found)
        if fault:
            raise CorruptData(f"{path} has {fault}")
        found[name.lower()] = f"sentences/{name}/hg"
    return dict(sorted(found.items()))


def _responses(subject: Subject, file: h5py.File, sentence: str) -> h5py.Dataset:
    dataset = _dataset(subject.path, file, subject.sentences[sentence], "f")
    n_electrodes = len(subject.names)
    if dataset.ndim != 3 or dataset.shape[2] != n_electrodes or 0 in dataset.shape:  # noqa: PLR2004
        raise CorruptData(
            f"{_named(subject, sentence)} has the shape {dataset.shape}; expected (trial, time, "
            f"{n_electrodes}), as {n_electrodes} electrodes are named: {_WRITE}"
        )
    if dataset.size > _MOST_VALUES:
        raise CorruptData(
            f"{_named(subject, sentence)} claims {dataset.size:,} values; expected at most "
            f"{_MOST_VALUES:,}"
        )
    return dataset


def _dataset(path: Path, file: h5py.File, name: str, kind: str) -> h5py.Dataset:
    """Return a dataset whose values lie in this very file."""
    dataset = dataset_in(file, name, kind)
    if dataset is None:
        expected = {"f": "floats", "O": "texts"}[kind]
        raise CorruptData(f"{path} has no dataset {name!r} of {expected}; {_WRITE}")
    return dataset


def _texts(path: Path, file: h5py.File, name: str) -> tuple[str, ...]:
    dataset = _dataset(path, file, name, "O")
    if dataset.ndim != 1 or len(dataset) > _MOST_ELECTRODES:
        raise CorruptData(
            f"{path} has {name!r} of shape {dataset.shape}; expected one text for each electrode"
        )
    try:
        return tuple(str(text) for text in dataset.asstr()[()])
    except (TypeError, UnicodeDecodeError) as error:
        raise CorruptData(f"{path} has {name!r} that is no text: {error}; {_WRITE}") from error


def _named(subject: Subject, sentence: str) -> str:
    return f"{subject.path}, {subject.sentences[sentence]!r},"
