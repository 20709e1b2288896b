"""Sessions: one model, one dataset and the settings with which they meet.

Model and dataset travel to other processes by name where they have one, so that
a cell pickles to a few hundred bytes and loads weights where it runs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heschl.contracts import AnyModel, Dataset
from heschl.data_folders import DataKind, open_data
from heschl.errors import InvalidInput, UnknownName, near_names
from heschl.handles import Handle
from heschl.registry import resolve_model
from heschl.store import Store

__all__ = ["Session", "open_session"]


@dataclass(frozen=True)
class Session:
    """What every cell of one score shares."""

    model: Handle[AnyModel]
    model_id: str
    model_origin: str
    model_source: str | None
    """The digest of the file that defines the model, where there is one."""
    dataset: Handle[Dataset]
    data_kind: DataKind
    store: Store
    layers: tuple[str, ...]
    subjects: tuple[str, ...]
    seed: int
    device: str


def open_session(
    model: Any,  # id, URI or live object
    dataset_id: str,
    *,
    layers: Sequence[str] | None,
    subjects: Sequence[str] | None,
    data: str | os.PathLike[str] | Dataset | None,
    device: str,
    seed: int,
    store: Store,
) -> Session:
    """Resolve who is meant; the other arguments are those of `heschl.score`."""
    resolved = resolve_model(model)
    the_model = resolved.object
    dataset, data_kind = open_data(dataset_id, data, store)
    used_device = _place(the_model, device)
    names = [layer.name for layer in the_model.layers]
    # What a notebook registered is unknown to other processes: it travels itself.
    is_findable = isinstance(model, str) and not resolved.origin.startswith("this session")
    recipe = _ModelRecipe(str(model), used_device) if is_findable else None
    return Session(
        model=Handle(the_model, recipe),
        model_id=resolved.card.id,
        model_origin=resolved.origin,
        model_source=resolved.source_digest,
        dataset=dataset,
        data_kind=data_kind,
        store=store,
        layers=_chosen("layer", resolved.card.id, layers, names),
        subjects=_chosen("subject", dataset.get().card.id, subjects, dataset.get().subjects()),
        seed=seed,
        device=used_device,
    )


@dataclass(frozen=True)
class _ModelRecipe:
    """How another process gets the same model."""

    name: str
    device: str

    def __call__(self) -> Any:
        model = resolve_model(self.name).object
        _place(model, self.device)
        return model


def _place(model: Any, device: str) -> str:
    """Move a model that lives on a device and return where it is."""
    if not hasattr(model, "to"):
        return "cpu"
    if device == "auto":
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device)
    return device


def _chosen(
    kind: str, whose: str, wanted: Sequence[str] | None, known: Sequence[str]
) -> tuple[str, ...]:
    """Return the wanted names in the order of the known ones."""
    if wanted is None:
        return tuple(known)
    if isinstance(wanted, str) or not wanted:
        raise InvalidInput(f"{kind}s={wanted!r}; give a list of names, or None for all")
    for name in wanted:
        if name not in known:
            raise UnknownName(f"{whose} has no {kind} {name!r}; {near_names(name, known)}")
    return tuple(name for name in known if name in wanted)
