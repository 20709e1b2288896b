"""Whether similarities come out as simulated patterns have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heschl.findings import Finding, engine_findings
from heschl.metrics.rsa.geometry import dissimilarities
from heschl.metrics.rsa.metric import RSA, TuckuteRSA
from heschl.metrics.rsa.ranks import Ranked, similarity
from heschl.splits import Fold

__all__ = ["verification", "verification_on_splits"]

_SEEDS = (0, 1, 2)
_N_SOUNDS = 165
_NAMES = [str(number) for number in range(_N_SOUNDS)]
_N_PAIRS = _N_SOUNDS * (_N_SOUNDS - 1) // 2
_N_LATENT = 10
_WIDTHS = 300, 500
_NOISE = {0.0: 0.976, 0.5: 0.971, 1.0: 0.938, 2.0: 0.774}
"""The similarity of 300 and 500 projections of ten latent features, by the noise of the latter,
whose variance without it is 1: docs/protocols.md, where another program found them."""
_N_LAYERS = 5
_N_NULL_BRAINS = 40


_finding = engine_findings("docs/protocols.md, S-audio.rsa")


def verification() -> list[Finding]:
    """Return what was planted and what similarity finds of it. Takes some seconds."""
    return [
        *_invariances(),
        *_shared_latents(),
        *_independent(),
        *_blocks(),
        *_toplines(),
    ]


def verification_on_splits() -> list[Finding]:
    """Return what was planted and what random splits find of it. Takes some seconds."""
    return [*_null_on_splits(), *_layer_on_splits()]


def _invariances() -> list[Finding]:
    """Check what may be done to features, and what may not."""
    permuted, rotated = [], []
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 1])
        patterns = generator.standard_normal((_N_SOUNDS, 40)) * generator.uniform(0.1, 10, 40)
        order, scale = generator.permutation(40), generator.uniform(0.5, 2, 40)
        rotation, _ = np.linalg.qr(generator.standard_normal((40, 40)))
        permuted.append(_alike(patterns, patterns[:, order] * scale + 3))
        rotated.append(_alike(patterns, patterns @ rotation))
    return [
        _finding("features permuted and rescaled", "similarity", [1.0] * 3, permuted, 1e-6),
        _finding("features rotated", "similarity", [0.99] * 3, rotated, 0.0, bound="at most"),
    ]


def _shared_latents() -> list[Finding]:
    """Check the similarity of two systems that see the same ten features."""
    findings = []
    for noise, planted in _NOISE.items():
        found = []
        for seed in _SEEDS:
            generator = np.random.default_rng([seed, 2])
            latent = generator.standard_normal((_N_SOUNDS, _N_LATENT))
            found.append(
                _alike(
                    _seen(latent, _WIDTHS[0], 0.0, generator),
                    _seen(latent, _WIDTHS[1], noise, generator),
                )
            )
        about = (
            f"{_N_LATENT} latent features in {_WIDTHS[0]} and {_WIDTHS[1]}, noise {noise:g} there"
        )
        findings.append(_finding(about, "similarity", [planted] * 3, found, 0.02))
    return findings


def _independent() -> list[Finding]:
    """Check the mean and the deviation of what has nothing in common."""
    means, deviations = [], []
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 3])
        one, other = (
            Ranked(np.stack([_white(generator, width) for _ in range(12)])) for width in _WIDTHS
        )
        found = similarity(one, other)
        means.append(float(found.mean()))
        deviations.append(float(found.std()))
    about = f"independent features, {_WIDTHS[0]} and {_WIDTHS[1]}"
    return [
        # Twelve geometries a side give 24 independent ones, however many pairs they make.
        _finding(about, "mean similarity", [0.0] * 3, means, 0.004),
        _finding(about, "its deviation", [_N_PAIRS**-0.5] * 3, deviations, 0.001),
    ]


def _blocks() -> list[Finding]:
    """Check that layers chosen by blocks gain nothing from noise, and that the planted is found."""
    metric = RSA(n_draws=100)
    inner, best, planted, of_planted, chosen = [], [], [], [], []
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 4])
        noise = np.stack([_white(generator, 100) for _ in range(_N_LAYERS)])
        brains = np.stack([_white(generator, 100) for _ in range(_N_NULL_BRAINS)])
        found = metric.compare(noise, brains, _folds(5), _NAMES, seed=seed)
        inner.append(float(found["inner_score"].mean()))
        best.append(float(found["score"].max(axis=0).mean()))
        layers, brain = _layers_about_a_brain(generator)
        found = metric.compare(
            np.stack([metric.geometry(layer) for layer in layers]),
            metric.geometry(brain)[None],
            _folds(5),
            _NAMES,
            seed=seed,
        )
        planted.append(float(found["score"][2, 0]))
        of_planted.append(float(found["inner_score"][0]))
        chosen.append(float((found["inner_layer"] == 2).mean()))  # noqa: PLR2004
    noise_words = f"{_N_LAYERS} layers of noise"
    return [
        _finding(noise_words, "similarity with layers by blocks", [0.0] * 3, inner, 0.005),
        _finding(noise_words, "similarity of the best layer", [0.005] * 3, best, 0.0, "at least"),
        _finding("third of five layers", "share of blocks", [1.0] * 3, chosen, 0.1),
        _finding("third of five layers", "similarity by blocks", planted, of_planted, 0.005),
    ]


def _toplines() -> list[Finding]:
    """Check that listeners without noise are alike, and that more voxels make them more so."""
    metric = RSA()
    noiseless, few, many = [], [], []
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 5])
        signal = generator.standard_normal((_N_SOUNDS, 400))
        noisy = [signal + 3 * generator.standard_normal(signal.shape) for _ in range(5)]
        noiseless.append(_topline(metric, [signal] * 5))
        few.append(_topline(metric, [each[:, :50] for each in noisy]))
        many.append(_topline(metric, noisy))
    return [
        _finding("listeners without noise", "topline", [1.0] * 3, noiseless, 1e-9),
        _finding("400 voxels for 50, with noise", "topline", few, many, 0.0, "at least"),
    ]


def _null_on_splits() -> list[Finding]:
    """Check that nothing in common scores nothing."""
    metric, found = TuckuteRSA(), []
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 6])
        layers = [generator.standard_normal((_N_SOUNDS, 300)) for _ in range(_N_LAYERS)]
        brains = [generator.standard_normal((_N_SOUNDS, 500)) for _ in range(10)]
        models = np.stack([metric.geometry(each) for each in layers])
        listeners = np.stack([metric.geometry(each) for each in brains])
        answer = metric.compare(models, listeners, _splits(seed), _NAMES, seed=seed)
        found.append(float(answer["inner_score"].mean()))
    return [_finding(f"{_N_LAYERS} layers of noise", "median similarity", [0.0] * 3, found, 0.03)]


def _layer_on_splits() -> list[Finding]:
    """Check that the training sounds find the layer, and the test sounds its similarity."""
    metric, share, found, expected = TuckuteRSA(), [], [], []
    for seed in _SEEDS:
        generator = np.random.default_rng([seed, 7])
        layers, brain = _layers_about_a_brain(generator)
        models = np.stack([metric.geometry(layer) for layer in layers])
        listener = metric.geometry(brain)[np.newaxis]
        answer = metric.compare(models, listener, _splits(seed), _NAMES, seed=seed)
        share.append(float((answer["inner_layer"] == 2).mean()))  # noqa: PLR2004
        found.append(float(answer["inner_score"][0]))
        expected.append(float(similarity(Ranked(models[[2]]), Ranked(listener))[0, 0]))
    return [
        _finding("third of five layers", "share of splits", [0.9] * 3, share, 0.0, "at least"),
        _finding("third of five layers", "similarity of test sounds", expected, found, 0.03),
    ]


def _layers_about_a_brain(generator: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Return five layers of which the third sees what a brain sees, and others less the further."""
    latent = generator.standard_normal((_N_SOUNDS, _N_LATENT))
    away = generator.standard_normal((_N_SOUNDS, _N_LATENT))
    layers = []
    for layer in range(_N_LAYERS):
        angle = 0.5 * abs(layer - 2)
        layers.append(_seen(np.cos(angle) * latent + np.sin(angle) * away, 300, 0.5, generator))
    return layers, _seen(latent, 500, 0.5, generator)


def _seen(
    latent: np.ndarray, width: int, noise: float, generator: np.random.Generator
) -> np.ndarray:
    """Return random projections (sound, feature), each of unit variance but for its noise."""
    projection = generator.standard_normal((latent.shape[1], width))
    projection /= np.linalg.norm(projection, axis=0)
    return np.asarray(latent @ projection + noise * generator.standard_normal((len(latent), width)))


def _white(generator: np.random.Generator, width: int) -> np.ndarray:
    return dissimilarities(generator.standard_normal((_N_SOUNDS, width)))


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    first, second = (Ranked(dissimilarities(each)[np.newaxis]) for each in (one, other))
    return float(similarity(first, second)[0, 0])


def _topline(metric: RSA, listeners: Sequence[np.ndarray]) -> float:
    geometries = np.stack([metric.geometry(each) for each in listeners])
    return float(metric.topline(geometries, _folds(5)).mean())


def _folds(n: int) -> list[Fold]:
    part = np.arange(_N_SOUNDS) % n
    return [Fold(f"{k}", np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(n)]


def _splits(seed: int) -> list[Fold]:
    generator = np.random.default_rng([seed, 8])
    orders = [generator.permutation(_N_SOUNDS) for _ in range(10)]
    return [Fold(f"{k}", order[:83], order[83:]) for k, order in enumerate(orders)]
