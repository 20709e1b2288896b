"""The promises of a model that hears on time: where frames lie and what they depend on."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from heschl.testing.check import require, skip
from heschl.testing.hearing import SpeechModelUnderTest
from heschl.testing.models import same_numbers
from heschl.testing.speech_models import ROUNDING
from heschl.windowing import FrameClock

__all__ = ["CHECKS"]

_LEAK = 1e-6
"""The share of a layer's largest number up to which a frame counts as unchanged: fast Fourier
transforms spread rounding errors over frames that do not depend on each other."""

_LONGEST_PERIOD_S = 10

_CLICKS = ((0.2, -0.8), (0.35, -0.4), (0.5, 0.0), (0.65, 0.4), (0.8, 0.8))
"""Near which frame, as a share of all, and where in its field, from -1 to 1."""


def frames_fit_the_clock(model: SpeechModelUnderTest) -> None:
    """Give as many frames as rate and offset say."""
    clocks = model.clocks
    period = math.lcm(*(clock.period for clock in clocks.values()))
    shortest = model.model.traits.minimum_samples
    room = int(min(model.most_samples, (_LONGEST_PERIOD_S + 1) * model.rate)) - shortest
    grown_by = min(math.ceil(model.rate / period), room // period) * period
    tried = {shortest, shortest + 1, shortest + model.rate // 3}
    for n_samples in sorted(int(min(each, model.most_samples)) for each in tried):
        counts = _counts(model, n_samples)
        for name, clock in clocks.items():
            require(
                clock.can_have(counts[name], n_samples),
                f"{model.culprit(name)} gives {counts[name]} frames for {n_samples} samples, which "
                f"its Layer (rate_hz={clock.layer.rate_hz}, offset_s={clock.layer.offset_s}) "
                "rules out; correct it",
            )
    if grown_by <= 0:
        raise skip("its frames fall on whole samples too rarely to count them exactly")
    before, after = _counts(model, shortest), _counts(model, shortest + grown_by)
    for name, clock in clocks.items():
        expected = int(grown_by / clock.stride)
        grown = after[name] - before[name]
        require(
            grown == expected,
            f"{model.culprit(name)} gives {grown} more frames for {grown_by / model.rate:g} s more "
            f"of sound; rate_hz={clock.layer.rate_hz} promises {expected}: correct its Layer",
        )


def click_is_where_it_was(model: SpeechModelUnderTest) -> None:
    """Answer a click most in a frame whose receptive field, by rate and offset, holds it."""
    for name, clock in _with_field(model).items():
        sound = model.noise(amplitude=0.01)
        quiet = model.heard(sound, [name])[name]
        half, half_click = clock.half_field or Fraction(0), _half_click(model, clock)
        is_heard = False
        for share, shift in _CLICKS:
            # Away from the centre too: a field may have a hole there.
            frame = round(share * (quiet.shape[1] - 1))
            aim = float(clock.offset + frame * clock.stride) + shift * float(half)
            sample = int(np.clip(round(aim), half_click, sound.shape[1] - half_click - 1))
            answer = model.heard(_clicked(sound, sample, half_click), [name])[name]
            energy = ((answer[0].astype(np.float64) - quiet[0]) ** 2).sum(axis=1)
            is_heard = is_heard or energy.max() > 0
            found = clock.offset + int(energy.argmax()) * clock.stride
            require(
                energy.max() == 0 or abs(found - sample) <= half + half_click + 1,
                f"{model.culprit(name)} answers a click at {sample / model.rate:.4f} s most in the "
                f"frame that rate_hz and offset_s place at {float(found) / model.rate:.4f} s, "
                f"farther than its receptive field of {clock.layer.receptive_field_s} s; correct "
                "its Layer",
            )
        require(
            is_heard,
            f"no frame of {model.culprit(name)} hears a click where rate_hz and offset_s place "
            "frames; correct its Layer",
        )


def future_is_not_heard(model: SpeechModelUnderTest) -> None:
    """Depend on nothing after a frame's receptive field, if causal."""
    if not model.model.traits.is_causal:
        raise skip("it does not declare is_causal")
    sound = model.noise()
    now = sound.shape[1] // 2
    other = sound.copy()
    other[:, now:] = model.noise(seed=1, amplitude=0.5)[:, now:]
    original, changed = model.heard(sound), model.heard(other)
    for name, clock in model.clocks.items():
        # Without a declared field a frame is granted its own stride and the first frame's reach.
        half = max(abs(clock.offset), clock.stride)
        half = half if clock.half_field is None else clock.half_field
        centres = _centres(clock, original[name].shape[1])
        is_past = centres + float(half) <= now
        require(
            _unchanged(changed[name], original[name])[is_past].all(),
            f"{model.culprit(name)} changes before {now / model.rate:g} s when the sound after it "
            "does; leave out is_causal, or correct rate_hz, offset_s and receptive_field_s",
        )


def frames_are_local(model: SpeechModelUnderTest) -> None:
    """Depend on nothing outside of a frame's receptive field, if local."""
    if not model.model.traits.is_local:
        raise skip("it does not declare is_local")
    sound = model.noise()
    n_samples = sound.shape[1]
    for name, clock in _with_field(model).items():
        half_click = _half_click(model, clock)
        original = model.heard(sound, [name])[name]
        centres = _centres(clock, original.shape[1])
        half = float(clock.half_field or 0)
        other = _clicked(sound, n_samples // 2, half_click)
        is_far = np.abs(centres - n_samples // 2) > half + half_click + 1
        require(
            _unchanged(model.heard(other, [name])[name], original)[is_far].all(),
            f"{model.culprit(name)} changes outside of its receptive field of "
            f"{clock.layer.receptive_field_s} s around a click; leave out is_local, or widen "
            "receptive_field_s",
        )
        start = (n_samples // 3) // clock.period * clock.period
        if n_samples - start < max(model.model.traits.minimum_samples, 1) or start == 0:
            continue
        shift = int(start / clock.stride)
        part = model.heard(sound[:, start:], [name])[name][0]
        whole = original[0, shift : shift + len(part)]
        placed = _centres(clock, len(part))
        is_inside = (placed >= half) & (placed <= n_samples - start - half)
        require(
            len(whole) == len(part)
            and same_numbers(part[is_inside], whole[is_inside], within=ROUNDING),
            f"{model.culprit(name)} gives other numbers when the sound begins "
            f"{start / model.rate:g} s later; leave out is_local, or correct the clock",
        )


def padding_changes_nothing(model: SpeechModelUnderTest) -> None:
    """Change no earlier frame when zeros follow the sound, if padding-safe."""
    if not model.model.traits.is_padding_safe:
        raise skip("it does not declare is_padding_safe")
    longest = model.noise(seed=1, amplitude=0.5)
    n_short = max(model.model.traits.minimum_samples, longest.shape[1] * 2 // 3)
    short = model.noise(n_samples=n_short)
    padded = np.zeros_like(longest)
    padded[:, :n_short] = short
    alone, together = model.heard(short), model.heard(np.concatenate([padded, longest]))
    for name, values in alone.items():
        earlier = together[name][0, : values.shape[1]]
        require(
            same_numbers(earlier, values[0], within=ROUNDING),
            f"{model.culprit(name)} changes when zeros follow the sound; leave out is_padding_safe",
        )


def _with_field(model: SpeechModelUnderTest) -> dict[str, FrameClock]:
    clocks = {name: clock for name, clock in model.clocks.items() if clock.half_field is not None}
    if not clocks:
        raise skip("no layer declares a receptive field, so any frame may answer to any sound")
    return clocks


def _counts(model: SpeechModelUnderTest, n_samples: int) -> dict[str, int]:
    outputs = model.heard(model.noise(n_samples=n_samples))
    return {name: values.shape[1] for name, values in outputs.items()}


def _half_click(model: SpeechModelUnderTest, clock: FrameClock) -> int:
    """Return half a millisecond or so, in samples, and no more than the field's half."""
    return max(1, min(model.rate // 1000, int((clock.half_field or 0) / 2)))


def _clicked(sound: np.ndarray, sample: int, half_click: int) -> np.ndarray:
    clicked = sound.copy()
    clicked[:, sample - half_click : sample + half_click + 1] += 0.5
    return clicked


def _centres(clock: FrameClock, n_frames: int) -> np.ndarray:
    """Return where frames are centred (time,), in samples."""
    return float(clock.offset) + np.arange(n_frames) * float(clock.stride)


def _unchanged(values: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return which frames (time,) of the first row are the same but for rounding."""
    difference = np.abs(values[0].astype(np.float64) - expected[0]).max(axis=1)
    return np.asarray(difference <= _LEAK * np.abs(expected[0]).max())


CHECKS = (
    frames_fit_the_clock,
    click_is_where_it_was,
    future_is_not_heard,
    frames_are_local,
    padding_changes_nothing,
)
"""What a model that hears promises on time."""
