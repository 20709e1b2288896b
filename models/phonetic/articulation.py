"""How the phones of English are articulated.

The table is that of LeBel et al. (2023), 22 columns. As published it lists the
manner of CH and JH as *affricate* while the column is called *affricative*, so
that the column is zero for every phone. Those two cells are all that sets
`FIXED` and `ORIGINAL` apart: with the fault 21 columns are live, and CH and JH
have no manner. A linear model can make up for it, since what has a place but no
other manner is an affricate, so that scores differ by the penalty alone.

Vowels have no mark for voicing. Of the diphthongs AW, AY and OY have the marks of
both of their vowels, EY and OW those of the first.
"""

from __future__ import annotations

import numpy as np

__all__ = ["COLUMNS", "FIXED", "ORIGINAL"]

_IN_ORDER = (
    "bilabial postalveolar alveolar dental labiodental velar glottal palatal "
    "plosive affricative fricative nasal lateral approximant voiced unvoiced "
    "low mid high front central back"
)
COLUMNS = tuple(_IN_ORDER.split())

_FEATURES = {
    "B": "bilabial plosive voiced",
    "P": "bilabial plosive unvoiced",
    "M": "bilabial nasal voiced",
    "F": "labiodental fricative unvoiced",
    "V": "labiodental fricative voiced",
    "TH": "dental fricative unvoiced",
    "DH": "dental fricative voiced",
    "T": "alveolar plosive unvoiced",
    "D": "alveolar plosive voiced",
    "S": "alveolar fricative unvoiced",
    "Z": "alveolar fricative voiced",
    "N": "alveolar nasal voiced",
    "L": "alveolar lateral voiced",
    "R": "alveolar approximant voiced",
    "SH": "postalveolar fricative unvoiced",
    "ZH": "postalveolar fricative voiced",
    "CH": "postalveolar affricative unvoiced",
    "JH": "postalveolar affricative voiced",
    "Y": "palatal approximant voiced",
    "K": "velar plosive unvoiced",
    "G": "velar plosive voiced",
    "NG": "velar nasal voiced",
    "W": "velar approximant voiced",
    "HH": "glottal fricative unvoiced",
    "IY": "high front",
    "IH": "mid front",
    "EY": "mid front",
    "EH": "mid front",
    "AE": "low front",
    "AH": "mid central",
    "ER": "mid central",
    "AA": "low back",
    "AO": "mid back",
    "OW": "mid back",
    "UH": "high back",
    "UW": "high back",
    "AW": "low central mid back",
    "AY": "low central mid front",
    "OY": "mid back high front",
}

FIXED: dict[str, np.ndarray] = {
    phone: np.array([float(column in features.split()) for column in COLUMNS], dtype=np.float32)
    for phone, features in _FEATURES.items()
}
"""For each phone its row of 0 and 1 in the order of `COLUMNS`."""

_LIVE = np.array([column != "affricative" for column in COLUMNS], dtype=np.float32)

ORIGINAL: dict[str, np.ndarray] = {phone: row * _LIVE for phone, row in FIXED.items()}
"""The same with the fault of the published table."""
