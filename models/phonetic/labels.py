"""What the labels of an alignment stand for: a phone, a word, or no speech."""

from __future__ import annotations

from heschl.alignment import Alignment, Interval
from heschl.errors import InvalidInput

__all__ = ["ARPABET", "arpabet", "heard_phones", "heard_words", "is_phone"]

_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
ARPABET = tuple(sorted(f"{_VOWELS} {_CONSONANTS}".split()))
"""The 39 phones of English, in alphabetical order."""

_STRESSED = {f"{vowel}{stress}": vowel for vowel in _VOWELS.split() for stress in "012"}
_PHONE_OF = {phone: phone for phone in ARPABET} | _STRESSED

_NO_SPEECH = frozenset(
    # Pauses, then breaths, laughs, coughs, lip smacks and other noises.
    ["", "sp", "sil", "sentence_start", "sentence_end", "br", "lg", "cg", "ls", "ns"]
)
_NO_PHONE = _NO_SPEECH | {"spn", "pau", "epi", "h#", "#"}
"""The rest are pauses of TIMIT and others; among words they may be words."""


def arpabet(phone: Interval) -> str:
    """Return the phone without its stress.

    >>> arpabet(Interval(0.0, 0.1, "AH0"))
    'AH'
    """
    if phone.label not in _PHONE_OF:
        # Lower case is refused, because it is how IPA is written: its y is no Y, its j is.
        raise InvalidInput(
            f"the phone {phone.label!r} at {phone.onset_s:.3f} s is none of the 39 of ARPABET in "
            "capitals, which are those of English; map the labels, or choose phone-rate, which "
            "takes any"
        )
    return _PHONE_OF[phone.label]


def is_phone(interval: Interval) -> bool:
    """Return whether an interval of the phones is one, and no pause or noise."""
    return _bare(interval) not in _NO_PHONE


def is_word(interval: Interval) -> bool:
    """Return whether an interval of the words is one, and no pause or noise."""
    return _bare(interval) not in _NO_SPEECH


def heard_phones(model: str, alignment: Alignment) -> tuple[Interval, ...]:
    """Return the phones without pauses and noises.

    Raises
    ------
    InvalidInput
        If there are words but no phones: their features would all be zero.
    """
    phones = tuple(filter(is_phone, alignment.phones))
    n_words = sum(map(is_word, alignment.words))
    if n_words and not phones:
        raise InvalidInput(
            f"{model!r} reads phones, but an alignment has {n_words} words and no phone; align "
            "phones, or choose a model that reads words, such as word-rate"
        )
    return phones


def heard_words(model: str, alignment: Alignment) -> tuple[Interval, ...]:
    """Return the words without pauses and noises; raises if there are phones but no words."""
    words = tuple(filter(is_word, alignment.words))
    n_phones = sum(map(is_phone, alignment.phones))
    if n_phones and not words:
        raise InvalidInput(
            f"{model!r} reads words, but an alignment has {n_phones} phones and no word; align "
            "words, or choose a model that reads phones, such as phone-rate"
        )
    return words


def _bare(interval: Interval) -> str:
    """Return the label in lower case, out of the brackets that mark what is no speech."""
    return interval.label.strip().strip("{}<>[]()").strip().lower()
