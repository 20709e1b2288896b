"""Taps: which submodules are listened to, and what they said in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from heschl.errors import BrokenPlugin, InvalidInput, near_names

__all__ = ["Keep", "Target", "listening", "resolved"]

NUMBER = "{i}"

Target = torch.nn.Module | str | Sequence[torch.nn.Module]
"""What a tap may point at: a submodule, its dotted name, or for a pattern several of them."""

Keep = Callable[[str, torch.Tensor], torch.Tensor]
"""Returns what is wanted of a layer's output, as a view of it."""


def resolved(
    model: str, module: torch.nn.Module, taps: Mapping[str, Target]
) -> dict[str, tuple[str, torch.nn.Module]]:
    """Return ``{layer name: (its entry in taps, submodule)}``, with patterns written out.

    ``"block.{i}"`` with a `torch.nn.ModuleList` of two becomes ``block.0`` and
    ``block.1``.
    """
    if not isinstance(taps, Mapping) or not taps:
        raise InvalidInput(
            f"{model!r} was given taps={taps!r}; expected at least one layer: {{'final': net}}"
        )
    found: dict[str, tuple[str, torch.nn.Module]] = {}
    for entry, target in taps.items():
        for name, submodule in _written_out(model, module, entry, target):
            if name in found:
                raise InvalidInput(
                    f"{model!r} names the layer {name!r} twice, in the taps {found[name][0]!r} "
                    f"and {entry!r}; give each layer its own name"
                )
            found[name] = (entry, submodule)
    return found


def _written_out(
    model: str, module: torch.nn.Module, entry: str, target: Target
) -> Iterator[tuple[str, torch.nn.Module]]:
    if isinstance(target, str):
        target = _by_name(model, module, entry, target)
    if NUMBER not in entry:
        members: Iterable[tuple[str, Any]] = [(entry, target)]
    elif isinstance(target, Iterable) and not isinstance(target, (dict, torch.nn.ModuleDict)):
        members = [(entry.replace(NUMBER, str(i)), member) for i, member in enumerate(target)]
    else:
        raise InvalidInput(
            f"the tap {entry!r} of {model!r} points at one {type(target).__name__}; a name with "
            f"{NUMBER} needs a ModuleList or another sequence of modules"
        )
    if not members:
        raise InvalidInput(f"the tap {entry!r} of {model!r} points at an empty sequence")
    parts = {id(part) for part in module.modules()}
    for name, member in members:
        if isinstance(member, (torch.nn.ModuleList, list, tuple)):
            raise InvalidInput(
                f"the tap {entry!r} of {model!r} points at several modules; "
                f"name them with a pattern: '{entry}.{NUMBER}'"
            )
        if id(member) not in parts:
            raise InvalidInput(
                f"the tap {name!r} of {model!r} points at a {type(member).__name__} that is no "
                "part of the module; pass one of its submodules or a dotted name"
            )
        yield name, member


def _by_name(model: str, module: torch.nn.Module, entry: str, dotted: str) -> torch.nn.Module:
    submodules: dict[str, torch.nn.Module] = dict(module.named_modules())
    if dotted not in submodules:
        raise InvalidInput(
            f"the tap {entry!r} of {model!r} points at {dotted!r}, which the module lacks; "
            f"{near_names(dotted, [name for name in submodules if name])}"
        )
    return submodules[dotted]


@contextmanager
def listening(
    model: str, submodules: Mapping[str, torch.nn.Module], keep: Keep
) -> Iterator[dict[str, torch.Tensor]]:
    """Collect of what each submodule returns in one pass what `keep` wants.

    Nothing else of it outlives the pass; the hooks are gone afterwards.

    Raises
    ------
    BrokenPlugin
        If a submodule returns no tensor, runs twice, or does not run at all.
    """
    heard: dict[str, torch.Tensor] = {}
    with ExitStack() as hooks:
        for name, submodule in submodules.items():
            handle = submodule.register_forward_hook(_hook(model, name, heard, keep))
            hooks.callback(handle.remove)
        yield heard
    silent = [name for name in submodules if name not in heard]
    if silent:
        raise BrokenPlugin(
            f"the layers {', '.join(map(repr, silent))} of {model!r} were not called during the "
            "forward pass; tap a submodule that runs (a container such as ModuleList never does)"
        )


def _hook(
    model: str, name: str, heard: dict[str, torch.Tensor], keep: Keep
) -> Callable[[torch.nn.Module, Any, Any], None]:
    def listen(_module: torch.nn.Module, _inputs: Any, output: Any) -> None:
        if name in heard:
            raise BrokenPlugin(
                f"the layer {name!r} of {model!r} runs more than once in a pass, so its output is "
                "ambiguous; tap a submodule that runs once"
            )
        # A copy, because a later step may write into the same memory, as ReLU(inplace=True) does.
        # It is as large as what is wanted, so that the rest of the output can be let go.
        heard[name] = keep(name, _first_tensor(model, name, output)).clone()

    return listen


def _first_tensor(model: str, name: str, output: Any) -> torch.Tensor:
    """Return the hidden states: blocks return tuples of them with their attention weights."""
    if isinstance(output, torch.Tensor):
        return output
    members = output.values() if isinstance(output, Mapping) else output
    if isinstance(members, Iterable):
        for member in members:
            if isinstance(member, torch.Tensor):
                return member
    raise BrokenPlugin(
        f"the layer {name!r} of {model!r} returns a {type(output).__name__} without a tensor; "
        "tap a submodule that returns one"
    )
