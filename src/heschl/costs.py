"""Costs: what a plan will take, measured on one window rather than guessed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from heschl.contracts import SpeechModel
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

    @property
    def seconds(self) -> float:
        """The time that the model would take."""
        return self.n_windows * self.seconds_per_window


def estimate(plan: Plan) -> Cost:
    """Return the cost of a plan; runs the model on one window of noise."""
    session = plan.session
    model = session.model.get()
    todo = [cell for cell in plan.cells if not plan.is_cached(cell)]
    heard = [cell for cell in todo if cell.stage == "features"]
    n_windows, longest = 0, 0
    windowing = getattr(plan.benchmark, "windowing", None)
    if isinstance(model, SpeechModel) and windowing is not None and heard:
        stimuli = session.dataset.get().stimuli()
        for cell in heard:
            sound = stimuli[cell.about].sound
            windows = windowing.windows(
                sound.n_samples_at(model.sample_rate),
                model.sample_rate,
                minimum_samples=model.traits.minimum_samples,
            ).windows
            n_windows += len(windows)
            longest = max([longest, *(window.n_samples for window in windows)])
    return Cost(
        n_cells=len(plan.cells),
        n_cached=plan.n_cached,
        n_windows=n_windows,
        seconds_per_window=_seconds_per_window(model, longest) if n_windows else 0.0,
        n_bytes_stored=sum(cell.n_bytes or 0 for cell in todo),
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
