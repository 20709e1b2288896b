"""The registries: what models, benchmarks, metrics and datasets there are.

An id is the name of an entry point, or of what a script registered. Listing
reads cards alone; `heschl.resolution` makes the objects.
"""

from __future__ import annotations

import dataclasses
import inspect
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Generic, TypeVar, overload

from heschl import plugins
from heschl.cards import BenchmarkCard, Card, DatasetCard, MetricCard, ModelCard
from heschl.contracts import (
    Benchmark,
    Dataset,
    FeatureSource,
    LabelledDataset,
    Metric,
    SimilarityMetric,
    SpeechModel,
    TextModel,
)
from heschl.errors import BrokenPlugin, InvalidInput, UnknownName, near_names
from heschl.hints import way_on
from heschl.plugins import Broken, Claim
from heschl.resolution import SCHEMES, Resolved, resolve, schemes

__all__ = [
    "Entry",
    "Registry",
    "Resolved",
    "benchmarks",
    "broken",
    "datasets",
    "metrics",
    "models",
    "refresh",
    "register_benchmark",
    "register_dataset",
    "register_metric",
    "register_model",
    "resolve_benchmark",
    "resolve_dataset",
    "resolve_metric",
    "resolve_model",
]

CardT = TypeVar("CardT", bound=Card)
T = TypeVar("T")


@dataclass(frozen=True)
class Entry(Generic[CardT]):
    """One line of a listing: a name, who claims it, and its card or what is wrong."""

    name: str
    origin: str
    card: CardT | None
    broken: Broken | None


@dataclass(frozen=True)
class _Registration(Generic[CardT]):
    """What a script or a notebook registered."""

    card: CardT
    claim: Claim
    loads: str
    """What is loaded: a cell that runs again loads the same, and replaces its former self."""
    namespace: Mapping[str, Any]
    """The globals of the module that registered it."""


class Registry(Generic[CardT]):
    """The plugins of one kind.

    Parameters
    ----------
    kind
        The word for one of them, such as ``model``; the entry-point group is
        ``heschl.<kind>s``.
    card_type
        What its entry points must name.
    contracts
        The protocols of which an object must keep one.
    """

    def __init__(self, kind: str, card_type: type[CardT], contracts: Sequence[type]) -> None:
        self.kind = kind
        self.group = f"heschl.{kind}s"
        self.card_type = card_type
        self.contracts = tuple(contracts)
        self._registrations: dict[str, _Registration[CardT]] = {}
        self._lock = threading.RLock()

    def names(self) -> tuple[str, ...]:
        """Return every claimed id, sorted, from metadata alone."""
        return tuple(sorted({claim.name for claim in self._claims()}))

    def has(self, name: str) -> bool:
        """Say whether somebody claims an id."""
        return any(claim.name == name for claim in self._claims())

    def entries(self) -> tuple[Entry[CardT], ...]:
        """Return every claim with its card; two claims to one id are two entries."""
        claims = sorted(self._claims(), key=lambda claim: (claim.name, claim.origin))
        return tuple(self._entry(claim) for claim in claims)

    def broken(self) -> tuple[Broken, ...]:
        """Return the plugins of this kind that cannot be used."""
        return tuple(entry.broken for entry in self.entries() if entry.broken is not None)

    def duplicates(self) -> Mapping[str, tuple[str, ...]]:
        """Return the ids that several claim, with the origins of all of them."""
        claims = self._claims()
        origins = {
            name: tuple(claim.origin for claim in claims if claim.name == name)
            for name in self.names()
        }
        return {name: found for name, found in origins.items() if len(found) > 1}

    def card(self, name: str) -> CardT:
        """Return the card of an id."""
        return self.card_and_origin(name)[0]

    def card_and_origin(self, name: str) -> tuple[CardT, str]:
        """Return the card of an id, and who claims it."""
        claim = plugins.sole(self.kind, name, self._claims())
        if claim is None:
            raise self.unknown(name)
        entry = self._entry(claim)
        if entry.broken is not None:
            raise BrokenPlugin(
                f"the {self.kind} {name!r} of {entry.origin} cannot be used: "
                f"{entry.broken.reason}; `heschl doctor` shows more"
            )
        assert entry.card is not None  # noqa: S101  an entry has one or the other
        return entry.card, entry.origin

    def card_of(self, target: object) -> CardT | None:
        """Return the card under which this session registered a class or function."""
        for registration in self._snapshot():
            if registration.card.load is target:
                return registration.card
        return None

    def registered_in(self, namespace: Mapping[str, Any]) -> tuple[CardT, ...]:
        """Return the cards that the module with these globals registered."""
        return tuple(
            registration.card
            for registration in self._snapshot()
            if registration.namespace is namespace
        )

    def unknown(self, name: str) -> UnknownName:
        """Return the error for a name that nobody claims."""
        others = [each.kind for each in (models, benchmarks, metrics, datasets) if each.has(name)]
        known = way_on(name, self.names(), schemes())
        hint = f"it is the id of a {others[0]}" if others else known
        if others and (longer := [each for each in self.names() if each.startswith(f"{name}-")]):
            hint += f", of which there are {', '.join(longer)}"
        hint += " " if hint.endswith("?") else "; "
        message = (
            f"no {self.kind} is registered as {name!r}; {hint}`heschl list {self.kind}s` shows all"
        )
        if hurt := self.broken() + plugins.unreadable():
            message += f"; broken, see `heschl doctor`: {', '.join(each.name for each in hurt)}"
        return UnknownName(message)

    @overload
    def register(self, plugin: CardT) -> CardT: ...

    @overload
    def register(
        self,
        plugin: str,
        **fields: Any,  # those of the card
    ) -> Callable[[T], T]: ...

    def register(
        self,
        plugin: str | CardT,
        **fields: Any,  # those of the card
    ) -> CardT | Callable[[T], T]:
        """Register a plugin for this session.

        Parameters
        ----------
        plugin
            A card; or an id, to decorate a class or a function with it.
        fields
            The other fields of the decorated plugin's card. The summary is by
            default the first line of its docstring.

        Examples
        --------
        >>> from heschl import register_metric
        >>> @register_metric("always-one", licence="CC0-1.0")
        ... class AlwaysOne:
        ...     '''Score one, whatever comes.'''
        >>> metrics.card("always-one").summary
        'Score one, whatever comes.'
        """
        frame = inspect.currentframe()
        caller = frame.f_back if frame is not None else None
        if isinstance(plugin, self.card_type):
            if fields:
                raise InvalidInput(
                    f"{', '.join(sorted(fields))} came beside the card of {plugin.id!r}; "
                    "set what a card says within it"
                )
            self._add(plugin, caller)
            return plugin
        if not isinstance(plugin, str):
            raise InvalidInput(
                f"register_{self.kind} was given {plugin!r}; expected a "
                f'{self.card_type.__name__}, or an id as in @register_{self.kind}("my-{self.kind}")'
            )
        allowed = {field.name for field in dataclasses.fields(self.card_type)} - {"id", "load"}
        for name in sorted(fields.keys() - allowed):
            raise InvalidInput(
                f"{plugin!r} cannot set {name!r} on its {self.card_type.__name__}; "
                + near_names(name, allowed)
            )

        def decorate(target: T) -> T:
            if not callable(target):
                raise InvalidInput(
                    f"{plugin!r} decorates a {type(target).__name__}; expected a class or function"
                )
            summary = (inspect.getdoc(target) or _full_name(target)).splitlines()[0]
            self._add(
                self.card_type(**({"summary": summary} | fields), id=plugin, load=target), caller
            )
            return target

        return decorate

    def resolve(
        self,
        plugin: object,
        *arguments: Any,  # those of the card's load
        **settings: Any,  # as above
    ) -> Resolved[CardT]:
        """Return the object that an id, a URI, a card or the object itself stands for.

        Parameters
        ----------
        plugin
            An id; ``scheme:location``; a card; a class or function that makes the
            object; or the object, which must keep the contract.
        arguments, settings
            What its ``load`` takes: a dataset's root, a metric's settings.
        """
        return resolve(self, plugin, arguments, settings)

    def _claims(self) -> tuple[Claim, ...]:
        registered = tuple(registration.claim for registration in self._snapshot())
        return plugins.claims(self.group) + registered

    def _snapshot(self) -> tuple[_Registration[CardT], ...]:
        with self._lock:
            return tuple(self._registrations.values())

    def _entry(self, claim: Claim) -> Entry[CardT]:
        card = plugins.attempt(claim)
        if isinstance(card, Broken):
            return Entry(claim.name, claim.origin, None, card)
        if not isinstance(card, self.card_type):
            reason = f"it names a {type(card).__name__}; expected a {self.card_type.__name__}"
        elif card.id != claim.name:
            reason = f"its card has the id {card.id!r}; expected {claim.name!r}, the entry point's"
        else:
            return Entry(claim.name, claim.origin, card, None)
        broken = Broken(claim.group, claim.name, claim.origin, reason)
        return Entry(claim.name, claim.origin, None, broken)

    def _add(self, card: CardT, caller: FrameType | None) -> None:
        place = f"{caller.f_code.co_filename}:{caller.f_lineno}" if caller else "no known place"
        claim = Claim(self.group, card.id, f"this session, at {place}", lambda: card)
        loads = card.load if isinstance(card.load, str) else _full_name(card.load)
        registration = _Registration(card, claim, loads, caller.f_globals if caller else {})
        with self._lock:
            former = self._registrations.get(card.id)
            is_rerun = former is not None and former.loads == loads
            others = plugins.claims(self.group) if is_rerun else self._claims()
            plugins.sole(self.kind, card.id, (*others, claim))
            self._registrations[card.id] = registration


def _full_name(target: Any) -> str:  # any callable
    """Return ``module:name`` of what a card loads; of a lambda, with its line."""
    name = getattr(target, "__qualname__", None) or repr(target)
    if name.endswith("<lambda>"):
        name += f":{target.__code__.co_firstlineno}"
    return f"{getattr(target, '__module__', '')}:{name}"


models = Registry("model", ModelCard, (SpeechModel, TextModel, FeatureSource))
benchmarks = Registry("benchmark", BenchmarkCard, (Benchmark,))
metrics = Registry("metric", MetricCard, (Metric, SimilarityMetric))
datasets = Registry("dataset", DatasetCard, (Dataset, LabelledDataset))

register_model = models.register
register_benchmark = benchmarks.register
register_metric = metrics.register
register_dataset = datasets.register

resolve_model = models.resolve
resolve_benchmark = benchmarks.resolve
resolve_metric = metrics.resolve
resolve_dataset = datasets.resolve


def broken() -> tuple[Broken, ...]:
    """Return every plugin that cannot be used, of any kind, importing all their cards."""
    registries: tuple[Registry[Any], ...] = (models, benchmarks, metrics, datasets)
    openers = (plugins.attempt(claim) for claim in plugins.claims(SCHEMES))
    return (
        *plugins.unreadable(),
        *(each for registry in registries for each in registry.broken()),
        *(each for each in openers if isinstance(each, Broken)),
    )


def refresh() -> None:
    """Look again for what is installed; what this session registered stays."""
    plugins.refresh()
