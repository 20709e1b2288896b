"""Handles: objects that travel to other processes by recipe rather than by their bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["Handle"]

T = TypeVar("T")


class Handle(Generic[T]):
    """An object together with the recipe that makes it again elsewhere.

    Without a recipe the object itself is pickled.
    """

    def __init__(self, thing: T, recipe: Callable[[], T] | None = None) -> None:
        self._thing: T | None = thing
        self._recipe = recipe

    def get(self) -> T:
        """Return the object, making it at the first call in a new process, or after `let_go`."""
        if self._thing is None and self._recipe is not None:
            self._thing = self._recipe()
        assert self._thing is not None  # noqa: S101  one of both is always there
        return self._thing

    def let_go(self) -> None:
        """Hold the object no longer, if it can be made again."""
        if self._recipe is not None:
            self._thing = None

    def __getstate__(self) -> dict[str, Any]:
        return {
            "_thing": None if self._recipe is not None else self._thing,
            "_recipe": self._recipe,
        }
