"""Plugins under test: made once, at the first check that needs them, and anew on request."""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Generic, TypeVar

from heschl.errors import MissingExtra
from heschl.testing.check import require, skip

__all__ = ["UnderTest", "loads", "seen_from_another_process"]

T = TypeVar("T")

_SLOWEST_S = 300


class UnderTest(Generic[T]):
    """Something that a recipe makes.

    Where the recipe fails, the check `loads` says why and the others are skipped.
    """

    def __init__(self, recipe: Callable[[], T]) -> None:
        self.made_again = recipe

    @functools.cached_property
    def _attempt(self) -> T | BaseException:
        try:
            return self.made_again()
        except (Exception, SystemExit) as error:  # noqa: BLE001  a stranger's code raises anything
            return error

    @property
    def is_loaded(self) -> bool:
        """Whether it could be made."""
        return not isinstance(self._attempt, BaseException)

    def load(self) -> T:
        """Return the thing, or raise what went wrong in making it."""
        if isinstance(self._attempt, BaseException):
            raise self._attempt
        return self._attempt

    @property
    def thing(self) -> T:
        """The thing; the check is skipped where it cannot be made."""
        if isinstance(self._attempt, BaseException) and not isinstance(self._attempt, MissingExtra):
            raise skip("it does not load, see the check 'loads'")
        return self.load()


def loads(plugin: UnderTest[T]) -> None:
    """Load, with every member of the contract."""
    plugin.load()


def seen_from_another_process(plugin: object, *, is_named: bool, program: str) -> str:
    """Return what a program prints last about a plugin in a new process.

    Parameters
    ----------
    plugin
        An id, a URI or an object, which the program finds as ``plugin``.
    is_named
        Whether the name means something there; what is not named is pickled,
        and the check is skipped where that cannot be done.
    program
        Python that prints one line.
    """
    try:
        parcel = pickle.dumps(sys.path) + pickle.dumps(plugin)
    except Exception as error:
        raise skip(
            f"it has no name and cannot be pickled ({error}), so its cells run in this process "
            "alone; give it an id or a file: URI"
        ) from error
    opened = (
        "import pickle, sys\n"
        "sys.path[:] = pickle.load(sys.stdin.buffer)\n"
        "plugin = pickle.load(sys.stdin.buffer)\n"
    )
    finished = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", opened + program],
        input=parcel,
        capture_output=True,
        check=False,
        timeout=_SLOWEST_S,
        # A digest that is made of hash() would agree by chance under one seed.
        env=os.environ | {"PYTHONHASHSEED": "271828"},
    )
    if finished.returncode:
        why = (finished.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        if not is_named:
            raise skip(f"it has no name that another process knows, and unpickling fails: {why}")
        require(is_kept=False, message=f"in another process it fails: {why}")
    return (finished.stdout.decode(errors="replace").strip().splitlines() or [""])[-1]
