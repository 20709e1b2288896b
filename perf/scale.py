"""The whole Narratives study on 1 to 512 workers, on paper: no cell of it is run.

    python perf/scale.py [--models 30] [--layers 25] [--width 1024]

Which listener heard what is read from the dataset's manifest. The model is timed on one window of
noise; ridge counts its operations at this machine's measured rate. Workers take batches as
`heschl.execution` cuts them, in order, each worker the next as soon as it is free.
"""

from __future__ import annotations

import argparse
import heapq
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from threadpoolctl import threadpool_limits

from heschl.costs import seconds_of_pass
from heschl.data_registry.narratives.tasks import STORIES
from heschl.manifest import Manifest
from heschl.metrics.ridge import LeaveOneOut, Ridge
from heschl.registry import resolve_model
from heschl.splits import Fold

WORKERS = (1, 8, 64, 512)
N_UNITS = 2 * 40_962
TR_S = 1.5
WINDOW_S, STRIDE_S = 10.0, 5.0
N_FOLDS = 5
LARGE = 3.3
"""How much longer a model of 24 blocks of 1,024 takes than wav2vec 2.0's 12 of 768, by weights."""

AT_ONCE = 8
"""How many scores `heschl run` has in hand at a time."""

START_S = 30.0
"""A worker's start: Python, libraries and a model's weights, once for each model."""
HAND_OUT_S = 5.0
"""Between a stage's end and the first cells of the next, as a real Slurm took here."""
CALL_S = 0.03
"""Of handing out one batch, which the scheduler does one after the other."""
WORKER_BYTES_S, STORE_BYTES_S = 400e6, 4e9
"""What one worker reads at most, and all of them together, of a network disk."""


@dataclass(frozen=True)
class Batch:
    """Cells that one worker takes: seconds of its processor, and bytes that it reads or writes."""

    seconds: float
    n_bytes: float


def heard() -> dict[str, tuple[str, ...]]:
    """Return the stories of each listener whose scan has an events file."""
    manifest = Manifest.read("heschl.data_registry:narratives/manifest.tsv")
    found: dict[str, set[str]] = {}
    for file in manifest.files:
        scan = re.fullmatch(r"(sub-\d+)/func/.*_task-([a-z0-9]+)_.*events\.tsv", file.path)
        if scan:
            found.setdefault(scan[1], set()).add(scan[2])
    stories = {
        subject: tuple(name for name in STORIES if _is_heard(name, subject, tasks))
        for subject, tasks in found.items()
    }
    return {subject: names for subject, names in stories.items() if names}


def _is_heard(name: str, subject: str, tasks: set[str]) -> bool:
    """Return whether a listener heard a story; of conditions, each has heard one, in turns."""
    task = STORIES[name].task
    if STORIES[name].condition is None:
        return task in tasks
    conditions = [other for other, story in STORIES.items() if story.task == task]
    return task in tasks and conditions[int(subject[4:]) % len(conditions)] == name


def n_rows(stories: Sequence[str]) -> int:
    """Return the volumes of some stories."""
    return sum(int(STORIES[name].duration_s / TR_S) for name in stories)


@cache
def solved_s(rows: int, width: int) -> tuple[float, float]:
    """Return the seconds of one design, and of each listener with it."""
    every = np.arange(rows)
    folds = [Fold(str(b[0]), np.delete(every, b), b) for b in np.array_split(every, N_FOLDS)]
    ridge = Ridge(LeaveOneOut(alphas=tuple(np.logspace(1, 8, 20).tolist())), device="cpu")
    of_one, of_two = (
        (ridge.cost(rows, width, n * N_UNITS, folds, seed=0) or (0.0, 0.0))[0] for n in (1, 2)
    )
    return 2 * of_one - of_two, of_two - of_one


def features(per_heard_s: float, n_layers: int, width: int) -> list[Batch]:
    """Return a batch for each story."""
    return [
        Batch(
            story.duration_s * WINDOW_S / STRIDE_S * per_heard_s,
            4.0 * n_rows([name]) * width * n_layers,
        )
        for name, story in STORIES.items()
    ]


def scores(listeners: dict[str, tuple[str, ...]], n_layers: int, width: int, n: int) -> list[Batch]:
    """Return the batches of one model for ``n`` workers: listeners who share designs together."""
    groups: dict[tuple[str, ...], int] = {}
    for stories in listeners.values():
        groups[stories] = groups.get(stories, 0) + 1
    largest = -(-len(listeners) // n)
    found = []
    for stories, n_listeners in groups.items():
        n_parts = -(-n_listeners // largest)
        rows = n_rows(stories)
        of_design, of_listener = solved_s(rows, width)
        for part in range(n_parts):
            size = len(range(part, n_listeners, n_parts))
            responses = 4.0 * rows * N_UNITS
            # A listener's cortex fills the memory that a part may take: designs are solved anew.
            found.append(
                Batch(
                    size * n_layers * (of_design + of_listener),
                    size * responses + 4.0 * rows * width * n_layers * size,
                )
            )
    return found


def ceilings(listeners: dict[str, tuple[str, ...]], width: int) -> list[Batch]:
    """Return a batch for each listener, about as long as one layer's scores."""
    found = []
    for stories in listeners.values():
        rows = n_rows(stories)
        found.append(Batch(solved_s(rows, width)[1], 8.0 * rows * N_UNITS))
    return found


def scheduled(stage: Sequence[Batch], n: int, begin: Sequence[float]) -> list[float]:
    """Return when each worker is done with its part of a stage."""
    free = list(begin)
    heapq.heapify(free)
    n_busy = min(n, len(stage))
    bandwidth = min(WORKER_BYTES_S, STORE_BYTES_S / n_busy)
    for number, batch in enumerate(stage):
        start = max(heapq.heappop(free), min(begin) + number * CALL_S)
        heapq.heappush(free, start + batch.seconds + batch.n_bytes / bandwidth)
    return free


class SideBySide:
    """Models of which so many go on at once, the oldest first, as in `heschl run`.

    The first makes ceilings for all. A worker loads a model when it hears with another than before.
    """

    def __init__(
        self, stages: Sequence[Sequence[Batch]], once: Sequence[Batch], n: int, n_models: int
    ) -> None:
        self._works = [[stages[0], once if not m else (), stages[1]] for m in range(n_models)]
        self._n = n
        self._at: dict[int, int] = {}
        self._waiting: dict[int, deque[Batch]] = {}
        self._left: dict[int, int] = {}
        self._free, self._heard = list(range(n)), [-1] * n
        # When a batch ends, or a stage can begin, of which model, and on which worker.
        self._events: list[tuple[float, int, int, int]] = []
        self._now = self._next_call = 0.0

    def hours(self) -> float:
        """Return when the last model is done."""
        n_begun = 0
        while n_begun < len(self._works) or self._at:
            n_waiting = sum(map(len, self._waiting.values()))
            if n_begun < len(self._works) and len(self._at) < AT_ONCE and n_waiting < self._n:
                self._begin(n_begun, 0)
                n_begun += 1
                continue
            self._hand_out()
            self._now, _, model, worker = heapq.heappop(self._events)
            if worker >= 0:
                self._free.append(worker)
                self._left[model] -= 1
                if not self._left[model]:
                    self._note(self._now + HAND_OUT_S, model)
            else:
                self._go_on(model)
        return self._now / 3600

    def _hand_out(self) -> None:
        for model in sorted(self._waiting):
            while self._waiting[model] and self._free:
                batch, worker = self._waiting[model].popleft(), self._free.pop()
                start = max(self._now, self._next_call)
                self._next_call = start + CALL_S
                if not self._at[model] and self._heard[worker] != model:
                    start, self._heard[worker] = start + START_S, model
                n_busy = self._n - len(self._free)
                bandwidth = min(WORKER_BYTES_S, STORE_BYTES_S / n_busy)
                self._note(start + batch.seconds + batch.n_bytes / bandwidth, model, worker)

    def _go_on(self, model: int) -> None:
        if self._at[model] == len(self._works[model]) - 1:
            del self._at[model], self._waiting[model]
        elif self._at[model] == 0 and model and self._at.get(0, 2) < 2:
            self._note(self._events[0][0] + HAND_OUT_S, model)  # until there are ceilings
        else:
            self._begin(model, self._at[model] + 1)
            if not self._left[model]:
                self._begin(model, self._at[model] + 1)

    def _begin(self, model: int, stage: int) -> None:
        batches = self._works[model][stage]
        self._at[model], self._left[model] = stage, len(batches)
        self._waiting[model] = deque(batches)

    def _note(self, when: float, model: int, worker: int = -1) -> None:
        heapq.heappush(self._events, (when, len(self._events), model, worker))


def main() -> None:
    """Print the assumptions and a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("models", 30), ("layers", 25), ("width", 1024)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    with threadpool_limits(1):
        model = resolve_model("wav2vec2-random").object
        rate = seconds_of_pass(model, int(WINDOW_S * model.sample_rate)) / WINDOW_S * LARGE
        listeners = heard()
        of_model = {
            n: [features(rate, chosen.layers, chosen.width),
                scores(listeners, chosen.layers, chosen.width, n)]
            for n in WORKERS
        }  # fmt: skip
        once = ceilings(listeners, chosen.width)
    n_scans = sum(map(len, listeners.values()))
    print(f"{len(listeners)} listeners, {n_scans} stories heard of {len(STORIES)} stories")
    print(f"{chosen.models} models of {chosen.layers} layers, {chosen.width} wide; {N_UNITS} units")
    print(f"a model takes {rate:.3f} s for a second that it hears (one thread, measured × {LARGE})")
    print(
        f"each second is heard {WINDOW_S / STRIDE_S:g} times; a start takes {START_S:g} s, a stage"
    )
    print(f"{HAND_OUT_S:g} s, a batch {CALL_S:g} s; reads {WORKER_BYTES_S / 1e6:g} MB/s a worker,")
    print(
        f"{STORE_BYTES_S / 1e9:g} GB/s for all; one thread a worker, no graphics card, no failure"
    )
    print(
        f"\nworkers   one model after another: h (efficiency)   {AT_ONCE} models beside each other"
        "   all models at once"
    )
    serial = 0.0
    for n in WORKERS:
        hours = []
        for models_at_once in (1, chosen.models):
            ends = [0.0] * n
            for turn in range(0, chosen.models, models_at_once):
                stages = [
                    [batch for batch in stage for _ in range(models_at_once)]
                    for stage in of_model[n]
                ]
                if not turn:
                    stages.insert(1, once)
                ends = [max(ends) + START_S] * n
                for stage in stages:
                    ends = [max(ends) + HAND_OUT_S] * n
                    ends = scheduled(stage, n, ends)
            hours.append(max(ends) / 3600)
        serial = serial or hours[0]
        hours.insert(1, SideBySide(of_model[n], once, n, chosen.models).hours())
        words = [f"{each:12.1f} ({serial / n / each:5.0%})" for each in hours]
        print(f"{n:7} {words[0]:>36} {words[1]:>30} {words[2]:>20}", flush=True)


if __name__ == "__main__":
    main()
