"""The interchange file: one HDF5 file a listener, written here and read here.

::

    /                       attrs format = "timit_ecog", version = 1
    /sentences/<id>/hg      float32 (trial, time, electrode), attrs rate_hz, pre_s, post_s
    /electrodes/name        text (electrode,)
    /electrodes/area        text (electrode,)
    /electrodes/xyz         float (electrode, 3), attr space

``<id>`` is speaker and sentence of TIMIT, as ``fcjf0_sa1``. Sample k of ``hg`` stands for the time
from ``k / rate_hz - pre_s`` to ``(k + 1) / rate_hz - pre_s``, where 0 is the first sample of the
sentence's sound; ``post_s`` is what follows its last. See docs/timit_ecog.md.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np

from heschl.data_registry.timit.corpus import read_corpus
from heschl.data_registry.timit_ecog.format import (
    FORMAT,
    VERSION,
    fault_of_electrodes,
    fault_of_length,
    fault_of_name,
    fault_of_timing,
)
from heschl.data_registry.timit_ecog.reading import Subject, read_subject, read_timing, read_trials
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.sound import Sound

__all__ = ["check_subject", "write_subject"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def write_subject(
    path: str | os.PathLike[str],
    sentences: Mapping[str, np.ndarray],
    *,
    rate_hz: float,
    pre_s: float,
    post_s: float,
    names: Sequence[str],
    areas: Sequence[str],
    xyz: np.ndarray | None = None,
    space: str = "unknown",
    timit: str | os.PathLike[str] | None = None,
) -> Path:
    """Write one listener's responses as an interchange file, and return its path.

    Everything is checked first; the file is there whole or not at all.

    Parameters
    ----------
    path
        ``<listener>.h5``, which must not exist.
    sentences
        For each TIMIT sentence, named as ``fcjf0_sa1``, the high-gamma amplitude (trial, time,
        electrode), z-scored within its block; trials in the order of presentation. NaN marks what
        was not recorded.
    rate_hz
        Samples a second, 50 or more.
    pre_s, post_s
        What the time axis holds before the sound begins, 0.5 or more, and after it ends.
    names, areas
        Of each electrode. Names differ; areas are ``A1``, ``STG``, ``MTG``, ``SMC``, ``SMG`` or any
        other text, which belongs to no region that is reported.
    xyz, space
        Positions (electrode, 3) in mm, NaN where unknown, and the space that they are in.
    timit
        A copy of TIMIT: if given, that each response lasts as long as its sound is checked now, and
        not when it is first read.

    Examples
    --------
    >>> import tempfile
    >>> heard = {"fcjf0_sa1": np.zeros((1, 400, 2))}  # 4 s at 100 Hz
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_subject(
    ...         Path(folder) / "ec01.h5", heard, rate_hz=100, pre_s=0.5, post_s=0.5,
    ...         names=["G1", "G2"], areas=["STG", "A1"],
    ...     )
    ...     check_subject(path)
    'ec01: 2 electrodes, 1 sentence, none heard twice'
    """
    target = Path(path)
    if target.suffix != ".h5" or not _NAME.fullmatch(target.stem):
        raise InvalidInput(
            f"{target.name!r} is no name of such a file; expected <listener>.h5, the listener in "
            "letters, digits, '-' and '_'"
        )
    if target.exists():
        raise InvalidInput(f"{target} exists; delete it, or choose another name")
    positions = np.full((len(names), 3), np.nan) if xyz is None else np.asarray(xyz, float)
    fault = fault_of_electrodes(names, areas, positions) or fault_of_timing(rate_hz, pre_s, post_s)
    if fault:
        raise InvalidInput(f"{target.name} would have {fault}")
    arrays = _checked_arrays(sentences, len(names))
    place = target.with_name(f".{target.stem}.{uuid.uuid4().hex}.partial")
    try:
        with h5py.File(place, "w") as file:
            file.attrs.update(format=FORMAT, version=VERSION)
            for identifier, values in arrays.items():
                # Times in the file would differ at every writing.
                dataset = file.create_dataset(
                    f"sentences/{identifier}/hg", data=values, dtype="<f4", track_times=False
                )
                timing = {"rate_hz": rate_hz, "pre_s": pre_s, "post_s": post_s}
                dataset.attrs.update({name: float(value) for name, value in timing.items()})
            text = h5py.string_dtype("utf-8")
            for name, texts in (("name", names), ("area", areas)):
                file.create_dataset(
                    f"electrodes/{name}", data=list(texts), dtype=text, track_times=False
                )
            stored = file.create_dataset("electrodes/xyz", data=positions, track_times=False)
            stored.attrs["space"] = space
        if timit is not None:
            _check_sounds(read_subject(place), Path(timit))
        place.rename(target)
    finally:
        with suppress(FileNotFoundError):
            place.unlink()
    return target


def check_subject(path: str | os.PathLike[str], timit: str | os.PathLike[str] | None = None) -> str:
    """Read the whole of an interchange file and say in a sentence what it holds.

    The first fault is raised, as `heschl.errors.CorruptData` with what to do about it.

    Parameters
    ----------
    timit
        A copy of TIMIT, to check that responses last as long as their sounds.
    """
    subject = read_subject(Path(path))
    repeated = 0
    for identifier in subject.sentences:
        read_timing(subject, identifier)
        repeated += len(read_trials(subject, identifier)) > 1
    if timit is not None:
        _check_sounds(subject, Path(timit))
    counts = f"{len(subject.names)} electrodes, {len(subject.sentences)} sentence"
    plural = "s" if len(subject.sentences) != 1 else ""
    return f"{Path(path).stem}: {counts}{plural}, {repeated or 'none'} heard twice" + (
        " or more" if repeated else ""
    )


def _checked_arrays(
    sentences: Mapping[str, np.ndarray], n_electrodes: int
) -> dict[str, np.ndarray]:
    """Return the responses by the names that they get, refusing what cannot be responses."""
    if not sentences:
        raise InvalidInput("there is no sentence to write; give at least one")
    arrays: dict[str, np.ndarray] = {}
    for identifier, given in sentences.items():
        fault = fault_of_name(identifier, arrays)
        if fault:
            raise InvalidInput(f"to be written is {fault}")
        values = np.asarray(given)
        if values.ndim != 3 or values.dtype.kind != "f" or 0 in values.shape:  # noqa: PLR2004
            raise InvalidInput(
                f"{identifier!r} has responses of shape {values.shape} and type {values.dtype}; "
                "expected floats (trial, time, electrode), at least one of each"
            )
        if values.shape[2] != n_electrodes:
            raise InvalidInput(
                f"{identifier!r} has responses of {values.shape[2]} electrodes, but "
                f"{n_electrodes} are named; expected as many"
            )
        if np.isinf(values).any() or (np.abs(values) > np.finfo(np.float32).max).any():
            raise InvalidInput(
                f"{identifier!r} has infinite responses; write NaN for what was not recorded"
            )
        arrays[identifier.lower()] = values
    return arrays


def _check_sounds(subject: Subject, timit: Path) -> None:
    """Refuse responses that last otherwise than the sounds of their sentences."""
    corpus = read_corpus(timit)
    for identifier in subject.sentences:
        if identifier not in corpus:
            raise MissingData(
                f"{subject.path.name} has responses to {identifier!r}, which {timit} lacks; give a "
                "whole copy of TIMIT, or correct the name"
            )
        sound = Sound.from_file(corpus[identifier].file("wav"))
        fault = fault_of_length(read_timing(subject, identifier), sound.duration_s)
        if fault:
            raise CorruptData(f"{subject.path.name} has for {identifier!r} {fault}")
