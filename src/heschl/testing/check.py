"""Checks: promises of a contract, each a small function, held against one plugin."""

from __future__ import annotations

import functools
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from unittest import SkipTest

from heschl.errors import BrokenPlugin, HeschlError, MissingExtra

__all__ = ["Check", "Outcome", "examine", "held_against", "refused", "require", "skip", "stated"]

PluginT = TypeVar("PluginT")

Verdict = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Check:
    """One promise, held against one plugin when it is called.

    A call returns if the promise is kept, raises if not, and raises
    `unittest.SkipTest`, which pytest shows as skipped, where it does not apply.
    """

    name: str
    promise: str
    """What is promised, in a sentence."""
    _run: Callable[[], None] = field(repr=False)

    def __call__(self) -> None:
        """Hold the plugin against the promise."""
        try:
            self._run()
        except MissingExtra as error:
            raise SkipTest(str(error)) from error

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Outcome:
    """What came of one check."""

    check: str
    promise: str
    verdict: Verdict
    reason: str
    """Why it failed or was skipped, and what to do."""
    seconds: float


def examine(check: Check) -> Outcome:
    """Call a check and say what came of it, whatever the plugin raised."""
    begin = time.perf_counter()
    verdict: Verdict = "passed"
    reason = ""
    try:
        check()
    except SkipTest as skipped:
        verdict, reason = "skipped", str(skipped)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code may raise anything
        verdict, reason = "failed", _reason(error)
    return Outcome(check.name, check.promise, verdict, reason, time.perf_counter() - begin)


def held_against(
    plugin: PluginT, promises: Iterable[Callable[[PluginT], None]]
) -> tuple[Check, ...]:
    """Return the checks that hold one plugin against promises, each named as its function."""
    return tuple(
        Check(
            promise.__name__,
            (promise.__doc__ or "").splitlines()[0],
            functools.partial(promise, plugin),
        )
        for promise in promises
    )


def require(is_kept: Any, message: str) -> None:  # a NumPy boolean is not a bool
    """Raise if a promise is broken; the message says what was got, expected and to do."""
    if not is_kept:
        raise BrokenPlugin(message)


def refused(ask: Callable[[], object], by: type[HeschlError], case: str, advice: str) -> None:
    """Raise unless asking is answered by one kind of error."""
    try:
        ask()
    except by:
        return
    except MissingExtra:
        raise
    except Exception as error:
        raise BrokenPlugin(
            f"{case} is answered by {type(error).__name__}: {error}; expected {by.__name__} in one "
            f"clear sentence: {advice}"
        ) from error
    raise BrokenPlugin(f"{case} is taken without a word; expected {by.__name__}: {advice}")


def skip(reason: str) -> SkipTest:
    """Return what to raise where a promise does not apply."""
    return SkipTest(reason)


def stated(what: str, fields: dict[str, Any], *, is_public: bool = True) -> None:
    """Raise if a field is empty; skip for what nobody but its author uses yet."""
    empty = [name for name, value in fields.items() if not value]
    if empty and not is_public:
        raise skip(f"{what} states no {', '.join(empty)} yet; state it before you publish")
    require(not empty, f"{what} states no {', '.join(empty)}; write it down, or 'unknown'")


def _reason(error: BaseException) -> str:
    if isinstance(error, HeschlError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} (at {last.filename}:{last.lineno})"
