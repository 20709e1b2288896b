"""Low-rank adapters (LoRA, Hu et al. 2022): a few numbers learn in place of whole matrices.

A matrix W of a linear layer becomes W + (alpha / rank) B A. A is drawn, B begins at zero, so that
the network begins as it was; they alone learn. Merged, the sum is a matrix like any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch.nn.utils import parametrize

from heschl.errors import InvalidInput
from heschl.tuning import TunableNetwork

__all__ = ["LowRank", "adapt", "merge"]


class LowRank(torch.nn.Module):
    """What is added to a matrix (output, input), the product of a tall and a flat one."""

    def __init__(self, weight: torch.Tensor, rank: int, alpha: float) -> None:
        super().__init__()
        n_outputs, n_inputs = weight.shape
        self.scale = alpha / rank
        self.A = torch.nn.Parameter(weight.new_empty(rank, n_inputs))
        self.B = torch.nn.Parameter(weight.new_zeros(n_outputs, rank))
        torch.nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the matrix with what is added, in the precision of the weights."""
        with torch.autocast(weight.device.type, enabled=False):
            return weight + self.scale * (self.B @ self.A)


def adapt(network: TunableNetwork, layers: Sequence[str], rank: int, alpha: float) -> list[str]:
    """Put adapters into linear layers, and let nothing else of the network learn.

    Parameters
    ----------
    network
        As `heschl.tuning.tunable_network` gives it; it is changed.
    layers
        The last names of linear layers, such as ``q_proj``. Those are adapted whose matrices
        would learn.
    rank, alpha
        The width of the product, and its scale times that width.

    Returns
    -------
    list of str
        The whole names of the layers that were adapted, for `merge`.
    """
    module = cast("torch.nn.Module", network)
    linear = {
        name: part
        for name, part in module.named_modules()
        if isinstance(part, torch.nn.Linear) and part.weight.requires_grad
    }
    chosen = {name: part for name, part in linear.items() if name.rpartition(".")[2] in layers}
    if not chosen:
        known = sorted({name.rpartition(".")[2] for name in linear})
        raise InvalidInput(
            f"no linear layer that learns is named {', '.join(layers)}; this network has "
            f"{', '.join(known) or 'none'}: name those to adapt (lora_layers, --lora-layers), or "
            "learn whole matrices"
        )
    if len({id(part.weight) for part in chosen.values()}) < len(chosen):
        raise InvalidInput(
            f"of the layers {', '.join(chosen)} some share a matrix, which adapters would set "
            "apart; name others (lora_layers, --lora-layers), or learn whole matrices"
        )
    narrowest = min(min(part.weight.shape) for part in chosen.values())
    if rank > narrowest:
        raise InvalidInput(
            f"lora_rank={rank} is above {narrowest}, the width of the narrowest of the chosen "
            "layers, so it saves nothing; choose a smaller rank, or learn whole matrices"
        )
    module.requires_grad_(requires_grad=False)
    for part in chosen.values():
        parametrize.register_parametrization(part, "weight", LowRank(part.weight, rank, alpha))
    return list(chosen)


def merge(network: TunableNetwork, adapted: Sequence[str]) -> None:
    """Put each sum in place of its matrix; the merged matrices count as those that learned."""
    module = cast("torch.nn.Module", network)
    for name in adapted:
        part = module.get_submodule(name)
        parametrize.remove_parametrizations(part, "weight", leave_parametrized=True)
        cast("torch.nn.Parameter", part.weight).requires_grad_()
