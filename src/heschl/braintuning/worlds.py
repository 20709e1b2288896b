"""Several processes that learn as one, each with its share of every batch.

``torchrun --nproc-per-node 4 --no-python heschl tune ...`` starts them and tells each its number.
Gradients are added up over processes, so that the steps are those of one process with the whole
batch. The first process alone decides and writes; the others wait for what it says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from heschl.errors import HeschlError, InvalidInput

if TYPE_CHECKING:
    import torch

__all__ = ["ALONE", "World", "is_first", "joined"]

Answer = TypeVar("Answer")

_PATIENCE = timedelta(minutes=30)
"""How long a process waits for the others before it gives up."""

_START = "start the processes by `torchrun --nproc-per-node <number> --no-python heschl tune ...`"


@dataclass(frozen=True)
class World:
    """Which of how many processes this one is."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process decides and writes."""
        return self.rank == 0

    def share(self, rows: np.ndarray) -> np.ndarray:
        """Return those of the rows that are this process's."""
        return rows[self.rank :: self.size]

    def add_gradients(self, weights: Sequence[torch.nn.Parameter]) -> None:
        """Add up the gradients of all processes; a weight that none used has none."""
        if self.size == 1:
            return
        import torch
        from torch import distributed

        place = weights[0].device
        used = torch.tensor([each.grad is not None for each in weights], dtype=torch.int32)
        used = used.to(place)
        distributed.all_reduce(used)
        chosen = [each for each, n in zip(weights, used.tolist(), strict=True) if n]
        flat = torch.cat(
            [(torch.zeros_like(w) if w.grad is None else w.grad).reshape(-1) for w in chosen]
        )
        distributed.all_reduce(flat)
        parts = torch.split(flat, [each.numel() for each in chosen])
        for weight, part in zip(chosen, parts, strict=True):
            weight.grad = part.reshape(weight.shape)

    def total(self, value: float, device: str) -> float:
        """Return the sum of a number over all processes."""
        if self.size == 1:
            return value
        import torch
        from torch import distributed

        numbers = torch.tensor([value], dtype=torch.float64, device=device)
        distributed.all_reduce(numbers)
        return float(numbers.item())

    def make_alike(self, tensors: Sequence[torch.Tensor]) -> None:
        """Put the first process's values into those of the others."""
        if self.size > 1:
            from torch import distributed

            for each in tensors:
                distributed.broadcast(each.detach(), 0)

    def first_says(self, decide: Callable[[], Answer]) -> Answer:
        """Return what the first process decides, or fail everywhere as it does there."""
        if self.size == 1:
            return decide()
        from torch import distributed

        told: list[Any] = [None, None]
        failure = None
        if self.is_first:
            try:
                told[0] = decide()
            except HeschlError as error:
                failure, told[1] = error, str(error)
        distributed.broadcast_object_list(told, 0)
        if failure is not None:
            raise failure
        if told[1] is not None:
            raise InvalidInput(told[1])
        answer: Answer = told[0]
        return answer


ALONE = World()


def is_first() -> bool:
    """Return whether this process is the one that speaks."""
    return os.environ.get("RANK", "0") == "0"


def joined(device: str, batch_size: int) -> tuple[World, str]:
    """Join the other processes, where `torchrun` started several; return the device to use.

    Raises
    ------
    InvalidInput
        If the environment does not say which of them this one is, there are not as many graphics
        cards as processes, or a batch cannot be shared.
    """
    told = {name: os.environ.get(name) for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK")}
    if told["WORLD_SIZE"] in (None, "1"):
        return ALONE, device
    words = ", ".join(f"{name}={value or 'unset'}" for name, value in told.items())
    if not all(value and value.isdecimal() for value in told.values()):
        raise InvalidInput(
            f"the environment tells of several processes and not which this is ({words}); "
            f"{_START}, or unset WORLD_SIZE"
        )
    size, rank, local = (int(value or 0) for value in told.values())
    if rank >= size:
        raise InvalidInput(f"{words}: there is no such process; {_START}")
    if batch_size < size:
        raise InvalidInput(
            f"batch_size={batch_size} rows cannot be shared by {size} processes; give {size} or "
            "more, or start fewer processes"
        )
    place = _own(device, local)
    import torch
    from torch import distributed

    if not distributed.is_available():
        raise InvalidInput(
            f"this torch ({torch.__version__}) was built without torch.distributed, and {size} "
            "processes were started; start one, or install another build"
        )
    if not distributed.is_initialized():
        if place != "cpu":
            torch.cuda.set_device(place)
        try:
            distributed.init_process_group(
                "gloo" if place == "cpu" else "nccl", timeout=_PATIENCE, rank=rank, world_size=size
            )
        except (RuntimeError, ValueError) as error:
            raise InvalidInput(
                f"process {rank} of {size} cannot reach the others ({error}); {_START}"
            ) from error
    return World(rank, size), place


def _own(device: str, local: int) -> str:
    """Return the device of one process among others."""
    import torch

    n_cards = torch.cuda.device_count()
    if device == "cpu" or (device == "auto" and not n_cards):
        return "cpu"
    if device not in ("auto", "cuda"):
        raise InvalidInput(
            f"device={device!r} for several processes, each of which takes a graphics card of its "
            "own; say 'cuda', 'auto' or 'cpu', or start one process"
        )
    if local >= n_cards:
        raise InvalidInput(
            f"process {local} of this machine finds {n_cards} graphics cards, and each needs its "
            f"own; start {max(1, n_cards)}, or say 'cpu'"
        )
    return f"cuda:{local}"
