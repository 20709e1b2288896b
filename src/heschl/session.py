"""Sessions: one model, one dataset and the settings with which they meet.

Model and dataset travel to other processes by name where they have one, so that
a cell pickles to a few hundred bytes and loads weights where it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from heschl.contracts import AnyModel, Dataset
from heschl.store import Store

__all__ = ["Handle", "Session"]

T = TypeVar("T")


class Handle(Generic[T]):
    """An object together with the recipe that makes it again elsewhere.

    Without a recipe the object itself is pickled.
    """

    def __init__(self, thing: T, recipe: Callable[[], T] | None = None) -> None:
        self._thing: T | None = thing
        self._recipe = recipe

    def get(self) -> T:
        """Return the object, making it at the first call in a new process."""
        if self._thing is None and self._recipe is not None:
            self._thing = self._recipe()
        assert self._thing is not None  # noqa: S101  one of both is always there
        return self._thing

    def __getstate__(self) -> dict[str, Any]:
        return {
            "_thing": None if self._recipe is not None else self._thing,
            "_recipe": self._recipe,
        }


@dataclass(frozen=True)
class Session:
    """What every cell of one score shares."""

    model: Handle[AnyModel]
    model_id: str
    model_origin: str
    model_source: str | None
    """The digest of the file that defines the model, where there is one."""
    dataset: Handle[Dataset]
    data_kind: Literal["real", "phantom"]
    store: Store
    layers: tuple[str, ...]
    subjects: tuple[str, ...]
    seed: int
    device: str
