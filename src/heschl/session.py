"""Sessions: one model, one dataset and the settings with which they meet.

Model and dataset travel to other processes by name where they have one, so that
a cell pickles to a few hundred bytes and loads weights where it runs.
"""

from __future__ import annotations

import operator
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from heschl.cards import ModelCard
from heschl.code_digest import code_digest
from heschl.contracts import AnyDataset, AnyModel, Dataset
from heschl.data_folders import DataKind, open_data
from heschl.errors import BrokenPlugin, InvalidInput, UnknownName, near_names
from heschl.handles import Handle
from heschl.model_form import check_model
from heschl.registry import Resolved, resolve_model
from heschl.store import Store

__all__ = ["Session", "open_session", "with_model"]

_DEVICE = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d+)?")

_latest = threading.local()
"""The model that a worker made last: of each of its threads, since hooks know no threads."""


@dataclass(frozen=True)
class Session:
    """What every cell of one score shares."""

    model: Handle[AnyModel]
    model_id: str
    model_origin: str
    model_version: Mapping[str, str | None]
    """Digests: the model's own, of the file that defines it, and of code in no package."""
    dataset: Handle[Any]  # keeps one contract of AnyDataset, and a benchmark says which it needs
    dataset_code: str | None
    """The digest of the code that reads the recordings, where no installed package has it."""
    data_kind: DataKind
    store: Store
    layers: tuple[str, ...]
    subjects: tuple[str, ...]
    """The listeners; none of a dataset that holds labelled sounds."""
    seed: int
    asked_device: str
    device: str
    """Where the model is where work is planned; one that lives on no device is on the processor."""

    @property
    def may_use_device(self) -> bool:
        """Whether the model goes to a graphics card wherever it finds one."""
        return hasattr(self.model.get(), "to") and self.asked_device != "cpu"

    def device_here(self) -> str:
        """Return where the model is in the process that asks, which may be a worker's."""
        model = self.model.get()
        return str(getattr(model, "device", None) or _device_of(model, self.asked_device))


def open_session(
    model: Any,  # id, URI or live object
    dataset_id: str,
    *,
    layers: Sequence[str] | None,
    subjects: Sequence[str] | None,
    data: str | os.PathLike[str] | AnyDataset | None,
    device: str,
    seed: int,
    store: Store,
    require: Callable[[AnyModel], None] | None = None,
) -> Session:
    """Resolve who is meant; the other arguments are those of `heschl.score`.

    ``require`` raises unless the model will do. It is asked before the data are opened, as is all
    that the model alone can be refused for: a phantom takes a while to write.
    """
    used_seed = _whole(seed)
    resolved = resolve_model(model)
    the_model = resolved.object
    check_model(the_model, resolved.card.id)
    if require is not None:
        require(the_model)
    of_model = _of_model(model, resolved, device)
    names = [each.name for each in the_model.layers]
    chosen_layers = _chosen("layer", resolved.card.id, layers, names)
    dataset, data_kind = open_data(dataset_id, data, store)
    the_dataset = dataset.get()
    listeners = the_dataset.subjects() if isinstance(the_dataset, Dataset) else ()
    return Session(
        **of_model,
        dataset=dataset,
        dataset_code=code_digest(the_dataset),
        data_kind=data_kind,
        store=store,
        layers=chosen_layers,
        subjects=_chosen("subject", the_dataset.card.id, subjects, listeners),
        seed=used_seed,
        asked_device=device,
    )


def with_model(
    session: Session,
    model: Any,  # as of open_session
    layers: Sequence[str] | None = None,
) -> Session:
    """Return the session of another model with the same data, settings and store."""
    resolved = resolve_model(model)
    check_model(resolved.object, resolved.card.id)
    names = [layer.name for layer in resolved.object.layers]
    return replace(
        session,
        **_of_model(model, resolved, session.asked_device),
        layers=_chosen("layer", resolved.card.id, layers, names),
    )


def _of_model(model: Any, resolved: Resolved[ModelCard], device: str) -> dict[str, Any]:
    """Return what a session knows of a model."""
    used_device = _place(resolved.object, device)
    # What a notebook registered is unknown to other processes: it travels itself.
    is_findable = isinstance(model, str) and not resolved.origin.startswith("this session")
    version = _version(resolved)
    # Whoever hands cells in may have no graphics card, and whoever runs them one.
    recipe = _ModelRecipe(str(model), device, version) if is_findable else None
    return {
        "model": Handle(resolved.object, recipe),
        "model_id": resolved.card.id,
        "model_origin": resolved.origin,
        "model_version": version,
        "device": used_device,
    }


def _version(resolved: Resolved[ModelCard]) -> dict[str, str | None]:
    return {
        "digest": _digest(resolved.object, resolved.card.id),
        "source": resolved.source_digest,
        "code": code_digest(resolved.object),
    }


@dataclass(frozen=True)
class _ModelRecipe:
    """How another process gets the same model."""

    name: str
    device: str
    version: Mapping[str, str | None]

    def __call__(self) -> Any:
        # Cells come one by one, and weights take longer to load than most sounds to hear.
        if getattr(_latest, "recipe", None) == self:
            return _latest.model
        _latest.recipe = _latest.model = None  # two may not fit beside each other
        resolved = resolve_model(self.name)
        _place(resolved.object, self.device)
        if _version(resolved) != self.version:
            raise InvalidInput(
                f"the model {self.name!r} is another here than where the score was planned: its "
                "file or its weights have changed since, or differ between machines; score it again"
            )
        _latest.recipe, _latest.model = self, resolved.object
        return resolved.object


def _digest(model: Any, model_id: str) -> str:
    """Return a model's own digest, without which its results would pass for another's."""
    digest = model.digest
    if not isinstance(digest, str) or not digest:
        raise BrokenPlugin(
            f"the model {model_id!r} has digest={digest!r}; expected a text that changes whenever "
            "its outputs would, such as a hash of its weights"
        )
    return digest


def _whole(seed: Any) -> int:
    """Return the seed as an int, which is what keys and files hold."""
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or operator.index(seed) < 0:
        raise InvalidInput(f"seed={seed!r}; expected a whole number, 0 or above")
    return operator.index(seed)


def _place(model: Any, device: str) -> str:
    """Move a model that lives on a device and return where it is."""
    device = _device_of(model, device)
    if not hasattr(model, "to"):
        return device
    try:
        model.to(device)
    except (RuntimeError, AssertionError, ValueError, NotImplementedError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InvalidInput(
            f"device={device!r} cannot be used here ({reason}); expected 'auto', 'cpu', or 'cuda' "
            "where a GPU and a torch built for it are there"
        ) from error
    return device


def _device_of(model: Any, device: str) -> str:
    """Return the device that a model is to be on, in this process."""
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise InvalidInput(
            f"device={device!r}; expected 'auto', 'cpu', 'cuda', 'cuda:<number>', 'mps' or 'xpu'"
        )
    if not hasattr(model, "to"):
        return "cpu"
    if device == "auto":
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
    return device


def _chosen(
    kind: str, whose: str, wanted: Sequence[str] | None, known: Sequence[str]
) -> tuple[str, ...]:
    """Return the wanted names in the order of the known ones."""
    if wanted is None:
        return tuple(known)
    is_list = isinstance(wanted, Sequence) and not isinstance(wanted, str)
    if not is_list or not wanted or not all(isinstance(name, str) for name in wanted):
        raise InvalidInput(f"{kind}s={wanted!r}; give a list of names, or None for all")
    for name in wanted:
        if name not in known:
            raise UnknownName(f"{whose} has no {kind} {name!r}; {near_names(name, known)}")
    return tuple(name for name in known if name in wanted)
