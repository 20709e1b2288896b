"""Cells on a Dask cluster: what travels is their description; data move through the store alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from heschl._version import __version__
from heschl.errors import InvalidInput, MissingExtra
from heschl.progress import readable_size

__all__ = ["DaskEngine", "EngineLost", "memory_of_workers"]

Result = TypeVar("Result")
_GPU = "GPU"
"""The resource that workers declare who have a card: ``dask worker … --resources GPU=1``."""
_MEMORY = "MEMORY"
"""Likewise of bytes: ``--resources "GPU=1 MEMORY=64e9"``."""

_PATIENCE_S = 10.0
"""How long to wait for a scheduler that is asked before anything runs."""


class EngineLost(BrokenExecutor):
    """A worker or the scheduler went away with a call; it may be made again."""


def memory_of_workers(address: str) -> list[int]:
    """Return the bytes that each worker of a cluster may take, where it has a limit.

    That is where its nurse ends it, or what it declares as ``MEMORY``, whichever is less.
    """
    _check_installed()
    client = _client_of(address, _PATIENCE_S)
    try:
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
    finally:
        client.close()
    limits = [
        [worker.get("memory_limit") or 0, worker.get("resources", {}).get(_MEMORY, 0)]
        for worker in workers
    ]
    return [int(min(filter(None, each), default=0)) for each in limits if any(each)]


class DaskEngine:
    """A cluster by its scheduler's address, or one of processes on this machine.

    Parameters
    ----------
    address
        ``tcp://host:port``, or a number of local workers.
    patience_s
        How long to wait for a scheduler that does not answer.
    """

    def __init__(self, address: str, *, patience_s: float = 300.0) -> None:
        _check_installed()
        self._address = address
        self._patience_s = patience_s
        self._cluster: Any = None
        self._n_workers = 1
        self._client: Any = self._connected()
        self._check_workers()

    @property
    def n_workers(self) -> int:
        """How many calls the cluster runs at once, as far as it is there by now.

        While its scheduler is away, that is what was last known.
        """
        known: Any = {}
        with suppress(OSError, RuntimeError, TimeoutError, ValueError):  # of a client that gave up
            known = self._client.scheduler_info(n_workers=-1)
        if "workers" in known:
            threads = [int(worker["nthreads"]) for worker in known["workers"].values()]
            self._n_workers = max(1, sum(threads))
        return self._n_workers

    def submit(self, call: Callable[..., Result], /, *args: Any) -> Future[Result]:
        """Schedule ``call(*args)`` on a worker; those who hear take one with a card if there is."""
        if self._client.status != "running":
            self._client = self._connected()
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        remote = self._client.submit(call, *args, pure=False, resources=self._resources(args))
        remote.add_done_callback(partial(_settle, future))
        return future

    def close(self) -> None:
        """Leave the cluster, and end it if it is ours."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    @property
    def wants_memory(self) -> bool:
        """Whether workers say what they have of memory, so that cells had better, too."""
        return any(_MEMORY in offered for offered in self._offered)

    def _resources(self, args: tuple[Any, ...]) -> dict[str, float]:
        """Return what a call needs of the resources that this cluster's workers declare."""
        cells = [cell for each in args if isinstance(each, list) for cell in each]
        wanted: dict[str, float] = {}
        if any(getattr(cell, "uses_device", False) for cell in cells):
            wanted[_GPU] = 1
        n_bytes = max([0, *(getattr(cell, "memory", None) or 0 for cell in cells)])
        if n_bytes:
            wanted[_MEMORY] = n_bytes
        known = {name for offered in self._offered for name in offered}
        wanted = {name: value for name, value in wanted.items() if name in known}
        with_card = [each for each in self._offered if each.get(_GPU, 0) >= wanted.get(_GPU, 0)]
        most = max((each.get(_MEMORY, 0.0) for each in with_card), default=0.0)
        if wanted.get(_MEMORY, 0) > most:
            # It would wait for ever.
            which = " with a card" if _GPU in wanted else ""
            raise InvalidInput(
                f"{cells[0].label} needs {readable_size(n_bytes)} of memory, and no worker of "
                f"{self._address}{which} has more than {readable_size(most)}; start one that has, "
                "or score fewer layers or listeners at a time"
            )
        return wanted

    def _connected(self) -> Any:  # a client of distributed, which has no types
        if self._address.isdecimal():
            from distributed import Client, LocalCluster

            if self._cluster is None:
                # One call a process at a time: linear algebra has threads of its own.
                self._cluster = LocalCluster(
                    n_workers=int(self._address), threads_per_worker=1, dashboard_address=None
                )
            # As default it would also write xarray's files, and for ever after it is closed.
            return Client(self._cluster, set_as_default=False)
        return _client_of(self._address, self._patience_s)

    def _check_workers(self) -> None:
        """Refuse workers of another version: they would make other entries."""
        versions = set(self._client.run(_version).values())
        if versions - {__version__}:
            raise InvalidInput(
                f"workers of {self._address} have Heschl {', '.join(sorted(versions))}, this is "
                f"{__version__}; install the same on all"
            )
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        self._offered: list[dict[str, float]] = [worker.get("resources", {}) for worker in workers]


def _check_installed() -> None:
    try:
        import distributed  # noqa: F401  whether it is there
    except ImportError as error:
        raise MissingExtra(
            "a Dask cluster needs distributed, which is not installed; run: pip install "
            '"heschl[dask]"'
        ) from error


def _client_of(address: str, patience_s: float) -> Any:  # as above
    """Return a client of a scheduler, which may take a while to be there."""
    from distributed import Client

    deadline = time.monotonic() + patience_s
    while True:
        try:
            return Client(address, timeout=min(10.0, patience_s), set_as_default=False)
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError) or time.monotonic() > deadline:
                raise InvalidInput(
                    f"there is no Dask scheduler at {address!r} ({error}); start one with `dask "
                    "scheduler` and workers with `dask worker ADDRESS --nthreads 1`, or give a "
                    "number of local workers"
                ) from error
            time.sleep(1.0)


def _version() -> str:
    return __version__


def _settle(future: Future[Any], remote: Any) -> None:  # of distributed, which has no types
    """Hand a remote call's end over; whatever ended it but the call itself is a loss."""
    from distributed import KilledWorker

    if remote.status == "finished":
        try:
            future.set_result(remote.result())
        except Exception as error:  # noqa: BLE001  the worker that had the result went away
            future.set_exception(EngineLost(f"its result was lost: {error}"))
        return
    reason = remote.exception() if remote.status == "error" else None
    if reason is None:
        future.set_exception(EngineLost(f"the scheduler let it go ({remote.status})"))
    elif isinstance(reason, KilledWorker):
        future.set_exception(EngineLost(str(reason)))
    else:
        future.set_exception(reason)
