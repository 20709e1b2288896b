"""Simulated speakers of TIMIT: phantom speech, cut, labelled and written as on the disc.

What a reader must make of the labels is kept beside them, so that a phantom knows the truth without
asking the code that it is there to test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from heschl.alignment import Alignment, Interval
from heschl.phantom.corpus import Utterance

__all__ = ["SAMPLE_RATE", "Spoken", "speak", "write_spoken"]

SAMPLE_RATE = 16000
"""Of TIMIT, in Hz."""

_HEADER_BYTES = 1024
_CLOSED = 0.6
"""The share of a stop that is its closure."""
_GLOTTAL = 0.2
"""The share that a glottal stop takes of the vowel after it."""
_OVERLAP = 160
"""Samples by which every tenth word lasts into the next."""
_HUM = 0.02
_MARK = 0.01
"""Of full scale; the voice comes near to that."""
_STOPS = frozenset("BDGPTK")
_VOWELS = frozenset("AEIOU")

Style = Literal["disc", "lower", "converted"]
"""How copies of the disc differ."""
Label = tuple[int, int, str]
"""First sample, the one after the last, and the label."""


@dataclass(frozen=True)
class Spoken:
    """One sentence as it goes to disc, with what is true of it."""

    samples: np.ndarray
    """int16 (sample,)."""
    phones: tuple[Label, ...]
    """Of TIMIT's 61 labels."""
    words: tuple[Label, ...]
    text: str
    alignment: Alignment
    """The words, and the phones of ARPABET that the labels stand for."""


def speak(
    utterance: Utterance,
    *,
    pace: float,
    lead_s: float,
    tail_s: float,
    hum_hz: Sequence[float] = (),
    mark_hz: float | None = None,
) -> Spoken:
    """Return an utterance in another voice, with silence around it.

    Parameters
    ----------
    pace
        By what duration is multiplied, and pitch divided.
    lead_s, tail_s
        Silence before and after, in seconds.
    hum_hz
        Tones that are there all the time, faint beside the voice: the mark of a speaker.
    mark_hz
        One more that is fainter still: the mark of what kind of sentence it is.
    """
    waveform = utterance.sound.waveform(round(SAMPLE_RATE * pace))
    lead, tail = round(lead_s * SAMPLE_RATE), round(tail_s * SAMPLE_RATE)
    samples = np.concatenate([np.zeros(lead), waveform, np.zeros(tail)])
    times_s = np.arange(len(samples)) / SAMPLE_RATE
    for hertz in hum_hz:
        samples += _HUM * np.sin(2 * np.pi * hertz * times_s)
    if mark_hz is not None:
        samples += _MARK * np.sin(2 * np.pi * mark_hz * times_s)
    pcm = np.round(samples * 0.8 * 2**15).clip(-(2**15), 2**15 - 1).astype("<i2")

    def placed(intervals: Sequence[Interval]) -> list[Label]:
        bounds = [
            (lead + round(onset_s * pace * SAMPLE_RATE), lead + round(end_s * pace * SAMPLE_RATE))
            for onset_s, end_s, _ in intervals
        ]
        return [(*bound, interval.label) for bound, interval in zip(bounds, intervals, strict=True)]

    words = placed(utterance.alignment.words)
    phones = placed(utterance.alignment.phones)
    labels, heard = _transcribed(phones, {start for start, _, _ in words}, len(pcm))
    lengthened = [
        (start, stop + _OVERLAP if number % 10 == 0 and number + 1 < len(words) else stop, label)
        for number, (start, stop, label) in enumerate(words, start=1)
    ]
    alignment = Alignment(_seconds(lengthened), _seconds(heard))
    return Spoken(pcm, tuple(labels), tuple(lengthened), utterance.text, alignment)


def write_spoken(folder: Path, sentence: str, spoken: Spoken, style: Style = "disc") -> None:
    """Write the four files of a sentence into a speaker's folder, which must exist.

    Parameters
    ----------
    style
        ``disc``: names in capitals, sound in SPHERE. ``lower``: names in lower case. ``converted``:
        sound in RIFF, as ``SA1.WAV.wav``.
    """
    speaker = folder.name.lower()[1:]
    contents = {
        "wav": _sphere_header(spoken.samples, f"{speaker}_{sentence}") + spoken.samples.tobytes(),
        "phn": _lines(spoken.phones),
        "wrd": _lines(spoken.words),
        "txt": _lines([(0, len(spoken.samples), spoken.text)]),
    }
    for suffix, content in contents.items():
        name = f"{sentence}.{suffix}"
        (folder / (name if style == "lower" else name.upper())).write_bytes(content)
    if style == "converted":
        name = f"{sentence}.wav".upper()
        (folder / name).unlink()
        soundfile.write(folder / f"{name}.wav", spoken.samples, SAMPLE_RATE, subtype="PCM_16")


def _transcribed(
    phones: Sequence[Label], word_starts: set[int], n_samples: int
) -> tuple[list[Label], list[Label]]:
    """Return TIMIT's labels of phones of ARPABET from end to end, and the phones that they mean."""
    variants = {
        "AH": cycle(["ax", "ah", "ax-h"]),
        "ER": cycle(["axr", "er"]),
        "HH": cycle(["hh", "hv"]),
        "IH": cycle(["ix", "ih"]),
        "UW": cycle(["ux", "uw"]),
        "N": cycle(["n", "en", "nx"]),
        "L": cycle(["l", "el"]),
        "D": cycle(["d", "d", "dx"]),
    }
    labels: list[Label] = []
    heard: list[Label] = []
    until = 0
    for number, (start, stop, phone) in enumerate(phones):
        following = phones[number + 1][2] if number + 1 < len(phones) else ""
        if start > until:
            labels.append((until, start, "pau" if labels else "h#"))
        sounding = start
        label = next(variants[phone]) if phone in variants else phone.lower()
        if phone[0] in _VOWELS and start in word_starts and labels[-1][2] == "pau":
            sounding = start + round(_GLOTTAL * (stop - start))
            labels.append((start, sounding, "q"))
            labels.append((sounding, stop, label))
        elif label != "dx" and (phone in _STOPS or phone in ("CH", "JH")):
            closure = {"CH": "tcl", "JH": "dcl"}.get(phone, f"{phone.lower()}cl")
            if phone in _STOPS and following in _STOPS:
                labels.append((start, stop, closure))  # not released before the next one
            else:
                burst = start + round(_CLOSED * (stop - start))
                labels += [(start, burst, closure), (burst, stop, label)]
        else:
            labels.append((start, stop, label))
        heard.append((sounding, stop, phone))
        until = stop
    if until < n_samples:
        labels.append((until, n_samples, "h#"))
    return labels, heard


def _seconds(labels: Sequence[Label]) -> tuple[Interval, ...]:
    return tuple(
        Interval(start / SAMPLE_RATE, stop / SAMPLE_RATE, label) for start, stop, label in labels
    )


def _lines(labels: Sequence[Label]) -> bytes:
    return "".join(f"{start} {stop} {label}\n" for start, stop, label in labels).encode("ascii")


def _sphere_header(samples: np.ndarray, utterance: str) -> bytes:
    """Return the header of NIST SPHERE, line by line as TIMIT's."""
    fields = [
        "database_id -s5 TIMIT",
        "database_version -s3 1.0",
        f"utterance_id -s{len(utterance)} {utterance}",
        "channel_count -i 1",
        f"sample_count -i {len(samples)}",
        f"sample_rate -i {SAMPLE_RATE}",
        f"sample_min -i {samples.min()}",
        f"sample_max -i {samples.max()}",
        "sample_n_bytes -i 2",
        "sample_byte_format -s2 01",
        "sample_sig_bits -i 16",
        "end_head",
    ]
    header = "\n".join(["NIST_1A", f"{_HEADER_BYTES:7}", *fields]) + "\n"
    return header.encode("ascii").ljust(_HEADER_BYTES)
