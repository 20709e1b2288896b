"""The phantom twin: three simulated listeners to 24 sentences, in real files.

Sounds and labels are laid out as on the disc of TIMIT. Electrodes answer to one feature space with
twenty lags, at 50 Hz, with noise of a known size. Around a sentence the phantom lays traps: before
the half second that is compared with the sentence, and after its end, the amplitude jumps, so that
a loader that cuts elsewhere finds less; and electrodes that fall silent at the onset, as strongly
driven as others, belong to no region.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heschl.data_registry.timit.spoken import SAMPLE_RATE, Spoken, speak, write_spoken
from heschl.data_registry.timit_ecog.interchange import write_subject
from heschl.data_registry.timit_ecog.phantom_shared import shared_expectations
from heschl.data_registry.timit_ecog.phantom_truth import (
    BLOCKS,
    Block,
    Heard,
    planted_designs,
    truth,
)
from heschl.errors import InvalidInput
from heschl.phantom.corpus import Utterance, utterances
from heschl.phantom.simulation import Simulation, simulate

__all__ = ["write_phantom"]

_SPEAKERS = {
    "TRAIN/DR1/FCJF0": ("sx37", "sx127", "si648", "si1027"),
    "TRAIN/DR1/MCPM0": ("sx24", "sx114", "si564", "si1194"),
    "TRAIN/DR2/FAEM0": ("sx42", "sx132", "si762", "si1392"),
    "TEST/DR1/MDAB0": ("sx37", "sx49", "si1039", "si1669"),
    "TEST/DR1/MWBT0": ("sx23", "sx113", "si923", "si1553"),
    "TEST/DR1/FELC0": ("sx36", "sx126", "si756", "si1386"),
}
"""Each in a voice of the phantom speech; two read the same text, ``sx37``."""
_REPEATED = ("fcjf0_sx127", "mcpm0_sx24", "faem0_si762", "mdab0_sx49", "mwbt0_si923", "felc0_sx36")

_BEFORE_BASELINE, _AFTER_SENTENCE = 3.0, 5.0
"""Jumps of the amplitude, in standard deviations, where no loader should look."""
_BASELINE_S = 0.5
_ROW_HZ = 50
_BAD_VALUE_OF = ("fcjf0_si648", 3)
"""The sentence, and the sample of its first trial, at which the broken electrode has no value."""


@dataclass(frozen=True)
class Session:
    """How one listener was recorded."""

    rate_hz: int
    pre_s: float
    post_s: float
    n_repeats: int
    unheard: tuple[str, ...] = ()
    one_repeat_less: tuple[str, ...] = ()


_SESSIONS = {
    "ec01": Session(100, 0.5, 0.5, 10),
    "ec02": Session(50, 0.6, 0.3, 5),
    "ec03": Session(
        100,
        0.7,
        0.4,
        8,
        unheard=("fcjf0_si1027", "mdab0_si1669", "felc0_si1386"),
        one_repeat_less=("mdab0_sx49",),
    ),
}


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, which is made if need be.

    The same seed gives the same bytes. The seed changes the sentences, the weights and the noise.
    Takes some seconds and 20 MB.
    """
    place = Path(root)
    if any(place.glob("*.h5")) or (place / "TIMIT").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    sentences = _speak_all(place / "TIMIT", seed)
    heard = {
        name: Heard.of_sound(each.samples, each.alignment, each.text)
        for name, each in sentences.items()
    }
    designs = planted_designs(heard)
    planted = {}
    for number, (subject, session) in enumerate(_SESSIONS.items(), start=1):
        names = [name for name in heard if name not in session.unheard]
        planted[subject] = {
            block: simulate(
                {name: designs[block.driver][name] for name in names},
                block.n_electrodes,
                block.signal_share,
                seed=(seed * 100 + number) * 100 + position,
                repeats=dict.fromkeys(_REPEATED, session.n_repeats),
            )
            for position, block in enumerate(BLOCKS)
        }
        _write_subject(place / f"{subject}.h5", session, planted[subject], sentences, seed + number)
    content = truth(seed, heard, planted, _REPEATED)
    content["expectations"] += shared_expectations(heard, planted, _REPEATED)
    (place / "truth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _speak_all(timit: Path, seed: int) -> dict[str, Spoken]:
    """Write every sentence, and return them by name."""
    generator = np.random.default_rng([seed, 0])
    voices: dict[str, list[Utterance]] = {}
    for each in utterances("en"):
        voices.setdefault(each.speaker, []).append(each)
    texts: dict[str, Utterance] = {}
    spoken: dict[str, Spoken] = {}
    for (folder, sentences), voice in zip(_SPEAKERS.items(), voices.values(), strict=True):
        place = timit / folder
        place.mkdir(parents=True)
        order = generator.permutation(len(voice))
        pace = generator.uniform(0.9, 1.1)
        for position, sentence in enumerate(sentences):
            # Who reads a text again reads it in the first reader's voice, at a pace of their own.
            utterance = texts.setdefault(sentence, voice[order[position]])
            lead_s, tail_s = generator.uniform(0.05, 0.15, 2)
            said = speak(utterance, pace=pace, lead_s=lead_s, tail_s=tail_s)
            write_spoken(place, sentence, said)
            spoken[f"{place.name.lower()}_{sentence}"] = said
    return spoken


def _write_subject(
    path: Path,
    session: Session,
    planted: dict[Block, Simulation],
    sentences: dict[str, Spoken],
    seed: int,
) -> None:
    """Write one listener's file, the electrodes of all blocks in an order of their own."""
    generator = np.random.default_rng([seed, 1])
    blocks = [block for block in planted for _ in range(block.n_electrodes)]
    order = generator.permutation(len(blocks))
    responses = {}
    for name in next(iter(planted.values())).trials:
        trials = np.concatenate([each.trials[name] for each in planted.values()], axis=2)
        signal = np.concatenate([each.signals[name] for each in planted.values()], axis=1)
        if name in session.one_repeat_less:
            trials = trials[:-1]
        if name == _BAD_VALUE_OF[0]:
            is_broken = [block.is_broken for block in blocks]
            trials[0, _BAD_VALUE_OF[1], is_broken] = np.nan
        sound_s = len(sentences[name].samples) / SAMPLE_RATE
        rises = np.array([block.rise for block in blocks])
        onset = signal[: round(_BASELINE_S * _ROW_HZ)].mean(axis=0)
        around = _around(session, trials, onset - rises, sound_s, generator)
        responses[name] = around[:, :, order]
    write_subject(
        path,
        responses,
        rate_hz=session.rate_hz,
        pre_s=session.pre_s,
        post_s=session.post_s,
        names=[f"G{number}" for number in range(1, len(blocks) + 1)],
        areas=[blocks[electrode].area for electrode in order],
        xyz=generator.normal(0, 30, (len(blocks), 3)).round(1),
        space="simulated",
    )


def _around(
    session: Session,
    trials: np.ndarray,
    baseline: np.ndarray,
    sound_s: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return trials (trial, sample, electrode) at the session's rate with what is around them.

    Parameters
    ----------
    trials
        (trial, row, electrode) at 50 Hz.
    baseline
        The mean (electrode,) of the half second before the sentence.
    """
    of_row = session.rate_hz // _ROW_HZ
    n_before = round(session.pre_s * session.rate_hz)
    n_samples = round((session.pre_s + sound_s + session.post_s) * session.rate_hz)
    n_trials, n_rows, n_electrodes = trials.shape
    samples = generator.standard_normal((n_trials, n_samples, n_electrodes))
    n_baseline = round(_BASELINE_S * session.rate_hz)
    samples[:, n_before - n_baseline : n_before] += baseline
    samples[:, : n_before - n_baseline] += _BEFORE_BASELINE
    inside = slice(n_before, n_before + n_rows * of_row)
    samples[:, inside.stop :] += _AFTER_SENTENCE
    # The samples of a row differ, and their mean is the row.
    within = generator.standard_normal((n_trials, n_rows, of_row, n_electrodes))
    within -= within.mean(axis=2, keepdims=True)
    samples[:, inside] = (trials[:, :, None] + within).reshape(n_trials, -1, n_electrodes)
    return samples
