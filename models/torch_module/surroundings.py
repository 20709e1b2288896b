"""What one pass runs in: the precision of its products, and where its samples lie."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch

from heschl.models.inputs import shared_stretch

__all__ = ["products_in", "tensor_of"]


def products_in(precision: torch.dtype | None, device: torch.device) -> AbstractContextManager[Any]:
    """Cast automatically if asked to, and not at all otherwise, whatever the caller does."""
    if precision is None and device.type not in ("cpu", "cuda"):
        return nullcontext()  # torch refuses to switch off what it does not have there
    return torch.autocast(device.type, dtype=precision, enabled=precision is not None)


def tensor_of(waveforms: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return a copy on the device, to which the samples that rows share travel once."""
    stretch, step = shared_stretch(waveforms)
    if stretch is None:
        return torch.tensor(waveforms, device=device)
    return torch.tensor(stretch, device=device).unfold(0, waveforms.shape[1], step).contiguous()
