"""The loader: a folder of interchange files and a copy of TIMIT in, stimuli and recordings out.

::

    <root>/<listener>.h5        as heschl.data_registry.timit_ecog.interchange writes it
    <root>/TIMIT/ or <root>/../timit/       LDC93S1

Responses are scored at 50 Hz, from the first sample of a sentence to its last whole 20 ms.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from heschl.data_registry.timit.corpus import (
    HOW_TO_GET,
    Utterance,
    read_corpus,
    stimulus_of,
)
from heschl.data_registry.timit_ecog import TIMIT_ECOG
from heschl.data_registry.timit_ecog.clock import averaging, row_edges, row_times
from heschl.data_registry.timit_ecog.format import AREAS, fault_of_length
from heschl.data_registry.timit_ecog.reading import Subject, read_subject, read_timing, read_trials
from heschl.data_registry.timit_ecog.responsive import is_responsive, responses_at_onset
from heschl.dimensions import REPEAT, ROI, TIME, UNIT
from heschl.errors import CorruptData, MissingData, UnknownName, near_names
from heschl.fingerprints import files_digest
from heschl.recording import Recording
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk

__all__ = ["TimitEcog"]

_NUMERICS = 1
"""Raised whenever `TimitEcog.recording` or `rois` would give other numbers for the same files."""
_FEWEST_ROWS = 2


class TimitEcog:
    """Responses to TIMIT sentences, read from a folder with a file for each listener.

    Parameters
    ----------
    root
        The folder of the files.
    timit
        A copy of TIMIT. By default it is looked for within ``root`` and beside it.

    Examples
    --------
    >>> ecog = TimitEcog("timit_ecog", timit="LDC93S1")  # doctest: +SKIP
    >>> ecog.recording("ec01", ["fcjf0_sa1"]).responses  # doctest: +SKIP
    """

    card = TIMIT_ECOG

    def __init__(self, root: str | Path, *, timit: str | Path | None = None) -> None:
        self.root = Path(root).absolute()
        self.timit = None if timit is None else Path(timit).absolute()
        if not any(self.root.glob("*.h5")):
            raise MissingData(
                f"{self.root} holds no <listener>.h5; write recordings with "
                "heschl.data_registry.timit_ecog.interchange.write_subject, see docs/timit_ecog.md"
            )

    def stimuli(self) -> StimulusSet:
        """Return the sentences that any listener heard; each is opened when it is asked for."""
        heard = {name for each in self.subjects() for name in self._subject(each).sentences}
        return StimuliOnDisk(sorted(heard), self.stimulus)

    def subjects(self) -> tuple[str, ...]:
        """Return the listeners whose files are there."""
        return tuple(sorted(path.stem for path in self.root.glob("*.h5")))

    def stimuli_of(self, subject: str) -> tuple[str, ...]:
        """Return the sentences that this listener heard, in alphabetical order."""
        return tuple(self._subject(subject).sentences)

    def clock(self, stimulus: str) -> np.ndarray:
        """Return the middles (row,) in seconds of the rows of a sentence, 20 ms each."""
        return row_times(self._duration_s(stimulus))

    def row_labels(self, stimulus: str) -> Mapping[str, str]:
        """Return what holds of every row of a sentence, for splits that keep some of it together.

        ``sentence`` names the text: seven speakers read each sentence ``sx``.
        """
        utterance = self._utterance(stimulus)
        names = ("sentence", "speaker", "dialect", "sex", "kind")
        return {name: str(getattr(utterance, name)) for name in names}

    def recording(self, subject: str, stimuli: Sequence[str] | None = None) -> Recording:
        """Return one listener's responses to those sentences (default: all).

        The response is the first trial; all trials of a sentence that was heard twice or more are
        in `Recording.repeats`. Electrodes with NaN are kept, numbered as in the file.

        Memory: 0.1 GB for 599 sentences and 270 electrodes.
        """
        held = self._subject(subject)
        responses, repeats = {}, {}
        for stimulus in held.sentences if stimuli is None else stimuli:
            trials = self._on_rows(held, stimulus)
            coordinates = {TIME: self.clock(stimulus), UNIT: np.arange(len(held.names))}
            responses[stimulus] = xr.DataArray(trials[0], dims=(TIME, UNIT), coords=coordinates)
            if len(trials) > 1:
                repeats[stimulus] = xr.DataArray(
                    trials, dims=(REPEAT, TIME, UNIT), coords=coordinates
                )
        return Recording(subject, responses, repeats)

    def rois(self, subject: str) -> xr.DataArray:
        """Return membership, a boolean array (roi, unit).

        The rows are ``all``; ``responsive``, the electrodes that respond to speech, see
        `heschl.data_registry.timit_ecog.responsive`; and the responsive ones of each area. The
        coordinates ``electrode``, ``area``, ``x``, ``y`` and ``z`` are the file's.
        """
        held = self._subject(subject)
        responds = is_responsive(*responses_at_onset(held))
        areas = np.array(held.areas)
        rows = {"all": np.ones(len(areas), dtype=bool), "responsive": responds}
        rows.update({area: responds & (areas == area) for area in AREAS})
        return xr.DataArray(
            np.stack(list(rows.values())),
            dims=(ROI, UNIT),
            coords={
                ROI: list(rows),
                UNIT: np.arange(len(areas)),
                "electrode": (UNIT, np.array(held.names)),
                "area": (UNIT, areas),
                **{axis: (UNIT, held.xyz[:, number]) for number, axis in enumerate("xyz")},
            },
            attrs={"space": held.space},
        )

    def fingerprint(self, subject: str, stimuli: Sequence[str]) -> str:
        """Return a digest of every byte that `recording` and `rois` would read.

        Of the sounds that is how long they last.
        """
        held = self._subject(subject)
        durations = {name: self._duration_s(name) for name in stimuli}
        also = (json.dumps(durations), f"reading {_NUMERICS}")
        return files_digest(self.root, [held.path], also=also)

    def stimulus(self, name: str) -> Stimulus:
        """Return a sentence with its words, and its phones as those of ARPABET."""
        return stimulus_of(self._utterance(name))

    @cached_property
    def _corpus(self) -> dict[str, Utterance]:
        """Return the sentences of TIMIT, from where it lies."""
        if self.timit is not None:
            return read_corpus(self.timit)
        beside = [path for path in self.root.parent.iterdir() if path.name.lower() == "timit"]
        for place in (self.root, *sorted(beside)):
            try:
                return read_corpus(place)
            except MissingData:
                continue
        raise MissingData(
            f"TIMIT is neither in {self.root} nor beside it, and its sounds are what listeners "
            f"heard. {HOW_TO_GET}: put it there, or name it, TimitEcog(root, timit=...)"
        )

    def _utterance(self, name: str) -> Utterance:
        if name not in self._corpus:
            heard = tuple(self.stimuli())
            if name in heard:
                raise MissingData(
                    f"listeners heard {name!r}, which the copy of TIMIT lacks; copy it from LDC93S1"
                )
            raise UnknownName(f"{self.card.id} has no sentence {name!r}; {near_names(name, heard)}")
        return self._corpus[name]

    def _duration_s(self, name: str) -> float:
        utterance = self._utterance(name)
        duration_s = Sound.from_file(utterance.file("wav")).duration_s
        if len(row_times(duration_s)) < _FEWEST_ROWS:
            raise CorruptData(
                f"{utterance.file('wav')} lasts {duration_s:.3f} s; no sentence is that short: "
                "copy it again"
            )
        return duration_s

    def _subject(self, subject: str) -> Subject:
        if subject not in self.subjects():
            raise UnknownName(
                f"{self.card.id} has no listener {subject!r} in {self.root}; "
                f"{near_names(subject, self.subjects())}"
            )
        return read_subject(self.root / f"{subject}.h5")

    def _on_rows(self, held: Subject, sentence: str) -> np.ndarray:
        """Return the trials of a sentence at 50 Hz, float32 (trial, row, electrode)."""
        if sentence not in held.sentences:
            raise UnknownName(
                f"{held.path.stem} did not hear {sentence!r}; "
                f"{near_names(sentence, held.sentences)}"
            )
        timing = read_timing(held, sentence)
        duration_s = self._duration_s(sentence)
        fault = fault_of_length(timing, duration_s)
        if fault:
            raise CorruptData(f"{held.path} has for {sentence!r} {fault}")
        mean = averaging(timing, row_edges(len(row_times(duration_s))))
        trials = read_trials(held, sentence)
        return np.stack([mean @ trial.astype(np.float64) for trial in trials]).astype(np.float32)
