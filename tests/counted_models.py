"""Models that note what they hear, in whatever process: ``file:…/counted_models.py:low``."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heschl.cards import ModelCard
from heschl.contracts import Layer, Traits


@dataclass
class Counted:
    """Loudness of every 10 ms, to a power."""

    power: float
    card: ModelCard
    sample_rate: int = 16_000
    traits: Traits = Traits(minimum_samples=400, is_causal=True)  # noqa: RUF009  frozen
    layers: tuple[Layer, ...] = (Layer("loudness", 2, rate_hz=100.0, offset_s=0.005),)

    @property
    def digest(self):
        return f"counted-{self.power}"

    def forward(self, waveforms, taps):
        heard = hashlib.sha256(np.ascontiguousarray(waveforms).tobytes()).hexdigest()
        with open(os.environ["HEARD"], "a") as notes:  # noqa: PTH123  one short line at once
            notes.write(f"{self.power} {heard}\n")
        n_frames = waveforms.shape[1] // 160
        frames = np.abs(waveforms[:, : n_frames * 160].reshape(len(waveforms), n_frames, 160))
        found = np.stack([frames.mean(2), frames.max(2)], axis=2) ** self.power
        return {tap: found.astype(np.float32) for tap in taps}


def _counted(name, power):
    return Counted(power, ModelCard(f"counted-{name}", load="none:none", summary="Counts"))


class Moody(Counted):
    """Fails once, where there is a file that says so."""

    def forward(self, waveforms, taps):
        mood = Path(os.environ["MOOD"])
        if mood.exists():
            mood.unlink()
            raise ValueError("not today")
        return super().forward(waveforms, taps)


low, middle, high = (_counted(*each) for each in (("low", 0.5), ("middle", 1.0), ("high", 2.0)))
moody = Moody(1.0, ModelCard("counted-moody", load="none:none", summary="Fails once"))
