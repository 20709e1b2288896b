"""Digests of code that has no version: what a notebook, a script or a checkout defines.

An installed package says itself, by a `digest` or a `numerics` number, when its results change.
Code at hand is edited between two runs and says nothing, so it is read here, and a key made of it
misses once it is another.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import decimal
import dis
import enum
import fractions
import functools
import hashlib
import operator
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import numpy as np

__all__ = ["NAMESPACES", "code_digest", "exact_text"]

_SCALARS = (bool, int, float, complex, str, bytes, np.generic, PurePath)
_NO_BEHAVIOUR = {
    *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__slots__"),
    *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
    *("__firstlineno__", "__static_attributes__", "__parameters__", "__orig_bases__"),
    "__slotnames__",  # which pickling leaves behind
    *("__abstractmethods__", "_abc_impl", "__match_args__", "__dataclass_params__"),
}
"""Members of a class that no number depends on, or that are made anew in each process."""

_EXACT_IN_PRINT = (
    *(range, slice, fractions.Fraction, decimal.Decimal, np.dtype),
    *(dt.date, dt.time, dt.timedelta),
    *(operator.itemgetter, operator.attrgetter, operator.methodcaller),
)
"""Types of installed packages whose values print all that they are."""

NAMESPACES = (types.SimpleNamespace, argparse.Namespace)


def code_digest(thing: Any) -> str | None:
    """Return a digest of the code behind an object, a class or a function; None if it is installed.

    Followed are the class and its bases, functions, and the functions, classes and constants that
    their code names, as far as no installed package defines them. Comments and places do not count.
    An object's own state is not read: that is for its own digest or configuration.

    >>> code_digest(hashlib.sha256) is None
    True
    """
    subject = thing if isinstance(thing, (type, types.FunctionType)) else type(thing)
    if _is_installed(subject.__module__):
        return None
    reading = _Reading()
    reading.follow(subject)
    return reading.digest()


def exact_text(value: Any) -> str | None:
    """Return all that a value of an installed type is, in words; None where no short text says it.

    >>> exact_text(np.maximum), exact_text(range(3)), exact_text(object())
    ('ufunc maximum', 'range(0, 3)', None)
    """
    if isinstance(value, types.BuiltinFunctionType):
        return f"built-in {value.__module__}.{value.__qualname__}"
    if isinstance(value, np.ufunc):
        return f"ufunc {value.__name__}"
    if isinstance(value, re.Pattern):
        return f"pattern {value.pattern!r} {value.flags}"
    torch = sys.modules.get("torch")
    if isinstance(value, _EXACT_IN_PRINT) or (
        torch is not None and isinstance(value, (torch.dtype, torch.device))
    ):
        return repr(value)
    return None


class _Reading:
    """Walks through code, each part once, in the order in which it is met."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        # Objects are held, so that no identity is given twice.
        self._met: dict[int, tuple[int, Any]] = {}

    def digest(self) -> str:
        return self._sha.hexdigest()

    def follow(self, value: Any) -> None:  # noqa: C901  one line a kind
        """Take in what a name, a default or a member of a class stands for."""
        if value is None or isinstance(value, _SCALARS):
            return self._note(type(value).__name__, repr(value))
        if isinstance(value, enum.Enum):
            return self._note("enum", f"{type(value).__qualname__}.{value.name}")
        if isinstance(value, np.ndarray):
            return self._array(value)
        if (text := exact_text(value)) is not None:
            return self._note("value", text)
        if isinstance(value, tuple):
            return self._all("tuple", value)
        if isinstance(value, (set, frozenset)):
            # Their order differs between processes.
            return self._all("set", sorted(value, key=repr))
        if id(value) in self._met:
            return self._note("met", str(self._met[id(value)][0]))
        self._met[id(value)] = (len(self._met), value)
        if isinstance(value, list):
            return self._all("list", value)
        if isinstance(value, dict):
            return self._all("dict", [part for pair in value.items() for part in pair])
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.ModuleType):
            return self._module(value)
        return self._object(value)

    def _note(self, kind: str, text: str = "") -> None:
        self._sha.update(f"{kind}\t{text}\n".encode())

    def _all(self, kind: str, values: Any) -> None:
        self._note(kind, str(len(values)))
        for value in values:
            self.follow(value)

    def _array(self, array: np.ndarray) -> None:
        self._note("array", f"{array.dtype} {array.shape}")
        if array.dtype.hasobject:
            return self._all("objects", array.ravel().tolist())
        return self._note("content", hashlib.sha256(array.tobytes()).hexdigest())

    def _tensor(self, tensor: Any) -> None:  # torch may not be there
        self._note("tensor", f"{tensor.dtype} {tuple(tensor.shape)}")
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        content = flat.view(sys.modules["torch"].uint8).numpy().tobytes()
        self._note("content", hashlib.sha256(content).hexdigest())

    def _function(self, function: types.FunctionType) -> None:
        closure = [_content(cell) for cell in function.__closure__ or ()]
        # Wrappers call themselves after what they wrap, so it is their surroundings that count.
        if _is_installed(function.__globals__.get("__name__")):
            # A library's decorator may hold a function of one's own.
            self._note("installed", f"{function.__module__}.{function.__qualname__}")
            closure = [value for value in closure if callable(value)]
        else:
            self._code(function.__code__)
            self.follow(function.__defaults__)
            self.follow(function.__kwdefaults__)
            for name in _globals_read(function.__code__):
                if name in function.__globals__:
                    self._note("global", name)
                    self.follow(function.__globals__[name])
        for value in closure:
            self.follow(value)

    def _code(self, code: types.CodeType) -> None:
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
        self._note("code", f"{code.co_code.hex()} {names} {counts} {code.co_flags}")
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._code(constant)
            else:
                self.follow(constant)

    def _class(self, kind: type) -> None:
        if _is_installed(kind.__module__):
            self._note("installed", f"{kind.__module__}.{kind.__qualname__}")
            return
        self._note("class", kind.__qualname__)
        for base in kind.__bases__:
            self.follow(base)
        for name, member in vars(kind).items():
            if name not in _NO_BEHAVIOUR:
                self._note("member", name)
                self.follow(member)

    def _module(self, module: types.ModuleType) -> None:
        self._note("module", module.__name__)
        source = getattr(module, "__file__", None)
        if source and not _is_installed(module.__name__) and Path(source).is_file():
            self._note("file", hashlib.sha256(Path(source).read_bytes()).hexdigest())

    def _object(self, value: Any) -> None:  # noqa: C901  one line a kind
        """Take in what wraps code, the fields of a declaration, or else the class alone."""
        self.follow(type(value))
        if isinstance(value, (staticmethod, classmethod)):
            self.follow(value.__func__)
        elif isinstance(value, property):
            self._all("property", [value.fget, value.fset])
        elif isinstance(value, functools.cached_property):
            self.follow(value.func)
        elif isinstance(value, functools.partial):
            self._all("partial", [value.func, value.args, value.keywords])
        elif isinstance(value, types.MethodType):
            self.follow(value.__func__)
        elif isinstance(value, NAMESPACES):
            self.follow(vars(value))
        elif _is_of_torch(value, "Tensor"):
            self._tensor(value)
        elif _is_of_torch(value, "nn.Module"):
            # Whether it trains is set anew before each pass.
            self.follow({key: each for key, each in vars(value).items() if key != "training"})
        elif isinstance(value, dataclasses.Field):
            self._all("field", [value.name, _given(value.default), _given(value.default_factory)])
        elif dataclasses.is_dataclass(value):
            self._all("fields", [getattr(value, f.name, None) for f in dataclasses.fields(value)])
        elif hasattr(value, "__wrapped__"):  # functools.wraps and lru_cache
            self.follow(value.__wrapped__)


def _globals_read(code: types.CodeType) -> Iterator[str]:
    """Yield the global names that code reads; what it also assigns is state, not code."""
    read, assigned = _global_names(code)
    yield from (name for name in read if name not in assigned)


def _global_names(code: types.CodeType) -> tuple[dict[str, None], set[str]]:
    read: dict[str, None] = {}
    assigned = set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read[instruction.argval] = None
        elif instruction.opname in ("STORE_GLOBAL", "STORE_NAME"):
            assigned.add(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner_read, inner_assigned = _global_names(constant)
            read |= inner_read
            assigned |= inner_assigned
    return read, assigned


def _is_of_torch(value: Any, name: str) -> bool:
    """Whether a value is of a class of torch, which is not imported for the question."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, operator.attrgetter(name)(torch))


def _content(cell: Any) -> Any:  # closures hold anything
    try:
        return cell.cell_contents
    except ValueError:  # not yet assigned
        return None


def _given(default: Any) -> Any:  # a default may be anything
    return None if default is dataclasses.MISSING else default


def _is_installed(module_name: str | None) -> bool:
    """Return whether a module is Python's, Heschl's, or in a folder that packages go to."""
    top = (module_name or "").partition(".")[0]
    if top in ("__main__", "__mp_main__"):  # what is typed or run, whatever started Python
        return False
    if top in sys.stdlib_module_names or top == "heschl":
        return True
    source = getattr(sys.modules.get(module_name or ""), "__file__", None)
    return source is not None and bool({"site-packages", "dist-packages"} & {*Path(source).parts})
