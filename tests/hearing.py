"""Sounds and models small enough to check by eye, for the tests of extraction."""

from dataclasses import dataclass

import numpy as np
import pytest

from heschl.cards import ModelCard
from heschl.contracts import Layer, Traits
from heschl.extraction import ChunkedWindows, SlidingWindows, WholeStimulus, extract_frames
from heschl.sound import Sound, Stimulus

RATE = 4000
SLIDING = SlidingWindows(context_s=1.0, hop_s=0.1)
CHUNKED = ChunkedWindows(window_s=2.0, stride_s=1.0)
WINDOWINGS = pytest.mark.parametrize(
    "windowing", [SLIDING, CHUNKED, WholeStimulus()], ids=["sliding", "chunked", "whole"]
)


def framed(waveforms, size, stride):
    """Return (batch, frame, size): the samples that each frame of a convolution sees."""
    return np.lib.stride_tricks.sliding_window_view(waveforms, size, axis=1)[:, ::stride]


class NumpyModel:
    """Frames of 100 samples every 40, and pairs of them; both see only their own samples."""

    card = ModelCard("numpy-model", load="nowhere:nothing", summary="A fake.")
    digest = "fake"
    sample_rate = RATE
    traits = Traits(minimum_samples=140)
    layers = (
        Layer("fine", 3, RATE / 40, 50 / RATE, 100 / RATE),
        Layer("coarse", 2, RATE / 80, 70 / RATE, 140 / RATE),
    )

    def __init__(self, **settings):
        vars(self).update(settings)
        self.shapes = []

    def forward(self, waveforms, taps):
        self.shapes.append(waveforms.shape)
        frames = framed(waveforms, 100, 40)
        # Sums in a fixed order, so that no bit depends on the shape of the batch.
        fine = np.stack(
            [frames[..., 0], frames[..., 99], np.cumsum(frames**2, axis=-1)[..., -1]], axis=-1
        )
        coarse = (fine[:, :-1, 1:] - fine[:, 1:, 1:])[:, ::2]
        outputs = {"fine": fine, "coarse": coarse}
        return {tap: outputs[tap] for tap in taps}


class Scripted(NumpyModel):
    """A model whose ``answer(outputs, waveforms)`` the test writes."""

    def forward(self, waveforms, taps):
        return self.answer(super().forward(waveforms, taps), waveforms)


def noise(duration_s, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=round(duration_s * RATE)).astype(np.float32)


def stimulus_of(samples, alignment=None):
    return Stimulus("story", Sound.from_samples(np.asarray(samples, np.float32), RATE), alignment)


@dataclass(frozen=True)
class FakeSound:
    """Noise made block by block, in blocks of any size; never held as a whole."""

    n_samples: int
    n_block: int = 4096
    n_missing: int = 0

    def n_samples_at(self, sample_rate):
        return self.n_samples

    def blocks(self, sample_rate):
        position = 0
        while position < self.n_samples - self.n_missing:
            size = min(self.n_block, self.n_samples - position)
            index = np.arange(position, position + size)
            yield np.sin(index * 0.37 + index % 7).astype(np.float32)
            position += size


def naive_sliding(model, samples, names, context=RATE, hop=RATE // 10):
    """Return times and each layer's last frames, as the original code loops."""
    times, values = [], {name: [] for name in names}
    for end in range(hop, len(samples) + 1, hop):
        window = samples[max(0, end - context - hop) : end]
        if len(window) >= 400:
            outputs = model.forward(window[None], names)
            for name in names:
                values[name].append(np.asarray(outputs[name])[0, -1])
            times.append(end / RATE)
    return np.array(times), {name: np.array(values[name]) for name in names}


def refused(error, match, model, windowing=SLIDING, layers=("fine",), samples=None, **settings):
    samples = noise(2.5) if samples is None else samples
    with pytest.raises(error, match=match):
        extract_frames(model, stimulus_of(samples), layers, windowing, **settings)
