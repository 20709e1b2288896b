"""The phantom speech: some minutes of speech with exact word and phone times.

``tools/make_phantom_speech.py`` made it; the audio and the alignments ship
with the package, under its licence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from heschl.alignment import Alignment, Interval
from heschl.errors import InvalidInput, UnknownName, near_names
from heschl.sound import Sound, Stimulus

__all__ = ["Utterance", "compose", "join", "utterances"]


@dataclass(frozen=True)
class Utterance:
    """One sentence: what was said, by whom, and when each word and phone was."""

    identifier: str
    language: str
    """The ISO 639-1 code: ``en``, ``fr`` or ``zh``."""
    speaker: str
    text: str
    sound: Sound
    alignment: Alignment
    """Phones are ARPABET-39 in English, else IPA; they tile the words."""


def utterances(language: str = "en") -> tuple[Utterance, ...]:
    """Return the utterances of a language, speaker by speaker; sound is read when used.

    Examples
    --------
    >>> first = utterances("en")[0]
    >>> first.text[:24], first.sound.sample_rate
    ('The old lighthouse keepe', 22050)
    >>> first.alignment.words[1].label
    'old'
    """
    everything = _corpus()
    if language not in everything:
        raise UnknownName(
            f"the phantom speech has no language {language!r}; {near_names(language, everything)}"
        )
    return everything[language]


def join(
    identifier: str, spoken: Sequence[Utterance], sample_rate: int, gaps_s: Sequence[float]
) -> Stimulus:
    """Join utterances into one stimulus with the alignment of the whole.

    Parameters
    ----------
    identifier
        The name of the stimulus.
    spoken
        The utterances, in the order in which they are heard.
    sample_rate
        Of the stimulus, in Hz.
    gaps_s
        The silence after each utterance, in seconds, as many as utterances.
        Each is rounded to whole samples, and the alignment follows the rounding.
    """
    if not spoken or len(gaps_s) != len(spoken):
        raise InvalidInput(
            f"{len(spoken)} utterances and {len(gaps_s)} gaps; "
            "expected at least one utterance and a gap after each"
        )
    if not all(math.isfinite(gap) and gap >= 0 for gap in gaps_s):
        raise InvalidInput(f"gaps_s={list(gaps_s)}; expected seconds that are not negative")
    pieces: list[np.ndarray] = []
    words: list[Interval] = []
    phones: list[Interval] = []
    n_samples = 0
    for utterance, gap_s in zip(spoken, gaps_s, strict=True):
        waveform = utterance.sound.waveform(sample_rate)
        start_s = n_samples / sample_rate
        words += _later(utterance.alignment.words, start_s)
        phones += _later(utterance.alignment.phones, start_s)
        silence = np.zeros(round(gap_s * sample_rate), dtype=np.float32)
        pieces += [waveform, silence]
        n_samples += len(waveform) + len(silence)
    sound = Sound.from_samples(np.concatenate(pieces), sample_rate)
    return Stimulus(identifier, sound, Alignment(tuple(words), tuple(phones)))


def compose(
    identifier: str,
    spoken: Sequence[Utterance],
    duration_s: float,
    *,
    seed: int,
    sample_rate: int = 16000,
    mean_gap_s: float = 0.5,
) -> Stimulus:
    """Tell a story of a given length out of utterances in random order.

    The utterances are shuffled, told once each, shuffled again, and so on, with
    gaps drawn uniformly from 0 to twice ``mean_gap_s``. What is left when the
    next one no longer fits stays silent, so the stimulus lasts
    ``round(duration_s * sample_rate)`` samples.

    Parameters
    ----------
    identifier
        The name of the stimulus.
    spoken
        What may be told.
    duration_s
        The length of the stimulus in seconds; minutes take some seconds to make.
    seed
        Of the order and the gaps.
    sample_rate
        Of the stimulus, in Hz.
    mean_gap_s
        The mean silence between utterances in seconds, beyond the tenth of a
        second with which every utterance begins and ends.

    Examples
    --------
    >>> story = compose("story", utterances("en"), 20, seed=0)
    >>> story.sound.duration_s, story.alignment.words[-1].offset_s < 20
    (20.0, True)
    """
    if not (math.isfinite(mean_gap_s) and mean_gap_s >= 0):
        raise InvalidInput(f"mean_gap_s={mean_gap_s}; expected seconds that are not negative")
    n_left = round(duration_s * sample_rate) if math.isfinite(duration_s) else 0
    generator = np.random.default_rng(seed)
    told: list[Utterance] = []
    gaps_s: list[float] = []
    for utterance in _shuffled_for_ever(spoken, generator):
        n_speech = utterance.sound.n_samples_at(sample_rate)
        if n_speech > n_left:
            break
        n_gap = min(round(generator.uniform(0, 2 * mean_gap_s) * sample_rate), n_left - n_speech)
        told.append(utterance)
        gaps_s.append(n_gap / sample_rate)
        n_left -= n_speech + n_gap
    if not told:
        raise InvalidInput(
            f"duration_s={duration_s} is too short for an utterance; ask for at least 10 seconds"
        )
    gaps_s[-1] += n_left / sample_rate
    return join(identifier, told, sample_rate, gaps_s)


def _shuffled_for_ever(
    spoken: Sequence[Utterance], generator: np.random.Generator
) -> Iterator[Utterance]:
    while spoken:
        for index in generator.permutation(len(spoken)):
            yield spoken[index]


def _later(intervals: Iterable[Interval], by_s: float) -> list[Interval]:
    return [Interval(onset + by_s, offset + by_s, label) for onset, offset, label in intervals]


@lru_cache(maxsize=1)
def _corpus() -> dict[str, tuple[Utterance, ...]]:
    folder = Path(str(files("heschl.phantom") / "corpus"))
    record = json.loads((folder / "alignments.json").read_text(encoding="utf-8"))
    rate = record["sample_rate"]
    found: dict[str, tuple[Utterance, ...]] = {}
    for item in record["utterances"]:
        tiers = [
            tuple(Interval(start / rate, end / rate, label) for start, end, label in item[tier])
            for tier in ("words", "phones")
        ]
        utterance = Utterance(
            item["identifier"],
            item["language"],
            item["speaker"],
            item["text"],
            Sound.from_file(folder / f"{item['identifier']}.flac"),
            Alignment(*tiers),
        )
        found[utterance.language] = (*found.get(utterance.language, ()), utterance)
    return found
