"""The stack of blocks within a network of transformers, heard through hooks.

What a library calls its hidden states changes with its version; what goes into
a block and what comes out of it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from heschl.errors import BrokenPlugin, InvalidInput

__all__ = ["EMBED", "FINAL", "blocks_of", "listening"]

EMBED = "embed"
FINAL = "final"


def blocks_of(base: torch.nn.Module, n_blocks: int | None, model: str) -> list[torch.nn.Module]:
    """Return the blocks of a network: the outermost list with as many members as it has layers."""
    lists = {
        name: list(part)
        for name, part in base.named_modules()
        if isinstance(part, torch.nn.ModuleList) and len(part) == n_blocks
    }
    depth = min((name.count(".") for name in lists), default=0)
    outermost = [found for name, found in lists.items() if name.count(".") == depth]
    if len(outermost) != 1:
        raise InvalidInput(
            f"{model!r} has {len(outermost)} lists of {n_blocks} blocks, so it is not clear what "
            "its layers are; expected one stack of blocks, as GPT-2, Llama or BERT have it"
        )
    return outermost[0]


@contextmanager
def listening(
    base: torch.nn.Module, blocks: Sequence[torch.nn.Module], layers: Sequence[str], model: str
) -> Iterator[dict[str, torch.Tensor]]:
    """Collect ``embed``, ``block.k`` and ``final`` during one pass; the hooks go afterwards.

    ``embed`` is what goes into the first block, ``block.k`` what comes out of
    block k, and ``final`` what comes out of the network.
    """
    heard: dict[str, torch.Tensor] = {}

    def keep(layer: str, value: Any) -> None:
        if layer in heard:
            raise BrokenPlugin(
                f"the layer {layer!r} of {model!r} runs more than once in a pass, so its output "
                "is ambiguous; choose a network whose blocks do not share their weights"
            )
        if not isinstance(value, torch.Tensor) or value.ndim != 3:  # noqa: PLR2004
            raise BrokenPlugin(
                f"the layer {layer!r} of {model!r} is no tensor (batch, token, unit); this "
                "architecture cannot be read"
            )
        # A copy, because a later step may write into the same memory.
        heard[layer] = value.detach().clone()

    with ExitStack() as hooks:
        for layer in layers:
            hooks.callback(_hooked(base, blocks, layer, keep).remove)
        yield heard
    silent = [layer for layer in layers if layer not in heard]
    if silent:
        raise BrokenPlugin(f"the layers {silent} of {model!r} did not run; report the architecture")


def _hooked(
    base: torch.nn.Module,
    blocks: Sequence[torch.nn.Module],
    layer: str,
    keep: Callable[[str, Any], None],
) -> Any:  # a handle that removes the hook
    def after(_module: torch.nn.Module, _inputs: Any, output: Any) -> None:
        keep(layer, output if isinstance(output, torch.Tensor) else output[0])

    def before(_module: torch.nn.Module, positional: Any, named: Any) -> None:
        keep(layer, positional[0] if positional else named.get("hidden_states"))

    if layer == EMBED:
        return blocks[0].register_forward_pre_hook(before, with_kwargs=True)
    if layer == FINAL:
        return base.register_forward_hook(after)
    return blocks[int(layer.partition(".")[2])].register_forward_hook(after)
