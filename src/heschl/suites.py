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
from functools import partial
from typing import Any

import yaml

from heschl.capacity import refused_room
from heschl.errors import CorruptData, HeschlError, InvalidInput, near_names
from heschl.execution import Executor, SerialExecutor, Silent, Stages, Watcher, run_jobs
from heschl.score_jobs import ScoreJob
from heschl.scores import Score
from heschl.scoring import Plan, plan
from heschl.store import Store
from heschl.untrusted import first_repeated, read_bytes
from heschl.uses import using

__all__ = ["Needs", "PlannedPair", "Suite", "plan_suite", "read_suite", "run_suite"]

_AT_ONCE = 8
"""How many scores may go on beside each other: their plans are held in memory."""

_MOST_BYTES = 2**16
_LARGEST_SEED = 2**32 - 1
_EXAMPLE = "two lines such as 'models: [logmel]' and 'benchmarks: [nh2015_components-ridge]'"
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


class _Plain(yaml.SafeLoader):
    """Refuses aliases, by which a few lines stand for more than any memory holds.

    And keys that stand twice, of which YAML would take the last and drop what the first one says.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has an alias (*); write out what that stands for")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        repeated = first_repeated(str(key.value) for key, _ in node.value)
        if repeated is not None:
            raise yaml.YAMLError(f"it has the key {repeated!r} twice; write one, with all in it")
        return super().construct_mapping(node, deep)


def read_suite(path: str | os.PathLike[str]) -> Suite:
    """Read a suite's file of YAML."""
    try:
        content = yaml.load(read_bytes(path, at_most=_MOST_BYTES), _Plain)  # noqa: S506  safe
    except HeschlError:
        raise
    except Exception as error:  # tags such as !!bool or !!timestamp raise errors of any kind
        problem = str(error).replace("\n", " ")
        raise CorruptData(
            f"{path} is not YAML in UTF-8: {problem}; mend it: a suite is {_EXAMPLE}"
        ) from error
    if not isinstance(content, dict):
        kind = {list: "a list", str: "a text", type(None): "nothing"}.get(type(content), "a value")
        raise InvalidInput(f"{path} holds {kind}, and is no suite; write {_EXAMPLE}")
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
    is_whole = isinstance(seed, int) and not isinstance(seed, bool)
    if not is_whole or not 0 <= seed <= _LARGEST_SEED:
        raise InvalidInput(
            f"{path} has seed: {seed!r}; expected a whole number from 0 to {_LARGEST_SEED}"
        )
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
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise InvalidInput(f"{path} has {key}: {value!r}; expected ids, none of them empty")
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


class Needs:
    """What the scores of a suite read and would store; plans need not be held for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: set[str] = set()
        self._to_store: dict[tuple[str, ...], int] = {}

    def add(self, planned: Plan) -> None:
        """Count a score in; refuse more than the store's disk has room for."""
        self._keys.update(key for cell in planned.cells for key in cell.keys)
        # Features are shared by benchmarks that hear the same sounds: an entry counts once.
        self._to_store |= {
            cell.keys: cell.n_bytes or 0 for cell in planned.cells if not planned.is_cached(cell)
        }
        if refusal := refused_room(self.n_bytes, self._store.folder):
            raise InvalidInput(refusal)

    @property
    def n_bytes(self) -> int:
        """How much the store would gain."""
        return sum(self._to_store.values())

    def keeping(self) -> AbstractContextManager[None]:
        """Keep what is read from being removed, until the last score is done."""
        return using(self._store.folder, self._keys)


def run_suite(
    suite: Suite,
    store: Store,
    *,
    executor: Executor | None = None,
    watcher: Watcher | None = None,
    device: str = "auto",
) -> Iterator[tuple[str, str, Score | HeschlError]]:
    """Yield the score of every pair, or why there is none: one that fails stops no other.

    On an engine with workers, some go on beside each other, so that none waits for the last cell
    of another: they come as they end.
    """
    used = executor or SerialExecutor()
    watching = watcher or Silent()
    pairs = (_Pair(suite, *pair, store, used, watching, device) for pair in suite.pairs)
    for pair in run_jobs(pairs, store, used, watching, at_once=_AT_ONCE):
        if pair.found is not None:
            yield pair.model, pair.benchmark, pair.found


class _Pair(ScoreJob):
    """One score of a suite, whose failure is its own."""

    def __init__(
        self,
        suite: Suite,
        model: str,
        benchmark: str,
        store: Store,
        executor: Executor,
        watching: Watcher,
        device: str,
    ) -> None:
        settings: dict[str, Any] = {
            "data": suite.data[benchmark],
            "device": device,
            "seed": suite.seed,
        }
        planning = partial(plan, model, benchmark, **settings, store=store)
        is_apart = not isinstance(executor, SerialExecutor)
        super().__init__(planning, executor, watching, is_apart=is_apart)
        self.model, self.benchmark = model, benchmark
        self.found: Score | HeschlError | None = None

    def stages(self) -> Stages:
        """Yield as any score does; what is refused is what was found."""
        try:
            yield from super().stages()
            self.found = self.score
        except HeschlError as refusal:
            self.found = refusal
