"""The words of utterances in time, and how words are said and related.

::

    alignments/<subset>/<speaker>/<chapter>/<utterance>.TextGrid    tiers `words` and `phones`
    lexicon.txt                                                     ABLE  EY1 B AH0 L
    synonyms.tsv                                                    small<TAB>little
"""

from __future__ import annotations

import re
from pathlib import Path

from heschl.alignment import Alignment, Interval
from heschl.data_registry.librispeech.corpus import Utterance, read_lines
from heschl.errors import CorruptData
from heschl.textgrid import read_textgrid

__all__ = ["read_alignment", "read_pronunciations", "read_synonyms", "textgrid_of"]

_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
_PHONES = frozenset(_CONSONANTS.split()) | {
    f"{vowel}{stress}" for vowel in _VOWELS.split() for stress in ("", "0", "1", "2")
}
_SILENT = frozenset({"", "sil", "sp", "spn", "<eps>"})
_VARIANT = re.compile(r"(.+)\(\d+\)")
_PAIR = 2


def textgrid_of(root: Path, utterance: Utterance) -> Path:
    """Return where the alignment of an utterance lies, if it is there."""
    folder = root / "alignments" / utterance.subset / utterance.speaker / utterance.chapter
    return folder / f"{utterance.identifier}.TextGrid"


def read_alignment(path: Path, utterance: Utterance) -> Alignment:
    """Return the words and phones of an utterance, in time; pauses and noises left out.

    Words are in lower case, as the transcript has them, phones without stress.
    """
    tiers = read_textgrid(path)
    lacking = [name for name in ("words", "phones") if name not in tiers]
    if lacking:
        raise CorruptData(
            f"{path} has the tiers {', '.join(tiers) or 'none'}; expected {' and '.join(lacking)} "
            "among them: unpack the alignments again"
        )
    words = [_lower(each) for each in tiers["words"] if each.label.strip() not in _SILENT]
    said = tuple(word.label for word in words)
    if said != utterance.text:
        place = next(
            (k for k, (a, b) in enumerate(zip(said, utterance.text, strict=False)) if a != b),
            min(len(said), len(utterance.text)),
        )
        raise CorruptData(
            f"{path} has {len(said)} words where the transcript has {len(utterance.text)}, and "
            f"differs from word {place + 1} on; it is of another utterance: unpack both again"
        )
    phones = []
    for phone in tiers["phones"]:
        label = phone.label.strip()
        if label in _SILENT:
            continue
        if label not in _PHONES:
            raise CorruptData(
                f"{path} has the phone {label!r} at {phone.onset_s:.2f} s; expected one of ARPABET "
                "in capitals: unpack the alignments again"
            )
        phones.append(phone._replace(label=label.rstrip("012")))
    return Alignment(tuple(words), tuple(phones))


def read_pronunciations(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the phones of each word, without stress: the first of several that are listed.

    Both forms are read: CMUdict's, with comments after ``;;;`` or ``#`` and variants as
    ``WORD(1)``, and LibriSpeech's, which repeats the word.
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in read_lines(path):
        if line.startswith(";;;"):
            continue
        word, *phones = line.partition(" #")[0].split()
        wrong = [phone for phone in phones if phone not in _PHONES]
        if wrong or not phones:
            raise CorruptData(
                f"{path} has the line {line[:60]!r}; expected a word and its phones, those of "
                "ARPABET in capitals: give CMUdict or librispeech-lexicon.txt"
            )
        if _VARIANT.fullmatch(word) is None:
            found.setdefault(word.lower(), tuple(phone.rstrip("012") for phone in phones))
    if not found:
        raise CorruptData(f"{path} holds no word; give CMUdict or librispeech-lexicon.txt")
    return found


def read_synonyms(path: Path) -> frozenset[tuple[str, str]]:
    """Return pairs of words that mean the same, the smaller one first, in lower case.

    Lemmas of several words, which WordNet joins by ``_``, are no words of a transcript.
    """
    found = set()
    for line in read_lines(path):
        if line.startswith("#"):
            continue
        cells = [cell.strip().lower() for cell in line.split("\t")]
        if len(cells) != _PAIR or not all(cells):
            raise CorruptData(
                f"{path} has the line {line[:60]!r}; expected two words with a tab between"
            )
        if cells[0] != cells[1] and not any("_" in cell or " " in cell for cell in cells):
            found.add((min(cells), max(cells)))
    if not found:
        raise CorruptData(
            f"{path} holds no pair of single words; write a line `word<TAB>synonym` for each two "
            "lemmas of a synset of WordNet"
        )
    return frozenset(found)


def _lower(word: Interval) -> Interval:
    return word._replace(label=word.label.strip().lower())
