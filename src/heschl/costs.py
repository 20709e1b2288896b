"""Costs: what a plan will take. The model is timed on one window, the rest follows from shapes."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from heschl.batching import INNER_BYTES, OUTPUT_BYTES
from heschl.cell_costs import CellCost
from heschl.cells import Cell, Shared
from heschl.contracts import SpeechModel
from heschl.execution import batches
from heschl.extraction import computing_in
from heschl.presets import preset_name
from heschl.scoring import Plan

__all__ = ["Cost", "PassTimes", "StageCost", "estimate", "seconds_of_pass", "with_memory"]

_FEATURES_S = 0.01
"""Seconds for a stimulus beside the model: its sound, its frames and the store."""

_LONGEST_S = 20
"""Of a window that is timed; longer ones are taken to cost in proportion."""

_FRAMES_BYTES_S = 150e6
"""Of frames of all layers that are brought to the recording's clock in a second."""


@dataclass(frozen=True)
class StageCost:
    """What the cells of a stage that are not cached would take."""

    stage: str
    n_cells: int
    n_cached: int
    n_bytes: int
    """To store, as far as it is known."""
    seconds: float | None
    """Of a processor, or of the model's device; None where nobody knows."""
    memory: float | None
    """Bytes that a worker needs for the largest cell, or for cells made together."""
    on: str
    """The kind of device: ``cpu``, ``cuda``, ..."""


@dataclass(frozen=True)
class Cost:
    """What the cells that are not cached would take."""

    n_cells: int
    n_cached: int
    n_windows: int
    """Windows that the model would hear."""
    seconds_per_window: float
    """Measured here and now, on the plan's device."""
    n_bytes_stored: int
    protocol: str
    """How sounds are cut: the name of a preset, or the declaration."""
    redundancy: float
    """How often the model would hear each second of sound."""
    stages: tuple[StageCost, ...] = ()

    @property
    def seconds(self) -> float:
        """The time that the model would take."""
        return self.n_windows * self.seconds_per_window

    @property
    def processor_s(self) -> float:
        """Seconds of processors, of all stages that can be told."""
        return sum(stage.seconds or 0.0 for stage in self.stages if stage.on == "cpu")

    @property
    def device_s(self) -> float:
        """Seconds of graphics cards, likewise."""
        return sum(stage.seconds or 0.0 for stage in self.stages if stage.on != "cpu")

    @property
    def memory(self) -> float:
        """Bytes that a worker needs, of all stages that can be told."""
        return max((stage.memory or 0.0 for stage in self.stages), default=0.0)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The stages whose time cannot be told."""
        return tuple(stage.stage for stage in self.stages if stage.seconds is None)


class PassTimes:
    """Seconds of a pass through each model, so that the plans of a suite time it once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], float] = {}

    def seconds(self, plan: Plan, model: SpeechModel, n_samples: int) -> float:
        """Return what a pass of the plan's model takes, in the precision that it has here."""
        session = plan.session
        # A model that pads every sound to one length takes the same for each.
        length = model.traits.fixed_s or n_samples
        precision = getattr(plan.benchmark, "precision", "float32")
        key = (*sorted(session.model_version.items()), session.device, precision, length)
        if key not in self._known:
            self._known[key] = seconds_of_pass(model, n_samples)
        return self._known[key]


def estimate(plan: Plan, n_workers: int = 1, *, times: PassTimes | None = None) -> Cost:
    """Return the cost of a plan for so many workers; runs the model on one window of noise.

    Plans of one suite share their ``times``.
    """
    todo = [cell for cell in plan.cells if not plan.is_cached(cell)]
    heard = _Heard(plan, [name for cell in todo for name in cell.heard], times)
    process = float(_peak_bytes())
    stages = [
        _of_stage(plan, stage, list(cells), heard, process, n_workers)
        for stage, cells in groupby(plan.cells, key=lambda cell: cell.stage)
    ]
    windowing = getattr(plan.benchmark, "windowing", None)
    return Cost(
        n_cells=len(plan.cells),
        n_cached=plan.n_cached,
        n_windows=heard.n_windows,
        seconds_per_window=heard.seconds_per_window,
        n_bytes_stored=sum(cell.n_bytes or 0 for cell in todo),
        protocol=preset_name(windowing) or repr(windowing),
        redundancy=heard.redundancy,
        stages=tuple(stages),
    )


def with_memory(plan: Plan) -> Plan:
    """Return a plan whose cells say what memory they may take, so that workers are not flooded."""
    heard = _Heard(plan, [])
    together: dict[Any, list[Cell]] = {}
    for cell in plan.cells:
        if not plan.is_cached(cell):
            shared = cell.compute.of if isinstance(cell.compute, Shared) else cell.keys
            together.setdefault((cell.stage, shared), []).append(cell)
    found: dict[int, float] = {}
    for cells in together.values():
        # What cannot be read fails its own cells, which leave a record.
        with suppress(Exception):
            if cost := _of_part(plan, cells, heard):
                found |= dict.fromkeys(map(id, cells), cost.memory)
    told = tuple(replace(cell, memory=found.get(id(cell))) for cell in plan.cells)
    return replace(plan, cells=told)


def _of_stage(
    plan: Plan,
    stage: str,
    cells: Sequence[Cell],
    heard: _Heard,
    process: float,
    n_workers: int,
) -> StageCost:
    todo = [(number, cell) for number, cell in enumerate(cells) if not plan.is_cached(cell)]
    parts = [[cell for _, cell in each] for each in batches(todo, plan.session.store, n_workers)]
    costs = [_of_part(plan, part, heard) for part in parts]
    known = [cost for cost in costs if cost is not None]
    is_known = len(known) == len(costs)
    return StageCost(
        stage,
        len(cells),
        len(cells) - len(todo),
        sum(cell.n_bytes or 0 for _, cell in todo),
        sum(cost.seconds for cost in known) if is_known else None,
        process + max((cost.memory for cost in known), default=0.0) if is_known else None,
        plan.session.device.partition(":")[0] if any(c.heard for _, c in todo) else "cpu",
    )


def _of_part(plan: Plan, cells: Sequence[Cell], heard: _Heard) -> CellCost | None:
    """Return what cells that are made together take."""
    if cells[0].heard:
        return heard.cost(cells[0])
    of_benchmark = getattr(plan.benchmark, "cost", None)
    return of_benchmark(plan.session, cells) if of_benchmark else None


class _Heard:
    """The model's share: windows of each stimulus, at a rate that is measured once."""

    def __init__(self, plan: Plan, names: Sequence[str], times: PassTimes | None = None) -> None:
        self.n_windows, self.seconds_per_window, self.redundancy = 0, 0.0, 0.0
        self._n_windows: dict[str, int] = {}
        self._seconds: dict[str, float] = {}
        session = plan.session
        model: Any = session.model.get()
        windowing: Any = getattr(plan.benchmark, "windowing", None)
        self._is_told = isinstance(model, SpeechModel) and windowing is not None
        if not self._is_told or not names:
            return
        stimuli = session.dataset.get().stimuli()
        fed: dict[str, int] = {}
        n_heard = n_samples = 0
        for name in names:
            n_in_sound = stimuli[name].sound.n_samples_at(model.sample_rate)
            cut = windowing.windows(
                n_in_sound, model.sample_rate, minimum_samples=model.traits.minimum_samples
            )
            lengths = [window.n_samples for window in cut.windows]
            self._n_windows[name] = len(lengths)
            # The runner feeds a model no more than it sees, where only the last frames count.
            is_spared = model.traits.is_local and cut.hop_s is not None
            least = model.traits.minimum_samples
            fed[name] = sum(min(each, least) if is_spared else each for each in lengths)
            n_heard += sum(lengths)
            n_samples += n_in_sound
        self.n_windows = sum(self._n_windows.values())
        self.redundancy = n_heard / n_samples
        model = computing_in(getattr(plan.benchmark, "precision", "float32"), model)
        typical = sum(fed.values()) // self.n_windows
        n_timed = max(min(typical, _LONGEST_S * model.sample_rate), model.traits.minimum_samples)
        per_sample = (times or PassTimes()).seconds(plan, model, n_timed) / n_timed
        self._seconds = {name: per_sample * n for name, n in fed.items()}
        self.seconds_per_window = sum(self._seconds.values()) / self.n_windows

    def cost(self, cell: Cell) -> CellCost | None:
        """Return what a cell takes in which the model hears sounds."""
        if not self._is_told:
            return None
        stored = float(cell.n_bytes or 0)
        seconds = sum(self._seconds.get(name, 0.0) + _FEATURES_S for name in cell.heard)
        return CellCost(seconds + stored / _FRAMES_BYTES_S, INNER_BYTES * OUTPUT_BYTES + 3 * stored)


def seconds_of_pass(model: Any, n_samples: int) -> float:
    """Time one forward pass, after a first one that pays for what is lazy."""
    noise = np.random.default_rng(0).standard_normal((1, n_samples)).astype(np.float32)
    taps = [layer.name for layer in model.layers]
    model.forward(noise, taps)
    begin = time.perf_counter()
    model.forward(noise, taps)
    return time.perf_counter() - begin


def _peak_bytes() -> int:
    """Return what this process took at most, with the model in it: what a worker begins with."""
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
