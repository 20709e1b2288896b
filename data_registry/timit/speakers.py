"""Who speaks in TIMIT, and which speakers the protocols test and tune on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = [
    "CORE_TEST",
    "DEVELOPMENT",
    "DIALECTS",
    "N_OFFICIAL",
    "N_SPEAKERS",
    "N_UTTERANCES",
    "Part",
    "Split",
    "split_of",
]

Part = Literal["train", "test"]
"""The two halves of the disc."""
Split = Literal["train", "dev", "core-test", "test"]
"""``dev`` and ``core-test`` are speakers of the disc's TEST; ``test`` are its other speakers."""

DIALECTS: Mapping[str, str] = {
    "dr1": "New England",
    "dr2": "Northern",
    "dr3": "North Midland",
    "dr4": "South Midland",
    "dr5": "Southern",
    "dr6": "New York City",
    "dr7": "Western",
    "dr8": "moved around",
}

N_SPEAKERS: Mapping[Part, Mapping[str, int]] = {
    "train": dict(zip(DIALECTS, (38, 76, 76, 68, 70, 35, 77, 22), strict=True)),
    "test": dict(zip(DIALECTS, (11, 26, 26, 32, 28, 11, 23, 11), strict=True)),
}
"""How many speakers of each dialect a whole copy has: 462 and 168."""

SENTENCES_OF_A_SPEAKER = 10
N_UTTERANCES = SENTENCES_OF_A_SPEAKER * sum(sum(part.values()) for part in N_SPEAKERS.values())

_CORE_TEST = (
    "mdab0 mwbt0 felc0 mtas1 mwew0 fpas0 mjmp0 mlnt0 fpkt0 mlll0 mtls0 fjlm0 "
    "mbpm0 mklt0 fnlp0 mcmj0 mjdh0 fmgd0 mgrt0 mnjm0 fdhc0 mjln0 mpam0 fmld0"
)
CORE_TEST = tuple(_CORE_TEST.split())
"""The 24 speakers of the core test set, two men and a woman of each dialect; SA sentences are no
part of it."""

_DEVELOPMENT = (
    "faks0 fdac1 fjem0 mgwt0 mjar0 mmdb1 mmdm2 mpdf0 fcmh0 fkms0 mbdg0 mbwm0 mcsh0 fadg0 fdms0 "
    "fedw0 mgjf0 mglb0 mrtk0 mtaa0 mtdt0 mthc0 mwjg0 fnmr0 frew0 fsem0 mbns0 mmjr0 mdls0 mdlf0 "
    "mdvc0 mers0 fmah0 fdrw0 mrcs0 mrjm4 fcal1 mmwh0 fjsj0 majc0 mjsw0 mreb0 fgjd0 fjmg0 mroa0 "
    "mteb0 mjfc0 mrjr0 fmml0 mrws1"
)
DEVELOPMENT = tuple(_DEVELOPMENT.split())
"""The 50 speakers of TEST on which Kaldi's recipes tune, none of the core test."""


N_OFFICIAL: Mapping[Split, int] = {"train": 3696, "dev": 400, "core-test": 192}
"""Sentences of each split of phone recognition, which leaves out SA: eight a speaker."""


def split_of(speaker: str, part: Part) -> Split:
    """Return the split of a speaker, by the name in lower case and the half of the disc.

    >>> split_of("fcjf0", "train"), split_of("faks0", "test"), split_of("felc0", "test")
    ('train', 'dev', 'core-test')
    """
    if part == "train":
        return "train"
    if speaker in CORE_TEST:
        return "core-test"
    return "dev" if speaker in DEVELOPMENT else "test"
