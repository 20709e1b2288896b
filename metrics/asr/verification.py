"""Verification: a small network learns a language of tones, and its word errors are those planted.

Each letter is a tone, each word one of eight. Some words of the test transcripts are replaced by
others, so that of a network that hears all it is known how many words it must get wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from heschl.findings import Finding, engine_findings
from heschl.metrics.asr.fine_tuning import Sentence, fine_tune, recognise
from heschl.metrics.asr.metric import SpeechRecognition
from heschl.metrics.asr.schedule import Schedule

__all__ = ["Ear", "sung", "verification"]

RATE = 8000
_WORDS = ("sun", "tide", "rose", "and", "nut", "doe", "stir", "oats")
_LETTERS = "".join(sorted(set("".join(_WORDS))))
_LETTER_S, _GAP_S = 0.05, 0.08
_N_WORDS = 4
_SEEDS = range(2)
_N_TRAIN, _N_TEST = 60, 50
_WRONG_SHARE = 0.25
_SCHEDULE = Schedule(learning_rate=3e-3, n_epochs=20, batch_size=2)


_finding = engine_findings("docs/protocols.md, S-moussa.downstream")


class Ear(torch.nn.Module):
    """Convolutions of 25 ms every 10 ms and one more layer, both of them random at first."""

    n_units: int = 32
    n_threads: int | None = 1

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.convolution = torch.nn.Conv1d(1, 64, kernel_size=200, stride=80)
            self.blend = torch.nn.Linear(64, self.n_units)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return (batch, time, unit)."""
        power = self.convolution(waveforms[:, None]).square().transpose(1, 2)
        return torch.relu(self.blend(torch.log(power + 1e-2)))

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a sound has."""
        return (n_samples - 200) // 80 + 1


def sung(text: str, generator: np.random.Generator) -> np.ndarray:
    """Return a text as tones, a letter each, in faint noise: float32 (sample,)."""
    gap = np.zeros(round(_GAP_S * RATE))
    times_s = np.arange(round(_LETTER_S * RATE)) / RATE
    tones = {
        letter: np.sin(2 * np.pi * (400 + 300 * number) * times_s)
        for number, letter in enumerate(_LETTERS)
    }
    pieces = [gap, *(gap if letter == " " else tones[letter] for letter in text), gap]
    clean = np.concatenate(pieces)
    return (clean + 0.02 * generator.standard_normal(len(clean))).astype(np.float32)


def verification() -> list[Finding]:
    """Return what was planted beside what was found. Takes some ten seconds."""
    counts = [
        SpeechRecognition()(["a b c d"], [heard])
        for heard in ("a x c e d", "")  # one substituted, one put in; nothing
    ]
    missing = SpeechRecognition()(["a b c d"], ["a x y c"])
    rates = [float(each["errors"].sum() / each["words"].sum()) for each in (*counts, missing)]
    planted, found, null = [], [], []
    for seed in _SEEDS:
        right = _learned(seed, is_told=True)
        planted.append(1 - right[1])
        found.append(right[0])
        null.append(_learned(seed, is_told=False)[0])
    return [
        _finding("four words, one substituted and one put in", "WER", [0.5], rates[:1], 1e-12),
        _finding("four words, nothing written", "WER", [1.0], rates[1:2], 1e-12),
        _finding(
            "four words, one each substituted, left out and put in", "WER", [0.75], rates[2:], 1e-12
        ),
        _finding(
            f"tones, {_WRONG_SHARE:.0%} of the test words replaced", "1 - WER", planted, found, 0.02
        ),
        _finding(
            "tones with the transcripts of others",
            "1 - WER",
            [0.0] * len(null),
            null,
            0.1,
            bound="at most",
        ),
    ]


def _learned(seed: int, *, is_told: bool) -> tuple[float, float]:
    """Return 1 - WER of a network, and the share of test words that were replaced.

    Parameters
    ----------
    seed
        Of sentences, noise and weights.
    is_told
        Whether it learns from the transcripts of the sentences, rather than from those of others.
    """
    generator = np.random.default_rng(seed)
    texts = [" ".join(generator.choice(_WORDS, _N_WORDS)) for _ in range(_N_TRAIN + _N_TEST)]
    sounds = [sung(text, generator) for text in texts]
    train = texts[:_N_TRAIN]
    if not is_told:
        train = [train[place] for place in np.roll(np.arange(_N_TRAIN), 1)]
    sentences = [
        Sentence(str(number), partial(np.asarray, sound), len(sound), text)
        for number, (sound, text) in enumerate(zip(sounds[:_N_TRAIN], train, strict=True))
    ]
    recogniser, _ = fine_tune(Ear(seed), sentences, _SCHEDULE, device="cpu", seed=seed)
    replaced, n_replaced = _replaced(texts[_N_TRAIN:], generator)
    written = [recognise(recogniser, sound) for sound in sounds[_N_TRAIN:]]
    found = SpeechRecognition()(replaced, written)
    n_words = float(found["words"].sum())
    return 1 - float(found["errors"].sum()) / n_words, n_replaced / n_words


def _replaced(texts: Sequence[str], generator: np.random.Generator) -> tuple[list[str], int]:
    """Return the texts with words that nobody sang in the places of some, and how many."""
    changed, n_replaced = [], 0
    for text in texts:
        words = text.split()
        is_wrong = generator.random(len(words)) < _WRONG_SHARE
        n_replaced += int(is_wrong.sum())
        pairs = zip(words, is_wrong, strict=True)
        changed.append(" ".join("unsung" if wrong else word for word, wrong in pairs))
    return changed, n_replaced
