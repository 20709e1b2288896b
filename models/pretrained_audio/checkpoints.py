"""Checkpoints from elsewhere: read without running code, and loaded whole or refused."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch

from heschl.errors import CorruptData, InvalidInput
from heschl.packed import check_zip, is_zip
from heschl.untrusted import check_file

__all__ = ["load_whole", "part", "read_checkpoint"]

_NAMED = 4


def read_checkpoint(path: Path, *, is_trusted: bool = False) -> Mapping[str, Any]:
    """Return what a file of ``torch.save`` holds, at the top a mapping.

    Raises
    ------
    InvalidInput
        If it holds more than weights and settings, and is not trusted: whatever
        code it carries would run.
    CorruptData
        If it is no such file, or a part of one.
    """
    size = check_file(path).st_size
    if is_zip(path):
        # As torch writes it, nothing is compressed.
        check_zip(path, at_most=size)
    try:
        content = torch.load(path, map_location="cpu", weights_only=not is_trusted)
    except pickle.UnpicklingError as error:
        if "weights_only" not in str(error).lower():
            raise _unreadable(path, error) from error
        raise InvalidInput(
            f"{path} holds more than weights and settings, and loading it could run code of "
            "whoever made it; if you trust it, add ?trust=yes behind the path"
        ) from error
    except Exception as error:  # of whatever kind damage turns out to be
        raise _unreadable(path, error) from error
    if not isinstance(content, Mapping):
        raise InvalidInput(
            f"{path} holds a {type(content).__name__}; expected a mapping of weights, saved with "
            "torch.save(module.state_dict(), ...)"
        )
    return content


def part(content: Mapping[str, Any], key: str, path: Path, release: str) -> Mapping[str, Any]:
    """Return the mapping that a checkpoint holds under ``key``."""
    found = content.get(key)
    if not isinstance(found, Mapping):
        held = ", ".join(map(repr, list(content)[:_NAMED])) or "nothing"
        raise InvalidInput(f"{path} has no mapping {key!r} (it holds {held}); expected {release}")
    return found


def load_whole(
    network: torch.nn.Module,
    state: Mapping[str, Any],
    path: Path,
    *,
    set_aside: Collection[str] = (),
) -> None:
    """Load ``state`` into ``network``, every weight and none beside.

    Parameters
    ----------
    set_aside
        Beginnings of the names that belong to a head or to the training, and
        change no layer.

    Raises
    ------
    InvalidInput
        If weights are missing, left over or of another shape; the names are listed.
    """
    kept = {key: value for key, value in state.items() if not key.startswith(tuple(set_aside))}
    expected = network.state_dict()
    faults = {
        "missing": expected.keys() - kept.keys(),
        "unexpected": kept.keys() - expected.keys(),
        "of another shape": {
            f"{key} {tuple(getattr(kept[key], 'shape', ()))} instead of {tuple(weight.shape)}"
            for key, weight in expected.items()
            if key in kept and getattr(kept[key], "shape", None) != weight.shape
        },
    }
    found = "; ".join(f"{fault}: {_some(names)}" for fault, names in faults.items() if names)
    if found:
        raise InvalidInput(
            f"{path} does not fit {type(network).__name__} ({found}); give a whole checkpoint in "
            "the format of the release, since weights would be left to chance otherwise"
        )
    # In place of the empty weights: the network may have been made on no device at all.
    network.load_state_dict(kept, strict=True, assign=True)


def _some(names: Collection[str]) -> str:
    shown = ", ".join(sorted(names)[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


def _unreadable(path: Path, error: Exception) -> CorruptData:
    reason = " ".join(str(error).split())[:200]
    return CorruptData(
        f"{path} is no whole file of torch.save ({type(error).__name__}: {reason}); fetch it again"
    )
