"""Faults at full counts: what was done to runs of a suite, and what came of it.

python perf/faults.py [--only kills corruption ...] [--share 1.0]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import fault_injection as faults
from beset_cluster import beset_cluster
from engine_suites import BENCHMARKS as FOUR_BENCHMARKS
from engine_suites import MODELS as THREE_MODELS
from engine_suites import agreement
from suite_runs import SuiteRuns, suite_runs

MODELS, BENCHMARKS = ["envelope", "logmel"], ["timit-phonemes", "lebel_moth-ridge"]
LONG_BENCHMARKS = [*BENCHMARKS, "timit-sentence_type", "crema_d-emotion"]


def cluster(runs: SuiteRuns, _n: Callable[[int], int], seed: int) -> dict[str, Any]:
    """Run three models on four benchmarks on a cluster that is hurt all the time."""
    folder = runs.folder / "cluster"
    folder.mkdir()
    models = [*MODELS, "mfcc"]
    with suite_runs(folder, models, LONG_BENCHMARKS, runs.phantoms) as larger:
        return beset_cluster(larger, seed)


PARTS: dict[str, Callable[[SuiteRuns, Callable[[int], int], int], dict[str, Any]]] = {
    "kills": lambda runs, n, seed: faults.kills(runs, n(50), seed),
    "corruption": lambda runs, n, seed: faults.corruption(runs, n(40), seed),
    "corruption-meanwhile": lambda runs, n, seed: faults.corruption_meanwhile(runs, n(5), seed),
    "phantom-corruption": lambda runs, n, seed: faults.phantom_corruption(runs, n(5), seed),
    "full-disks": lambda runs, n, seed: faults.full_disks(runs, n(20), seed),
    "downloads": lambda runs, n, seed: faults.downloads(runs.folder / "downloads", n(20), seed),
    "writers": lambda runs, n, _seed: faults.writers(runs, 8, n(2)),
    "collections": lambda runs, n, _seed: faults.collections(runs, n(3)),
    "skewed-clocks": lambda runs, n, seed: faults.skewed_clocks(runs, n(2), seed),
    "versions": lambda runs, _n, _seed: faults.versions(runs),
    "cluster": cluster,
}
ENGINES = "engines"
"""Three models on four benchmarks on every engine: nothing is hurt, nor run before."""


def main() -> None:
    """Print a table, a line for each fault; the first thing that is wrong ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=(ENGINES, *PARTS), default=[ENGINES, *PARTS])
    parser.add_argument("--share", type=float, default=1.0, help="of the counts")
    parser.add_argument("--seed", type=int, default=0, help="of where and when")
    parser.add_argument("--phantoms", type=Path, help="a folder to keep simulated data in")
    arguments = parser.parse_args()

    def shared(full: int) -> int:
        return max(1, round(full * arguments.share))

    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        phantoms = (arguments.phantoms or folder / "phantoms").absolute()
        phantoms.mkdir(parents=True, exist_ok=True)
        runs = None
        for part in arguments.only:
            begin = time.perf_counter()
            if part == ENGINES:
                counts = agreement(folder / part, phantoms, THREE_MODELS, FOUR_BENCHMARKS)
            else:
                runs = runs or stack.enter_context(suite_runs(folder, MODELS, BENCHMARKS, phantoms))
                counts = PARTS[part](runs, shared, arguments.seed)
            told = ", ".join(f"{number} {what}" for what, number in counts.items())
            print(f"{part:<21} {told} ({time.perf_counter() - begin:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
