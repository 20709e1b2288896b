"""A suite on a Dask cluster that loses workers, its scheduler and files as long as it runs."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

from suite_runs import SuiteRuns, chance
from test_engines import ENVIRONMENT, cluster, dask_children, kill, start_scheduler, start_worker

from heschl.store import Store

_EVERY_S = 4.0
_SHARE = 0.01
_NOTING = ("--preload", "noting_worker")


def beset_cluster(runs: SuiteRuns, seed: int = 0) -> dict[str, Any]:
    """Kill a worker every few seconds and the scheduler once, and damage a share of all files.

    What ends before the suite is done is begun again; scores must be those that nothing disturbed.
    """
    draw, store = chance(seed), runs.new_store("beset")
    done = {"workers killed": 0, "schedulers killed": 0, "files damaged": 0, "runs begun again": 0}
    ENVIRONMENT["NOTES"] = str(runs.notes(store))
    with cluster(3, *_NOTING) as (port, processes):
        while True:
            process = runs.start(store, more=("--dask", f"tcp://127.0.0.1:{port}"))
            codes: list[int] = []
            waiting = threading.Thread(target=lambda p=process, c=codes: c.append(runs.wait(p)))
            waiting.start()
            while waiting.is_alive():
                waiting.join(_EVERY_S)
                if not waiting.is_alive():
                    break
                if done["workers killed"] >= 2 and not done["schedulers killed"]:
                    kill(processes[0])
                    processes[0] = start_scheduler(port)
                    # Workers go with their scheduler; what manages a cluster starts them again.
                    processes.extend(start_worker(port, *_NOTING) for _ in range(3))
                    done["schedulers killed"] += 1
                elif victims := dask_children(processes[1:]):
                    os.kill(draw.choice(victims), signal.SIGKILL)
                    done["workers killed"] += 1
                done["files damaged"] += _damaged(store, draw)
            if codes == [0]:
                break
            done["runs begun again"] += 1
            assert done["runs begun again"] < 5, runs.told(store)
    assert runs.differing(store / "scores") == []
    return {
        **done,
        "cells computed": len(set(runs.computed(store))),
        "computed again": runs.n_computed_again(store),
        "differing scores": 0,
    }


def _damaged(store: Path, draw: Any) -> int:
    """Flip a bit in a share of what the store holds, in one file at least; return in how many."""
    files = sorted(path for path in (Store(store).folder / "objects").rglob("*") if path.is_file())
    n_flipped = 0
    for path in draw.sample(files, min(len(files), max(1, round(_SHARE * len(files))))):
        try:
            content = bytearray(path.read_bytes())
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            path.write_bytes(bytes(content))
        except (OSError, ValueError):  # gone meanwhile, or empty
            continue
        n_flipped += 1
    return n_flipped
