"""Cards: plain metadata about a plugin and where to load it from.

A card is what an entry point names. Listing reads cards alone, so a card's
module must import nothing heavier than this one.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from heschl.errors import BrokenPlugin, InvalidInput, MissingExtra

__all__ = [
    "UNTRAINED",
    "BenchmarkCard",
    "Card",
    "DatasetCard",
    "MetricCard",
    "ModelCard",
    "Seen",
    "Training",
]

Modality = Literal["audio", "text"]
Access = Literal["open", "licensed", "private"]


@dataclass(frozen=True)
class Training:
    """What a model has learned from; the board shows it and checks overlap with the stimuli."""

    objective: str = ""
    """How it was trained, in words; ``none`` if it was not (`UNTRAINED`), empty if not said."""
    datasets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes."""
    hours: float | None = None

    def __post_init__(self) -> None:
        """Refuse a field of another kind than declared."""
        _check_fields(self, "this training")

    @property
    def is_trained(self) -> bool | None:
        """Whether the model has seen any data; None if nobody says, so that silence is no claim."""
        return self.objective != "none" if self.objective else None


@dataclass(frozen=True)
class Seen:
    """What of a dataset a model was tuned on, which it can therefore not be tested on."""

    dataset: str
    data_kind: str
    """``real`` or ``phantom``."""
    subjects: tuple[str, ...]
    """The listeners whose responses it learned from; none if it heard the sounds alone."""
    stimuli: tuple[str, ...]
    """What it heard, the stimuli that said when to stop among them."""
    sounds: tuple[str, ...] = ()
    """The digest of each of them, by which they are known in other datasets."""
    chosen_on: tuple[str, ...] = ()
    """Those of the stimuli that said when to stop: no readout is fitted on them."""

    def __post_init__(self) -> None:
        """Refuse a field of another kind than declared, and others than were heard."""
        _check_fields(self, "what this model has seen")
        unheard = sorted(set(self.chosen_on) - set(self.stimuli))
        if unheard:
            raise InvalidInput(
                f"chosen_on names {', '.join(map(repr, unheard))}, which stand not among the "
                "stimuli that were seen; name them there too"
            )


@dataclass(frozen=True)
class Card:
    """What every plugin says of itself.

    ``load`` is a callable, or the text ``"package.module:attribute"``, which is
    imported at first use. ``requires`` lists the importable names that it needs
    beyond the core, and ``extra`` the install extra that brings them.
    """

    id: str
    load: str | Callable[..., Any]
    summary: str
    requires: tuple[str, ...] = ()
    extra: str | None = None
    licence: str = ""
    citation: str = ""
    """BibTeX entries, as they should be cited."""
    url: str = ""

    def __post_init__(self) -> None:
        """Refuse fields of another kind than declared, and an id that no shell or disk takes."""
        _check_fields(self, f"the card of {self.id!r}")
        allowed = self.id and all(c.isalnum() or c in "-_.:/@+" for c in self.id)
        if not allowed or self.id[0] in "-." or ".." in self.id:
            raise InvalidInput(
                f"the id {self.id!r} cannot be used: ids are letters, digits and any of - _ . : / "
                "@ +, begin with a letter or digit, and hold no '..'; choose another id"
            )

    def missing_requirements(self) -> tuple[str, ...]:
        """Return the required importable names that are not installed."""
        return tuple(name for name in self.requires if importlib.util.find_spec(name) is None)

    def check_requirements(self) -> None:
        """Raise with the exact install command if something is missing."""
        missing = self.missing_requirements()
        if missing:
            command = (
                f'pip install "heschl[{self.extra}]"'
                if self.extra
                else ("pip install " + " ".join(missing))
            )
            verb = "is" if len(missing) == 1 else "are"
            raise MissingExtra(
                f"{self.id!r} needs {', '.join(missing)}, which {verb} not installed; "
                f"run: {command}"
            )

    def target(self) -> Callable[..., Any]:
        """Return the callable that makes the object, importing it if need be."""
        self.check_requirements()
        return _import_target(self.id, self.load)


def _check_fields(owner: Any, whose: str) -> None:  # a dataclass of this module or derived from it
    """Refuse the first field that is not of the kind that its annotation, here a text, declares."""
    for each in fields(owner):
        value = getattr(owner, each.name)
        # A field that another package adds to its card is its own affair.
        expected, is_right = _KINDS.get(str(each.type), ("", lambda _: True))
        if not is_right(value):
            raise InvalidInput(
                f"{whose} has {each.name}={value!r}, a {type(value).__name__}; expected {expected}"
            )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_target(value: object) -> bool:
    return isinstance(value, str) or callable(value)


_TARGET = "a callable, or the text 'package.module:attribute'"
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a text", _is_text),
    "str | None": ("a text or None", lambda value: value is None or _is_text(value)),
    "tuple[str, ...]": (
        "a tuple of texts, such as ('torch',)",
        lambda value: isinstance(value, tuple) and all(map(_is_text, value)),
    ),
    "int": ("a whole number", _is_whole),
    "int | None": ("a whole number or None", lambda value: value is None or _is_whole(value)),
    "float | None": (
        "a number or None",
        lambda value: value is None or isinstance(value, float) or _is_whole(value),
    ),
    "str | Callable[..., Any]": (_TARGET, _is_target),
    "str | Callable[..., Any] | None": (
        f"{_TARGET}, or None",
        lambda value: value is None or _is_target(value),
    ),
    "Modality": ("'audio' or 'text'", lambda value: value in get_args(Modality)),
    "Access": ("'open', 'licensed' or 'private'", lambda value: value in get_args(Access)),
    "Training": ("a heschl.cards.Training", lambda value: isinstance(value, Training)),
    "tuple[Seen, ...]": (
        "a tuple of heschl.cards.Seen",
        lambda value: isinstance(value, tuple) and all(isinstance(each, Seen) for each in value),
    ),
}
"""For each annotation, as it is written above and below, what to expect and whether it is that."""

UNTRAINED = Training("none")
"""What a card says of random weights, and of what was made by hand."""


def _import_target(whose: str, target: str | Callable[..., Any]) -> Callable[..., Any]:
    """Return a callable as it is, or import it from ``"package.module:attribute"``."""
    if callable(target):
        return target
    module_name, colon, attribute = target.partition(":")
    if not colon or not attribute:
        raise BrokenPlugin(
            f"the card of {whose!r} names {target!r}; expected 'package.module:attribute'"
        )
    try:
        loaded = getattr(importlib.import_module(module_name), attribute)
    except AttributeError as error:
        raise BrokenPlugin(
            f"the card of {whose!r} names {target!r}, but {module_name} has no {attribute!r}"
        ) from error
    if not callable(loaded):
        raise BrokenPlugin(
            f"the card of {whose!r} names {target!r}, which is a {type(loaded).__name__}; "
            "expected a callable"
        )
    return loaded  # type: ignore[no-any-return]  # what a card loads is checked by its registry


@dataclass(frozen=True)
class ModelCard(Card):
    """A model.

    ``load()`` returns an object that keeps the `SpeechModel`, `TextModel` or
    `FeatureSource` contract.
    """

    modality: Modality = "audio"
    family: str = ""
    parameters: int | None = None
    """The number of weights, trained or not; 0 for signal processing."""
    training: Training = field(default_factory=Training)
    untrained_twin: str | None = None
    """The id of the same architecture with random weights."""
    seen: tuple[Seen, ...] = ()
    """What it was tuned on; scoring refuses to test it there, see `heschl.seen`."""

    def missing_weights(self) -> str:
        """Return what of the weights is not on this machine yet, in two words for a listing.

        ``needs weights`` that are to be put there, ``fetches weights`` at first use; empty if
        nothing lacks, or if the card cannot know. No network is asked. Cards of models whose
        weights lie apart are of classes of their own that say so.
        """
        return ""


@dataclass(frozen=True)
class DatasetCard(Card):
    """A dataset: ``load(root)`` reads the real layout below the folder ``root``."""

    access: Access = "open"
    how_to_get: str = ""
    """Who grants access, and how the folder must look."""
    languages: tuple[str, ...] = ()
    recording: str = ""
    """The kind of recording: ``fMRI``, ``ECoG``, ``behaviour``."""
    n_subjects: int | None = None
    phantom: str | Callable[..., Any] | None = None
    """``phantom(root, seed)`` writes the simulated twin; as ``load``, text or callable."""
    phantom_version: int = 1
    """Raised whenever the phantom's files change for the same seed."""
    manifest: str = ""
    """The manifest's resource, ``"package:relative/path.tsv"``."""

    def phantom_target(self) -> Callable[..., Any]:
        """Return the callable that writes the phantom, importing it if need be."""
        self.check_requirements()
        if self.phantom is None:
            raise InvalidInput(f"{self.id!r} has no phantom; name the folder of the real data")
        return _import_target(self.id, self.phantom)


@dataclass(frozen=True)
class MetricCard(Card):
    """A metric: ``load(**settings)`` returns an object that keeps the `Metric` contract."""

    verification: str | Callable[..., Any] | None = None
    """``verification()`` returns the `heschl.findings.Finding` of simulations in memory, planted
    against found; as ``load``, text or callable."""

    def verification_target(self) -> Callable[..., Any] | None:
        """Return the callable that verifies the metric, importing it if need be."""
        self.check_requirements()
        return None if self.verification is None else _import_target(self.id, self.verification)


@dataclass(frozen=True)
class BenchmarkCard(Card):
    """A benchmark: ``load()`` returns the declaration."""

    version: int = 1
    """Raised whenever a published score of this benchmark would change."""
    dataset: str = ""
    metric: str = ""
    protocol: str = ""
    """The protocol's id, e.g. ``moussa2025.alignment``."""
    unit_of_uncertainty: str = "subject"
    """What was resampled for the error bar: ``subject``, or ``stimulus`` where there are none."""
    published: str = ""
    """The table of the paper's own numbers, ``"package:relative/path.tsv"``."""
