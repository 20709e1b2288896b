"""Two shares of work at once, where the platform can split a process in two.

The other process has all that this one has, without a copy. What it makes lies on disk, or comes
back in full, which takes time: a share should return little for what it computes.
"""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkProcess
from typing import Any, TypeVar

from heschl.errors import HeschlError

__all__ = ["both"]

Ours = TypeVar("Ours")
Theirs = TypeVar("Theirs")


def both(ours: Callable[[], Ours], theirs: Callable[[], Theirs]) -> tuple[Ours, Theirs]:
    """Return what two shares of work return, the second one done in another process if possible.

    What either raises is raised here, ours first; the other process is gone by then.

    >>> both(lambda: 1 + 1, lambda: 2 + 2)
    (2, 4)
    """
    if not _can_split():
        return ours(), theirs()
    receiving, sending = multiprocessing.get_context("fork").Pipe(duplex=False)
    with receiving:
        process = _started(theirs, sending)
        try:
            our_result = ours()
            error, their_result = _received(receiving)
        except BaseException:
            process.kill()
            raise
        finally:
            process.join()
    if error is not None:
        raise error
    if process.exitcode:
        raise HeschlError(
            f"a process that did half of the work ended with code {process.exitcode} (-9 is mostly "
            "for want of memory); close other programs and try again"
        )
    return our_result, their_result


def _can_split() -> bool:
    """Return whether a process can be split, and none of its threads would be missed.

    macOS can, but its own libraries do not bear it. A daemon may have no processes.
    """
    return (
        "fork" in multiprocessing.get_all_start_methods()
        and sys.platform != "darwin"
        and threading.active_count() == 1
        and not multiprocessing.current_process().daemon
    )


def _started(theirs: Callable[[], Any], sending: Connection) -> ForkProcess:
    process = ForkContext().Process(target=_do, args=(theirs, sending))
    with sending, warnings.catch_warnings():
        # Python has no other thread here. Those of a library for linear algebra, of which Python
        # 3.12 warns as well, are ended by it before and begun anew when they are needed.
        warnings.filterwarnings("ignore", ".*fork.*", DeprecationWarning)
        process.start()
    return process


def _do(theirs: Callable[[], Any], sending: Connection) -> None:
    """Do a share in the process for it, and send what it returns or how it failed."""
    try:
        content = pickle.dumps((None, theirs()), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001  it is raised where the work was asked for
        content = _packed(error)
    sending.send_bytes(content)


def _packed(error: BaseException) -> bytes:
    told = "".join(traceback.format_exception(error))
    try:
        content = pickle.dumps((error, told))
        pickle.loads(content)  # noqa: S301  not all that can be packed can be unpacked
    except Exception:  # noqa: BLE001  whatever an error's own methods raise
        return pickle.dumps((RuntimeError(repr(error)), told))
    return content


def _received(receiving: Connection) -> tuple[BaseException | None, Any]:
    """Return what the other process raised, and what it returned."""
    try:
        error, result = pickle.loads(receiving.recv_bytes())  # noqa: S301  of our own process
    except EOFError:
        return None, None  # its exit code says why
    if error is not None:
        error.__cause__ = RuntimeError(f"in the process that did half of the work:\n{result}")
    return error, result
