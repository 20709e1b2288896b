"""The phantom twin: six readers, in the files of the real corpus, its alignments and its lexicon.

Synonyms are planted: words that are alike to an oracle of words and do not sound alike. So an
oracle of words must prefer meaning, and one of phones sound, by as much as all pairs of tokens say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from heschl.alignment import Alignment, Interval
from heschl.data_registry.librispeech import LIBRISPEECH
from heschl.data_registry.librispeech.phantom_truth import (
    Token,
    edits,
    expectations,
    lexical_values,
)
from heschl.errors import InvalidInput
from heschl.phantom.corpus import Utterance, utterances
from heschl.textgrid import write_textgrid

__all__ = ["write_phantom"]

_RATE = 16_000
_READERS = {
    "en1": ("dev-clean", "84", "F"),
    "en2": ("dev-clean", "174", "M"),
    "en3": ("dev-clean", "251", "M"),
    "en4": ("test-clean", "61", "M"),
    "en5": ("test-clean", "121", "F"),
    "en6": ("test-clean", "237", "F"),
}
_VOWELS = frozenset("AEIOU")
_N_PARTNERS = 2
_N_UNLISTED = 3
_SOUND_ALIKE = 0.4


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, an empty folder; the same seed gives the same bytes.

    The seed changes chapters, pauses, which words have synonyms and which the lexicon lacks. Takes
    some seconds and 8 MB.
    """
    place = Path(root)
    if (place / "LibriSpeech").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    generator = np.random.default_rng(seed)
    numbers = generator.choice(np.arange(1000, 9999), len(_READERS), replace=False)
    chapters = dict(zip(_READERS, map(str, numbers.tolist()), strict=True))
    tokens: list[Token] = []
    for voice, (subset, reader, _) in _READERS.items():
        folders = [
            place / top / subset / reader / chapters[voice] for top in ("LibriSpeech", "alignments")
        ]
        for folder in folders:
            folder.mkdir(parents=True)
        lines = []
        own = [each for each in utterances("en") if each.speaker == voice]
        for number, utterance in enumerate(own):
            name = f"{reader}-{chapters[voice]}-{number:04d}"
            alignment = _write(folders, name, utterance, float(generator.uniform(0.1, 0.5)))
            tokens += [Token(word, reader, alignment.phones) for word in alignment.words]
            lines.append(f"{name} {' '.join(word.label.upper() for word in alignment.words)}")
        transcript = folders[0] / f"{reader}-{chapters[voice]}.trans.txt"
        transcript.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_speakers(place / "LibriSpeech" / "SPEAKERS.TXT")

    once = _pronounced(tokens)
    unlisted = generator.choice(sorted(once), _N_UNLISTED, replace=False).tolist()
    pronunciations = {word: phones for word, phones in once.items() if word not in unlisted}
    synonyms = _planted_synonyms(pronunciations, generator)
    _write_lexicon(place / "lexicon.txt", pronunciations)
    _write_synonyms(place / "synonyms.tsv", synonyms)
    listed = [token for token in tokens if token.word.label in pronunciations]
    content = {
        "phantom_version": LIBRISPEECH.phantom_version,
        "seed": seed,
        "planted": {
            "n_tokens": len(tokens),
            "n_words": len(once),
            "unlisted": sorted(unlisted),
            "n_synonyms": len(synonyms),
        },
        "expectations": expectations(listed, pronunciations, synonyms),
    }
    (place / "truth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _write(folders: Sequence[Path], name: str, utterance: Utterance, lead_s: float) -> Alignment:
    """Write the sound and the alignment of an utterance, and return the latter."""
    lead = round(lead_s * _RATE)
    samples = np.concatenate([np.zeros(lead), 0.8 * utterance.sound.waveform(_RATE)])
    soundfile.write(folders[0] / f"{name}.flac", samples, _RATE, subtype="PCM_16")

    def later(intervals: Sequence[Interval]) -> tuple[Interval, ...]:
        return tuple(
            Interval(
                round(each.onset_s + lead / _RATE, 4),
                round(each.offset_s + lead / _RATE, 4),
                each.label.lower() if intervals is utterance.alignment.words else each.label,
            )
            for each in intervals
        )

    spoken = utterance.alignment
    alignment = Alignment(later(spoken.words), later(spoken.phones))
    end_s = len(samples) / _RATE
    write_textgrid(
        folders[1] / f"{name}.TextGrid",
        {
            "words": _filled(alignment.words, "", end_s),
            "phones": _filled([_stressed(phone) for phone in alignment.phones], "sil", end_s),
        },
    )
    return alignment


def _filled(intervals: Sequence[Interval], label: str, end_s: float) -> list[Interval]:
    """Return the intervals with the gaps between them labelled."""
    filled: list[Interval] = []
    until_s = 0.0
    for interval in (*intervals, Interval(end_s, end_s, label)):
        if interval.onset_s > until_s:
            filled.append(Interval(until_s, interval.onset_s, label))
        if interval.offset_s > interval.onset_s:
            filled.append(interval)
        until_s = max(until_s, interval.offset_s)
    return filled


def _stressed(phone: Interval) -> Interval:
    return phone._replace(label=phone.label + "1") if phone.label[0] in _VOWELS else phone


def _pronounced(tokens: Sequence[Token]) -> dict[str, tuple[str, ...]]:
    """Return the phones of each word, as it is said first."""
    found: dict[str, tuple[str, ...]] = {}
    for token in tokens:
        found.setdefault(token.word.label, token.phones)
    return found


def _planted_synonyms(
    pronunciations: dict[str, tuple[str, ...]], generator: np.random.Generator
) -> set[tuple[str, str]]:
    """Return pairs of words that are alike to the oracle of words, and are said differently."""
    words = sorted(pronunciations)
    chosen = generator.permutation(words)[: len(words) // 2].tolist()
    values = np.stack([lexical_values(word) for word in words])
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    pairs = set()
    for word in chosen:
        nearest = np.argsort(-values @ values[words.index(word)], kind="stable")
        partners = [
            words[place]
            for place in nearest.tolist()
            if edits(pronunciations[word], pronunciations[words[place]]) > _SOUND_ALIKE
        ]
        pairs |= {(min(word, other), max(word, other)) for other in partners[:_N_PARTNERS]}
    return pairs


def _write_speakers(path: Path) -> None:
    lines = ["; Simulated readers in the form of LibriSpeech", ";ID  |SEX| SUBSET |MINUTES| NAME"]
    lines += [
        f"{reader:<5}| {sex} | {subset:<10} | 0.50  | Simulated | {voice}"
        for voice, (subset, reader, sex) in _READERS.items()
    ]
    lines.append("1272 | M | train-other | 8.00  | Not there")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_lexicon(path: Path, pronunciations: dict[str, tuple[str, ...]]) -> None:
    """Write the words as CMUdict lists them, with a comment, variants and a word never said."""
    lines = [";;; simulated, in the form of CMUdict", "ZYZZYVA  Z IH1 Z IH0 V AH0"]
    for word, phones in pronunciations.items():
        stressed = " ".join(f"{phone}1" if phone[0] in _VOWELS else phone for phone in phones)
        lines.append(f"{word.upper()}  {stressed}")
    lines.append("THE(1)  DH IY0")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_synonyms(path: Path, synonyms: set[tuple[str, str]]) -> None:
    """Write the pairs, some of them the other way round, with some that no transcript can have."""
    lines = ["# simulated: word and synonym", "old\told_fashioned", "zyzzyva\tweevil"]
    lines += [
        f"{second}\t{first}" if number % 2 else f"{first}\t{second}"
        for number, (first, second) in enumerate(sorted(synonyms))
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
