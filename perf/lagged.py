"""Lagged ridge at the size of an ECoG study: seconds, memory and certificate.

    python perf/lagged.py [--features 768] [--electrodes 822] [--sentences 499] [--check 4]

Features are autoregressive in time, each at its own pace, with a spectrum that
falls as 1/rank, and mixed. Responses are linear in 20 lags of them, with
autoregressive noise. ``--check`` solves some electrodes of the first fold again
by a Cholesky factorisation in float64.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from heschl.metrics.ridge.lagged import lagged_ridge
from heschl.metrics.ridge.lagged.covariances import LagCovariances, pool
from heschl.metrics.ridge.lagged.sentences import join

LAGS = range(20)
N_FOLDS = 5


def autoregressive(generator: np.random.Generator, n: int, pace: np.ndarray) -> np.ndarray:
    """Return (n, len(pace)) columns of unit variance, float32."""
    values = generator.standard_normal((n, len(pace)), dtype=np.float32)
    fresh = np.sqrt(1 - pace**2).astype(np.float32)
    for row in range(1, n):
        values[row] = pace * values[row - 1] + fresh * values[row]
    return values


def simulate(
    n_sentences: int, n_features: int, n_units: int, seed: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return features and responses of every sentence."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(77, 160, n_sentences)
    pace = generator.uniform(0.65, 0.92, n_features)
    # The leading features keep their variance at any number of them.
    spectrum = 1 / np.linspace(1, 768, n_features)
    spectrum *= n_features / spectrum.sum()
    mixing = np.linalg.qr(generator.standard_normal((n_features, n_features)))[0]
    mixing = (np.sqrt(spectrum)[:, None] * mixing).astype(np.float32)
    features = [autoregressive(generator, n, pace) @ mixing for n in lengths]
    weights = generator.standard_normal((len(LAGS), n_features, n_units), dtype=np.float32)
    explained = generator.uniform(0.01, 0.3, n_units).astype(np.float32)
    pooled = None
    signals = []
    for frames in features:
        signal = np.zeros((len(frames), n_units), dtype=np.float32)
        for lag in LAGS:
            signal[lag:] += frames[: len(frames) - lag] @ weights[lag]
        signals.append(signal)
        energy = np.einsum("tv,tv->v", signal, signal)
        pooled = energy if pooled is None else pooled + energy
    deviation = np.sqrt(pooled / lengths.sum())
    noise_pace = np.full(n_units, 0.8)
    responses = [
        signal / deviation * np.sqrt(explained)
        + autoregressive(generator, len(signal), noise_pace) * np.sqrt(1 - explained)
        for signal in signals
    ]
    return features, responses


def check(
    features: list[np.ndarray],
    responses: list[np.ndarray],
    labels: np.ndarray,
    alphas: np.ndarray,
    units: np.ndarray,
) -> np.ndarray:
    """Return correlations (unit,) in the first fold by Cholesky factorisations in float64."""
    train = [s for s, label in enumerate(labels) if label != labels[0]]
    test = [s for s, label in enumerate(labels) if label == labels[0]]
    joined = join([features[s] for s in train], LAGS, np.zeros(features[0].shape[1]), np.float32)
    targets = np.concatenate([responses[s][:, units] for s in train]).astype(np.float64)
    covariances = pool([LagCovariances.of(joined, targets)])
    gram = covariances.gram(np.float64)
    cross = covariances.centred_cross()
    del joined
    weights = np.empty_like(cross)
    for alpha in np.unique(alphas):
        chosen = alphas == alpha
        shifted = gram.copy()
        shifted[np.diag_indices_from(shifted)] += alpha
        weights[:, chosen] = cho_solve(
            cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False), cross[:, chosen]
        )
        del shifted
    by_lag = weights.reshape(len(LAGS), -1, len(units))
    predicted = []
    for s in test:
        frames = features[s].astype(np.float64)
        values = np.zeros((len(frames), len(units)))
        for lag in LAGS:
            values[lag:] += frames[: len(frames) - lag] @ by_lag[lag]
        predicted.append(values)
    found = np.concatenate(predicted)
    target = np.concatenate([responses[s][:, units] for s in test]).astype(np.float64)
    found -= found.mean(axis=0)
    target -= target.mean(axis=0)
    norms = np.linalg.norm(found, axis=0) * np.linalg.norm(target, axis=0)
    return np.asarray((found * target).sum(axis=0) / norms)


def main() -> None:
    """Print what the run took and how sure it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, default=768)
    parser.add_argument("--electrodes", type=int, default=822)
    parser.add_argument("--sentences", type=int, default=499)
    parser.add_argument("--check", type=int, default=0)
    parser.add_argument("--precision", choices=["float32", "float64"], default="float32")
    chosen = parser.parse_args()
    features, responses = simulate(chosen.sentences, chosen.features, chosen.electrodes, 0)
    n_frames = sum(map(len, features))
    print(f"{n_frames} frames x {len(LAGS)} lags x {chosen.features} features", flush=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    labels = np.arange(chosen.sentences) % N_FOLDS
    begin, begin_cpu = time.perf_counter(), time.process_time()
    scores = lagged_ridge(features, responses, list(labels), precision=chosen.precision)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{seconds:.0f} s, {cpu:.0f} CPU seconds")
    print(f"peak memory {peak / 2**20:.2f} GiB, {before / 2**20:.2f} before")
    for solution in scores.solutions:
        print(solution)
    places, counts = np.unique(scores.alpha, return_counts=True)
    print("penalties", dict(zip(places.round(1).tolist(), counts.tolist(), strict=True)))
    print(f"mean r {scores.pearson.mean():.4f}, mean R2 {scores.r2.mean():.4f}")
    print(f"largest bound on r and R2 {scores.bound.max():.1e}")
    print(
        f"inner criterion: last change {scores.inner_error.max():.1e}, "
        f"{scores.is_undecided.sum()} of {scores.alpha.size} choices undecided"
    )
    if chosen.check:
        # The extreme penalties and some between.
        order = np.argsort(scores.alpha[0], kind="stable")
        units = order[np.linspace(0, len(order) - 1, chosen.check).astype(int)]
        begin = time.perf_counter()
        expected = check(features, responses, labels, scores.alpha[0, units], units)
        difference = np.abs(expected - scores.pearson[0, units])
        print(f"against Cholesky in float64 ({time.perf_counter() - begin:.0f} s):")
        for unit, alpha, off in zip(units, scores.alpha[0, units], difference, strict=True):
            print(f"  electrode {unit}, penalty {alpha:.3g}: |dr| {off:.1e}")


if __name__ == "__main__":
    main()
