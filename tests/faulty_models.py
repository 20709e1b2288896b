"""Models that break one promise each, and the good ones that they are made of."""

from __future__ import annotations

import dataclasses
import itertools
import random

import numpy as np

from heschl.cards import ModelCard, Training
from heschl.contracts import Events, Layer, Traits
from heschl.errors import UnknownName
from heschl.models.inputs import chosen_layers, require_waveforms
from heschl.testing.toy_model import Loudness

GOOD = Loudness.layers[0]
PAST_ONLY = Traits(is_causal=True, minimum_samples=320)


def with_layer(**changes):
    """Return a model that declares another layer than it has."""
    return type("Declared", (Loudness,), {"layers": (dataclasses.replace(GOOD, **changes),)})


class TwoLayers(Loudness):
    layers = (GOOD, dataclasses.replace(GOOD, name="energy"))

    def forward(self, waveforms, taps):
        for tap in taps:
            if tap not in ("level", "energy"):
                raise UnknownName(f"no layer {tap!r}")
        level = super().forward(waveforms, ["level"])["level"]
        return {tap: level if tap == "level" else level**2 for tap in taps}


class FromGlobalState(Loudness):
    def forward(self, waveforms, taps):
        outputs = super().forward(waveforms, taps)
        noise = np.random.standard_normal(outputs["level"].shape)  # noqa: NPY002  the fault itself
        return {"level": outputs["level"] + noise.astype(np.float32)}


class FromNowhere(Loudness):
    def forward(self, waveforms, taps):
        outputs = super().forward(waveforms, taps)
        noise = np.random.default_rng().standard_normal(outputs["level"].shape)
        return {"level": outputs["level"] + noise.astype(np.float32)}


class Seeding(Loudness):
    def forward(self, waveforms, taps):
        np.random.seed(0)  # noqa: NPY002  the fault itself
        return super().forward(waveforms, taps)


class SeedingPython(Loudness):
    def forward(self, waveforms, taps):
        random.seed(0)
        return super().forward(waveforms, taps)


class ChangingWaveforms(Loudness):
    def forward(self, waveforms, taps):
        outputs = super().forward(waveforms, taps)
        waveforms *= 0.5
        return outputs


class HearingTheFuture(Loudness):
    """Causal by its own account, but centred over the whole window."""

    traits = PAST_ONLY
    layers = (dataclasses.replace(GOOD, receptive_field_s=None),)

    def forward(self, waveforms, taps):
        level = super().forward(waveforms, taps)["level"]
        return {"level": level - level.mean(axis=1, keepdims=True)}


class LookingAhead(HearingTheFuture):
    """Each frame hears a quarter of a second ahead."""

    def forward(self, waveforms, taps):
        level = Loudness.forward(self, waveforms, taps)["level"]
        later = np.concatenate([level[:, 13:], level[:, -1:].repeat(13, axis=1)], axis=1)
        return {"level": level + later[:, : level.shape[1]]}


class NotLocal(HearingTheFuture):
    """Local by its own account."""

    traits = Traits(is_local=True, minimum_samples=320)
    layers = Loudness.layers


class OnlyLaterDifferent(Loudness):
    """Frames know how far from the beginning they are, which no click shows."""

    def forward(self, waveforms, taps):
        level = super().forward(waveforms, taps)["level"]
        return {"level": level + np.arange(level.shape[1], dtype=np.float32)[:, None]}


class NormalisedOverTheBatch(Loudness):
    def forward(self, waveforms, taps):
        level = super().forward(waveforms, taps)["level"]
        return {"level": level / (1 + level.max())}


class HearingTheEnd(Loudness):
    """Padding-safe by its own account, but every frame hears the last sample."""

    traits = Traits(is_padding_safe=True, minimum_samples=320)
    layers = (dataclasses.replace(GOOD, receptive_field_s=None),)

    def forward(self, waveforms, taps):
        level = super().forward(waveforms, taps)["level"]
        return {"level": level + waveforms[:, -1, None, None]}


class TapDependent(TwoLayers):
    def forward(self, waveforms, taps):
        outputs = super().forward(waveforms, taps)
        return {tap: values + np.float32(len(taps)) for tap, values in outputs.items()}


class Careless(Loudness):
    """Takes whatever comes, as NumPy does."""

    def forward(self, waveforms, taps):
        waveforms = np.nan_to_num(np.atleast_2d(waveforms)).astype(np.float32)
        waveforms = waveforms.mean(axis=2) if waveforms.ndim == 3 else waveforms
        return super().forward(waveforms, taps)


class TakingAnyLength(Loudness):
    def forward(self, waveforms, taps):
        padded = np.pad(waveforms, ((0, 0), (0, max(0, 320 - waveforms.shape[1]))))
        return super().forward(padded, taps)


class TooModest(Loudness):
    """Needs more samples than it says."""

    traits = dataclasses.replace(Loudness.traits, minimum_samples=319)


class RaisingKeyError(Loudness):
    def forward(self, waveforms, taps):
        level = super().forward(waveforms, ["level"])
        return {tap: level[tap] for tap in taps}


class SilentOnUnknownTaps(Loudness):
    def forward(self, waveforms, taps):
        return super().forward(waveforms, ["level"])


class LogOfSilence(Loudness):
    def forward(self, waveforms, taps):
        with np.errstate(divide="ignore"):
            return {"level": np.log(super().forward(waveforms, taps)["level"])}


class OutOfRange(Loudness):
    """Finite in float64, infinite in the float32 that is kept."""

    def forward(self, waveforms, taps):
        level = super().forward(waveforms, taps)["level"].astype(np.float64)
        with np.errstate(over="ignore"):
            return {"level": np.exp(200 * level)}


class Integers(Loudness):
    def forward(self, waveforms, taps):
        return {"level": (1e6 * super().forward(waveforms, taps)["level"]).astype(np.int64)}


class ChannelsFirst(Loudness):
    def forward(self, waveforms, taps):
        return {"level": super().forward(waveforms, taps)["level"].swapaxes(1, 2)}


class NewDigestEachTime(Loudness):
    digest = property(lambda self: f"{next(COUNT)}")


COUNT = itertools.count()


class UnsureOfItsWeights(Loudness):
    """Other weights, and so another digest, whenever it is made."""

    def __init__(self):
        self.digest = f"{next(COUNT)}"


class Trained(Loudness):
    card = dataclasses.replace(Loudness.card, training=Training(hours=960.0))


class SilentOnTraining(Loudness):
    card = dataclasses.replace(Loudness.card, training=Training())


class CallingItselfAReader(Loudness):
    card = dataclasses.replace(Loudness.card, modality="text")


class CalledByNumber(Loudness):
    layers = (dataclasses.replace(GOOD, name="hidden_states.3"),)

    def forward(self, waveforms, taps):
        if set(taps) - {"hidden_states.3"}:
            raise UnknownName("no such layer")
        return {
            tap: super(CalledByNumber, self).forward(waveforms, ["level"])["level"] for tap in taps
        }


class Reader:
    """The number of letters of each word."""

    card = ModelCard("letters", load="none:none", summary="Letters", modality="text")
    digest = "letters-1"
    layers = (Layer("letters", 1),)

    def read(self, alignment, taps):
        for tap in taps:
            if tap != "letters":
                raise UnknownName(f"no layer {tap!r}")
        values = np.array([[float(len(word.label))] for word in alignment.words]).reshape(-1, 1)
        times = np.array([word[:2] for word in alignment.words]).reshape(-1, 2)
        return {"letters": Events(values, times[:, 0], times[:, 1])}


def changing_events(change):
    """Return a reader whose events are changed."""

    def read(self, alignment, taps):
        return {tap: change(events) for tap, events in Reader.read(self, alignment, taps).items()}

    return type("Changed", (Reader,), {"read": read})


class StumblingOverSilence(Reader):
    def read(self, alignment, taps):
        return {"letters": super().read(alignment, taps)["letters"]} if alignment.words else {}


class ForgettingTaps(Reader):
    def read(self, alignment, taps):
        return super().read(alignment, ["letters"])


class ReadingAtRandom(Reader):
    def read(self, alignment, taps):
        events = super().read(alignment, taps)["letters"]
        drawn = np.random.default_rng().random(events.values.shape)
        return {"letters": dataclasses.replace(events, values=drawn)}


def framed(rate, frame, stride, **traits):
    """Return a good model of another rate, with frames that overlap or leave gaps."""

    promised = Traits(**{"minimum_samples": frame + stride, "is_local": True, **traits})

    class Framed:
        card = ModelCard("framed", load="none:none", summary="Frames")
        digest = f"framed-{rate}-{frame}-{stride}"
        sample_rate = rate
        layers = (
            Layer("fine", 1, rate / stride, frame / 2 / rate, frame / rate),
            Layer(
                "coarse", 2, rate / stride / 2, (frame + stride) / 2 / rate, (frame + stride) / rate
            ),
        )
        traits = promised

        def forward(self, waveforms, taps):
            require_waveforms(self, waveforms)
            names = [layer.name for layer in chosen_layers("framed", self.layers, taps)]
            windows = np.lib.stride_tricks.sliding_window_view(waveforms, frame, axis=1)
            fine = np.abs(windows[:, ::stride]).mean(axis=2, keepdims=True)
            pairs = np.concatenate([fine[:, :-1], fine[:, 1:]], axis=2)[:, ::2]
            return {name: {"fine": fine, "coarse": pairs}[name] for name in names}

    return Framed
