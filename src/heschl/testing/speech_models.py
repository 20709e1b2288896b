"""The promises of a model that hears; those on time are in `heschl.testing.speech_timing`."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from heschl.errors import InvalidInput, UnknownName
from heschl.extraction import SlidingWindows, extract
from heschl.phantom.corpus import utterances
from heschl.sound import Sound, Stimulus
from heschl.temporal import Lanczos
from heschl.testing.check import refused, require, skip
from heschl.testing.hearing import SpeechModelUnderTest
from heschl.testing.models import same_numbers
from heschl.testing.traces import leaving_no_trace, with_other_random_states

__all__ = ["CHECKS", "ROUNDING"]

ROUNDING = 1e-5
"""Sums in float32 come out a few units in the seventh digit apart where the shape of a batch
changes their order; through the layers of a network that grows to some 1e-6."""

_LONGEST_TRIED_S = 60
_ADVICE = "call heschl.models.inputs.require_waveforms(self, waveforms) first in forward"


def shapes_and_widths_are_true(model: SpeechModelUnderTest) -> None:
    """Return floating-point arrays (batch, time, unit) as wide as the layers declare."""
    sound = np.concatenate([model.noise(seed) for seed in (0, 1)])
    for name, values in model.heard(sound).items():
        width = model.layers[name].width
        require(
            values.shape[2] == width,
            f"{model.culprit(name)} is {values.shape[2]} units wide; its Layer says {width}: "
            "correct it",
        )
        require(
            values.dtype.kind == "f",
            f"{model.culprit(name)} has the type {values.dtype}; expected real floating point",
        )


def numbers_are_finite(model: SpeechModelUnderTest) -> None:
    """Give finite numbers for speech, silence, a click and noise at full scale."""
    click = np.zeros((1, model.n_samples), np.float32)
    click[0, model.n_samples // 2] = 1.0
    sounds = {
        "speech": model.speech(),
        "silence": np.zeros((1, model.n_samples), np.float32),
        "a click": click,
        "noise at full scale": np.clip(model.noise(amplitude=1.0), -1, 1),
    }
    sounds["all of them in a batch"] = np.concatenate(list(sounds.values()))
    for what, sound in sounds.items():
        for name, values in model.heard(sound).items():
            n_bad = int((~np.isfinite(values.astype(np.float32))).sum())
            require(
                n_bad == 0,
                f"{model.culprit(name)} gives {n_bad} numbers that are NaN, infinite or beyond "
                f"float32 for {what}; guard its logarithms and divisions",
            )


def same_sound_gives_same_numbers(model: SpeechModelUnderTest) -> None:
    """Give the same numbers for the same sound, bit for bit, whatever was drawn in between."""
    sound = model.speech()
    first = model.heard(sound)
    with with_other_random_states():
        second = model.heard(sound)
    for name, values in first.items():
        require(
            np.array_equal(values, second[name]),
            f"{model.culprit(name)} gives other numbers for the same sound; switch to evaluation "
            "mode, and switch dropout, masking and noise off",
        )


def rows_are_independent(model: SpeechModelUnderTest) -> None:
    """Give a waveform in a batch what it gets alone, within the rounding of float32."""
    sounds = [model.noise(1, 0.01), model.speech(), model.noise(2, 0.5)]
    together = model.heard(np.concatenate(sounds))
    for row, sound in enumerate(sounds):
        for name, alone in model.heard(sound).items():
            require(
                same_numbers(together[name][row], alone[0], within=ROUNDING),
                f"{model.culprit(name)} gives a waveform other numbers in a batch than alone, by "
                f"more than {ROUNDING:g} of their size; let no statistic run over the batch",
            )


def nothing_is_touched(model: SpeechModelUnderTest) -> None:
    """Change neither the waveforms nor any global state, and track no gradient."""
    name = model.thing.card.id
    sound = model.noise()
    taps = tuple(model.layers)
    model.model.forward(sound.copy(), taps)  # what is imported at the first call is no trace
    given = sound.copy()
    with leaving_no_trace(f"forward of {name!r}"):
        outputs = model.model.forward(given, taps)
    require(
        np.array_equal(given, sound),
        f"forward of {name!r} changes the waveforms that it is given; work on a copy",
    )
    require(
        not any(getattr(values, "requires_grad", False) for values in outputs.values()),
        f"forward of {name!r} tracks gradients; run it within torch.inference_mode()",
    )
    for part in _torch_modules(model.model):
        require(
            not any(each.training for each in part.modules()),
            f"{name!r} is in training mode after forward; call module.eval()",
        )


def unknown_taps_are_refused(model: SpeechModelUnderTest) -> None:
    """Refuse a layer that is not there with UnknownName."""
    refused(
        lambda: model.model.forward(model.noise(), ["no such layer"]),
        UnknownName,
        f"an unknown tap of {model.thing.card.id!r}",
        "call heschl.models.inputs.chosen_layers(self.card.id, self.layers, taps) first",
    )


def taps_are_independent(model: SpeechModelUnderTest) -> None:
    """Give the same layer, bit for bit, whichever others are asked for and in whatever order."""
    sound, names = model.speech(), list(model.layers)
    everything = model.heard(sound)
    alone = dict.fromkeys([names[0], names[len(names) // 2], names[-1]])
    for taps in (names[::-1], *([name] for name in alone)):
        outputs = model.heard(sound, taps)
        for name in taps:
            require(
                np.array_equal(outputs[name], everything[name]),
                f"{model.culprit(name)} gives other numbers when the taps are {taps}; let no tap "
                "change what is computed",
            )


def other_waveforms_are_refused(model: SpeechModelUnderTest) -> None:
    """Refuse what is no finite float32 (batch, sample) with InvalidInput."""
    sound = model.noise()
    hole = sound.copy()
    hole[0, -1] = np.nan
    for what, waveforms in {
        "float64": sound.astype(np.float64),
        "int16": (32767 * np.clip(sound, -1, 1)).astype(np.int16),
        "one axis": sound[0],
        "two channels": np.stack([sound, sound], axis=-1),
        "NaN": hole,
    }.items():
        refused(
            lambda waveforms=waveforms: model.model.forward(waveforms, tuple(model.layers)),  # type: ignore[misc]  # mypy has no type for a default
            InvalidInput,
            f"a waveform with {what}, given to {model.thing.card.id!r},",
            _ADVICE,
        )


def lengths_have_limits(model: SpeechModelUnderTest) -> None:
    """Take the shortest and the longest sound, and refuse shorter and longer ones."""
    shortest, name = model.model.traits.minimum_samples, model.thing.card.id
    require(
        shortest <= model.most_samples,
        f"{name!r} needs {shortest} samples but takes at most {model.most_samples:g}; correct its "
        "traits",
    )
    lengths = {"shortest": (shortest, shortest - 1)}
    if model.most_samples <= _LONGEST_TRIED_S * model.rate:
        lengths["longest"] = (int(model.most_samples), int(model.most_samples) + 1)
    for which, (taken, beyond) in lengths.items():
        for layer, values in model.heard(model.noise(n_samples=taken)).items():
            require(
                values.shape[1] >= 1 and np.isfinite(values).all(),
                f"{model.culprit(layer)} gives {values.shape[1]} frames for the {which} sound that "
                f"its traits allow, {taken} samples; expected a finite one at least: correct the "
                "traits",
            )
        refused(
            lambda beyond=beyond: model.heard(model.noise(n_samples=beyond)),  # type: ignore[misc]  # as above
            InvalidInput,
            f"a sound of {beyond} samples, given to {name!r},",
            _ADVICE,
        )


def it_is_extracted(model: SpeechModelUnderTest) -> None:
    """Come to a scanner's clock by sliding windows and Lanczos, in batches of any size."""
    hop = max(1, round(model.rate / 10))
    n_context = max(4 * hop, model.model.traits.minimum_samples)
    context_s = math.ceil(n_context / hop) * hop / model.rate
    if context_s * model.rate + hop > model.most_samples:
        n_hops = model.most_samples // hop
        if n_hops < 1 or n_hops * hop < model.model.traits.minimum_samples:
            raise skip("its shortest and longest sound leave no room for windows of whole 0.1 s")
        context_s = (n_hops - 1) * hop / model.rate
    windowing = SlidingWindows(context_s=context_s, hop_s=hop / model.rate)
    spoken = np.tile(utterances("en")[0].sound.waveform(model.rate), 2)
    n_samples = min(len(spoken), model.model.traits.minimum_samples + 2 * model.rate)
    stimulus = Stimulus("speech", Sound.from_samples(spoken[:n_samples], model.rate))
    times_s = np.arange(0.25, stimulus.sound.duration_s, 0.5)
    one, four = (
        extract(
            model.model,
            stimulus,
            list(model.layers),
            windowing,
            Lanczos(lobes=3),
            times_s,
            batch_size=size,
        )
        for size in (1, 4)
    )
    for name, values in one.items():
        require(
            values.shape == (len(times_s), model.layers[name].width) and np.isfinite(values).all(),
            f"{model.culprit(name)} is extracted with shape {values.shape}; expected "
            f"{(len(times_s), model.layers[name].width)}, finite",
        )
        require(
            same_numbers(four[name], values, within=ROUNDING),
            f"{model.culprit(name)} is extracted to other numbers four windows at a time than one "
            "by one; let no row of a batch depend on the others, and check is_padding_safe",
        )


def _torch_modules(model: Any) -> list[Any]:
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    members = [model, *getattr(model, "__dict__", {}).values()]
    return [member for member in members if isinstance(member, torch.nn.Module)]


CHECKS = (
    shapes_and_widths_are_true,
    numbers_are_finite,
    same_sound_gives_same_numbers,
    rows_are_independent,
    nothing_is_touched,
    unknown_taps_are_refused,
    taps_are_independent,
    other_waveforms_are_refused,
    lengths_have_limits,
    it_is_extracted,
)
"""What a model that hears promises, but for time."""
