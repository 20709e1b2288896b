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
from heschl.models.acoustic import mel, modulations, powspec, transforms
from heschl.models.inputs import chosen_layers, require_waveforms

__all__ = [
    "AcousticModel",
    "envelope",
    "fbank_40",
    "logmel",
    "mel_128",
    "mfcc",
    "modulation",
    "onset",
    "powspec_8k",
    "powspec_448",
    "spectrogram",
]

NUMERICS = 1
"""Raised whenever an output changes for the same sound."""

BLOCK_SAMPLES = 2**20
"""How many samples of frames are in flight at once: bounds the memory at some 50 MB."""

Transform = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Framing:
    """The sound's rate in Hz, and the samples in a frame and from one frame to the next."""

    sample_rate: int
    frame: int
    hop: int


SHORT = Framing(transforms.SAMPLE_RATE, transforms.FRAME, transforms.HOP)
MEL = Framing(transforms.SAMPLE_RATE, mel.LONG_FRAME, mel.LONG_HOP)
LONG = Framing(powspec.SAMPLE_RATE, powspec.FRAME, powspec.HOP)


@dataclass(frozen=True)
class _Recipe:
    """How a layer is made: each frame by itself, then perhaps from neighbouring frames."""

    name: str
    width: int
    of_frames: Transform
    of_sequence: Transform | None = None
    n_neighbours: int = 0

    def span(self, framing: Framing) -> int:
        """Return how many samples one output frame sees."""
        return framing.frame + self.n_neighbours * framing.hop

    def layer(self, framing: Framing) -> Layer:
        span_s = self.span(framing) / framing.sample_rate
        return Layer(
            name=self.name,
            width=self.width,
            rate_hz=framing.sample_rate / framing.hop,
            offset_s=span_s / 2,
            receptive_field_s=span_s,
        )


class AcousticModel:
    """A fixed transform of short frames; keeps the `SpeechModel` contract.

    Each output frame depends on the samples of its receptive field alone, to
    the last bit, so any window that holds them gives the same numbers, and of a
    long one no more is computed than what is asked for.
    """

    def __init__(self, card: ModelCard, *recipes: _Recipe, framing: Framing = SHORT) -> None:
        self.card = card
        self.sample_rate = framing.sample_rate
        self._framing = framing
        self._recipes = {recipe.name: recipe for recipe in recipes}
        self.layers = tuple(recipe.layer(framing) for recipe in recipes)
        self.traits = Traits(
            is_causal=True,
            is_local=True,
            is_padding_safe=True,
            minimum_samples=max(recipe.span(framing) for recipe in recipes),
        )

    @property
    def digest(self) -> str:
        """A text that changes whenever the outputs would."""
        configuration = {
            "model": self.card.id,
            "numerics": NUMERICS,
            "sample_rate": self._framing.sample_rate,
            "frame": self._framing.frame,
            "hop": self._framing.hop,
            "layers": [[layer.name, layer.width] for layer in self.layers],
        }
        return hashlib.sha256(json.dumps(configuration, sort_keys=True).encode()).hexdigest()

    def with_precision(self, _precision: str) -> AcousticModel:
        """Return the model: it has no network whose products a protocol could round."""
        return self

    def forward(self, waveforms: np.ndarray, taps: Sequence[str]) -> dict[str, np.ndarray]:
        """Return ``{layer: float32 (batch, time, unit)}`` for ``waveforms (batch, sample)``."""
        require_waveforms(self, waveforms)
        chosen = chosen_layers(self.card.id, self.layers, taps)
        outputs: dict[str, np.ndarray] = {}
        framewise: dict[Transform, np.ndarray] = {}
        for layer in chosen:
            recipe = self._recipes[layer.name]
            if recipe.of_frames not in framewise:
                framewise[recipe.of_frames] = _framewise(recipe.of_frames, waveforms, self._framing)
            values = framewise[recipe.of_frames]
            if recipe.of_sequence is not None:
                values = np.stack([recipe.of_sequence(sequence) for sequence in values])
            outputs[layer.name] = values.astype(np.float32)
        return outputs


def _framewise(transform: Transform, waveforms: np.ndarray, framing: Framing) -> np.ndarray:
    """Apply ``transform`` to every frame: (batch, sample) to float64 (batch, frame, unit)."""
    windows = np.lib.stride_tricks.sliding_window_view(waveforms, framing.frame, axis=-1)
    windows = windows[:, :: framing.hop]
    n_waveforms, n_frames, _ = windows.shape
    block = max(1, BLOCK_SAMPLES // (framing.frame * n_waveforms))
    parts = []
    for start in range(0, n_frames, block):
        frames = windows[:, start : start + block].astype(np.float64)
        parts.append(transform(frames.reshape(-1, framing.frame)).reshape(*frames.shape[:2], -1))
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


def mel_128() -> AcousticModel:
    """Return librosa's mel spectrum in logarithms: 128 bands, 128 ms every 32 ms, no padding.

    >>> mel_128().layers[0].rate_hz
    31.25
    """
    recipe = _Recipe("mel", mel.N_LONG, mel.log_mel_long)
    return AcousticModel(acoustic.MEL_128, recipe, framing=MEL)


def fbank_40() -> AcousticModel:
    """Return the log-mel spectrum in 40 bands, one layer."""
    return AcousticModel(acoustic.FBANK_40, _Recipe("fbank", mel.N_BANK, mel.log_bank))


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


def onset() -> AcousticModel:
    """Return where sound sets in: how much log-mel power rises from one frame to the next.

    Layer ``onset_bands`` (80) holds each band's rise, ``onset`` (1) their mean;
    they see 35 ms. Benchmarks that ask ten times a second would miss nine of
    ten rises, so ``onset_bands_100ms`` and ``onset_100ms`` hold their sums over
    the ten frames before. What is 83 dB or more below a full-scale tone counts
    as silence.
    """
    audible, n_mels, n_summed = transforms.audible_log_mel, transforms.N_MELS, transforms.N_SUMMED
    return AcousticModel(
        acoustic.ONSET,
        _Recipe("onset_bands", n_mels, audible, transforms.rises, n_neighbours=1),
        _Recipe("onset", 1, audible, transforms.mean_rise, n_neighbours=1),
        _Recipe("onset_bands_100ms", n_mels, audible, transforms.summed_rises, n_summed),
        _Recipe("onset_100ms", 1, audible, transforms.summed_mean_rise, n_summed),
    )


def modulation() -> AcousticModel:
    """Return the modulations of the spectrum, 45 columns: `modulations.COLUMNS`.

    The slowest takes a second of sound, so all frames are centred in one.
    """
    recipe = _Recipe(
        "modulation",
        len(modulations.COLUMNS),
        modulations.log_bands,
        modulations.modulation_spectrum,
        n_neighbours=2 * modulations.REACH,
    )
    return AcousticModel(acoustic.MODULATION, recipe)


def powspec_448() -> AcousticModel:
    """Return the log power in 448 bands of 33.5 Hz up to 15 kHz.

    Sound that was recorded below 30.1 kHz holds nothing above half its rate:
    those bands stay at the floor, -10, and say nothing. Use `powspec_8k` for it.

    >>> powspec_448().sample_rate
    33500
    """
    recipe = _Recipe("powspec", powspec.N_BANDS, powspec.log_band_power)
    return AcousticModel(acoustic.POWSPEC_448, recipe, framing=LONG)


def powspec_8k() -> AcousticModel:
    """Return the first 238 of these bands, which lie below 8 kHz.

    Sound that was recorded at 16 kHz fades in the last 20 of them, from 7.3 kHz
    on, where the resampler's filter falls off.
    """
    recipe = _Recipe("powspec", powspec.N_BANDS_8K, powspec.log_band_power_8k)
    return AcousticModel(acoustic.POWSPEC_8K, recipe, framing=LONG)
