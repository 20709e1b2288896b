"""Files of safetensors, such as the whole state of learning: there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from heschl.disk import sync_folder, usable
from heschl.errors import CorruptData, MissingData
from heschl.untrusted import check_file

__all__ = ["file_digest", "read_tensors", "write_tensors"]

_REMEDY = "name another folder; what is finished is kept"
_NOTES = "heschl"


def write_tensors(
    path: Path, tensors: Mapping[str, torch.Tensor], notes: Mapping[str, Any] | None = None
) -> None:
    """Put tensors and notes (values of JSON) at ``path``; a reader sees the old file or the new."""
    temporary = path.with_name(f".{uuid.uuid4().hex}.safetensors")
    ready, places = {}, set()
    for name, tensor in tensors.items():
        values = tensor.detach().cpu().contiguous()
        # The format refuses two names for the same memory, as tied weights have.
        ready[name] = values.clone() if values.data_ptr() in places else values
        places.add(values.data_ptr())
    with usable(path, _REMEDY):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            safetensors.torch.save_file(
                ready, temporary, metadata={_NOTES: json.dumps(dict(notes or {}))}
            )
            temporary.chmod(0o644)  # the library lets nobody else read it
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the tensors and the notes of a file."""
    check_file(path)
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            notes = json.loads((file.metadata() or {}).get(_NOTES, "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, notes  # noqa: SIM118
    except (safetensors.SafetensorError, ValueError, OSError, RecursionError) as error:
        raise CorruptData(
            f"{path} is no whole file of safetensors ({error}); delete it, and the same command "
            "goes on from what is left"
        ) from error


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError as error:
        raise MissingData(f"{path} is not there; copy the whole folder of the model") from error
    return digest.hexdigest()
