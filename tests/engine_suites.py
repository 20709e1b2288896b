"""One suite on every engine: the scores, and how often each model heard each sound."""

from __future__ import annotations

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
from heschl.suites import Suite, run_suite

HERE = Path(__file__).parent
MODELS = ("low", "middle", "high")
BENCHMARKS = ("timit-phonemes", "lebel_moth-ridge", "timit-sentence_type", "crema_d-emotion")
ENGINES = ("serial", "processes:2", "dask", "submitit-local:jobs=1,timeout_min=10")


def agreement(
    folder: Path, phantoms: Path, models: tuple[str, ...], benchmarks: tuple[str, ...]
) -> dict[str, Any]:
    """Run a suite on each engine, and count what differs from the serial run."""
    names = tuple(f"file:{HERE}/counted_models.py:{model}" for model in models)
    suite = Suite(names, benchmarks, dict.fromkeys(benchmarks, "phantom"))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    heard: dict[str, Counter[str]] = {}
    seconds: dict[str, int] = {}
    differing: list[str] = []
    for chosen in ENGINES:
        kind = chosen.partition(":")[0]
        store = folder / kind
        store.mkdir(parents=True)
        (store / "phantoms").symlink_to(phantoms, target_is_directory=True)
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
                path = f"{model.rpartition(':')[2]}-{benchmark}.nc"
                score.save(store / "scores" / path)
                if kind != "serial":
                    differing += differing_groups(
                        folder / "serial" / "scores" / path, store / "scores" / path
                    )
        seconds[kind] = round(time.perf_counter() - begin)
        heard[kind] = Counter((folder / f"{kind}.heard").read_text().splitlines())
    again = {kind: (counts - heard["serial"]).total() for kind, counts in heard.items()}
    return {
        "scores": len(models) * len(benchmarks) * len(ENGINES),
        "sounds heard": heard["serial"].total(),
        "heard again on other engines": sum(again.values()),
        "differing scores": len(differing),
        "seconds": seconds,
    }
