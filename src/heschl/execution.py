"""Where cells run: anything shaped like `concurrent.futures.Executor`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

__all__ = ["Executor", "SerialExecutor"]

Result = TypeVar("Result")


class Executor(Protocol):
    """What scoring asks of an engine: take a call, promise its result."""

    def submit(self, call: Callable[..., Result], /, *args: Any) -> Future[Result]:
        """Schedule ``call(*args)``."""


class SerialExecutor:
    """Runs each call at once, in this process: the default, and the reference."""

    def submit(self, call: Callable[..., Result], /, *args: Any) -> Future[Result]:
        """Run ``call(*args)`` now and return its settled future."""
        future: Future[Result] = Future()
        try:
            future.set_result(call(*args))
        except Exception as error:  # noqa: BLE001  the future carries it to whoever asks
            future.set_exception(error)
        return future
