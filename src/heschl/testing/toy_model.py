"""The smallest model that hears: what benchmarks are tried with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heschl.cards import UNTRAINED, ModelCard
from heschl.contracts import Layer, Traits
from heschl.errors import InvalidInput, UnknownName

__all__ = ["Loudness"]

_FRAME = 320


class Loudness:
    """Root mean square and peak of every 20 ms; keeps the `SpeechModel` contract.

    >>> Loudness().forward(np.ones((1, 640), np.float32), ["level"])["level"].tolist()
    [[[1.0, 1.0], [1.0, 1.0]]]
    """

    card = ModelCard(
        "testing-loudness",
        load="heschl.testing.toy_model:Loudness",
        summary="Root mean square and peak of every 20 ms",
        licence="BSD-3-Clause",
        parameters=0,
        training=UNTRAINED,
    )
    digest = "heschl.testing.toy_model.Loudness-1"
    sample_rate = 16_000
    layers = (
        Layer(
            "level",
            width=2,
            rate_hz=sample_rate / _FRAME,
            offset_s=_FRAME / 2 / sample_rate,
            receptive_field_s=_FRAME / sample_rate,
        ),
    )
    traits = Traits(is_causal=True, is_local=True, is_padding_safe=True, minimum_samples=_FRAME)

    def forward(self, waveforms: np.ndarray, taps: Sequence[str]) -> dict[str, np.ndarray]:
        """Return ``{"level": float32 (batch, time, 2)}`` for ``waveforms (batch, sample)``."""
        is_sound = waveforms.ndim == 2 and waveforms.dtype == np.float32  # noqa: PLR2004
        if not is_sound or waveforms.shape[1] < _FRAME or not np.isfinite(waveforms).all():
            raise InvalidInput(
                f"{self.card.id!r} was given {waveforms.dtype} waveforms of shape "
                f"{waveforms.shape}; expected finite float32 (batch, sample), {_FRAME} at least"
            )
        if unknown := set(taps) - {"level"}:
            raise UnknownName(f"{self.card.id!r} has no layer {unknown}; known: 'level'")
        n_frames = waveforms.shape[1] // _FRAME
        frames = np.abs(waveforms[:, : n_frames * _FRAME]).reshape(len(waveforms), n_frames, -1)
        level = np.stack([np.sqrt((frames**2).mean(axis=2)), frames.max(axis=2)], axis=2)
        return dict.fromkeys(taps, level)
