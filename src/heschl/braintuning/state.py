"""The state of learning: all that the next step depends on, in one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from heschl.braintuning.checkpoints import read_tensors, write_tensors

__all__ = [
    "Epoch",
    "State",
    "best_weights",
    "learned_tensors",
    "resumed",
    "write_best",
    "write_state",
]

_STATE, _BEST = "checkpoint.safetensors", "best.safetensors"


@dataclass(frozen=True)
class Epoch:
    """What became of one epoch."""

    loss: float
    """The mean over its training rows, each as it was when it was learned from."""
    validation_loss: float
    held_out_r2: float
    """On the validation stories, the mean over units; NaN where no response is predicted."""


@dataclass
class State:
    """Everything that the next step depends on, beside weights and Adam's moments."""

    step: int = 0
    loss: float = 0.0
    """Of this epoch's rows so far, each by its share of the epoch."""
    history: list[Epoch] = field(default_factory=list)


def learned_tensors(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return what learning changes: weights with gradients, and what networks count beside them."""
    kept = {name for name, weight in module.named_parameters() if weight.requires_grad}
    kept |= {name for name, _ in module.named_buffers()}
    return {name: each.detach() for name, each in module.state_dict().items() if name in kept}


def write_state(
    place: Path, state: State, module: torch.nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    """Keep the state in a folder."""
    tensors = {f"weight/{name}": each for name, each in learned_tensors(module).items()}
    for name, weight in module.named_parameters():
        for moment, value in optimiser.state.get(weight, {}).items():
            tensors[f"{moment}/{name}"] = value
    notes = {
        "step": state.step,
        "loss": state.loss,
        "history": [[e.loss, e.validation_loss, e.held_out_r2] for e in state.history],
    }
    write_tensors(place / _STATE, tensors, notes)


def resumed(place: Path, module: torch.nn.Module, optimiser: torch.optim.Optimizer) -> State:
    """Put weights and moments where they were, and return the rest of the state.

    Where the weights of the best epoch so far are lost, as a file that was damaged and deleted is,
    nothing is put anywhere and learning begins anew.
    """
    if not (place / _STATE).exists():
        return State()
    tensors, notes = read_tensors(place / _STATE)
    if notes["history"] and not (place / _BEST).exists():
        return State()  # the weights of the best epoch are gone, and only a new beginning has them
    device = next(module.parameters()).device
    found: dict[str, dict[str, torch.Tensor]] = {}
    for path, tensor in tensors.items():
        kind, _, name = path.partition("/")
        found.setdefault(kind, {})[name] = tensor
    module.load_state_dict(found.pop("weight"), strict=False)
    for name, weight in module.named_parameters():
        moments = {kind: of[name] for kind, of in found.items() if name in of}
        if moments:
            # Adam counts its steps on the processor.
            optimiser.state[weight] = {
                kind: value if kind == "step" else value.to(device)
                for kind, value in moments.items()
            }
    return State(notes["step"], notes["loss"], [Epoch(*each) for each in notes["history"]])


def write_best(place: Path, best: dict[str, torch.Tensor]) -> None:
    """Keep the weights of the best epoch so far."""
    write_tensors(place / _BEST, best)


def best_weights(place: Path | None, module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights of the best epoch so far, or those that there are."""
    if place is None or not (place / _BEST).exists():
        return {name: each.clone() for name, each in learned_tensors(module).items()}
    return read_tensors(place / _BEST)[0]
