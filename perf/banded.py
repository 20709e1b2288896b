"""Banded ridge against himalaya's GroupRidgeCV, and a variance partition against seven fits.

    python perf/banded.py [--rows 1000] [--width 384] [--units 2000] [--mixes 20] [--rounds 3]

All run in turn in one process, with the same mixes, penalties and folds; the
least time of each counts. Every fit is of the first four fifths of the rows,
with five contiguous folds inside, and is scored on the rest.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import xarray as xr
from himalaya.ridge import GroupRidgeCV
from himalaya.scoring import correlation_score, r2_score
from sklearn.model_selection import KFold as Contiguous

from heschl.metrics.ridge import KFold
from heschl.metrics.ridge.banded import BandedRidge, GivenMixes, RandomMixes, variance_partition
from heschl.metrics.ridge.engine.arrangement import arrange
from heschl.metrics.ridge.engine.solve import solve
from heschl.splits import Fold


def problem(
    n_rows: int, width: int, n_units: int, n_spaces: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a float32 design with a spectrum like 1/p, its spaces, and responses to it."""
    generator = np.random.default_rng(0)
    spectrum = 1.0 / np.sqrt(np.arange(1, width + 1))
    blocks = []
    for _ in range(n_spaces):
        turn = np.linalg.qr(generator.standard_normal((width, width)))[0]
        blocks.append(generator.standard_normal((n_rows, width)) * spectrum @ turn)
    design = np.hstack(blocks)
    shares = generator.dirichlet([0.5] * n_spaces, n_units).T  # (space, unit)
    weights = generator.standard_normal((design.shape[1], n_units))
    weights *= np.sqrt(np.repeat(shares, width, axis=0) / (spectrum**2).sum() * width)
    signal = design @ weights
    responses = signal + 2 * signal.std(axis=0) * generator.standard_normal(signal.shape)
    names = np.repeat([f"space {number}" for number in range(n_spaces)], width)
    return design.astype(np.float32), names, responses.astype(np.float32)


def least_times(
    runs: dict[str, Callable[[], object]], rounds: int
) -> tuple[dict[str, tuple[float, float]], dict[str, object]]:
    """Return the least seconds of clock and of processor of each, and what it gave."""
    seconds: dict[str, tuple[float, float]] = {}
    results: dict[str, object] = {}
    for _ in range(rounds):
        for name, run in runs.items():
            clock, cpu = time.perf_counter(), time.process_time()
            results[name] = run()
            taken = time.perf_counter() - clock, time.process_time() - cpu
            known = seconds.get(name, (np.inf, np.inf))
            seconds[name] = min(known[0], taken[0]), min(known[1], taken[1])
    return seconds, results


def against_himalaya(options: argparse.Namespace) -> None:
    """Time the search over mixes, and compare the scores."""
    design, names, responses = problem(options.rows, options.width, options.units, 2)
    alphas = np.logspace(0, 6, options.alphas)
    mixes = RandomMixes(options.mixes).draw(2, seed=0)
    cut = options.rows * 4 // 5
    fold = Fold("last", np.arange(cut), np.arange(cut, options.rows))
    metric = BandedRidge(
        KFold(tuple(alphas), n_folds=5), GivenMixes(tuple(map(tuple, mixes.tolist())))
    )
    labelled = xr.DataArray(design, dims=("time", "feature"), coords={"space": ("feature", names)})
    recording = xr.DataArray(responses, dims=("time", "unit"))

    def ours() -> np.ndarray:
        return np.asarray(metric(labelled, recording, [fold], seed=0)["score"][0])

    def theirs() -> np.ndarray:
        spaces = [design[:, : options.width], design[:, options.width :]]
        model = GroupRidgeCV(
            groups="input",
            fit_intercept=True,
            cv=Contiguous(5),
            solver_params={
                "n_iter": mixes.astype(np.float32),
                "alphas": alphas.astype(np.float32),
                "score_func": r2_score,
                "progress_bar": False,
                "warn": False,
                "n_targets_batch": options.batch,
            },
        ).fit([space[fold.train] for space in spaces], responses[fold.train])
        predicted = model.predict([space[fold.test] for space in spaces])
        return np.asarray(correlation_score(responses[fold.test], predicted))

    runs = {"ours": ours, "himalaya": theirs}
    seconds, results = least_times(runs, options.rounds)
    difference = np.abs(np.subtract(results["ours"], results["himalaya"]))
    print(
        f"{options.rows} rows, 2 x {options.width} features, {options.units} units, "
        f"{options.mixes} mixes, {options.alphas} penalties, 5 inner folds, float32"
    )
    for name, (clock, cpu) in seconds.items():
        ratio, of_cpu = clock / seconds["ours"][0], cpu / seconds["ours"][1]
        print(f"  {name:10} {clock:8.2f} s {ratio:6.1f} x   {cpu:8.2f} cpu s {of_cpu:6.1f} x")
    print(
        f"  |difference of r|: median {np.median(difference):.1e}, largest {difference.max():.1e};"
        f" above 1e-4 (another mix or penalty): {np.mean(difference > 1e-4):.2%} of units"
    )


def against_fits(options: argparse.Namespace) -> None:
    """Time a partition of three spaces against a fit of each of its seven unions."""
    width = options.width * 2 // 3
    design, names, responses = problem(options.rows, width, options.units, 3)
    estimator = KFold(tuple(np.logspace(0, 6, options.alphas)), n_folds=5)
    parts = np.array_split(np.arange(options.rows), 5)
    folds = [
        Fold(f"part {k}", np.setdiff1d(np.arange(options.rows), part), part)
        for k, part in enumerate(parts)
    ]
    labelled = xr.DataArray(design, dims=("time", "feature"), coords={"space": ("feature", names)})
    recording = xr.DataArray(responses, dims=("time", "unit"))
    labels = [f"space {number}" for number in range(3)]

    def partition() -> object:
        return variance_partition(labelled, recording, folds, estimator, seed=0)

    def fit(chosen: list[str]) -> object:
        rows = [(fold.train, fold.test) for fold in folds]
        arrangement = arrange(rows, estimator, n_rows=options.rows, seed=0)
        kept = design[:, np.isin(names, chosen)]
        return solve(kept, [responses], arrangement, estimator, score="r2")

    def seven() -> object:
        unions = [[labels[k] for k in range(3) if number >> k & 1] for number in range(1, 8)]
        return [fit(union) for union in unions]

    runs: dict[str, Callable[[], object]] = {
        "partition": partition,
        "seven fits": seven,
        "one fit": lambda: fit(labels),
    }
    seconds, _ = least_times(runs, options.rounds)
    print(f"{options.rows} rows, 3 x {width} features, {options.units} units, 5 folds of 5")
    for name, (clock, cpu) in seconds.items():
        ratio = clock / seconds["partition"][0]
        print(f"  {name:10} {clock:8.2f} s {ratio:6.2f} x   {cpu:8.2f} cpu s")


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("rows", 1000), ("width", 384), ("units", 2000), ("mixes", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--alphas", type=int, default=10)
    parser.add_argument("--batch", type=int, default=None, help="himalaya's n_targets_batch")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    against_himalaya(options)
    against_fits(options)


if __name__ == "__main__":
    main()
