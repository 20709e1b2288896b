"""The oracle that hears nothing: what can be had without listening, by whoever trains it."""

from __future__ import annotations

import torch

from heschl.models import phantom_oracles
from heschl.models.torch_module import TorchModel

__all__ = ["silence"]

_FIELD, _STRIDE, _WIDTH = 400, 320, 4


class _Deaf(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.frame = torch.nn.Parameter(torch.zeros(_WIDTH))

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return the same frame (batch, time, unit) at all times."""
        n_frames = (waveforms.shape[1] - _FIELD) // _STRIDE + 1
        return self.frame.expand(len(waveforms), n_frames, _WIDTH)


def silence() -> TorchModel:
    """Return a model of one layer, ``silence``, which is zero until it learns to be another."""
    return TorchModel(
        phantom_oracles.PHANTOM_SILENCE,
        _Deaf(),
        sample_rate=16_000,
        taps={"silence": ""},
        stride=_STRIDE,
        receptive_field=_FIELD,
        n_threads=1,
    )
