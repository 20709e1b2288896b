"""How a checkpoint hears: from waveforms to the input of its encoder, as its own files say.

Each module does what the feature extractor of transformers does to one window, in torch and on
the device of the encoder, with float64 where NumPy sums in float32. What a checkpoint leaves to
its extractor's defaults is left to the same ones here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from heschl.errors import InvalidInput
from heschl.models.huggingface.mel import FRAME, HOP, KaldiSpectrum, finest, slaney_filters
from heschl.models.huggingface.table import Family

__all__ = ["Hearing", "PaddedSpectrum", "Spectrum30", "StackedSpectrum", "Waveform", "hearing"]

VARIANCE_FLOOR = 1e-7
WHISPER_FLOOR = 1e-10
WHISPER_RANGE = 8.0
"""In powers of ten, below the loudest point of a window."""


class Hearing(torch.nn.Module):
    """From waveforms (batch, sample) to what an encoder is called with."""

    def __init__(self, sample_rate: int, **settings: Any) -> None:  # plain values
        super().__init__()
        self.sample_rate = sample_rate
        self.settings: Mapping[str, Any] = {
            "kind": type(self).__name__,
            "sample_rate": sample_rate,
            **settings,
        }
        """Everything that its output depends on, for the digest."""


class Waveform(Hearing):
    """The waveform itself, standardised over the window if the checkpoint says so."""

    def __init__(self, sample_rate: int, *, is_standardised: bool) -> None:
        super().__init__(sample_rate, is_standardised=is_standardised, floor=VARIANCE_FLOOR)
        self.is_standardised = is_standardised

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return (batch, sample)."""
        if not self.is_standardised:
            return waveforms
        exact = waveforms.to(finest(waveforms.device))
        centred = exact - exact.mean(dim=1, keepdim=True)
        variance = centred.square().mean(dim=1, keepdim=True)
        return (centred / (variance + VARIANCE_FLOOR).sqrt()).float()


class OneChannel(Hearing):
    """The waveform as it is, in one channel."""

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return (batch, channel, sample)."""
        return waveforms[:, None]


class Spectrum30(Hearing):
    """Whisper's log-mel spectrum of a sound that zeros lengthen to 30 s, or to ``length_s``."""

    window: torch.Tensor
    filters: torch.Tensor

    def __init__(
        self, sample_rate: int, *, n_mels: int, n_fft: int, hop: int, length_s: int, padding: float
    ) -> None:
        super().__init__(
            sample_rate, n_mels=n_mels, n_fft=n_fft, hop=hop, length_s=length_s, padding=padding
        )
        self.n_mels, self.n_fft, self.hop, self.padding = n_mels, n_fft, hop, padding
        self.n_samples = length_s * sample_rate
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        filters = torch.from_numpy(slaney_filters(n_mels, n_fft, sample_rate, 8000.0)).float()
        self.register_buffer("filters", filters.T.contiguous(), persistent=False)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return (batch, band, frame)."""
        missing = self.n_samples - waveforms.shape[1]
        whole = torch.nn.functional.pad(waveforms, (0, missing), value=self.padding)
        spectra = torch.stft(whole, self.n_fft, self.hop, window=self.window, return_complex=True)
        power = spectra[..., :-1].abs().square().contiguous()
        logarithms = (self.filters @ power).clamp(min=WHISPER_FLOOR).log10()
        loudest = logarithms.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(logarithms, loudest - WHISPER_RANGE) + 4.0) / 4.0


class PaddedSpectrum(Hearing):
    """AST's log-mel spectrum, lengthened by zeros and then brought to a common scale."""

    def __init__(
        self, sample_rate: int, *, n_mels: int, n_frames: int, mean: float, deviation: float | None
    ) -> None:
        super().__init__(
            sample_rate, n_mels=n_mels, n_frames=n_frames, mean=mean, deviation=deviation
        )
        self.n_mels, self.n_frames = n_mels, n_frames
        self.mean, self.deviation = mean, deviation
        self.spectrum = KaldiSpectrum(n_mels, sample_rate, power=1.0, scale=1.0)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return (batch, frame, band)."""
        spectra: torch.Tensor = self.spectrum(waveforms)[:, : self.n_frames]
        missing = self.n_frames - spectra.shape[1]
        spectra = torch.nn.functional.pad(spectra, (0, 0, 0, missing))
        if self.deviation is not None:
            spectra = (spectra - self.mean) / (2 * self.deviation)
        return spectra.float()


class StackedSpectrum(Hearing):
    """Kaldi's log-mel spectrum, each band standardised over the window, in pairs of frames.

    A last frame without a partner counts for the standardisation alone: the extractor would mask
    it.
    """

    def __init__(self, sample_rate: int, *, n_mels: int, group: int) -> None:
        super().__init__(sample_rate, n_mels=n_mels, group=group, floor=VARIANCE_FLOOR)
        self.n_mels, self.group = n_mels, group
        self.spectrum = KaldiSpectrum(n_mels, sample_rate, power=0.85, scale=2.0**15)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return (batch, group of frames, band of each)."""
        spectra: torch.Tensor = self.spectrum(waveforms)
        variance = spectra.var(dim=1, keepdim=True)
        spectra = (spectra - spectra.mean(dim=1, keepdim=True)) / (variance + VARIANCE_FLOOR).sqrt()
        n_groups = spectra.shape[1] // self.group
        whole = spectra[:, : n_groups * self.group]
        return whole.reshape(len(whole), n_groups, -1).float()


def hearing(family: Family, said: Mapping[str, Any], whose: str) -> Hearing:
    """Return what prepares waveforms for a family.

    Parameters
    ----------
    family
        The architecture.
    said
        The content of ``preprocessor_config.json``.
    whose
        The checkpoint, for messages.
    """
    extractor = said.get("feature_extractor_type", family.extractor)
    if extractor != family.extractor:
        raise InvalidInput(
            f"{whose} is prepared by a {extractor}; {family.title} takes what a "
            f"{family.extractor} gives: correct its preprocessor_config.json"
        )
    settings = _Settings(said, whose)
    rate = settings.whole("sampling_rate", 24_000 if family.model_type == "encodec" else 16_000)
    if family.model_type == "whisper":
        if settings.number("dither", 0.0) != 0.0:
            raise InvalidInput(f"{whose} adds random noise (dither); set it to 0 for one result")
        return Spectrum30(
            rate,
            n_mels=settings.whole("feature_size", 80),
            n_fft=settings.whole("n_fft", FRAME),
            hop=settings.whole("hop_length", HOP),
            length_s=settings.whole("chunk_length", 30),
            padding=settings.number("padding_value", 0.0),
        )
    if family.model_type in ("audio-spectrogram-transformer", "wav2vec2-bert"):
        if rate != 16_000:  # noqa: PLR2004  frames are counted in samples
            raise InvalidInput(
                f"{whose} hears {rate} Hz; {family.title} is placed at 16000 Hz alone"
            )
        if family.model_type == "wav2vec2-bert":
            return StackedSpectrum(
                rate,
                n_mels=settings.whole("num_mel_bins", 80),
                group=settings.whole("stride", 2),
            )
        is_scaled = settings.truth("do_normalize", default=True)
        return PaddedSpectrum(
            rate,
            n_mels=settings.whole("num_mel_bins", 128),
            n_frames=settings.whole("max_length", 1024),
            mean=settings.number("mean", -4.2677393),
            deviation=settings.number("std", 4.5689974) if is_scaled else None,
        )
    if settings.whole("feature_size", 1) != 1:
        raise InvalidInput(
            f"{whose} hears {said['feature_size']} channels; only encoders of one channel are "
            "placed: choose a checkpoint for mono sound"
        )
    if family.model_type == "encodec":
        return OneChannel(rate)
    return Waveform(rate, is_standardised=settings.truth("do_normalize", default=True))


class _Settings:
    """Values of a JSON file, of the kind that they must be of."""

    def __init__(self, said: Mapping[str, Any], whose: str) -> None:
        self._said, self._whose = said, whose

    def whole(self, name: str, default: int) -> int:
        value = self._said.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self._refusal(name, "a whole number above 0")
        return value

    def number(self, name: str, default: float) -> float:
        value = self._said.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._refusal(name, "a number")
        return float(value)

    def truth(self, name: str, *, default: bool) -> bool:
        value = self._said.get(name, default)
        if not isinstance(value, bool):
            raise self._refusal(name, "true or false")
        return value

    def _refusal(self, name: str, expected: str) -> InvalidInput:
        return InvalidInput(
            f"the preprocessor_config.json of {self._whose} says {name}={self._said[name]!r}; "
            f"expected {expected}"
        )
