"""What one pass runs in: its threads, the precision of its products, where its samples lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from heschl.models.inputs import shared_stretch

__all__ = ["products_in", "tensor_of", "threads"]


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


@contextmanager
def threads(n_threads: int | None) -> Iterator[None]:
    """Use so many processor threads, and as many as before afterwards."""
    before = torch.get_num_threads()
    if n_threads is None or n_threads == before:
        yield
        return
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
