"""Tuning: what a model offers beside its contract so that its weights can be learned further.

Who trains, on what and for how long is a benchmark's business; a model only gives away a copy of
its network that passes gradients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from heschl.contracts import AnyModel
from heschl.errors import InvalidInput

if TYPE_CHECKING:
    import torch

__all__ = ["Tunable", "TunableNetwork", "require_tunable", "tunable_network"]


class TunableNetwork(Protocol):
    """A `torch.nn.Module` that gives one layer of a model, and can learn."""

    n_units: int
    """The width of the layer."""
    n_threads: int | None
    """Processor threads for one pass, there and back; None is torch's own choice."""

    def __call__(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Return the layer (batch, time, unit) for float32 ``waveforms (batch, sample)``.

        In evaluation mode it is what the model's ``forward`` gives.
        """

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames a sound of ``n_samples`` has."""


class Tunable(Protocol):
    """What a speech model may offer beside its contract, for benchmarks that train it."""

    def tunable(self, layer: str, *, frozen: str | None = None) -> TunableNetwork:
        """Return a copy of the network, heard at ``layer``; the model stays as it is.

        Of its weights those require gradients on which the layer depends, less
        those on which the layer ``frozen`` does.
        """


def require_tunable(model: AnyModel) -> None:
    """Raise unless a model gives away its network; `tunable_network` may still refuse a layer."""
    if not hasattr(model, "forward"):
        raise InvalidInput(
            f"the model {model.card.id!r} does not hear, so it cannot be trained on sound; choose "
            "a network on waveforms, such as hf:<folder of a checkpoint>"
        )
    if not hasattr(model, "tunable"):
        raise InvalidInput(
            f"the model {model.card.id!r} has no weights to learn, or does not give them away; "
            "choose a network such as hf:<folder of a checkpoint>, or wrap yours as a TorchModel"
        )


def tunable_network(model: AnyModel, layer: str, *, frozen: str | None = None) -> TunableNetwork:
    """Return what ``model.tunable`` does, or say why this model cannot be trained.

    Parameters
    ----------
    model
        Any model; `heschl.models.torch_module.TorchModel` is `Tunable`, and with
        it what ``hf:`` opens.
    layer
        The layer that is heard. What lies above it runs and does not learn.
    frozen
        The layer up to which weights stay as they are, ``"cnn"`` in most
        fine-tuning; a model that has none of that name is trained whole.
    """
    require_tunable(model)
    names = [each.name for each in model.layers]
    tunable = cast("Tunable", model).tunable
    return tunable(layer, frozen=frozen if frozen in names else None)
