"""A copy of a network that learns, heard at one of its taps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch

from heschl.errors import InvalidInput
from heschl.models.torch_module.frame_grid import FrameGrid
from heschl.models.torch_module.taps import listening

__all__ = ["TunableCopy"]

_ASKS = "_requires_grad"


class TunableCopy(torch.nn.Module):
    """Takes waveforms (batch, sample), gives one layer (batch, time, unit), and passes gradients.

    Parameters
    ----------
    model
        The id, for errors.
    network, call
        The network, of which a copy is taken, and how it is called if not simply so.
    taps, grids
        The submodule of each layer, and where its frames lie.
    layer
        What is heard.
    frozen
        The layer whose weights, and those below, stay as they are.
    probe
        A short waveform (1, sample), by which it is found out what depends on what.
    n_threads
        Processor threads for one pass, there and back; torch's own choice by default.
    """

    def __init__(
        self,
        model: str,
        network: torch.nn.Module,
        call: Callable[[torch.nn.Module, torch.Tensor], Any] | None,
        taps: Mapping[str, torch.nn.Module],
        grids: Mapping[str, FrameGrid],
        *,
        layer: str,
        frozen: str | None,
        probe: torch.Tensor,
        n_threads: int | None = None,
    ) -> None:
        super().__init__()
        names = {id(part): name for name, part in network.named_modules()}
        self._model, self._call, self._layer = model, call, layer
        self._places = {name: names[id(part)] for name, part in taps.items()}
        self._grids = dict(grids)
        self.n_threads = n_threads
        self.network = copy.deepcopy(network).eval().requires_grad_()
        behind, self.n_units = self._behind(layer, probe)
        kept = self._behind(frozen, probe)[0] if frozen is not None else set()
        if not behind - kept:
            raise InvalidInput(
                f"no weight of {model!r} can be learned from its layer {layer!r}: it has none that "
                "is not frozen, or its code passes no gradients (torch.no_grad, detach); choose "
                "another layer or network"
            )
        for weight in self.parameters():
            weight.requires_grad_(id(weight) in behind - kept)
        for part in self.network.modules():
            # Encoders of transformers ask for the slope of their sound when they train, which costs
            # the way back through all that is frozen, unless they are told that they are.
            if hasattr(part, _ASKS) and not any(w.requires_grad for w in part.parameters()):
                setattr(part, _ASKS, False)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return the layer."""
        return self._heard(waveforms, self._layer)

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a sound of ``n_samples`` has."""
        return self._grids[self._layer].n_frames(n_samples)

    def _heard(self, waveforms: torch.Tensor, layer: str) -> torch.Tensor:
        def framed(name: str, output: torch.Tensor) -> torch.Tensor:
            what = f"the layer {name!r} of {self._model!r}"
            return self._grids[name].framed(what, output, tuple(waveforms.shape))

        part = self.network.get_submodule(self._places[layer])
        with listening(self._model, {layer: part}, framed) as heard:
            if self._call is None:
                self.network(waveforms)
            else:
                self._call(self.network, waveforms)
        return heard[layer]

    def _behind(self, layer: str, probe: torch.Tensor) -> tuple[set[int], int]:
        """Return the weights on which a layer depends, by their identity, and its width."""
        weights = list(self.parameters())
        with torch.enable_grad(), torch.random.fork_rng(devices=[]):
            heard = self._heard(probe, layer)
            if not heard.requires_grad:
                return set(), heard.shape[-1]
            slopes = torch.autograd.grad(heard.square().sum(), weights, allow_unused=True)
        found = zip(weights, slopes, strict=True)
        return {id(weight) for weight, slope in found if slope is not None}, heard.shape[-1]
