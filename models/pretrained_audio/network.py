"""A network that gives its layers by name, and what else a model of it must know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from heschl.cards import ModelCard
from heschl.contracts import Traits
from heschl.models.torch_module import TorchModel

__all__ = ["Clock", "Described", "Network", "as_model", "drawn_from"]


@dataclass(frozen=True)
class Clock:
    """Frame ``k`` covers ``receptive_field`` samples from ``k * stride - padding`` on."""

    stride: int
    receptive_field: int
    padding: int = 0
    """Before and after the sound, each."""


@dataclass(frozen=True)
class Described:
    """The pace and the traits of a network's layers, from the sound's side up."""

    sample_rate: int
    clocks: Mapping[str, Clock]
    traits: Traits = field(default_factory=Traits)


class Network(torch.nn.Module):
    """What a family's module offers beside its weights, which carry the names of the release."""

    def described(self) -> Described:
        """Return which layers there are and where their frames lie."""
        raise NotImplementedError

    def layers(self, waveforms: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """Return every layer (batch, time, unit) for ``waveforms`` (batch, sample)."""
        raise NotImplementedError


class _Tapped(torch.nn.Module):
    """Shows the layers of a network, each behind a tap of its own."""

    network: Any

    def __init__(self, network: torch.nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.names = names
        self.taps = torch.nn.ModuleList(torch.nn.Identity() for _ in names)

    def forward(self, waveforms: torch.Tensor) -> None:
        """Run the network; its layers are heard at the taps."""
        layers = self.network.layers(waveforms)
        for name, tap in zip(self.names, self.taps, strict=True):
            tap(layers[name])


def as_model(card: ModelCard, network: Network, digest: str | None = None) -> TorchModel:
    """Return the speech model of a network."""
    described = network.described()
    clocks = described.clocks
    tapped = _Tapped(network.float(), tuple(clocks))
    return TorchModel(
        card,
        tapped,
        sample_rate=described.sample_rate,
        taps=dict(zip(clocks, tapped.taps, strict=True)),
        stride={name: clock.stride for name, clock in clocks.items()},
        receptive_field={name: clock.receptive_field for name, clock in clocks.items()},
        padding={name: (clock.padding, clock.padding) for name, clock in clocks.items()},
        traits=described.traits,
        digest=digest,
        is_tested=True,
    )


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Draw weights from ``seed``, on the processor, and leave the random state alone."""
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        # torch.manual_seed would reach into the accelerators' random states too.
        torch.default_generator.manual_seed(seed)
        yield
