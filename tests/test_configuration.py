from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from heschl.code_digest import code_digest
from heschl.configuration import array_digest, canonical_json, describe, differences, digest
from heschl.errors import InvalidInput


@dataclass(frozen=True)
class Setting:
    width: int = 3
    name: str = "a"


def test_canonical_json_does_not_depend_on_order_or_container():
    assert canonical_json({"b": (1, 2), "a": 0.1}) == canonical_json({"a": 0.1, "b": [1, 2]})


def test_describe_spells_defaults_out():
    described = describe(Setting())
    # This class is in no package, so its code is part of what it is.
    assert described.pop("code") == code_digest(Setting)
    assert described == {"kind": "Setting", "width": 3, "name": "a"}


@dataclass(frozen=True)
class Placed(Setting):
    device: str = field(default="cpu", compare=False)


def test_describe_leaves_out_what_does_not_compare():
    assert describe(Placed(device="cuda")) == describe(Placed())
    assert "device" not in describe(Placed())


@pytest.mark.parametrize(
    "other",
    [
        {"a": 2, "b": [1.5]},
        {"a": 1, "b": [1.5000000000000002]},
        {"a": 1.0, "b": [1.5]},
        {"a": True, "b": [1.5]},
        {"a": "1", "b": [1.5]},
        {"a": 1, "b": 1.5},
        {"a": 1, "b": [1.5], "c": None},
        {"A": 1, "b": [1.5]},
    ],
    ids=["number", "last-bit", "float", "bool", "text", "no-list", "more", "name"],
)
def test_digest_differs_for_every_change(other):
    assert digest(other) != digest({"a": 1, "b": [1.5]})


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), Path("x"), object(), {1: 2}, b"x", {1, 2}]
)
def test_plain_refuses_what_has_no_exact_text(value):
    with pytest.raises(InvalidInput):
        canonical_json({"value": value})


def test_numpy_scalars_and_arrays_read_as_their_values():
    assert canonical_json({"a": np.float64(0.5), "b": np.arange(2)}) == '{"a":0.5,"b":[0,1]}'


def test_array_digest_sees_values_type_and_shape():
    array = np.arange(6.0)
    others = [array + 1, array.astype(np.float32), array.reshape(2, 3)]
    assert array_digest(array) == array_digest(array.copy())
    assert all(array_digest(array) != array_digest(other) for other in others)


def test_array_digest_does_not_depend_on_memory_order():
    array = np.arange(6.0).reshape(2, 3)
    assert array_digest(np.asfortranarray(array)) == array_digest(array)


def test_differences_names_each_field():
    first = {"a": {"b": [1, 2]}, "c": 1}
    second = {"a": {"b": [1, 3, 4]}, "c": 1.0}
    assert list(differences(first, second)) == [
        ("a.b[1]", 2, 3),
        ("a.b[2]", "(absent)", 4),
        ("c", 1, 1.0),
    ]
