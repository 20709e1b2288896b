"""What `TorchModel` is given, refused or completed before any pass."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Collection
from typing import Any

import torch

from heschl.contracts import Traits
from heschl.errors import InvalidInput
from heschl.models.torch_module.frame_grid import FrameGrid

__all__ = ["Call", "check_given", "completed"]

Call = Callable[[torch.nn.Module, torch.Tensor], Any]


def check_given(name: str, module: torch.nn.Module, sample_rate: int, call: Call | None) -> None:
    """Refuse what is no module, no rate or no plain function."""
    if not isinstance(module, torch.nn.Module):
        raise InvalidInput(
            f"{name!r} was given a {type(module).__name__} as its module; "
            "expected a torch.nn.Module, made and with its weights loaded"
        )
    if not isinstance(sample_rate, int) or isinstance(sample_rate, bool) or sample_rate < 1:
        raise InvalidInput(
            f"{name!r} has sample_rate={sample_rate!r}; expected a whole number of Hz, "
            "such as 16000"
        )
    # The digest covers a function's code, but nothing that an object carries beside it.
    if call is not None and not inspect.isfunction(call):
        raise InvalidInput(
            f"{name!r} was given a {type(call).__name__} as call; expected a plain function "
            "call(module, waveforms)"
        )


def completed(name: str, traits: Traits, grids: Collection[FrameGrid]) -> Traits:
    """Return the traits with what follows from the frame grids."""
    if traits.fixed_s is not None and any(grid.count is None for grid in grids):
        raise InvalidInput(
            f"{name!r} has fixed_s={traits.fixed_s}, which TorchModel cannot pad to; let the "
            "module pad, cut its output to the frames that touch sound, and give their n_frames"
        )
    if traits.is_local and any(sum(grid.padding) for grid in grids):
        raise InvalidInput(
            f"{name!r} has is_local=True and padding, but frames at the edges depend on where the "
            "padding is; leave out is_local"
        )
    shortest = max(grid.minimum_samples for grid in grids)
    return dataclasses.replace(
        traits,
        is_causal=traits.is_causal or traits.is_local,
        minimum_samples=max(traits.minimum_samples, shortest),
    )
