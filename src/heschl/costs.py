"""Costs: what a plan will take, measured on one window rather than guessed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.contracts import SpeechModel
from heschl.extraction import computing_in
from heschl.presets import preset_name
from heschl.scoring import Plan

__all__ = ["Cost", "estimate"]


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

    @property
    def seconds(self) -> float:
        """The time that the model would take."""
        return self.n_windows * self.seconds_per_window


def estimate(plan: Plan) -> Cost:
    """Return the cost of a plan; runs the model on one window of noise."""
    session = plan.session
    model = session.model.get()
    todo = [cell for cell in plan.cells if not plan.is_cached(cell)]
    heard = [name for cell in todo for name in cell.heard]
    n_windows, n_heard, n_samples, longest = 0, 0, 0, 0
    windowing = getattr(plan.benchmark, "windowing", None)
    if isinstance(model, SpeechModel) and windowing is not None and heard:
        stimuli = session.dataset.get().stimuli()
        for name in heard:
            n_in_sound = stimuli[name].sound.n_samples_at(model.sample_rate)
            windows = windowing.windows(
                n_in_sound, model.sample_rate, minimum_samples=model.traits.minimum_samples
            ).windows
            lengths = [window.n_samples for window in windows]
            n_windows += len(windows)
            n_heard += sum(lengths)
            n_samples += n_in_sound
            longest = max([longest, *lengths])
        model = computing_in(getattr(plan.benchmark, "precision", "float32"), model)
    return Cost(
        n_cells=len(plan.cells),
        n_cached=plan.n_cached,
        n_windows=n_windows,
        seconds_per_window=_seconds_per_window(model, longest) if n_windows else 0.0,
        n_bytes_stored=sum(cell.n_bytes or 0 for cell in todo),
        protocol=preset_name(windowing) or repr(windowing),
        redundancy=n_heard / n_samples if n_samples else 0.0,
    )


def _seconds_per_window(model: Any, n_samples: int) -> float:
    """Time one forward pass, after a first one that pays for what is lazy."""
    if model.traits.is_local:
        n_samples = model.traits.minimum_samples  # the runner feeds it no more than it sees
    noise = np.random.default_rng(0).standard_normal((1, n_samples)).astype(np.float32)
    taps = [layer.name for layer in model.layers]
    model.forward(noise, taps)
    begin = time.perf_counter()
    model.forward(noise, taps)
    return time.perf_counter() - begin
