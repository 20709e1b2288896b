"""Suites: several models on several benchmarks, as one file says it and one command runs it.

models: [logmel, wavlm-base]
benchmarks:
  - nh2015_components-ridge
  - {id: lebel_moth-ridge, data: phantom}
seed: 0
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import yaml

from heschl.capacity import refused_room
from heschl.errors import CorruptData, HeschlError, InvalidInput, near_names
from heschl.execution import Executor, Watcher
from heschl.scores import Score
from heschl.scoring import Plan, plan, score
from heschl.store import Store
from heschl.untrusted import first_repeated, read_bytes
from heschl.uses import using

__all__ = ["PlannedPair", "Suite", "check_room", "keeping", "plan_suite", "read_suite", "run_suite"]

_MOST_BYTES = 2**16
_KEYS = ("models", "benchmarks", "data", "seed")
_KEYS_OF_BENCHMARK = ("id", "data")


@dataclass(frozen=True)
class Suite:
    """What to score: every model on every benchmark, a benchmark after the other."""

    models: tuple[str, ...]
    benchmarks: tuple[str, ...]
    data: Mapping[str, str | None]
    """Of each benchmark, as `heschl.score` takes it."""
    seed: int = 0

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every model and benchmark, those that hear the same sounds one after the other."""
        return ((model, benchmark) for benchmark in self.benchmarks for model in self.models)


class _WithoutAliases(yaml.SafeLoader):
    """Refuses aliases, by which a few lines stand for more than any memory holds."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has an alias (*); write out what that stands for")
        return super().compose_node(parent, index)


def read_suite(path: str | os.PathLike[str]) -> Suite:
    """Read a suite's file of YAML."""
    try:
        content = yaml.load(read_bytes(path, at_most=_MOST_BYTES), _WithoutAliases)  # noqa: S506  safe
    except HeschlError:
        raise
    except Exception as error:  # tags such as !!bool or !!timestamp raise errors of any kind
        problem = str(error).replace("\n", " ")
        raise CorruptData(f"{path} is not YAML: {problem}") from error
    if not isinstance(content, dict):
        raise InvalidInput(f"{path} holds {type(content).__name__}; expected keys {_KEYS[:2]}")
    _check_keys(f"{path}", content, _KEYS)
    models = _names(path, "models", content.get("models"))
    benchmarks, data = [], {}
    for each in _listed(path, "benchmarks", content.get("benchmarks")):
        entry = {"id": each} if isinstance(each, str) else each
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise InvalidInput(
                f"{path} has the benchmark {each!r}; expected an id, or {{id: ..., data: ...}}"
            )
        _check_keys(f"{path}, benchmark {entry['id']}", entry, _KEYS_OF_BENCHMARK)
        place = entry.get("data", content.get("data"))
        if place is not None and not isinstance(place, str):
            raise InvalidInput(f"{path} has data: {place!r}; expected a folder or phantom")
        benchmarks.append(entry["id"])
        data[entry["id"]] = place
    _refuse_repeated(path, "benchmarks", benchmarks)
    seed = content.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidInput(f"{path} has seed: {seed!r}; expected a whole number, 0 or above")
    return Suite(models, tuple(benchmarks), data, seed)


def _check_keys(where: str, content: Mapping[Any, Any], known: tuple[str, ...]) -> None:
    for key in content:
        if key not in known:
            raise InvalidInput(f"{where} has the key {key!r}; {near_names(str(key), known)}")


def _listed(path: Any, key: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise InvalidInput(f"{path} has {key}: {value!r}; expected a list with one id at least")
    return value


def _names(path: Any, key: str, value: Any) -> tuple[str, ...]:
    names = _listed(path, key, value)
    if not all(isinstance(name, str) for name in names):
        raise InvalidInput(f"{path} has {key}: {value!r}; expected ids")
    _refuse_repeated(path, key, names)
    return tuple(names)


def _refuse_repeated(path: Any, key: str, names: list[str]) -> None:
    repeated = first_repeated(names)
    if repeated is not None:
        raise InvalidInput(f"{path} names {repeated} twice in {key}; name each once")


@dataclass(frozen=True)
class PlannedPair:
    """What one score of a suite would take, or why it cannot be had."""

    model: str
    benchmark: str
    plan: Plan | None
    refusal: HeschlError | None = None


def plan_suite(suite: Suite, store: Store, *, device: str = "auto") -> Iterator[PlannedPair]:
    """Yield what each score would take, in the order in which they are run."""
    for model, benchmark in suite.pairs:
        try:
            planned = plan(
                model,
                benchmark,
                data=suite.data[benchmark],
                device=device,
                seed=suite.seed,
                store=store,
            )
        except HeschlError as refusal:
            yield PlannedPair(model, benchmark, None, refusal)
        else:
            yield PlannedPair(model, benchmark, planned)


def check_room(pairs: list[PlannedPair], store: Store) -> int:
    """Return how many bytes the store would gain; refuse more than its disk has room for."""
    # Features are shared by benchmarks that hear the same sounds: an entry counts once.
    wanted = {
        cell.keys: cell.n_bytes or 0
        for pair in pairs
        if pair.plan
        for cell in pair.plan.cells
        if not pair.plan.is_cached(cell)
    }
    n_bytes = sum(wanted.values())
    if refusal := refused_room(n_bytes, store.folder):
        raise InvalidInput(refusal)
    return n_bytes


def keeping(pairs: list[PlannedPair], store: Store) -> AbstractContextManager[None]:
    """Keep what all scores of a suite read from being removed, until the last of them is done."""
    keys = {key for pair in pairs if pair.plan for cell in pair.plan.cells for key in cell.keys}
    return using(store.folder, keys)


def run_suite(
    suite: Suite,
    store: Store,
    *,
    executor: Executor | None = None,
    watcher: Watcher | None = None,
    device: str = "auto",
) -> Iterator[tuple[str, str, Score | HeschlError]]:
    """Yield the score of every pair, or why there is none: one that fails stops no other."""
    for model, benchmark in suite.pairs:
        found: Score | HeschlError
        try:
            found = score(
                model,
                benchmark,
                data=suite.data[benchmark],
                device=device,
                executor=executor,
                seed=suite.seed,
                store=store,
                watcher=watcher,
            )
        except HeschlError as refusal:
            found = refusal
        yield model, benchmark, found
