"""Tables that pandas pickled, read as data: nothing that a pickle names is ever called.

A pickle is a program. The one reader here meets every name in it with an inert stand-in that keeps
what it is given, and refuses names that no table of numbers and texts needs. What was kept is then
put together: arrays from their bytes, columns from the blocks that pandas stores, in the ways of
its releases from 0.23 on.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from heschl.errors import CorruptData
from heschl.untrusted import read_bytes

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["read_pickled_frame"]

_MOST_BYTES = 2**28
_MOST_ROWS = 2**24

_ALLOWED = frozenset(
    {
        "_codecs.encode",
        "builtins.bytearray",
        "builtins.object",
        "builtins.slice",
        "copyreg._reconstructor",
        "functools.partial",
        "numpy.dtype",
        "numpy.ndarray",
        *(
            f"{package}.{name}"
            for package in ("numpy.core", "numpy._core")
            for name in ("multiarray._reconstruct", "multiarray.scalar", "numeric._frombuffer")
        ),
        "pandas.DataFrame",
        "pandas.Index",
        "pandas.RangeIndex",
        "pandas._libs.internals._unpickle_block",
        "pandas.core.frame.DataFrame",
        "pandas.core.indexes.base.Index",
        "pandas.core.indexes.base._new_Index",
        "pandas.core.indexes.numeric.Float64Index",
        "pandas.core.indexes.numeric.Int64Index",
        "pandas.core.indexes.range.RangeIndex",
        "pandas.core.internals.BlockManager",
        "pandas.core.internals.blocks.new_block",
        "pandas.core.internals.managers.BlockManager",
    }
)

_ORDERS: tuple[Literal["C"], Literal["F"]] = ("C", "F")

_OLD_MODULES = {"copy_reg": "copyreg", "__builtin__": "builtins"}
"""As the first three protocols name them."""


def read_pickled_frame(path: Path) -> dict[str, np.ndarray]:
    """Return the columns (row,) of a pickled pandas table of numbers and texts, by name.

    Raises
    ------
    CorruptData
        What is no such table, or names anything that such a table does not need.
    """
    remedy = "fetch it again, or write the table beside it as .csv with a header row"
    try:
        content = read_bytes(path, at_most=_MOST_BYTES)
        _check_numbering(content)
        frame = _Reader(io.BytesIO(content)).load()
        return _columns(frame)
    except _Refused as refused:
        raise CorruptData(f"{path} {refused}; {remedy}") from None
    except (CorruptData, OSError):
        raise
    except Exception as error:
        raise CorruptData(
            f"{path} is no pickled table of pandas that can be read as data "
            f"({type(error).__name__}: {error}); {remedy}"
        ) from error


class _Refused(Exception):
    """What a table of numbers and texts has no use for."""


def _check_numbering(content: bytes) -> None:
    """Refuse numbers of things that a file is too short to hold: a place is laid out for each."""
    for operation, argument, _ in pickletools.genops(content):
        if operation.name in ("PUT", "LONG_BINPUT") and int(argument or 0) > len(content):
            raise _Refused(f"numbers a thing {argument}, more than it can hold")


class _Inert:
    """Stands for whatever a pickle names; calling it keeps the arguments and does nothing."""

    named = ""

    arguments: tuple[Any, ...]
    state: Any = None

    def __new__(cls, *arguments: Any) -> Self:
        # Some pickles make objects without a call of `__init__`.
        made = object.__new__(cls)
        made.arguments = arguments
        return made

    def __init__(self, *arguments: Any) -> None:
        """Leave what `__new__` has kept."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    """Reads a pickle whose every name is inert."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a stand-in made for this one occurrence, if the name is allowed at all."""
        named = f"{_OLD_MODULES.get(module, module)}.{name}"
        if named not in _ALLOWED:
            raise _Refused(f"names {named!r}, which no table of numbers and texts needs")
        return type("_Named", (_Inert,), {"named": named})

    def persistent_load(self, _pid: Any) -> Any:
        """Refuse references to what is not in the file."""
        raise _Refused("refers to something outside of itself")


def _name(thing: Any) -> str:
    """Return the last part of the name that an inert thing stands for."""
    if isinstance(thing, _Inert):
        if thing.named == "copyreg._reconstructor":
            return str(thing.arguments[0].named.rpartition(".")[2])
        return thing.named.rpartition(".")[2]
    return ""


def _columns(frame: Any) -> dict[str, np.ndarray]:
    if _name(frame) != "DataFrame" or not isinstance(frame.state, dict):
        raise _Refused(f"holds a {_name(frame) or type(frame).__name__}, not a table of pandas")
    manager = frame.state.get("_mgr", frame.state.get("_data"))
    if not isinstance(manager, _Inert) or _name(manager) != "BlockManager":
        raise _Refused("keeps its columns in a way that is not known here")
    axes, blocks = _blocks(manager)
    names = [str(name) for name in _index(axes[0])]
    n_rows = len(_index(axes[1]))
    if len(set(names)) < len(names):
        raise _Refused(f"has columns of the same name: {names}")
    columns: dict[str, np.ndarray] = {}
    for values, places in blocks:
        numbers = np.arange(len(names))[places]
        if values is None:
            continue  # a kind of column that is not read; whoever needs it will miss it
        if values.shape != (len(numbers), n_rows):
            raise _Refused(
                f"has a block of shape {values.shape} for {len(numbers)} columns of {n_rows} rows"
            )
        columns |= {names[number]: row for number, row in zip(numbers, values, strict=True)}
    return {name: columns[name] for name in names if name in columns}


def _blocks(manager: _Inert) -> tuple[list[Any], list[tuple[np.ndarray | None, Any]]]:
    """Return both axes, and of each block the values and the places of its columns."""
    if manager.state is not None:  # until pandas 1.2, and what it stood for before
        content = manager.state[-1]["0.14.1"]
        blocks = [(each["values"], each["mgr_locs"]) for each in content["blocks"]]
        axes = content["axes"]
    else:
        parts, axes = manager.arguments[:2]
        blocks = [(each.arguments[0], each.arguments[1]) for each in parts]
    return list(axes), [(_array_or_none(values), _places(places)) for values, places in blocks]


def _places(places: Any) -> Any:
    if _name(places) == "slice":
        return slice(*places.arguments)
    return _array(places).astype(np.intp)


def _index(axis: Any) -> list[Any]:
    """Return the labels of an axis."""
    if _name(axis) == "_new_Index":
        kind, content = axis.arguments
        if kind.named.endswith("RangeIndex"):
            numbers = range(content["start"], content["stop"], content["step"])
            if len(numbers) > _MOST_ROWS:
                raise _Refused(f"claims {len(numbers):,} rows, more than {_MOST_ROWS:,}")
            return list(numbers)
        return list(_array(content["data"]))
    raise _Refused(f"labels its rows or columns by a {_name(axis) or type(axis).__name__}")


def _array_or_none(values: Any) -> np.ndarray | None:
    """Return a block's values (column, row), or None if they are not an array of NumPy."""
    is_array = _name(values) in ("_reconstruct", "_frombuffer")
    return _array(values) if is_array else None


def _array(thing: Any) -> np.ndarray:
    """Return an array from the bytes, or the list of objects, that stand for it."""
    if _name(thing) == "_frombuffer":
        buffer, kind, shape, order = thing.arguments
        return np.asarray(np.frombuffer(_bytes(buffer), _dtype(kind)).reshape(shape, order=order))
    if _name(thing) != "_reconstruct" or not isinstance(thing.state, tuple):
        raise _Refused(f"has a {_name(thing) or type(thing).__name__} where an array belongs")
    _, shape, kind, is_fortran, content = thing.state
    dtype, order = _dtype(kind), _ORDERS[bool(is_fortran)]
    if dtype.kind != "O":
        return np.frombuffer(_bytes(content), dtype).reshape(shape, order=order)
    array = np.empty(len(content), dtype=object)
    array[:] = [_plain(each) for each in content]
    return np.asarray(array.reshape(shape, order=order))


def _dtype(thing: Any) -> np.dtype[Any]:
    """Return a type of number, or of Python objects."""
    if _name(thing) != "dtype":
        raise _Refused(f"has a {type(thing).__name__} where the type of an array belongs")
    dtype = np.dtype(str(thing.arguments[0]))
    if dtype.kind not in "bifuOSU":
        raise _Refused(f"holds columns of {dtype}")
    return dtype.newbyteorder(">") if thing.state and thing.state[1] == ">" else dtype


def _bytes(content: Any) -> bytes:
    if _name(content) == "encode":
        text, encoding = content.arguments
        if encoding != "latin1":
            raise _Refused(f"encodes bytes as {encoding!r}")
        return str(text).encode("latin1")
    if _name(content) == "bytearray":
        return _bytes(content.arguments[0])
    if isinstance(content, (bytes, bytearray)):
        return bytes(content)
    raise _Refused(f"has a {type(content).__name__} where bytes belong")


def _plain(value: Any) -> Any:
    """Return a text or number of an array of objects."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return value
    if _name(value) == "scalar":
        kind, content = value.arguments
        return np.frombuffer(_bytes(content), _dtype(kind))[0].item()
    raise _Refused(f"holds a {_name(value) or type(value).__name__} in a column")
