"""A speech model under test: how it is called, and the sounds that it is tried with."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from heschl.phantom.corpus import utterances
from heschl.testing.check import require
from heschl.testing.models import ModelUnderTest
from heschl.windowing import FrameClock

__all__ = ["SpeechModelUnderTest"]


class SpeechModelUnderTest(ModelUnderTest):
    """A model that hears, and the sounds that it is tried with."""

    @property
    def rate(self) -> int:
        """The sample rate that it wants."""
        return int(self.model.sample_rate)

    @functools.cached_property
    def clocks(self) -> Mapping[str, FrameClock]:
        """Where each layer's frames lie; raises if a layer declares what no layer can."""
        return {name: FrameClock.of(layer, self.rate) for name, layer in self.layers.items()}

    @property
    def most_samples(self) -> float:
        """The longest input that it takes."""
        limits = [self.model.traits.maximum_s, self.model.traits.fixed_s]
        return min((limit * self.rate for limit in limits if limit is not None), default=math.inf)

    @functools.cached_property
    def n_samples(self) -> int:
        """A length that holds a second of sound beside the shortest input and widest field."""
        fields_s = [layer.receptive_field_s or 0.0 for layer in self.layers.values()]
        widest_s = max(each for each in [0.0, *fields_s] if math.isfinite(each))
        wanted = self.model.traits.minimum_samples + math.ceil((2 * widest_s + 1) * self.rate)
        return int(min(wanted, self.most_samples))

    def noise(
        self, seed: int = 0, amplitude: float = 0.1, n_samples: int | None = None
    ) -> np.ndarray:
        """Return one waveform (1, sample) of white noise."""
        n_samples = self.n_samples if n_samples is None else n_samples
        drawn = np.random.default_rng(seed).standard_normal((1, n_samples))
        return (amplitude * drawn).astype(np.float32)

    def speech(self) -> np.ndarray:
        """Return one waveform (1, sample) of speech."""
        spoken = utterances("en")[0].sound.waveform(self.rate)
        return np.resize(spoken, (1, self.n_samples))

    def heard(
        self, waveforms: np.ndarray, taps: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Return the layers as NumPy arrays (batch, time, unit), their shape checked but for width.

        The model gets a copy, whatever it does to it.
        """
        names = list(self.layers) if taps is None else list(taps)
        outputs = self.model.forward(waveforms.copy(), names)
        require(
            isinstance(outputs, Mapping) and set(names) <= set(outputs),
            f"forward of {self.thing.card.id!r}, asked for {names}, returned "
            f"{list(outputs) if isinstance(outputs, Mapping) else type(outputs).__name__}; "
            "expected a mapping with every layer that was asked for",
        )
        arrays = {name: as_numpy(outputs[name]) for name in names}
        for name, values in arrays.items():
            require(
                values.ndim == 3 and len(values) == len(waveforms),  # noqa: PLR2004
                f"{self.culprit(name)} has shape {values.shape} for {len(waveforms)} waveforms; "
                "expected (batch, time, unit)",
            )
        return arrays


def as_numpy(values: Any) -> np.ndarray:  # an array of whatever library
    """Return an array of NumPy or torch as one of NumPy."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values
        values = values.numpy()
    return np.asarray(values)
