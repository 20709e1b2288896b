"""Batches: how many windows go through a model at once, on what it has of memory.

The size changes no result beyond the rounding of the model's own products, so
it is in no key. What memory did not bear once is not tried again.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from heschl.contracts import SpeechModel
from heschl.errors import InvalidInput
from heschl.windowing import Window

__all__ = ["BatchSize", "first_batch_size", "is_out_of_memory", "shrunk", "window_rows"]

BatchSize = int | Literal["auto"]

MOST_WINDOWS = 64
OUTPUT_BYTES = 32 << 20
"""What the outputs of all layers may take on a processor, whose caches hold no more."""

SHARE_OF_FREE = 0.6
INNER_BYTES = 8
"""The bytes that a pass on an accelerator takes at its peak for one byte of all layers' outputs:
wav2vec 2.0 in the base size takes 16.3 MB for each second of sound and gives 2.1 MB."""

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "ALLOC_FAILED")
"""How torch and the libraries below it put it where they raise a plain RuntimeError."""

_borne: dict[tuple[str, str, int], int] = {}
"""The batch sizes that were left when memory was out, by model, device and samples of a window."""


def first_batch_size(model: SpeechModel, n_samples: int, asked: BatchSize) -> int:
    """Return how many windows of ``n_samples`` to give to the model at once."""
    size = asked
    if size == "auto":
        units_per_s = sum(layer.width * (layer.rate_hz or 0.0) for layer in model.layers)
        n_bytes = 4 * n_samples * (1 + units_per_s / model.sample_rate)
        size = int(min(max(1, _output_bytes(model) // n_bytes), MOST_WINDOWS))
    elif isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise InvalidInput(f"batch_size={size!r}; expected 'auto' or at least 1")
    return min(size, _borne.get(_place(model, n_samples), size))


def shrunk(model: SpeechModel, n_samples: int, n_windows: int) -> int:
    """Return the batch size to try after ``n_windows`` were too many, and remember it."""
    size = n_windows // 2
    _borne[_place(model, n_samples)] = size
    return size


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether a pass failed for want of memory, in whatever words."""
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__:
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in _OUT_OF_MEMORY)


def window_rows(samples: np.ndarray, windows: list[Window]) -> np.ndarray:
    """Return windows as float32 rows (window, sample) of ``samples``, which begin with the first.

    Windows of one length at an even pace are a view, where neighbours share
    their samples; others are copied, the shorter ones padded with zeros.
    """
    first, lengths = windows[0].start, {window.n_samples for window in windows}
    starts = np.array([window.start - first for window in windows])
    if len(lengths) == 1:
        every = np.lib.stride_tricks.sliding_window_view(samples, lengths.pop())
        steps = np.unique(np.diff(starts))
        if len(steps) <= 1:
            return np.asarray(every[:: int(steps[0]) if len(steps) else 1][: len(windows)])
        return np.asarray(every[starts])
    rows = np.zeros((len(windows), max(lengths)), dtype=np.float32)
    for row, window, start in zip(rows, windows, starts, strict=True):
        row[: window.n_samples] = samples[start : start + window.n_samples]
    return rows


def _place(model: SpeechModel, n_samples: int) -> tuple[str, str, int]:
    return model.card.id, str(getattr(model, "device", "")), n_samples


def _output_bytes(model: Any) -> float:  # what a model offers beside its contract
    """Return what the outputs of all layers may take."""
    device = getattr(model, "device", None)
    if getattr(device, "type", None) != "cuda":
        return OUTPUT_BYTES
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return SHARE_OF_FREE * free / INNER_BYTES
