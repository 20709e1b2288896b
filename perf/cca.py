"""Canonical correlations against scikit-learn, in one process.

    python perf/cca.py [--rows 5000] [--features 768 1600] [--components 4] [--tolerance 1e-6]

Two models share 50 dimensions, each less than the one before, and mix them with as many of their
own as they have units. Ours finds all pairs at once; scikit-learn's `CCA` finds one component after
the other, so that its time is counted for each. Agreement is that of its variates with ours, on the
rows that they were found on and on others.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.cross_decomposition import CCA

from heschl.metrics.cca import CanonicalPairs, Moments, canonical_pairs

N_SHARED = 50
N_HELD_OUT = 2000


def features(n_rows: int, widths: tuple[int, int], seed: int = 0) -> list[np.ndarray]:
    """Return float32 features (row, unit) of two models."""
    generator = np.random.default_rng(seed)
    latent = generator.standard_normal((n_rows, N_SHARED))
    found = []
    for width in widths:
        own = generator.standard_normal((n_rows, width))
        own[:, :N_SHARED] *= np.sqrt(1 / np.linspace(0.98, 0.2, N_SHARED) - 1)
        own[:, :N_SHARED] += latent
        mixing = generator.standard_normal((width, width)) / np.sqrt(width)
        found.append((own @ mixing).astype(np.float32))
    return found


def timed(run: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what a call returns, its seconds and its processor seconds."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    result = run()
    return result, time.perf_counter() - begin, time.process_time() - begin_cpu


def agreement(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the least |correlation| of the variates (row, component) of both."""
    scaled = [(each - each.mean(axis=0)) / each.std(axis=0) for each in (ours, theirs)]
    return float(np.abs((scaled[0] * scaled[1]).mean(axis=0)).min())


def main() -> None:
    """Print what both took, and how far they agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--features", type=int, nargs=2, default=(768, 1600))
    parser.add_argument("--components", type=int, default=4, help="of scikit-learn")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="scikit-learn's")
    chosen = parser.parse_args()
    n_components = chosen.components
    both = features(chosen.rows + N_HELD_OUT, tuple(chosen.features))
    one, other = (each[: chosen.rows] for each in both)
    held_out = [each[chosen.rows :] for each in both]

    def ours() -> CanonicalPairs:
        return canonical_pairs(Moments.of(one, other), share=0.0)

    pairs, seconds, cpu = timed(ours)
    print(f"{chosen.rows} rows, {one.shape[1]} x {other.shape[1]} features")
    print(f"ours, all {pairs.n_pairs} pairs: {seconds:.2f} s, {cpu:.2f} processor s", flush=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of components that have not converged
        peer, their_seconds, their_cpu = timed(
            lambda: CCA(n_components, max_iter=5000, tol=chosen.tolerance).fit(
                one.astype(np.float64), other.astype(np.float64)
            )
        )
    words = f"{their_seconds:.1f} s, {their_cpu:.1f} processor s"
    print(f"scikit-learn, {n_components} components: {words}")
    print(f"passes of each component: {peer.n_iter_}")
    for count in (n_components, N_SHARED):
        words = "measured" if count == n_components else "by its time for each"
        share = count / n_components
        print(
            f"{count} components, {words}: {their_seconds * share / seconds:.1f} x the time, "
            f"{their_cpu * share / cpu:.1f} x the processor time"
        )
    for words, rows in (("the same rows", (one, other)), ("other rows", held_out)):
        theirs = peer.transform(*(each.astype(np.float64) for each in rows))
        found = [
            agreement(view.transform(part, slice(n_components)), variates)
            for view, part, variates in zip((pairs.first, pairs.second), rows, theirs, strict=True)
        ]
        print(f"on {words} variates agree: 1 - |r| is {1 - min(found):.1e} at most")


if __name__ == "__main__":
    main()
