"""One shell for all the acoustic models: frames in, layers out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from heschl.cards import ModelCard
from heschl.contracts import Layer, Traits
from heschl.models import acoustic
from heschl.models.acoustic import transforms
from heschl.models.acoustic.transforms import FRAME, HOP, SAMPLE_RATE
from heschl.models.inputs import chosen_layers, require_waveforms

__all__ = ["AcousticModel", "envelope", "logmel", "mfcc", "spectrogram"]

NUMERICS = 1
"""Raised whenever an output changes for the same sound."""

BLOCK_FRAMES = 4096
"""How many frames are in flight at once: bounds the memory at some 40 MB."""

Transform = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class _Recipe:
    """How a layer is made: each frame by itself, then perhaps from neighbouring frames."""

    name: str
    width: int
    of_frames: Transform
    of_sequence: Transform | None = None
    n_neighbours: int = 0

    @property
    def span(self) -> int:
        """How many samples one output frame sees."""
        return FRAME + self.n_neighbours * HOP

    def layer(self) -> Layer:
        return Layer(
            name=self.name,
            width=self.width,
            rate_hz=SAMPLE_RATE / HOP,
            offset_s=self.span / 2 / SAMPLE_RATE,
            receptive_field_s=self.span / SAMPLE_RATE,
        )


class AcousticModel:
    """A fixed transform of short frames; keeps the `SpeechModel` contract.

    Each output frame depends on the samples of its receptive field alone, to
    the last bit, so any window that holds them gives the same numbers.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, card: ModelCard, *recipes: _Recipe) -> None:
        self.card = card
        self._recipes = {recipe.name: recipe for recipe in recipes}
        self.layers = tuple(recipe.layer() for recipe in recipes)
        self.traits = Traits(
            is_causal=True,
            is_local=True,
            is_padding_safe=True,
            minimum_samples=max(recipe.span for recipe in recipes),
        )

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        configuration = {
            "model": self.card.id,
            "numerics": NUMERICS,
            "sample_rate": SAMPLE_RATE,
            "frame": FRAME,
            "hop": HOP,
            "layers": [[layer.name, layer.width] for layer in self.layers],
        }
        return hashlib.sha256(json.dumps(configuration, sort_keys=True).encode()).hexdigest()

    def forward(self, waveforms: np.ndarray, taps: Sequence[str]) -> dict[str, np.ndarray]:
        """Return ``{layer: float32 (batch, time, unit)}`` for ``waveforms (batch, sample)``."""
        require_waveforms(self, waveforms)
        chosen = chosen_layers(self.card.id, self.layers, taps)
        outputs: dict[str, np.ndarray] = {}
        framewise: dict[Transform, np.ndarray] = {}
        for layer in chosen:
            recipe = self._recipes[layer.name]
            if recipe.of_frames not in framewise:
                framewise[recipe.of_frames] = _framewise(recipe.of_frames, waveforms)
            values = framewise[recipe.of_frames]
            if recipe.of_sequence is not None:
                values = np.stack([recipe.of_sequence(sequence) for sequence in values])
            outputs[layer.name] = values.astype(np.float32)
        return outputs


def _framewise(transform: Transform, waveforms: np.ndarray) -> np.ndarray:
    """Apply ``transform`` to every frame: (batch, sample) to float64 (batch, frame, unit)."""
    windows = np.lib.stride_tricks.sliding_window_view(waveforms, FRAME, axis=-1)[:, ::HOP]
    n_waveforms, n_frames, _ = windows.shape
    block = max(1, BLOCK_FRAMES // n_waveforms)
    parts = []
    for start in range(0, n_frames, block):
        frames = windows[:, start : start + block].astype(np.float64)
        parts.append(transform(frames.reshape(-1, FRAME)).reshape(*frames.shape[:2], -1))
    return np.concatenate(parts, axis=1)


def spectrogram() -> AcousticModel:
    """Return the log power spectrum, 201 bins.

    >>> spectrogram().layers[0].width
    201
    """
    recipe = _Recipe("spectrogram", transforms.N_BINS, transforms.log_spectrum)
    return AcousticModel(acoustic.SPECTROGRAM, recipe)


def logmel() -> AcousticModel:
    """Return the log-mel spectrum, 80 bands.

    >>> import numpy as np
    >>> logmel().forward(np.zeros((1, 16_000), np.float32), ["logmel"])["logmel"].shape
    (1, 98, 80)
    """
    return AcousticModel(acoustic.LOGMEL, _Recipe("logmel", transforms.N_MELS, transforms.log_mel))


def mfcc() -> AcousticModel:
    """Return the cepstrum: layer ``mfcc`` (13), and ``mfcc_deltas`` (39) with its slopes.

    Slopes look at neighbouring frames, so ``mfcc_deltas`` sees 105 ms and its
    frames are centred there.
    """
    width, n_neighbours = transforms.N_COEFFICIENTS, 4 * transforms.DELTA_REACH
    return AcousticModel(
        acoustic.MFCC,
        _Recipe("mfcc", width, transforms.mfcc),
        _Recipe("mfcc_deltas", 3 * width, transforms.mfcc, transforms.deltas, n_neighbours),
    )


def envelope() -> AcousticModel:
    """Return the broadband amplitude envelope, one unit."""
    return AcousticModel(acoustic.ENVELOPE, _Recipe("envelope", 1, transforms.envelope))
