"""What a tuning would take on a graphics card that nobody has to have: an estimate, with its basis.

Every operation of a step is gone through with tensors that have shapes and no numbers. Each takes
as long as its products at a share of the card's peak, or as its bytes at a share of the memory's
rate, whichever is longer (a roofline). Kernel launches, the loading of sound and what several cards
tell each other are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import (
    conv_flop_count,
    flop_registry,
    sdpa_backward_flop_count,
    sdpa_flop_count,
)

from heschl.braintuning.objective import Objective
from heschl.braintuning.recipe import Recipe
from heschl.errors import InvalidInput, near_names
from heschl.wording import counted

__all__ = ["CARDS", "Estimate", "GraphicsCard", "Pass", "data_sheet", "estimate", "one_pass"]

PRODUCT_SHARE, MEMORY_SHARE = 0.6, 0.7
"""Assumed, of a card's peaks: what large products and copies reach. No card was at hand."""

_FLOAT = 4
_ADAM_BYTES = 7 * _FLOAT
"""A step reads weight, gradient and two moments of each number, and writes all but the gradient."""


@dataclass(frozen=True)
class GraphicsCard:
    """What a data sheet says."""

    name: str
    flops: float
    """Products in bfloat16 a second, dense."""
    bytes_per_s: float
    memory: float


CARDS: Mapping[str, GraphicsCard] = {
    card.name: card
    for card in (
        GraphicsCard("A100", 312e12, 2.04e12, 80e9),
        GraphicsCard("H100", 989e12, 3.35e12, 80e9),
        GraphicsCard("H200", 989e12, 4.8e12, 141e9),
    )
}


@dataclass(frozen=True)
class Pass:
    """What the operations of one pass take."""

    operations: tuple[tuple[float, float], ...]
    """The floating-point operations and the bytes of each."""
    kept: float
    """Bytes that are kept from there for the way back."""

    @property
    def flops(self) -> float:
        """Floating-point operations; a multiplication with its addition is two."""
        return sum(flops for flops, _ in self.operations)

    def seconds(self, card: GraphicsCard) -> float:
        """Return how long it takes."""
        return sum(
            max(flops / (PRODUCT_SHARE * card.flops), size / (MEMORY_SHARE * card.bytes_per_s))
            for flops, size in self.operations
        )


@dataclass(frozen=True)
class Estimate:
    """What a tuning would take; nothing here was measured."""

    card: GraphicsCard
    n_steps: int
    """Of an epoch."""
    step_flops: float
    step_s: float
    epoch_s: float
    """With the validation rows."""
    memory: Mapping[str, float]
    """The bytes of each part, at the time when most is held."""

    @property
    def share_of_peak(self) -> float:
        """The floating-point operations of a step, over what the card could do meanwhile."""
        return self.step_flops / (self.step_s * self.card.flops)

    def lines(self) -> list[str]:
        """Return the estimate in words."""
        parts = ", ".join(f"{name} {size / 1e9:.2f}" for name, size in self.memory.items())
        total = sum(self.memory.values())
        fits = "" if total < self.card.memory else "; too much: lower rows_at_once (--rows-at-once)"
        return [
            f"{self.card.name}: {self.epoch_s:.0f} s an epoch of {counted(self.n_steps, 'step')}, "
            f"{self.step_s:.2f} s and {self.step_flops / 1e12:.1f} TFLOP each, "
            f"{100 * self.share_of_peak:.0f} % of the bfloat16 peak",
            f"{self.card.name}: {total / 1e9:.1f} GB of {self.card.memory / 1e9:.0f} ({parts})"
            f"{fits}",
            f"an estimate, not measured: products at {PRODUCT_SHARE:.0%} of the data sheet's peak, "
            f"copies at {MEMORY_SHARE:.0%} of its memory's rate",
        ]


def data_sheet(card: str) -> GraphicsCard:
    """Return what is known of a graphics card, one of `CARDS`."""
    if card not in CARDS:
        raise InvalidInput(f"there is no data sheet of {card!r}; {near_names(card, CARDS)}")
    return CARDS[card]


def estimate(
    objective: Objective,
    recipe: Recipe,
    *,
    n_rows: int,
    n_validation: int,
    n_samples: int,
    n_units: int,
    card: str = "H200",
) -> Estimate:
    """Return what an epoch would take on a graphics card.

    Parameters
    ----------
    objective, recipe
        What learns, and how.
    n_rows, n_validation
        Rows to learn from, and to validate on.
    n_samples
        Of a row's sound.
    n_units
        That are predicted.
    card
        One of `CARDS`.
    """
    chosen = data_sheet(card)
    batch = min(recipe.batch_size, n_rows)
    together = min(recipe.rows_at_once or batch, batch)
    learning = one_pass(objective, together, n_samples, n_units, is_mixed=recipe.mixed_precision)
    hearing = one_pass(
        objective, together, n_samples, n_units, is_mixed=recipe.mixed_precision, learns=False
    )
    module = cast("torch.nn.Module", objective)
    n_weights = sum(weight.numel() for weight in module.parameters())
    n_learned = sum(weight.numel() for weight in module.parameters() if weight.requires_grad)
    parts = batch / together
    adam_s = _ADAM_BYTES * n_learned / (MEMORY_SHARE * chosen.bytes_per_s)
    step_s = parts * learning.seconds(chosen) + adam_s
    n_steps = -(-n_rows // recipe.batch_size)
    checking_s = n_validation / together * hearing.seconds(chosen)
    return Estimate(
        chosen,
        n_steps,
        step_flops=parts * learning.flops,
        step_s=step_s,
        epoch_s=n_rows / batch * step_s + checking_s,
        memory={
            "weights": _FLOAT * n_weights,
            "gradients": _FLOAT * n_learned,
            "Adam": 2 * _FLOAT * n_learned,
            "activations": learning.kept,
            "sound and responses": _FLOAT * together * (n_samples + n_units),
        },
    )


def one_pass(
    objective: Objective,
    n_rows: int,
    n_samples: int,
    n_units: int,
    *,
    is_mixed: bool = True,
    learns: bool = True,
) -> Pass:
    """Return what a pass of so many rows takes, there and (where it ``learns``) back.

    No numbers are computed. The gradients of the objective are lost.
    """
    module = cast("torch.nn.Module", objective).train(learns)
    shapes = FakeTensorMode(allow_non_fake_inputs=True)
    there = [shapes.from_tensor(weight) for weight in module.parameters()]
    weights = {weight.untyped_storage()._cdata for weight in there}  # noqa: SLF001  its only name
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in weights:  # noqa: SLF001  as above
            kept[storage._cdata] = storage.nbytes()  # noqa: SLF001  as above
        return tensor

    counting = _Counting()
    try:
        with (
            torch.random.fork_rng(devices=[]),
            shapes,
            torch.set_grad_enabled(learns),
            torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
            counting,
        ):
            sounds, targets = torch.empty(n_rows, n_samples), torch.empty(n_rows, n_units)
            with torch.autocast("cpu", torch.bfloat16, enabled=is_mixed):
                loss = objective.loss(sounds, targets)
            if learns:
                loss.backward()  # type: ignore[no-untyped-call]
    except (RuntimeError, NotImplementedError, TypeError) as error:
        raise InvalidInput(
            f"what this network takes can be told only by running it ({str(error).splitlines()[0]})"
            "; tune with --epochs 1 and see"
        ) from error
    finally:
        module.zero_grad(set_to_none=True)
    return Pass(tuple(counting.operations), float(sum(kept.values())))


class _Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]  # as torch has it
    """Notes the floating-point operations and the bytes of all that is computed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations: list[tuple[float, float]] = []

    def __torch_dispatch__(
        self,
        func: Any,  # an operation of torch
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        found = func(*args, **kwargs)
        if any(each.alias_info and not each.alias_info.is_write for each in func._schema.returns):  # noqa: SLF001  as torch does
            return found  # a view takes nothing
        count = _COUNTS.get(func._overloadpacket) or flop_registry.get(func._overloadpacket)  # noqa: SLF001  as torch does
        flops = count(*args, **kwargs, out_val=found) if count else 0
        tensors = [t for t in tree_leaves((args, kwargs, found)) if isinstance(t, torch.Tensor)]
        self.operations.append((float(flops), float(sum(t.nbytes for t in tensors))))
        return found


def _there(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    shapes = query.shape, key.shape, value.shape
    return int(sdpa_flop_count(*shapes))  # type: ignore[no-untyped-call]


def _back(gradient: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
    shapes = gradient.shape, query.shape, key.shape, value.shape
    return int(sdpa_backward_flop_count(*shapes))  # type: ignore[no-untyped-call]


def _convolution_back(gradient: Any, heard: Any, weight: Any, *settings: Any, **__: Any) -> int:
    is_transposed, wanted = settings[4], settings[-1]
    count: int = conv_flop_count(heard.shape, weight.shape, gradient.shape, is_transposed)
    return count * int(sum(wanted[:2]))


_COUNTS: Mapping[Any, Callable[..., int]] = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _there,  # noqa: SLF001  its only name
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _back,  # noqa: SLF001  its only name
    torch.ops.aten.convolution_backward: _convolution_back,
}
"""What torch's own table lacks, attention on the processor, which stands for that on a card; and
what it counts as many times as a convolution has groups."""
