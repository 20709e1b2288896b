"""What is minimised: the squared error of responses predicted from a network's mean frame."""

from __future__ import annotations

from typing import Protocol

import torch

from heschl.tuning import TunableNetwork

__all__ = ["Objective", "Regression"]


class Objective(Protocol):
    """A `torch.nn.Module` around a network that learns."""

    network: TunableNetwork

    def loss(self, waveforms: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of some rows, from (row, sample) and (row, unit)."""

    def groups(self) -> dict[str, list[torch.nn.Parameter]]:
        """Return the weights that learn, those of the ``network`` and those of the ``head``."""


class Regression(torch.nn.Module):
    """A network, the mean over its frames, and a linear layer onto units.

    Parameters
    ----------
    network
        As `heschl.tuning.tunable_network` gives it.
    n_units
        How many are predicted.
    """

    def __init__(self, network: TunableNetwork, n_units: int) -> None:
        super().__init__()
        self.network = network
        self.head = torch.nn.Linear(network.n_units, n_units)

    def pooled(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return the mean frame (row, feature) of the network for waveforms (row, sample)."""
        mean: torch.Tensor = self.network(waveforms).mean(dim=1)
        return mean

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return what is predicted (row, unit)."""
        predicted: torch.Tensor = self.head(self.pooled(waveforms))
        return predicted.float()

    def loss(self, waveforms: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the mean squared error over rows and units."""
        error: torch.Tensor = (self(waveforms) - targets).square().mean()
        return error

    def groups(self) -> dict[str, list[torch.nn.Parameter]]:
        """Return the weights that learn."""
        of_head = {id(weight) for weight in self.head.parameters()}
        learned = [weight for weight in self.parameters() if weight.requires_grad]
        return {
            "network": [weight for weight in learned if id(weight) not in of_head],
            "head": list(self.head.parameters()),
        }
