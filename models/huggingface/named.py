"""The checkpoints that papers name, and their untrained twins: cards out of ``named.tsv``.

A trained model is the checkpoint at the commit in the table, fetched from the hub at first use. A
twin is its architecture with weights drawn from a seed, for which nothing is fetched; checkpoints
of one architecture share it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heschl.cards import UNTRAINED, ModelCard, Training
from heschl.errors import MissingData
from heschl.models import huggingface
from heschl.models.hub_cache import HubCard
from heschl.models.huggingface.architectures import ARCHITECTURES
from heschl.models.huggingface.citations import CITATIONS
from heschl.models.huggingface.untrained import open_untrained
from heschl.models.tables import listed, number, rows

if TYPE_CHECKING:
    from heschl.models.torch_module import TorchModel

__all__ = ["Named", "card", "named", "twin_card", "twins"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_RANDOM = "-random"
_ELSEWHERE = ("wav2vec2-base-random",)
"""Twins that another module makes."""


@dataclass(frozen=True)
class Named:
    """One checkpoint; the fields are the columns of ``named.tsv``.

    What the table marks as unverified is left empty.
    """

    id: str
    hub: str
    """Its name on the hub."""
    revision: str
    """The commit; empty where it must be asked for."""
    architecture: str
    objective: str
    datasets: tuple[str, ...]
    languages: tuple[str, ...]
    hours: float | None
    licence: str
    citation: str
    megabytes: float | None
    """What is fetched at first use."""
    summary: str

    @property
    def twin(self) -> str:
        """The id of the architecture with random weights."""
        return f"{self.architecture}{_RANDOM}"


@functools.cache
def named() -> Mapping[str, Named]:
    """Return every named checkpoint by its id.

    >>> named()["hubert-large-ll60k"].hours
    60000.0
    """
    found = {}
    for row in rows("heschl.models.huggingface", "named.tsv"):
        values: dict[str, Any] = row | {
            "datasets": listed(row["datasets"]),
            "languages": listed(row["languages"]),
            "hours": number(row["hours"]),
            "megabytes": number(row["megabytes"]),
        }
        found[row["id"]] = Named(**values)
    return found


@functools.cache
def twins() -> tuple[str, ...]:
    """Return the ids of the untrained twins that are made here."""
    return tuple(f"{name}{_RANDOM}" for name in ARCHITECTURES if name + _RANDOM not in _ELSEWHERE)


def card(entry: Named, revision: str = "") -> ModelCard:
    """Return the card of a named checkpoint, at a commit if the table has none."""
    commit = entry.revision or revision
    place = f"https://huggingface.co/{entry.hub}"
    return HubCard(
        id=entry.id,
        load=functools.partial(_load, entry.id),
        summary=entry.summary,
        requires=("torch", "transformers"),
        extra="speech",
        licence=entry.licence,
        citation=CITATIONS[entry.citation],
        url=f"{place}/tree/{commit}" if commit else place,
        family=str(ARCHITECTURES[entry.architecture].config["model_type"]),
        parameters=ARCHITECTURES[entry.architecture].parameters,
        training=Training(entry.objective, entry.datasets, entry.languages, entry.hours),
        untrained_twin=entry.twin,
        hub=entry.hub,
        commit=commit,
    )


def twin_card(name: str, seed: int = 0) -> ModelCard:
    """Return the card of an untrained twin; seeds above 0 stand behind an ``@`` in its id."""
    architecture = ARCHITECTURES[name.removesuffix(_RANDOM)]
    like = next(each for each in named().values() if each.twin == name)
    return ModelCard(
        id=f"{name}@{seed}" if seed else name,
        load=functools.partial(_load_twin, name),
        summary=f"{architecture.title} with random weights from seed {seed}",
        requires=("torch", "transformers"),
        extra="speech",
        licence="BSD-3-Clause",
        citation=CITATIONS[like.citation],
        family=str(architecture.config["model_type"]),
        parameters=architecture.parameters,
        training=UNTRAINED,
    )


def __getattr__(name: str) -> ModelCard:
    """Return a card: ``HUBERT_BASE_LS960`` is that of ``hubert-base-ls960``."""
    identifier = name.lower().replace("_", "-") if name.isupper() else ""
    if identifier in named():
        return card(named()[identifier])
    if identifier in twins():
        return twin_card(identifier)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *(name.upper().replace("-", "_") for name in (*named(), *twins()))]


def _load(name: str) -> TorchModel:
    entry = named()[name]
    revision = entry.revision or _newest(entry.hub)
    return huggingface.open_encoder(f"{entry.hub}@{revision}", card(entry, revision))


def _load_twin(name: str, seed: int = 0) -> TorchModel:
    return open_untrained(ARCHITECTURES[name.removesuffix(_RANDOM)], twin_card(name, seed), seed)


def _newest(hub: str) -> str:
    """Return the commit that the hub calls main today; the model's card keeps it."""
    import huggingface_hub

    try:
        commit = huggingface_hub.HfApi().model_info(hub).sha
    except Exception as error:
        raise MissingData(
            f"the table has no commit of {hub}, and the hub cannot be asked for its newest "
            f"({type(error).__name__}); name one that you have: hf:{hub}@<commit>, or "
            "hf:/path/to/its/folder"
        ) from error
    if not commit or not _COMMIT.fullmatch(commit):
        raise MissingData(f"the hub gives {commit!r} as the commit of {hub}; name one yourself")
    return commit
