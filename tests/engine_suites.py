"""One suite on every engine: the scores, the cells and how often each model heard each sound.

Every engine computes all of it for itself; the simulated data alone are prepared once.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from suite_runs import differing_groups
from test_engines import ENVIRONMENT, cluster

from heschl.engines import engine
from heschl.errors import HeschlError
from heschl.store import Store
from heschl.suites import Suite, plan_suite, run_suite

HERE = Path(__file__).parent
MODELS = ("low", "middle", "high")
BENCHMARKS = ("timit-phonemes", "timit_ecog-trf", "timit-sentence_type", "crema_d-emotion")
ENGINES = ("serial", "processes:2", "dask", "submitit-local:jobs=1,timeout_min=10")


def agreement(
    folder: Path, phantoms: Path, models: tuple[str, ...], benchmarks: tuple[str, ...]
) -> dict[str, Any]:
    """Run a suite on each engine, and count what differs from the serial run."""
    names = tuple(f"file:{HERE}/counted_models.py:{model}" for model in models)
    suite = Suite(names, benchmarks, dict.fromkeys(benchmarks, "phantom"))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    heard: dict[str, Counter[str]] = {}
    n_cells: dict[str, int] = {}
    seconds: dict[str, int] = {}
    differing: list[str] = []
    os.environ["HEARD"] = os.devnull
    prepared = list(plan_suite(suite, Store(_store(folder / "prepared", phantoms))))
    assert all(pair.plan for pair in prepared)
    for chosen in ENGINES:
        kind = chosen.partition(":")[0]
        store, n_cells[kind] = _store(folder / kind, phantoms), 0
        os.environ["HEARD"] = str(folder / f"{kind}.heard")
        begin = time.perf_counter()
        with ExitStack() as stack:
            name = chosen
            if chosen == "dask":
                ENVIRONMENT["HEARD"] = os.environ["HEARD"]
                port, _ = stack.enter_context(cluster(n_workers=3))
                name = f"dask:tcp://127.0.0.1:{port}"
            executor = stack.enter_context(engine(name, store))
            for model, benchmark, score in run_suite(suite, Store(store), executor=executor):
                if isinstance(score, HeschlError):
                    raise score
                n_cells[kind] += json.loads(score.provenance["cells"]).get("done", 0)
                path = f"{model.rpartition(':')[2]}-{benchmark}.nc"
                score.save(store / "scores" / path)
                if kind != "serial":
                    differing += differing_groups(
                        folder / "serial" / "scores" / path, store / "scores" / path
                    )
        seconds[kind] = round(time.perf_counter() - begin)
        heard[kind] = Counter((folder / f"{kind}.heard").read_text().splitlines())
    again = {kind: (counts - heard["serial"]).total() for kind, counts in heard.items()}
    assert set(n_cells.values()) == {n_cells["serial"]}, n_cells
    return {
        "scores": len(models) * len(benchmarks) * len(ENGINES),
        "cells on each": n_cells["serial"],
        "sounds heard": heard["serial"].total(),
        "heard again on other engines": sum(again.values()),
        "differing scores": len(differing),
        **{f"s on {kind}": taken for kind, taken in seconds.items()},
    }


def _store(folder: Path, phantoms: Path) -> Path:
    """Return a new store with the simulated data of all."""
    folder.mkdir(parents=True)
    (folder / "phantoms").symlink_to(phantoms, target_is_directory=True)
    return folder
