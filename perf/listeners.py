"""Listeners who share a design, scored together and each by itself: processor time and memory.

    python perf/listeners.py [--listeners 8] [--rows 1000] [--features 768] [--units 2000]

Everything is made up. What is timed is the stage ``scores`` of `heschl.score`: the reading of the
responses, the designs, the metric and the store.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

import heschl
from heschl.cards import BenchmarkCard, DatasetCard
from heschl.ceilings import CorrelationCeiling
from heschl.cells import Cell, Outcome
from heschl.encoding import EncodingBenchmark
from heschl.execution import SerialExecutor
from heschl.metrics.ridge import Nested, Ridge
from heschl.models.features_on_disk import write_features
from heschl.recording import Recording
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.splits import ContiguousKFold
from heschl.temporal import Lanczos
from heschl.windowing import WholeStimulus

TR_S = 2.0
STORY = "story"
N_DRIVING = 16
"""Features that drive the responses."""


@dataclass(frozen=True)
class Made:
    """Listeners who heard one story."""

    n_listeners: int
    n_rows: int
    n_features: int
    n_units: int
    card = DatasetCard("made-up", load="none:none", summary="Noise and a little signal")
    is_phantom = True

    def features(self) -> np.ndarray:
        """Return features (row, feature) of the spectrum 1/rank, float32."""
        values = np.random.default_rng(0).standard_normal((self.n_rows, self.n_features))
        values *= np.sqrt(1 / np.arange(1, self.n_features + 1))
        return values.astype(np.float32)

    def stimuli(self) -> StimulusSet:
        """Return a silent story."""
        silence = Sound.from_samples(np.zeros(int(self.n_rows * TR_S * 100), np.float32), 100)
        return StimulusSet([Stimulus(STORY, silence, None)])

    def subjects(self) -> tuple[str, ...]:
        """Return numbered listeners."""
        return tuple(f"S{number:03}" for number in range(self.n_listeners))

    def stimuli_of(self, _subject: str) -> tuple[str, ...]:
        """Return the story."""
        return (STORY,)

    def clock(self, _stimulus: str) -> np.ndarray:
        """Return the middle of each acquisition (row,)."""
        return TR_S * (np.arange(self.n_rows) + 0.5)

    def recording(self, subject: str, _stimuli: Sequence[str] | None = None) -> Recording:
        """Return two presentations and their mean, float32."""
        generator = np.random.default_rng(int(subject[1:]))
        weights = generator.standard_normal((N_DRIVING, self.n_units), dtype=np.float32)
        shape = 2, self.n_rows, self.n_units
        single = generator.standard_normal(shape, dtype=np.float32)
        single += self.features()[:, :N_DRIVING] @ weights
        labels = {"time": self.clock(STORY), "unit": np.arange(self.n_units)}
        return Recording(
            subject,
            {STORY: xr.DataArray(single.mean(0), dims=("time", "unit"), coords=labels)},
            {STORY: xr.DataArray(single, dims=("repeat", "time", "unit"), coords=labels)},
        )

    def rois(self, _subject: str) -> xr.DataArray:
        """Return one region that holds all."""
        labels = {"roi": ["all"], "unit": np.arange(self.n_units)}
        return xr.DataArray(np.ones((1, self.n_units), bool), dims=("roi", "unit"), coords=labels)

    def fingerprint(self, subject: str, _stimuli: Sequence[str]) -> str:
        """Return all that the recording depends on."""
        return f"{self} {subject}"


def benchmark() -> EncodingBenchmark:
    """Return the declaration: five folds, 20 penalties, no delays."""
    return EncodingBenchmark(
        card=BenchmarkCard(
            "made-up", load="none:none", summary="Speed", dataset="made-up", protocol="none"
        ),
        windowing=WholeStimulus(),
        resampler=Lanczos(),
        delays=(0,),
        splitter=ContiguousKFold(5),
        metric=Ridge(Nested(tuple(np.logspace(1, 8, 20).tolist()))),
        ceiling=CorrelationCeiling(minimum=0.0),
        rois=("all",),
    )


class EachByItself:
    """An engine that does not say how many calls it runs at once: every cell is one."""

    def submit(self, call: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Make the call now."""
        return SerialExecutor().submit(call, *arguments)


class Clock:
    """Adds up the processor seconds of the stage ``scores``."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = time.process_time()

    def planned(self, _cells: Sequence[Cell], _n_cached: int) -> None:
        """Start."""
        self._last = time.process_time()

    def progressed(self, _cell: Cell, _fraction: float) -> None:
        """Wait."""

    def finished(self, cell: Cell, _outcome: Outcome) -> None:
        """Take the time since the last cell."""
        now = time.process_time()
        self.seconds += (now - self._last) * (cell.stage == "scores")
        self._last = now


def main() -> None:
    """Time the ways in turns, and print the ratio of the best rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("listeners", 8), ("rows", 1000), ("features", 768), ("units", 2000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--together", action="store_true", help="this way alone")
    chosen = parser.parse_args()
    made = Made(chosen.listeners, chosen.rows, chosen.features, chosen.units)
    ways = {"together": None} if chosen.together else {"together": None, "each": EachByItself()}
    best: dict[str, float] = {}
    scores: list[np.ndarray] = []
    with tempfile.TemporaryDirectory() as folder:
        write_features(
            f"{folder}/features", "noise", {STORY: {"all": (made.clock(STORY), made.features())}}
        )
        for turn in range(chosen.rounds):
            for name, executor in ways.items():
                clock = Clock()
                found = heschl.score(
                    f"features:{folder}/features",
                    benchmark(),
                    data=made,
                    store=f"{folder}/{turn}-{name}",
                    executor=executor,
                    watcher=clock,
                )
                scores.append(found.tree["units"]["score"].to_numpy())
                best[name] = min(best.get(name, clock.seconds), clock.seconds)
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(
                    f"{name:8} {clock.seconds:7.2f} cpu s, peak so far {peak:.0f} MiB", flush=True
                )
    apart = max(np.abs(scores[0] - each).max() for each in scores)
    print(f"units are at most {apart:.1e} apart")
    if "each" in best:
        print(f"each by itself took {best['each'] / best['together']:.2f} times as long")


if __name__ == "__main__":
    main()
