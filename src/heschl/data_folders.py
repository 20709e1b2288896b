"""Where a dataset's files are: the user's folder, the fetched one, or a phantom."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from heschl.contracts import AnyDataset, Dataset, LabelledDataset
from heschl.errors import InvalidInput, MissingData
from heschl.handles import Handle
from heschl.phantom_folders import phantom_folder
from heschl.registry import datasets, resolve_dataset
from heschl.store import Store

__all__ = ["DataKind", "default_data_folder", "open_data", "phantom_folder", "seed_of_phantom"]

DataKind = Literal["real", "phantom"]
_ELSEWHERE = (
    "name its folder (data=..., --data ...), or try its simulated twin (--data phantom, "
    "data='phantom')"
)


def default_data_folder(dataset_id: str) -> Path:
    """Return the dataset's folder below ``$HESCHL_DATA``, or below the user's data folder."""
    chosen = os.environ.get("HESCHL_DATA")
    if chosen:
        return Path(chosen).expanduser() / dataset_id
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "heschl" / dataset_id


def open_data(
    dataset_id: str, data: str | os.PathLike[str] | AnyDataset | None, store: Store
) -> tuple[Handle[Any], DataKind]:  # keeps one contract of AnyDataset
    """Return the dataset and whether it is real; ``data`` is as `heschl.score` takes it."""
    kinds = (str, os.PathLike, Dataset, LabelledDataset, type(None))
    if isinstance(data, type) or not isinstance(data, kinds):
        raise InvalidInput(
            f"data={data!r}; expected a folder, 'phantom', 'phantom:<seed>', a dataset object or "
            "None"
        )
    if isinstance(data, (Dataset, LabelledDataset)):
        is_simulated = bool(getattr(data, "is_phantom", False))
        return Handle(data), "phantom" if is_simulated else "real"
    kind: DataKind = "real"
    if data is None:
        root = default_data_folder(dataset_id)
        if not root.is_dir():
            card = datasets.card(dataset_id)
            fetched = f"run `heschl fetch {dataset_id}`, " if card.manifest else ""
            source = "" if card.manifest else f". How to get it: {card.how_to_get}"
            raise MissingData(f"{dataset_id} is not at {root}; {fetched}{_ELSEWHERE}{source}")
    elif str(data) == "phantom" or str(data).startswith("phantom:"):
        kind, root = "phantom", phantom_folder(dataset_id, _phantom_seed(str(data)), store)
    else:
        root = Path(data).expanduser().resolve()
        if not root.is_dir():
            raise MissingData(
                f"data={str(data)!r} is no folder; name the root of {dataset_id}, or 'phantom' for "
                "its simulated twin"
            )
        # Its numbers are simulated wherever the folder lies, and must say so.
        kind = "phantom" if (root / "truth.json").exists() else "real"
    recipe = _DatasetRecipe(dataset_id, root)
    try:
        return Handle(recipe(), recipe), kind
    except MissingData as error:
        if data is not None:
            raise
        # Nobody named this folder, which a fetch that got nowhere leaves empty.
        raise MissingData(f"{error}, {_ELSEWHERE}") from error


@dataclass(frozen=True)
class _DatasetRecipe:
    """How any process opens the same dataset."""

    dataset_id: str
    root: Path

    def __call__(self) -> Any:
        return resolve_dataset(self.dataset_id, self.root).object


def seed_of_phantom(dataset: object) -> int | None:
    """Return the seed of the phantom that a dataset was read from; None where nothing says it."""
    root = getattr(dataset, "root", None)
    try:
        planted = json.loads((Path(root) / "truth.json").read_text()) if root else {}
    except (OSError, ValueError):  # no phantom, or none of ours
        return None
    seed = planted.get("seed") if isinstance(planted, dict) else None
    return seed if type(seed) is int else None


def _phantom_seed(data: str) -> int:
    _, colon, text = data.partition(":")
    if not colon:
        return 0
    if not text.isdecimal():
        raise InvalidInput(f"data={data!r}; expected 'phantom' or 'phantom:<seed>', a whole number")
    return int(text)
