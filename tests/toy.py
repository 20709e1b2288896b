"""A toy experiment in memory: two sounds to train on, one heard four times, three listeners."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from heschl.cards import BenchmarkCard, DatasetCard, ModelCard
from heschl.ceilings import CorrelationCeiling
from heschl.contracts import Layer, Traits
from heschl.encoding import EncodingBenchmark
from heschl.metrics.ridge import Bootstrap, Ridge
from heschl.recording import Recording
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.splits import HeldOutStimuli
from heschl.temporal import Lanczos
from heschl.windowing import SlidingWindows

RATE = 4000
N_UNITS = 12
DURATIONS_S = {"one": 100, "two": 90, "test": 80}


MODEL_CARD = ModelCard("toy-loudness", load="none:none", summary="A toy")
DATASET_CARD = DatasetCard("toy", load="none:none", summary="A toy")
MODEL_TRAITS = Traits(minimum_samples=400, is_causal=True)


@dataclass
class Loudness:
    """Two layers: loudness in the last 100 ms, and its square root."""

    scale: float = 1.0
    n_calls: int = 0
    fails_at: int | None = None
    card: ModelCard = MODEL_CARD
    sample_rate: int = RATE
    traits: Traits = MODEL_TRAITS
    layers: tuple[Layer, ...] = (
        Layer("low", 2, rate_hz=10.0, offset_s=0.05),
        Layer("high", 1, rate_hz=10.0, offset_s=0.05),
    )

    @property
    def digest(self):
        return f"toy-{self.scale}"

    def forward(self, waveforms, taps):
        self.n_calls += 1
        if self.n_calls == self.fails_at:
            raise ValueError("the toy broke")
        n_frames = waveforms.shape[1] // 400
        frames = waveforms[:, : n_frames * 400].reshape(len(waveforms), n_frames, 400)
        low = np.stack([np.abs(frames).mean(2), frames.std(2)], axis=2) * self.scale
        outputs = {"low": low, "high": np.sqrt(low[..., :1])}
        return {tap: outputs[tap].astype(np.float32) for tap in taps}


def _sound(name):
    generator = np.random.default_rng(len(name) + sum(map(ord, name)))
    # Slow enough for the clock's low-pass to let it through.
    loudness = np.repeat(generator.uniform(0.05, 1.0, DURATIONS_S[name] // 5), 5 * RATE)
    return Sound.from_samples(
        (loudness * generator.standard_normal(len(loudness)) * 0.2).astype(np.float32), RATE
    )


@dataclass
class ToyDataset:
    """Responses follow loudness two rows later."""

    noise: float = 0.5
    hurt: str | None = None
    n_listeners: int = 3
    is_phantom: bool = True
    card: DatasetCard = DATASET_CARD
    _stimuli: StimulusSet = field(
        default_factory=lambda: StimulusSet(
            Stimulus(name, _sound(name), None) for name in DURATIONS_S
        )
    )

    def stimuli(self):
        return self._stimuli

    def subjects(self):
        return tuple(f"S{n}" for n in range(1, self.n_listeners + 1))

    def stimuli_of(self, subject):
        return tuple(DURATIONS_S)

    def clock(self, stimulus):
        return np.arange(1.0, DURATIONS_S[stimulus], 2.0)

    def recording(self, subject, stimuli=None):
        if subject == self.hurt:
            raise OSError("the disk of this listener is gone")
        responses, repeats = {}, {}
        for name in stimuli or DURATIONS_S:
            clock = self.clock(name)
            waveform = self._stimuli[name].sound.waveform(RATE)
            loudness = np.abs(waveform.reshape(-1, 2 * RATE)).mean(1)[: len(clock)]
            signal = np.concatenate([np.zeros(2), loudness[:-2]])
            signal = (signal - signal.mean()) / signal.std()
            generator = np.random.default_rng([sum(map(ord, subject)), len(name)])
            shape = (4, len(clock), N_UNITS)
            single = signal[None, :, None] + self.noise * generator.standard_normal(shape)
            single[..., N_UNITS // 2 : -1] -= signal[None, :, None]  # noise alone
            single[..., -1] = np.nan
            coords = {"time": clock, "unit": np.arange(N_UNITS)}
            responses[name] = xr.DataArray(single.mean(0), dims=("time", "unit"), coords=coords)
            if name == "test":
                repeats[name] = xr.DataArray(single, dims=("repeat", "time", "unit"), coords=coords)
        return Recording(subject, responses, repeats)

    def rois(self, subject):
        member = np.array([[True] * N_UNITS, np.arange(N_UNITS) < N_UNITS // 2])
        return xr.DataArray(
            member, dims=("roi", "unit"), coords={"roi": ["all", "A1"], "unit": np.arange(N_UNITS)}
        )

    def fingerprint(self, subject, stimuli):
        return hashlib.sha256(f"{subject}{stimuli}{self.noise}".encode()).hexdigest()


def toy_benchmark(**changes):
    settings = {
        "card": BenchmarkCard(
            "toy-ridge", load="none:none", summary="A toy", dataset="toy", protocol="toy.protocol"
        ),
        "windowing": SlidingWindows(context_s=0.4, hop_s=0.1),
        "resampler": Lanczos(lobes=3),
        "delays": (1, 2),
        "splitter": HeldOutStimuli(test=("test",)),
        "skipped_rows": {"test": 3},
        "metric": Ridge(Bootstrap(n_draws=2, chunk=5, fraction=0.25, alphas=(1.0, 100.0))),
        "ceiling": CorrelationCeiling(minimum=0.4),
        "rois": ("A1", "all"),
    }
    return EncodingBenchmark(**(settings | changes))
