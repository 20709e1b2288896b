"""The digest of a network: everything within the module that its outputs depend on."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import json
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from heschl.code_digest import NAMESPACES, code_digest, exact_text

__all__ = [
    "installed_code",
    "own_code",
    "structure_digest",
    "weights_digest",
    "weights_version",
]


def installed_code(*code: Callable[..., Any]) -> str:
    """Return a digest of the files of installed packages that define these classes and functions.

    For PyTorch's own its major version stands in for the file.
    """
    files = {_file(part) for part in code if code_digest(part) is None}
    return hashlib.sha256("\n".join(sorted(files)).encode()).hexdigest()


def own_code(*code: Callable[..., Any]) -> list[str]:
    """Return digests of the classes and functions that no installed package defines."""
    return sorted({digest for part in code if (digest := code_digest(part)) is not None})


def structure_digest(module: torch.nn.Module) -> str:
    """Return a digest of the module's tree: names, classes, settings and hooks.

    Settings are the attributes that are no weights, such as strides, epsilons
    or the number of heads, which two networks with equal weights can differ in.
    Of classes that no installed package defines they are also those whose names
    begin with an underscore; the hooks are those that no installed package made.
    """
    digest = hashlib.sha256()
    for name, part in module.named_modules(remove_duplicate=False):
        is_own = code_digest(type(part)) is not None
        settings = {
            key: value
            for key, value in vars(part).items()
            if (not key.startswith("_") or (is_own and key not in _OF_TORCH)) and key != "training"
        }
        described = _text(settings, is_own=is_own)
        digest.update(f"{name} {type(part).__qualname__} {described}\n".encode())
        hooks = [
            hook
            for hooks in (part._forward_pre_hooks, part._forward_hooks)  # noqa: SLF001  no other way
            for hook in hooks.values()
            if code_digest(_code_of(hook)) is not None
        ]
        if hooks:
            digest.update(f"hooks {_text(hooks, is_own=True)}\n".encode())
    return digest.hexdigest()


def weights_digest(module: torch.nn.Module) -> str:
    """Return the SHA-256 of names, shapes, types and bytes of all weights and buffers.

    The device does not matter. Cost: about half a second per gigabyte.
    """
    digest = hashlib.sha256()
    for name, tensor in _weights(module):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def weights_version(module: torch.nn.Module) -> tuple[tuple[str, int, int], ...]:
    """Return what changes with nearly every change of a weight, at no cost.

    Of what is written through ``.data``, or into an array that shares the memory, torch knows
    nothing: this is for networks that nobody else holds.
    """
    return tuple(
        (name, tensor.data_ptr(), 0 if tensor.is_inference() else tensor._version)  # noqa: SLF001
        for name, tensor in _weights(module)
    )


def _file(code: Callable[..., Any]) -> str:
    name = code.__qualname__
    if code.__module__.partition(".")[0] == "torch":
        return f"{name} of torch {torch.__version__.partition('.')[0]}"
    try:
        content = Path(inspect.getfile(code)).read_bytes()
    except (TypeError, OSError):
        return name
    return f"{name} {hashlib.sha256(content).hexdigest()}"


def _weights(module: torch.nn.Module) -> Iterable[tuple[str, torch.Tensor]]:
    # Beyond state_dict(), these include the buffers that are not saved.
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def _bytes(tensor: torch.Tensor) -> bytes:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes()


def _text(settings: Any, *, is_own: bool) -> str:
    # Objects may hold themselves, of which `_Describing` takes care.
    return json.dumps(
        settings, default=_Describing(is_own=is_own), skipkeys=True, check_circular=False
    )


class _Describing:
    """Makes of settings what JSON can hold.

    Parameters
    ----------
    is_own
        Whether no installed package has the code that the settings are of. Of strange objects in
        those of others no more is told than their class: a package says itself what changes.
    """

    def __init__(self, *, is_own: bool) -> None:
        self._is_own = is_own
        # Objects are held, so that no identity is given twice.
        self._met: dict[int, Any] = {}

    def __call__(self, value: Any) -> Any:  # an attribute may be anything
        if isinstance(value, torch.Tensor):
            return [str(value.dtype), list(value.shape), hashlib.sha256(_bytes(value)).hexdigest()]
        if isinstance(value, (np.ndarray, np.generic)):
            content = hashlib.sha256(value.tobytes()).hexdigest()
            return [str(value.dtype), list(value.shape), content]
        if isinstance(value, torch.dtype):
            return str(value)
        if isinstance(value, (set, frozenset)):
            return sorted(map(str, value))
        if isinstance(value, NAMESPACES) or dataclasses.is_dataclass(value) or _is_config(value):
            return {
                key: setting
                for key, setting in getattr(value, "__dict__", {"text": str(value)}).items()
                if not key.startswith("_") and key != "transformers_version"
            }
        described = [getattr(value, "__qualname__", type(value).__qualname__), code_digest(value)]
        return [*described, *self._state(value)] if self._is_own else described

    def _state(self, value: Any) -> list[Any]:
        """Return what tells a value from others of its class, where that can be known."""
        if isinstance(value, functools.partial):
            return [value.func, value.args, value.keywords]
        if isinstance(value, types.MethodType):
            return [code_digest(value.__func__), value.__self__]
        if (text := exact_text(value)) is not None:
            return [text]
        is_plain = not isinstance(value, (type, types.FunctionType, torch.nn.Module))
        if not is_plain or code_digest(type(value)) is None or id(value) in self._met:
            return []
        self._met[id(value)] = value
        return [dict(getattr(value, "__dict__", {}))]


def _code_of(hook: Callable[..., Any]) -> Any:
    """Return what a hook runs, below what binds arguments to it."""
    while isinstance(hook, (functools.partial, types.MethodType)):
        hook = hook.func if isinstance(hook, functools.partial) else hook.__func__
    return hook


_OF_TORCH = {*vars(torch.nn.Module())}
"""What torch keeps in every module: weights, submodules and hooks."""


def _is_config(value: Any) -> bool:
    """Whether this is how the configuration of a transformers model looks."""
    return not isinstance(value, type) and callable(getattr(value, "to_dict", None))
