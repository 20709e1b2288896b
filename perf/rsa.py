"""Similarity of 13 layers and 28 listeners over 165 sounds, beside rsatoolbox's routes.

    python perf/rsa.py [--rounds 3] [--layers 13] [--listeners 28]

All start from patterns and end with Spearman's correlation of each layer with each listener.
Features are not z-scored, which rsatoolbox leaves to its user. Every route runs once a round, in
turn, in this process; the best of the rounds counts.

* ``pair by pair``: ``calc_rdm`` of a layer and of a listener, and ``compare``, for each two of them
* ``RDMs once``: ``calc_rdm`` of each once, ``compare`` for each two
* ``RDMs together``: ``calc_rdm`` of each once, one ``compare`` of all
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Sequence

import numpy as np
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import RDMs, calc_rdm, compare, concat

from heschl.metrics.rsa.draws import over_sounds
from heschl.metrics.rsa.geometry import dissimilarities
from heschl.metrics.rsa.ranks import Ranked, similarity

N_SOUNDS = 165
WIDTH, N_VOXELS = 768, 1000
N_DRAWS = 100

Patterns = Sequence[np.ndarray]


def ours(layers: Patterns, listeners: Patterns) -> np.ndarray:
    """Return the similarities (layer, listener)."""
    models, brains = (
        Ranked(np.stack([dissimilarities(each, standardise=False) for each in patterns]))
        for patterns in (layers, listeners)
    )
    return similarity(models, brains)


def rdm(patterns: np.ndarray) -> RDMs:
    """Return rsatoolbox's RDM of one system."""
    return calc_rdm(Dataset(patterns), method="correlation")


def pair_by_pair(layers: Patterns, listeners: Patterns) -> np.ndarray:
    """Return the same, everything anew for each two."""
    found = [
        compare(rdm(layer), rdm(listener), method="spearman")[0, 0]
        for layer, listener in itertools.product(layers, listeners)
    ]
    return np.reshape(found, (len(layers), len(listeners)))


def once(layers: Patterns, listeners: Patterns) -> np.ndarray:
    """Return the same, with RDMs made once."""
    models, brains = [rdm(each) for each in layers], [rdm(each) for each in listeners]
    found = [
        compare(model, brain, method="spearman")[0, 0]
        for model, brain in itertools.product(models, brains)
    ]
    return np.reshape(found, (len(layers), len(listeners)))


def together(layers: Patterns, listeners: Patterns) -> np.ndarray:
    """Return the same, with RDMs made once and compared at once."""
    models, brains = (concat([rdm(each) for each in system]) for system in (layers, listeners))
    return np.asarray(compare(models, brains, method="spearman"))


def best_of(
    routes: dict[str, Callable[[], object]], rounds: int
) -> tuple[dict[str, tuple[float, float]], dict[str, object]]:
    """Return for each route its least seconds and processor seconds, and what it found."""
    best = dict.fromkeys(routes, (np.inf, np.inf))
    found: dict[str, object] = {}
    for _ in range(rounds):
        for name, route in routes.items():
            begin, begin_cpu = time.perf_counter(), time.process_time()
            found[name] = route()
            took = time.perf_counter() - begin, time.process_time() - begin_cpu
            best[name] = min(best[name][0], took[0]), min(best[name][1], took[1])
    return best, found


def subsampled(models: RDMs, brains: RDMs, drawn: Sequence[np.ndarray]) -> np.ndarray:
    """Return rsatoolbox's similarities (draw, layer, listener) with sounds drawn anew."""
    return np.stack(
        [
            compare(
                *(each.subsample_pattern("index", sounds) for each in (models, brains)),
                method="spearman",
            )
            for sounds in drawn
        ]
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--layers", type=int, default=13)
    parser.add_argument("--listeners", type=int, default=28)
    arguments = parser.parse_args()
    generator = np.random.default_rng(0)
    layers = [generator.standard_normal((N_SOUNDS, WIDTH)) for _ in range(arguments.layers)]
    listeners = [
        generator.standard_normal((N_SOUNDS, N_VOXELS)) for _ in range(arguments.listeners)
    ]
    routes = {
        "ours": ours,
        "pair by pair": pair_by_pair,
        "RDMs once": once,
        "RDMs together": together,
    }
    best, found = best_of(
        {name: lambda route=route: route(layers, listeners) for name, route in routes.items()},
        arguments.rounds,
    )
    print(f"{arguments.layers} layers × {arguments.listeners} listeners × {N_SOUNDS} sounds")
    report(best, found)

    few = listeners[:4]
    models, brains = (
        np.stack([dissimilarities(each, standardise=False) for each in system])
        for system in (layers, few)
    )
    rng = np.random.default_rng(1)
    drawn = [rng.integers(N_SOUNDS, size=N_SOUNDS) for _ in range(N_DRAWS)]
    ranked = Ranked(models), Ranked(brains)
    best, found = best_of(
        {
            "ours": lambda: (
                over_sounds(
                    ranked[0], Ranked(models[: len(few)]), ranked[1], np.stack(drawn)
                ).of_layers
            ),
            "subsample_pattern": lambda: subsampled(RDMs(models), RDMs(brains), drawn),
        },
        arguments.rounds,
    )
    print(f"\n{N_DRAWS} draws of sounds, {arguments.layers} layers × {len(few)} listeners")
    report(best, found)


def report(best: dict[str, tuple[float, float]], found: dict[str, object]) -> None:
    """Print each route's times, and how far what it found is from ours."""
    print(f"{'route':<20}{'s':>9}{'× ours':>9}{'cpu s':>9}{'× ours':>9}{'differs by':>12}")
    for name, (seconds, cpu) in best.items():
        away = np.abs(np.asarray(found[name]) - np.asarray(found["ours"])).max()
        print(
            f"{name:<20}{seconds:9.4f}{seconds / best['ours'][0]:9.1f}{cpu:9.4f}"
            f"{cpu / best['ours'][1]:9.1f}{away:12.1e}"
        )


if __name__ == "__main__":
    main()
