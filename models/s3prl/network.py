"""One expert of s3prl as a module of tensors, each of its hidden states behind a tap."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from heschl.contracts import Traits
from heschl.errors import BrokenPlugin
from heschl.models.s3prl.clock import Clock
from heschl.models.s3prl.quiet import untouched_randomness

__all__ = ["Described", "Network", "hidden_states"]

States = Callable[[torch.nn.Module, torch.Tensor], Sequence[torch.Tensor]]


def hidden_states(expert: torch.nn.Module, waveforms: torch.Tensor) -> Sequence[torch.Tensor]:
    """Return s3prl's hidden states, (batch, time, unit) each, as many frames as there are.

    `s3prl.nn.S3PRLUpstream` would repeat the last frame up to a whole number of strides.
    """
    states: Sequence[torch.Tensor] = expert(list(waveforms.unbind(0)))["hidden_states"]
    return states


@dataclass(frozen=True)
class Described:
    """What a family knows of its expert."""

    clock: Clock | Mapping[str, Clock]
    """One for all layers, or one for each."""
    states: tuple[str, ...] = ()
    """The layers that the hidden states are, in their order."""
    modules: Mapping[str, str] = field(default_factory=dict)
    """Layers beside them: the submodules of the expert whose output they are."""
    channels_first: tuple[str, ...] = ()
    traits: Traits = field(default_factory=Traits)
    read: States = hidden_states


class Network(torch.nn.Module):
    """Calls an expert on a batch of waveforms (batch, sample), and shows its hidden states."""

    def __init__(self, expert: torch.nn.Module, described: Described) -> None:
        super().__init__()
        self.expert = expert
        self.read = described.read
        self.names = described.states
        self.taps = torch.nn.ModuleList(torch.nn.Identity() for _ in described.states)

    def forward(self, waveforms: torch.Tensor) -> None:
        """Run the expert; the layers are heard at the taps."""
        with untouched_randomness(), warnings.catch_warnings():
            # WavLM's own code passes masks of two types, which torch takes, and says so each time.
            warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
            states = self.read(self.expert, waveforms)
        if not self.names:
            return
        if len(states) != len(self.names):
            raise BrokenPlugin(
                f"{type(self.expert).__module__} gave {len(states)} hidden states where "
                f"{len(self.names)} were expected: {', '.join(self.names)}"
            )
        for tap, state in zip(self.taps, states, strict=True):
            tap(state)
