"""Clocks against their peers: nilearn's regressors, and a dense Lanczos loop.

    python perf/clocks.py [--frames 22050] [--features 768] [--rounds 1]

Ours and theirs run in turn in one process; the least time of each counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from nilearn.glm.first_level import compute_regressor

from heschl.temporal import HemodynamicResponse, Lanczos


def dense_lanczos(values: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Resample as the literature's code does: every target against every frame."""
    cutoff = 1 / np.mean(np.diff(new))
    weights = np.zeros((len(new), len(old)))
    for row, moment in enumerate(new):
        t = (moment - old) * cutoff
        with np.errstate(invalid="ignore"):
            window = 3 * np.sin(np.pi * t) * np.sin(np.pi * t / 3) / (np.pi**2 * t**2)
        window[t == 0] = 1
        window[np.abs(t) > 3] = 0
        weights[row] = window
    return weights @ values


def nilearn_response(values: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Convolve column by column, as nilearn's users do."""
    hop = float(old[1] - old[0])
    onsets, durations = old - hop / 2, np.full(len(old), hop)
    return np.column_stack(
        [
            compute_regressor((onsets, durations, column), "glover", new, oversampling=50)[0][:, 0]
            for column in values.T
        ]
    )


def race(ours: Callable[[], np.ndarray], theirs: Callable[[], np.ndarray], rounds: int) -> str:
    """Return the ratio of the least times, taken in turn, and the largest difference."""
    least = [np.inf, np.inf]
    results = [np.empty(0), np.empty(0)]
    for _ in range(rounds):
        for place, run in enumerate((ours, theirs)):
            begin = time.perf_counter()
            results[place] = run()
            least[place] = min(least[place], time.perf_counter() - begin)
    difference = np.abs(results[0] - results[1]).max() / np.abs(results[1]).max()
    times = "  ".join(f"{seconds:8.3f} s" for seconds in least)
    return f"{times}  {least[1] / least[0]:7.1f} x  {difference:.1e} of max"


def main() -> None:
    """Print a line for each clock."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=22_050)
    parser.add_argument("--features", type=int, default=768)
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    values = np.random.default_rng(0).standard_normal((chosen.frames, chosen.features))
    print(f"{chosen.frames} frames x {chosen.features} features")
    print(f"{'clock':<34}{'ours':>8}    {'theirs':>8}    {'ratio':>7}")
    old = (np.arange(chosen.frames) + 0.5) / 49.0
    new = np.arange(1.0, old[-1], 1.5)
    response = HemodynamicResponse("glover", oversampling=50)
    line = race(
        lambda: np.asarray(response.matrix(old, new, 1 / 49.0) @ values),
        lambda: nilearn_response(values, old, new),
        chosen.rounds,
    )
    print(f"{'Glover, 49 Hz to 1.5 s (nilearn)':<34}{line}")
    old = 0.1 * (np.arange(chosen.frames) + 1)
    new = np.arange(11.0, old[-1] - 10, 2.0)
    line = race(
        lambda: np.asarray(Lanczos(lobes=3).matrix(old, new, 0.1) @ values),
        lambda: dense_lanczos(values, old, new),
        chosen.rounds,
    )
    print(f"{'Lanczos, 0.1 s to 2 s (dense)':<34}{line}")


if __name__ == "__main__":
    main()
