"""Lagged ridge at the size of an ECoG study: seconds, memory and certificate.

    python perf/lagged.py [--features 768] [--electrodes 822] [--sentences 499] [--check 4]

Features are autoregressive in time, each at its own pace, with a spectrum that
falls as 1/rank, and mixed. Responses are linear in 20 lags of them, with
autoregressive noise. ``--check`` solves some electrodes of the first fold again
by conjugate gradients in float64.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from heschl.metrics.ridge.estimators import Nested
from heschl.metrics.ridge.lagged.nested import lagged_ridge

LAGS = range(20)
N_FOLDS = 5
PRECISE = 1e-11
"""The residual of conjugate gradients, as a share of the right side."""

PENALTIES = tuple(float(alpha) for alpha in np.logspace(0, 8, 17))


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


class Rows:
    """Rows of the lagged design of some sentences, whose lags are shifts of a stream.

    Frames are float64, with silence before each sentence.
    """

    def __init__(self, sentences: list[np.ndarray]) -> None:
        silence = np.zeros((len(LAGS) - 1, sentences[0].shape[1]))
        self.stream = np.concatenate([part for frames in sentences for part in (silence, frames)])
        is_frame = [np.repeat([False, True], [len(silence), len(frames)]) for frames in sentences]
        self.places = np.flatnonzero(np.concatenate(is_frame))

    def times(self, weights: np.ndarray) -> np.ndarray:
        """Return the design less its means times weights (lag, feature, unit): (row, unit)."""
        parts = self.stream @ weights.transpose(1, 0, 2).reshape(self.stream.shape[1], -1)
        parts = parts.reshape(len(parts), len(LAGS), -1)
        product = sum(parts[self.places - lag, lag] for lag in LAGS)
        return np.asarray(product - product.mean(axis=0))

    def transposed_times(self, values: np.ndarray) -> np.ndarray:
        """Return its transpose times ``values (row, unit)``: (lag, feature, unit)."""
        aligned = np.zeros((len(self.stream), len(LAGS), values.shape[1]))
        for lag in LAGS:
            aligned[self.places - lag, lag] = values - values.mean(axis=0)
        product = self.stream.T @ aligned.reshape(len(aligned), -1)
        return product.reshape(-1, *aligned.shape[1:]).transpose(1, 0, 2)


def check(
    features: list[np.ndarray],
    responses: list[np.ndarray],
    labels: np.ndarray,
    alphas: np.ndarray,
    units: np.ndarray,
) -> tuple[np.ndarray, float]:
    """Return correlations (unit,) in the first fold by conjugate gradients in float64.

    Nothing of the engine enters. Also returns the largest length of a unit's residual, as a share
    of its right side.
    """
    train, test = (
        (
            Rows([features[s] for s in np.flatnonzero(chosen)]),
            np.concatenate([responses[s][:, units] for s in np.flatnonzero(chosen)]).astype(float),
        )
        for chosen in (labels != 0, labels == 0)
    )
    design, target = train
    residual = design.transposed_times(target)
    weights = np.zeros_like(residual)
    direction = residual.copy()
    wanted = energy = np.einsum("kpv,kpv->v", residual, residual)
    for _ in range(1000):
        image = design.transposed_times(design.times(direction)) + alphas * direction
        step = energy / np.einsum("kpv,kpv->v", direction, image)
        weights += step * direction
        residual -= step * image
        before, energy = energy, np.einsum("kpv,kpv->v", residual, residual)
        if np.sqrt(energy / wanted).max() < PRECISE:
            break
        direction = residual + energy / before * direction
    design_times = design.transposed_times(design.times(weights)) + alphas * weights
    left = design.transposed_times(target) - design_times
    found, expected = test[0].times(weights), test[1] - test[1].mean(axis=0)
    norms = np.linalg.norm(found, axis=0) * np.linalg.norm(expected, axis=0)
    lengths = np.sqrt(np.einsum("kpv,kpv->v", left, left) / wanted)
    return (found * expected).sum(axis=0) / norms, float(lengths.max())


def main() -> None:
    """Print what the run took and how sure it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, default=768)
    parser.add_argument("--electrodes", type=int, default=822)
    parser.add_argument("--sentences", type=int, default=499)
    parser.add_argument("--check", type=int, default=0)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    chosen = parser.parse_args()
    features, responses = simulate(chosen.sentences, chosen.features, chosen.electrodes, 0)
    n_frames = sum(map(len, features))
    print(f"{n_frames} frames x {len(LAGS)} lags x {chosen.features} features", flush=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    labels = np.arange(chosen.sentences) % N_FOLDS
    begin, begin_cpu = time.perf_counter(), time.process_time()
    scores = lagged_ridge(
        features,
        responses,
        list(labels),
        lags=LAGS,
        estimator=Nested(PENALTIES),
        dtype=chosen.dtype,
    )
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{seconds:.0f} s, {cpu:.0f} CPU seconds")
    print(f"peak memory {peak / 2**20:.2f} GiB, {before / 2**20:.2f} before")
    for left_out, solved in scores.solved.items():
        print(f"without {left_out}: {solved}")
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
        expected, left = check(features, responses, labels, scores.alpha[0, units], units)
        difference = np.abs(expected - scores.pearson[0, units])
        print(
            f"against conjugate gradients in float64, to a residual of {left:.1e} "
            f"({time.perf_counter() - begin:.0f} s):"
        )
        for unit, alpha, off in zip(units, scores.alpha[0, units], difference, strict=True):
            print(f"  electrode {unit}, penalty {alpha:.3g}: |dr| {off:.1e}")


if __name__ == "__main__":
    main()
