"""One encoder behind its own way of hearing, each of its layers behind a tap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch

from heschl.models.huggingface.clock import Clock
from heschl.models.huggingface.hearing import Hearing

__all__ = ["Described", "Network", "Place"]


_UNHEARD = {"layerdrop": 0.0, "apply_spec_augment": False}
"""What transformers does in training alone, and draws from NumPy's state."""


def _as_it_is(states: torch.Tensor) -> torch.Tensor:
    return states


@dataclass(frozen=True)
class Place:
    """Where a layer is heard in the network, and where its frames lie on the samples.

    Positions in a library's tuples of hidden states change with its version; what goes into a
    submodule and what comes out of it does not.
    """

    module: torch.nn.Module
    clock: Clock
    side: Literal["input", "output"] = "output"
    read: Callable[[torch.Tensor], torch.Tensor] = _as_it_is
    """From what is heard there to (batch, time, unit)."""
    n_frames: Callable[[int], int] | None = None
    """From samples to frames, where it is another number than the clock says; frames beyond are
    those of a sound that was lengthened, and cut off."""


@dataclass(frozen=True)
class Described:
    """What a family knows of its network."""

    encoder: torch.nn.Module
    hearing: Hearing
    layers: Mapping[str, Place]
    """From the sound's side up."""
    fixed_s: float | None = None


class Network(torch.nn.Module):
    """Takes waveforms (batch, sample), and shows each layer at a tap, (batch, time, unit)."""

    def __init__(self, described: Described) -> None:
        super().__init__()
        self.encoder = described.encoder
        self.hearing = described.hearing
        self.taps = torch.nn.ModuleList(torch.nn.Identity() for _ in described.layers)
        self._places = tuple(described.layers.values())

    def forward(self, waveforms: torch.Tensor) -> None:
        """Run the encoder; the layers are heard at the taps."""
        with self._shown(waveforms.shape[1]):
            self.encoder(self.hearing(waveforms))

    def train(self, mode: bool = True) -> Network:  # torch's own signature
        """Set the mode; blocks that are left out at random, or masked frames, would go unheard."""
        if mode:
            for part in self.encoder.modules():
                config = getattr(part, "config", None)
                for name, off in _UNHEARD.items():
                    if hasattr(config, name):
                        setattr(config, name, off)
        return super().train(mode)

    @contextmanager
    def _shown(self, n_samples: int) -> Iterator[None]:
        with ExitStack() as hooks:
            for place, tap in zip(self._places, self.taps, strict=True):
                hooks.callback(_hooked(place, tap, n_samples).remove)
            yield


def _hooked(place: Place, tap: torch.nn.Module, n_samples: int) -> Any:  # a handle
    def show(heard: Any) -> None:  # blocks return tuples of states with their attention weights
        states = place.read(heard if isinstance(heard, torch.Tensor) else heard[0])
        tap(states if place.n_frames is None else states[:, : place.n_frames(n_samples)])

    if place.side == "input":
        return place.module.register_forward_pre_hook(
            lambda _module, positional, named: show(positional or [*named.values()]),
            with_kwargs=True,
        )
    return place.module.register_forward_hook(lambda _module, _inputs, output: show(output))
