"""From a folder to a tuned model: its card, and the weights put into the model it came from."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heschl.cards import ModelCard, Seen, Training
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.registry import resolve_model
from heschl.untrusted import read_bytes

if TYPE_CHECKING:
    from heschl.models.torch_module import TorchModel

__all__ = ["tuned_card", "tuned_model"]

_AT_MOST = 16 << 20
_FORMAT = 1


def tuned_card(location: str) -> ModelCard:
    """Return the card of the model in the folder ``location``."""
    folder = Path(location).expanduser()
    if not (folder / "card.json").is_file():
        raise MissingData(
            f"{folder} holds no tuned model: it has no card.json; give the folder that "
            "`heschl tune` names when it is done, or run the same `heschl tune` again to finish it"
        )
    record = _record(folder / "card.json")
    try:
        seen = record["seen"]
        return ModelCard(
            id=f"tuned:{folder.resolve().name}",
            load=partial(tuned_model, str(folder)),
            summary=record["summary"],
            requires=("torch", "safetensors"),
            extra="speech",
            licence=record["licence"],
            citation=record["citation"],
            family=record["family"],
            parameters=record["parameters"],
            training=Training(
                objective=record["training"]["objective"],
                datasets=tuple(record["training"]["datasets"]),
                languages=tuple(record["training"]["languages"]),
                hours=record["training"]["hours"],
            ),
            untrained_twin=record["untrained_twin"],
            seen=tuple(
                Seen(
                    each["dataset"],
                    each["data_kind"],
                    tuple(each["subjects"]),
                    tuple(each["stimuli"]),
                    tuple(each["sounds"]),
                    tuple(each.get("chosen_on", ())),  # older cards lack it
                )
                for each in seen
            ),
        )
    except (KeyError, TypeError, InvalidInput) as error:
        raise CorruptData(
            f"{folder / 'card.json'} is no card of a tuned model ({error!r}); take the folder as "
            "`heschl tune` wrote it"
        ) from error


def tuned_model(location: str) -> TorchModel:
    """Return the model in the folder ``location``, on the processor."""
    from heschl.braintuning.checkpoints import file_digest, read_tensors
    from heschl.models.torch_module import TorchModel

    folder = Path(location).expanduser()
    card, record = tuned_card(location), _record(folder / "card.json")
    base = resolve_model(record["base"]).object
    if not isinstance(base, TorchModel):
        raise InvalidInput(
            f"{record['base']!r}, which {card.id!r} was tuned from, is no TorchModel here, so its "
            "weights cannot be replaced; install what it came from"
        )
    if base.digest != record["base_digest"]:
        raise CorruptData(
            f"{record['base']!r} is another model than {card.id!r} was tuned from (digest "
            f"{base.digest[:12]}, then {record['base_digest'][:12]}): other weights, settings or "
            "releases of libraries; bring back the one it was, or tune again"
        )
    path = folder / "weights.safetensors"
    if file_digest(path) != record["weights_sha256"]:
        raise CorruptData(f"{path} is not the file that card.json tells of; tune again")
    return base.with_weights(card, read_tensors(path)[0])


def _record(path: Path) -> dict[str, Any]:
    """Return what a card's file says."""
    try:
        record = json.loads(read_bytes(path, at_most=_AT_MOST))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CorruptData(f"{path} is not JSON: {error}; copy the folder again") from error
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise CorruptData(
            f"{path} is no card of format {_FORMAT}; it was written by another release of Heschl"
        )
    return record
