"""Planted feature spaces: what the simulated listeners respond to.

Each has few columns, so that little data can tell them apart, and is so simple
that what a model must find is beyond dispute.
"""

from __future__ import annotations

import hashlib
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from heschl.alignment import Alignment, Interval
from heschl.contracts import Events
from heschl.errors import InvalidInput

__all__ = [
    "BAND_EDGES_HZ",
    "HOP_S",
    "LEXICAL_COLUMNS",
    "PHONETIC_COLUMNS",
    "SAMPLE_RATE",
    "WINDOW_S",
    "frame_times",
    "lexical",
    "phonetic",
    "spectral",
]

SAMPLE_RATE = 16000
"""The rate in Hz at which `spectral` reads a waveform."""
HOP_S = 0.010
WINDOW_S = 0.025
BAND_EDGES_HZ = tuple(100 * 80 ** (edge / 8) for edge in range(9))
"""Eight bands, equally wide on a logarithmic scale, from 100 Hz to 8 kHz."""

_HOP = round(HOP_S * SAMPLE_RATE)
_WINDOW = round(WINDOW_S * SAMPLE_RATE)
# Far below speech and far above the rounding of 16-bit files, so that silence
# has the same value in every file format.
_POWER_FLOOR = 1e-7

# The manners, voicing and vowel places of the articulation table of LeBel et al.
# (2023), with affricates as plosive and fricative.
_PHONETIC = {
    "plosive": "B P T D K G CH JH",
    "fricative": "F V TH DH S Z SH ZH HH CH JH",
    "nasal": "M N NG",
    "approximant": "L R Y W",
    "voiced": "B D G JH V DH Z ZH M N NG L R Y W",
    "low": "AE AA AW AY",
    "mid": "IH EY EH AH ER AO OW AW AY OY",
    "high": "IY UH UW OY",
    "front": "IY IH EY EH AE AY OY",
    "back": "AA AO OW UH UW AW OY",
}
PHONETIC_COLUMNS = tuple(_PHONETIC)
_PHONE_ROWS = {
    phone: [float(phone in members.split()) for members in _PHONETIC.values()]
    for phone in sorted(set(" ".join(_PHONETIC.values()).split()))
}

LEXICAL_COLUMNS = ("word", "log_length", "function_word", "frequency")
_FUNCTION_WORD_LIST = (
    # English
    "a above along an and as at because been before behind but by could do down each every few "
    "for from had has have he her hers him his i if in inside into is it me my no nobody not "
    "nothing of off on one or our over past she so some somewhere than that the their them then "
    "there these they this though to toward under unless until up was we were when which while "
    "who will with would you your "
    # French
    "alors au aux avant ce cette chaque dans de depuis des deux du elle en et il jamais je la le "
    "les ma mais mon ne nous par pas personne plus puis que quelques sans sous sur un une vers "
    # Mandarin
    "了 的 在 把 着 个 一 两 三 我 你 他 我们 那 每 不 很 最 都 多"
)
_FUNCTION_WORDS = frozenset(_FUNCTION_WORD_LIST.split())


def spectral(waveforms: np.ndarray) -> np.ndarray:
    """Return the log energy in eight bands, every 10 ms.

    Parameters
    ----------
    waveforms
        Samples (..., sample) at 16 kHz, at least 400 of them.

    Returns
    -------
    np.ndarray
        log10 of the power (..., frame, 8) as float64. Frame ``k`` is a Hann
        window over the samples ``160 k`` up to ``160 k + 400`` alone; its time
        is `frame_times`.

    Examples
    --------
    >>> spectral(np.zeros(16000)).shape
    (98, 8)
    """
    n_samples = waveforms.shape[-1]
    if n_samples < _WINDOW:
        raise InvalidInput(f"{n_samples} samples; expected at least {_WINDOW}, which is 25 ms")
    window = np.hanning(_WINDOW + 1)[:-1]
    frames = sliding_window_view(waveforms, _WINDOW, axis=-1)[..., ::_HOP, :]
    power = np.abs(np.fft.rfft(frames * window)) ** 2 / (_WINDOW * np.sum(window**2) / 2)
    band_of_bin = np.digitize(np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE), BAND_EDGES_HZ[:-1]) - 1
    membership = band_of_bin[:, None] == np.arange(len(BAND_EDGES_HZ) - 1)
    bands: np.ndarray = np.log10(power @ membership + _POWER_FLOOR)
    return bands


def frame_times(n_frames: int) -> np.ndarray:
    """Return the middle (frame,) of each frame of `spectral`, in seconds of the sound."""
    return np.arange(n_frames) * HOP_S + WINDOW_S / 2


def phonetic(alignment: Alignment) -> Events:
    """Return ten articulatory columns, `PHONETIC_COLUMNS`, of each phone.

    Phones are ARPABET-39 in capitals without stress; the values (phone, 10) are
    0 or 1. A phone is placed at its middle.

    Examples
    --------
    >>> nasal = phonetic(Alignment(phones=((0.1, 0.2, "M"),)))
    >>> [column for column, value in zip(PHONETIC_COLUMNS, nasal.values[0]) if value]
    ['nasal', 'voiced']
    """
    for onset_s, _, label in alignment.phones:
        if label not in _PHONE_ROWS:
            raise InvalidInput(
                f"the phone {label!r} at {onset_s:.3f} s is none of the 39 of ARPABET; "
                "use capitals, strip stress digits and drop labels of silence"
            )
    rows = [_PHONE_ROWS[phone.label] for phone in alignment.phones]
    return _events(rows, alignment.phones, len(PHONETIC_COLUMNS))


def lexical(alignment: Alignment) -> Events:
    """Return four columns, `LEXICAL_COLUMNS`, of each word, from its letters alone.

    They are 1 (so that the clock turns it into the word rate), the natural log
    of the number of letters, whether it is a function word, and a fixed
    "frequency" of the word form, which is made up: a standard normal value that
    depends on nothing but the form. A word is placed at its middle.

    Examples
    --------
    >>> the = lexical(Alignment(words=((0.1, 0.2, "the"),))).values[0]
    >>> the[[0, 2]], float(np.exp(the[1]).round(6))
    (array([1., 1.]), 3.0)
    """
    rows = []
    for word in alignment.words:
        form = word.label.lower()
        length = max(1, len(form))
        rows.append([1.0, np.log(length), float(form in _FUNCTION_WORDS), _frequency(form)])
    return _events(rows, alignment.words, len(LEXICAL_COLUMNS))


def _frequency(form: str) -> float:
    number = int.from_bytes(hashlib.sha256(form.encode()).digest()[:6], "big")
    return NormalDist().inv_cdf((number + 0.5) / 2**48)


def _events(rows: list[list[float]], intervals: tuple[Interval, ...], n_columns: int) -> Events:
    return Events(
        values=np.array(rows, dtype=float).reshape(len(rows), n_columns),
        onsets_s=np.array([interval.onset_s for interval in intervals], dtype=float),
        offsets_s=np.array([interval.offset_s for interval in intervals], dtype=float),
    )
