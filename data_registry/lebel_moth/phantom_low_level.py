"""Low-level features of the phantom's stories, and what they leave of an oracle's.

Written from the formulas anew: nothing here knows the models, the clock or the solver that a
benchmark takes the same features from.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.alignment import Alignment, Interval
from heschl.phantom.simulation import at_rows, standardised
from heschl.sound import Sound

__all__ = ["LowLevel", "without"]

_SPECTRUM_RATE = 33_500
_FRAME, _HOP = 4000, 335
"""Of the power spectrum: 4 / 33.5 s, a hundred of them a second."""
_N_BANDS, _BAND_HZ, _LOWEST_HZ = 238, 33.5, 8.25

_ARTICULATION = {
    "bilabial": "B P M",
    "postalveolar": "SH ZH CH JH",
    "alveolar": "T D S Z N L R",
    "dental": "TH DH",
    "labiodental": "F V",
    "velar": "K G NG W",
    "glottal": "HH",
    "palatal": "Y",
    "plosive": "B P T D K G",
    "affricative": "CH JH",
    "fricative": "F V TH DH S Z SH ZH HH",
    "nasal": "M N NG",
    "lateral": "L",
    "approximant": "R Y W",
    "voiced": "B M V DH D Z N L R ZH JH Y G NG W",
    "unvoiced": "P F TH T S SH CH K HH",
    "low": "AE AA AW AY",
    "mid": "IH EY EH AH ER AO OW AW AY OY",
    "high": "IY UH UW OY",
    "front": "IY IH EY EH AE AY OY",
    "central": "AH ER AW AY",
    "back": "AA AO OW UH UW AW OY",
}
"""For each column the phones that have it (docs/protocols.md, B8)."""

_PAUSE_S = 0.005
_N_PARTS = 10
_PENALTIES = 10.0 ** np.arange(-6, 10)
_TIE = 1e-6


@dataclass(frozen=True)
class LowLevel:
    """One story's low-level features on the clock of the responses.

    For each space its columns by name, (row,) each: a space has those that occur in a story.
    """

    columns: Mapping[str, Mapping[str, np.ndarray]]

    def skip(self, n_rows: int) -> LowLevel:
        """Return the features without the first rows."""
        return LowLevel(
            {
                space: {name: rows[n_rows:] for name, rows in of_space.items()}
                for space, of_space in self.columns.items()
            }
        )

    @classmethod
    def of(cls, sound: Sound, alignment: Alignment, row_times_s: np.ndarray) -> LowLevel:
        """Return the features of a sound and its phones."""
        phones = alignment.phones
        articulation = [
            ((phone.onset_s + phone.offset_s) / 2, name)
            for name, members in _ARTICULATION.items()
            for phone in phones
            if phone.label in members.split()
        ]
        events = {
            "diphone": _sequences(phones, 2),
            "triphone": _sequences(phones, 3),
            "articulation-22": articulation,
        }
        of_events = {space: _counted(each, row_times_s) for space, each in events.items()}
        asked = np.arange(2, int(sound.duration_s * 10) + 1)  # the first frame ends after 0.119 s
        bands = _log_powers(sound.waveform(_SPECTRUM_RATE), 10 * asked - 12)
        on_clock = at_rows(bands, 0.1 * asked, row_times_s)
        return cls(of_events | {"powspec8k": {str(b): on_clock[:, b] for b in range(_N_BANDS)}})


def _log_powers(waveform: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Return log10 of the power in each band (frame, 238) of frames, by their numbers."""
    window = np.sin(np.pi * np.arange(_FRAME) / _FRAME) ** 2
    n_bins = 4 * _N_BANDS
    band = ((np.arange(1, n_bins + 1) * _SPECTRUM_RATE / _FRAME - _LOWEST_HZ) // _BAND_HZ).astype(
        int
    )
    powers = np.zeros((len(frames), _N_BANDS))
    for number, frame in enumerate(frames):
        cut = waveform[frame * _HOP : frame * _HOP + _FRAME].astype(np.float64)
        spectrum = np.abs(np.fft.rfft(cut * window)[1 : n_bins + 1]) ** 2
        powers[number] = np.bincount(band, spectrum) * 2 / (_FRAME * np.sum(window**2))
    return np.asarray(np.log10(powers + 1e-10))


def _sequences(phones: Sequence[Interval], order: int) -> list[tuple[float, str]]:
    """Return the middle and the name of each sequence of phones that no pause parts."""
    found = []
    for first in range(len(phones) - order + 1):
        run = phones[first : first + order]
        pairs = itertools.pairwise(run)
        if all(later.onset_s - before.offset_s <= _PAUSE_S for before, later in pairs):
            middle_s = (run[0].onset_s + run[-1].offset_s) / 2
            found.append((middle_s, " ".join(phone.label for phone in run)))
    return found


def _counted(events: Sequence[tuple[float, str]], row_times_s: np.ndarray) -> dict[str, np.ndarray]:
    """Return for each name how often it is in a row, as the clock sees it (row,)."""
    times_s, names = np.array([time for time, _ in events]), [name for _, name in events]
    columns, column = np.unique(names, return_inverse=True)
    counts = at_rows(np.eye(len(columns))[column], times_s, row_times_s)
    return dict(zip(columns.tolist(), counts.T, strict=True))


def without(
    space: str,
    known: Mapping[str, np.ndarray],
    low_level: Mapping[str, LowLevel],
    training: Sequence[str],
) -> dict[str, np.ndarray]:
    """Return for each story what a low-level space leaves of features (row, feature).

    Parameters
    ----------
    space
        Its name.
    known
        The features of each story, in the rows that count.
    low_level
        The same stories', in the same rows.
    training
        The stories on which the ridge is fitted.
    """
    names = sorted({name for story in training for name in low_level[story].columns[space]})
    rows = {}
    for story, values in known.items():
        columns, nothing = low_level[story].columns[space], np.zeros(len(values))
        rows[story] = standardised(np.stack([columns.get(name, nothing) for name in names], axis=1))
    features = {story: standardised(values) for story, values in known.items()}
    fitted = np.concatenate([rows[story] for story in training])
    spread = np.where(fitted.std(axis=0) > 0, fitted.std(axis=0), np.inf)
    weights = _ridge(fitted / spread, np.concatenate([features[story] for story in training]))
    return {story: features[story] - rows[story] / spread @ weights for story in known}


def _ridge(design: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return weights (column, target) of the penalty with the best mean R² over ten parts."""
    if design.shape[1] > len(design):  # turned onto as many axes as there are rows
        axes, turned = np.linalg.qr(design.T)
        return np.asarray(axes @ _ridge(turned.T, targets))
    parts = np.array_split(np.arange(len(design)), _N_PARTS)
    r2 = np.zeros((len(_PENALTIES), targets.shape[1]))
    for part in parts:
        rest = np.setdiff1d(np.arange(len(design)), part)
        squares = ((targets[part] - targets[part].mean(axis=0)) ** 2).sum(axis=0)
        for number, weights in enumerate(_solutions(design[rest], targets[rest])):
            errors = ((targets[part] - design[part] @ weights) ** 2).sum(axis=0)
            r2[number] += (1 - errors / squares) / _N_PARTS
    # Of penalties that do equally well the largest.
    best = len(r2) - 1 - (r2 >= r2.max(axis=0) - _TIE)[::-1].argmax(axis=0)
    return np.stack(_solutions(design, targets))[best, :, np.arange(targets.shape[1])].T


def _solutions(design: np.ndarray, targets: np.ndarray) -> list[np.ndarray]:
    """Return the weights (column, target) of each penalty."""
    left, singular, right = np.linalg.svd(design, full_matrices=False)
    loads = left.T @ targets
    return [
        right.T @ (loads * (singular / (singular**2 + penalty))[:, None]) for penalty in _PENALTIES
    ]
