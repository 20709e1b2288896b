"""Make the phantom speech corpus: real-sounding speech with exact word and phone times.

    python tools/make_phantom_speech.py [folder]

The sentences in ``phantom_speech.json``, which are our own, are spoken by eSpeak NG 1.51
(Debian 1.51+dfsg), whose own word and phoneme events, in samples, are the
alignment. The folder, by default ``src/heschl/phantom/corpus``, receives one
FLAC file an utterance and ``alignments.json``. Two runs with the same eSpeak NG
and libsndfile write the same bytes. The output is committed: nobody who uses
Heschl needs eSpeak NG.

Rules of the alignment, beyond the events themselves:

- a word begins at its word event, and so does its first phone, whose closure
  or glide lies between the two;
- a closure, exact silence before a later phone of the word, belongs to that phone;
- one event that stands for two ARPABET phones ("ɑːɹ" for AA R) is cut in the middle,
  and so is a vowel with which a following "l" was rendered, whose own event has no length;
- everything outside of words is exactly zero, which is checked here.
"""

# ruff: noqa: INP001  # a script, not a package
from __future__ import annotations

import ctypes
import hashlib
import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

VERSION = "1.51"
SAMPLE_RATE = 22050  # of every eSpeak NG voice
HERE = Path(__file__).resolve().parent
CORPUS = HERE.parent / "src" / "heschl" / "phantom" / "corpus"

AUDIO_OUTPUT_SYNCHRONOUS = 2
PHONEME_EVENTS_IN_IPA = 0x0001 | 0x0002
CHARACTERS_UTF8 = 1
LIST_TERMINATED, WORD, PHONEME = 0, 1, 7
RATE, VOLUME, PITCH = 1, 2, 3

LOUDNESS = 60  # of 100, where the loudest voice would clip
QUANTUM = 16  # 12-bit samples: half the size, noise 50 dB below the speech
MARGIN_S = 0.1
CLOSURE_S = 0.005


class Event(ctypes.Structure):
    """One ``espeak_EVENT`` of ``speak_lib.h``."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


class Mark(NamedTuple):
    """A word (no label) or phone event at a sample."""

    sample: int
    is_word: bool
    label: str


class Interval(NamedTuple):
    """A labelled stretch of samples, end excluded."""

    start: int
    end: int
    label: str


class Synthesiser:
    """eSpeak NG through its C interface, which alone gives event times in samples."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self._library.espeak_Info.restype = ctypes.c_char_p
        version = self._library.espeak_Info(None).decode().split()[0]
        if version != VERSION:
            sys.exit(f"eSpeak NG {version} is installed; the corpus is made with {VERSION}")
        sample_rate = self._library.espeak_Initialize(
            AUDIO_OUTPUT_SYNCHRONOUS, 0, None, PHONEME_EVENTS_IN_IPA
        )
        if sample_rate != SAMPLE_RATE:
            sys.exit(f"eSpeak NG speaks at {sample_rate} Hz; expected {SAMPLE_RATE}")
        callback_type = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
        )
        self._blocks: list[np.ndarray] = []
        self._marks: list[Mark] = []
        self._callback = callback_type(self._receive)  # kept: the library holds no reference
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples: Any, n_samples: int, events: Any) -> int:
        if samples and n_samples:
            self._blocks.append(np.ctypeslib.as_array(samples, (n_samples,)).copy())
        index = 0  # of a C array, so Any
        while events[index].type != LIST_TERMINATED:
            event = events[index]
            if event.type in (WORD, PHONEME):
                is_word = event.type == WORD
                label = "" if is_word else event.name.decode()
                self._marks.append(Mark(event.sample, is_word, label))
            index += 1
        return 0

    def choose(self, voice: str, rate: int, pitch: int) -> None:
        """Take a voice, its speed in words a minute and its pitch from 0 to 99."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            sys.exit(f"eSpeak NG has no voice {voice!r}")
        for parameter, value in ((RATE, rate), (VOLUME, LOUDNESS), (PITCH, pitch)):
            self._library.espeak_SetParameter(parameter, value, 0)

    def speak(self, text: str) -> tuple[np.ndarray, list[Mark]]:
        """Return the samples (sample,) and the word and phone events of a text."""
        self._blocks.clear()
        self._marks.clear()
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, 1, 0, CHARACTERS_UTF8, None, None)
        self._library.espeak_Synchronize()
        return np.concatenate(self._blocks), list(self._marks)


def spellings(sentence: str, language: str) -> tuple[str, str, list[str]]:
    """Return the text as it is read, as it is synthesised, and its words."""
    if language == "zh":  # tokens are characters/pinyin, of which eSpeak NG 1.51 reads the latter
        text = re.sub(r"/[a-z0-9]+", "", sentence)
        spoken = re.sub(r"\S+/", "", sentence)
        words = [token.split("/")[0] for token in sentence.split()]
        text = text.replace(" ", "").replace(",", "\N{FULLWIDTH COMMA}")
        return text + "\N{IDEOGRAPHIC FULL STOP}", spoken + ".", words
    words = [re.sub(r"[^\w'-]", "", token).lower() for token in sentence.split()]
    # The bar keeps English pairs such as "of the" from becoming one word; French keeps its liaison.
    return sentence, sentence if language == "fr" else " | ".join(sentence.split()), words


def silent_run(samples: np.ndarray, end: int) -> int:
    """Return where the exact silence begins that reaches up to sample ``end``."""
    nonzero = np.flatnonzero(samples[:end])
    return int(nonzero[-1]) + 1 if len(nonzero) else 0


def align_word(
    samples: np.ndarray, onset: int, marks: list[Mark], limit: int, table: dict[str, str]
) -> list[Interval]:
    """Return the phones of one word, which tile it, from its events and the onset of the next."""
    named = [mark for mark in marks if mark.label]
    bounds = [onset, *(mark.sample for mark in named[1:])]
    pauses = [
        mark.sample
        for mark in marks
        if not mark.label
        and mark.sample > named[-1].sample
        and not samples[mark.sample : limit].any()
    ]
    bounds.append(min(pauses, default=limit))
    for index in range(1, len(named)):
        closure = silent_run(samples, bounds[index])
        if bounds[index] - closure > CLOSURE_S * SAMPLE_RATE and closure > bounds[index - 1]:
            bounds[index] = closure
        if bounds[index] == bounds[index + 1]:
            bounds[index] = (bounds[index - 1] + bounds[index]) // 2
    phones = []
    for mark, (start, end) in zip(named, pairwise(bounds), strict=True):
        labels = table.get(mark.label, mark.label).split()
        edges = np.linspace(start, end, len(labels) + 1).round().astype(int).tolist()
        phones += [Interval(*item) for item in zip(edges[:-1], edges[1:], labels, strict=True)]
    return phones


def align(
    samples: np.ndarray, marks: list[Mark], words: list[str], table: dict[str, str]
) -> tuple[list[Interval], list[Interval]]:
    """Return the words and phones of an utterance."""
    onsets = [index for index, mark in enumerate(marks) if mark.is_word]
    groups = []
    for first, last in pairwise([*onsets, len(marks)]):
        # eSpeak NG sometimes emits one more word event, without a phone, at the end of a clause.
        if any(mark.label for mark in marks[first:last]):
            limit = marks[last].sample if last < len(marks) else len(samples)
            groups.append((marks[first].sample, marks[first + 1 : last], limit))
    if len(groups) != len(words):
        sys.exit(f"{len(words)} words became {len(groups)} word events: {words}")
    word_intervals, phone_intervals = [], []
    for word, (onset, inside, limit) in zip(words, groups, strict=True):
        phones = align_word(samples, onset, inside, limit, table)
        phone_intervals += phones
        word_intervals.append(Interval(phones[0].start, phones[-1].end, word))
    return word_intervals, phone_intervals


def check(samples: np.ndarray, words: list[Interval], phones: list[Interval], text: str) -> None:
    """Stop if a phone is empty, an interval overlaps, or there is sound outside of words."""
    outside = np.ones(len(samples), dtype=bool)
    for start, end, _ in words:
        outside[start:end] = False
        if not samples[start:end].any():
            sys.exit(f"a word without sound in: {text}")
    if samples[outside].any():
        sys.exit(f"sound outside of words in: {text}")
    for tier in (words, phones):
        if any(start >= end for start, end, _ in tier):
            sys.exit(f"an empty interval in: {text}")
        if any(left.end > right.start for left, right in pairwise(tier)):
            sys.exit(f"overlapping intervals in: {text}")


def shifted(tier: list[Interval], margin: int) -> list[Interval]:
    """Return the intervals that many samples later."""
    return [Interval(start + margin, end + margin, label) for start, end, label in tier]


def make(folder: Path) -> None:
    """Write the corpus into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    synthesiser = Synthesiser()
    margin = round(MARGIN_S * SAMPLE_RATE)
    records = []
    plan = json.loads((HERE / "phantom_speech.json").read_text(encoding="utf-8"))
    for speaker in plan["speakers"]:
        synthesiser.choose(speaker["voice"], speaker["rate"], speaker["pitch"])
        for number, sentence in enumerate(speaker["sentences"], start=1):
            language = speaker["language"]
            text, spoken, words = spellings(sentence, language)
            samples, marks = synthesiser.speak(spoken)
            word_tier, phone_tier = align(samples, marks, words, plan["phones"][language])
            check(samples, word_tier, phone_tier, text)
            if language == "en" and any(not phone.isupper() for _, _, phone in phone_tier):
                sys.exit(f"a phone that has no ARPABET equivalent in: {text} {phone_tier}")
            samples = np.pad(samples[: word_tier[-1].end], margin)
            samples = (np.round(samples / QUANTUM) * QUANTUM).astype(np.int16)
            identifier = f"{speaker['id']}-{number:02d}"
            soundfile.write(
                folder / f"{identifier}.flac", samples, SAMPLE_RATE,
                compression_level=1.0,
            )  # fmt: skip
            records.append({
                "identifier": identifier,
                "language": language,
                "speaker": speaker["id"],
                "text": text,
                "n_samples": len(samples),
                "sha256": hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest(),
                "words": shifted(word_tier, margin),
                "phones": shifted(phone_tier, margin),
            })  # fmt: skip
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (folder / "alignments.json").write_text(
        f'{{"synthesiser": "eSpeak NG {VERSION}", "sample_rate": {SAMPLE_RATE}, '
        f'"utterances": [\n{lines}\n]}}\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS)
