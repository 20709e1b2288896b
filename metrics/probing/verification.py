"""Whether probes find in simulated features what was planted, and nothing where nothing was.

The closed forms are those of docs/protocols.md, S-millet.probing and S-moussa.downstream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import norm

from heschl.errors import InvalidInput
from heschl.findings import Bound, Finding, engine_findings
from heschl.metrics.probing.heads import Head, LogisticHead, RidgeHead
from heschl.metrics.probing.probed import KINDS, Probed, probe
from heschl.metrics.probing.targets import Labels, LabelSets, Target, Vectors
from heschl.splits import Fold, GroupKFold, StratifiedKFold

__all__ = ["verification"]

_SEEDS = (0, 1, 2)
_MILLET = "docs/protocols.md, S-millet.probing"
_MOUSSA = "docs/protocols.md, S-moussa.downstream"
_HEADS: Mapping[str, Head] = {"ridge": RidgeHead(), "logistic": LogisticHead()}


def verification() -> list[Finding]:
    """Return what was planted and what probes found of it. Takes some seconds."""
    return [
        *_vectors(),
        *_separate_classes(),
        *_no_signal(),
        *_shifted_classes(),
        *_unequal_classes(),
        *_speakers(),
        *_majority(),
        *_label_sets(),
        _vocabularies(),
    ]


def _vectors() -> list[Finding]:
    """Plant numbers that are linear in the second of three layers, the others half of it."""
    n_items, width, n_columns, share = 1200, 30, 60, 0.5
    found: dict[str, list[float]] = {"r": [], "best": []}
    n_train = n_items * 9 // 10
    for seed in _SEEDS:
        generator = np.random.default_rng(seed)
        planted = generator.standard_normal((n_items, width))
        weights = generator.standard_normal((width, n_columns)) * np.sqrt(share / width)
        noise = np.sqrt(1 - share) * generator.standard_normal((n_items, n_columns))
        target = Vectors(planted @ weights + noise)
        layers = [
            mixed * generator.standard_normal(planted.shape) + planted for mixed in (1.0, 0.0, 1.0)
        ]
        of_layers = [_probed(RidgeHead(), layer, target, seed=seed) for layer in layers]
        found["r"].append(float(of_layers[1].scores["r"][0].mean()))
        best = np.argmax([each.inner for each in of_layers], axis=0)
        found["best"].append(float((best == 1).mean()))
    # Ridge at its best penalty: S0, with as many columns as the layer is wide.
    ratio, penalty = width / n_train, width * (1 - share) / share / n_train
    root = np.sqrt((1 - ratio + penalty) ** 2 + 4 * ratio * penalty)
    excess = (1 - share) * ratio * (-(1 - ratio + penalty) + root) / (2 * ratio * penalty)
    expected = float(np.sqrt(share - excess))
    about = "ridge, numbers linear in the second of three layers"
    return [
        _finding(about, "mean r", expected, found["r"], 0.015, f"{_MILLET} (a)"),
        _finding(about, "folds that choose it", 1.0, found["best"], 0.0, f"{_MILLET} (a)"),
    ]


def _separate_classes() -> list[Finding]:
    def simulated(seed: int) -> tuple[np.ndarray, Labels]:
        generator = np.random.default_rng(seed)
        target = _balanced(200, 5)
        means = 20.0 * np.eye(5, 12)
        return means[target.codes] + generator.standard_normal((200, 12)), target

    return [
        _finding(
            f"{name}, 5 classes far apart",
            "balanced accuracy",
            1.0,
            [_balanced_accuracy(head, *simulated(seed), seed=seed) for seed in _SEEDS],
            1e-9,
            f"{_MILLET} (b)",
        )
        for name, head in _HEADS.items()
    ]


def _no_signal() -> list[Finding]:
    n_items, n_classes = 1500, 5
    tolerance = 2 * np.sqrt((n_classes - 1) / n_items) / n_classes
    findings = []
    for name, head in _HEADS.items():
        values = []
        for seed in _SEEDS:
            design = np.random.default_rng(seed).standard_normal((n_items, 10))
            values.append(
                _balanced_accuracy(head, design, _balanced(n_items, n_classes), seed=seed)
            )
        about = f"{name}, {n_classes} classes without a signal"
        findings.append(
            _finding(about, "balanced accuracy", 1 / n_classes, values, tolerance, f"{_MILLET} (b)")
        )
    return findings


def _shifted_classes() -> list[Finding]:
    n_items, shift = 6000, 2.0
    findings = []
    for name, head in _HEADS.items():
        values = []
        for seed in _SEEDS:
            target = _balanced(n_items, 2)
            design = np.random.default_rng(seed).standard_normal((n_items, 1))
            design += shift * target.codes[:, None]
            values.append(_balanced_accuracy(head, design, target, seed=seed))
        expected = float(norm.cdf(shift / 2))
        about = f"{name}, 2 classes {shift:g} deviations apart"
        findings.append(
            _finding(about, "balanced accuracy", expected, values, 0.01, f"{_MILLET} (c)")
        )
    return findings


def _unequal_classes() -> list[Finding]:
    """Plant nothing in classes of 90 and 10 %: only balanced accuracy says so."""
    n_items = 2000
    findings = []
    for name, head in _HEADS.items():
        probed = []
        for seed in _SEEDS:
            codes = (np.arange(n_items) % 10 == 0).astype(np.intp)
            design = np.random.default_rng(seed).standard_normal((n_items, 5))
            probed.append(_probed(head, design, Labels(codes, ("usual", "rare")), seed=seed))
        for score, expected in {"balanced_accuracy": 0.5, "accuracy": 0.9}.items():
            values = [float(each.scores[score][0].mean()) for each in probed]
            about = f"{name}, 90 % of one class, no signal"
            findings.append(_finding(about, score, expected, values, 0.01, _MILLET))
    return findings


def _speakers() -> list[Finding]:
    """Plant labels that are constant within speakers, and features that tell speakers alone."""
    n_speakers, n_items = 40, 1200
    speakers = np.arange(n_items) % n_speakers
    # Of either kind in every fold of speakers.
    target = Labels(speakers // 10 % 2, ("north", "south"))
    expected: Mapping[str, tuple[float, float, Bound]] = {
        "speakers kept apart": (0.5, 0.12, "within"),
        "speakers on both sides": (0.95, 0.0, "at least"),
    }
    values: dict[str, list[float]] = {about: [] for about in expected}
    for seed in _SEEDS:
        generator = np.random.default_rng(seed)
        voices = 5 * generator.standard_normal((n_speakers, 60))
        design = voices[speakers] + generator.standard_normal((n_items, 60))
        splits = (
            GroupKFold(10, by="speaker").folds({"speaker": speakers}),
            StratifiedKFold(10, by="label").folds({"label": target.codes}),
        )
        for about, folds in zip(values, splits, strict=True):
            found = probe(RidgeHead(), design, target, folds, speakers, seed=seed)
            values[about].append(float(found.scores["balanced_accuracy"][0].mean()))
    return [
        _finding(
            f"ridge, {about}",
            "balanced accuracy",
            planted,
            values[about],
            tolerance,
            _MILLET,
            bound,
        )
        for about, (planted, tolerance, bound) in expected.items()
    ]


def _majority() -> list[Finding]:
    """Hold the majority's answer against its closed forms: TIMIT's kinds, 5, 3 and 2 of 10."""
    truth = Labels(np.repeat([0, 1, 2], [50, 30, 20]), ("sx", "si", "sa"))
    found = truth.scores(truth.tally(truth.constant(100), np.zeros(100, dtype=int)).sum(axis=0))
    share = 0.5
    expected = {"accuracy": share, "macro_f1": 2 * share / (1 + share) / 3}
    return [
        _finding("the majority of 3 classes", name, value, [float(found[name])], 1e-12, _MOUSSA)
        for name, value in expected.items()
    ]


def _label_sets() -> list[Finding]:
    """Plant a feature for each label, and answer yes to all: recall 1, and F1 by density."""
    n_items, vocabulary = 600, ("a", "e", "i", "o")
    scores, of_all, densities = [], [], []
    for seed in _SEEDS:
        generator = np.random.default_rng(seed)
        present = generator.random((n_items, 4)) < (0.2, 0.4, 0.6, 0.8)
        target = LabelSets(present, vocabulary)
        design = 20 * present + generator.standard_normal((n_items, 4))
        found = _probed(LogisticHead(), design, target, seed=seed)
        scores.append(float(found.scores["macro_f1"][0].mean()))
        yes = LabelSets(np.ones_like(present), vocabulary)
        tally = target.tally(yes, np.zeros(n_items, dtype=int))[0]
        of_all.append(float(target.scores(tally)["micro_f1"]))
        densities.append(float(present.mean()))
    about = "labels of which some are there"
    return [
        _finding(f"logistic, {about}, far apart", "macro_f1", 1.0, scores, 1e-9, f"{_MILLET} (b)"),
        Finding.of_numbers(
            [2 * q / (1 + q) for q in densities],
            of_all,
            1e-12,
            benchmark="engine",
            about=f"{about}, all answered",
            quantity="micro_f1",
            source=_MOUSSA,
        ),
    ]


def _vocabularies() -> Finding:
    """Hold answers against a truth that numbers the same labels otherwise."""
    truth, answers = Labels(np.arange(3), ("a", "e", "i")), Labels(np.arange(3), ("e", "a", "i"))
    try:
        truth.tally(answers, np.zeros(3, dtype=int))
        found = "a score"
    except InvalidInput:
        found = "refused"
    return Finding.of_words(
        "refused",
        [found],
        benchmark="engine",
        about="labels numbered otherwise in training and test",
        quantity="score",
        source=_MOUSSA,
    )


def _balanced(n_items: int, n_classes: int) -> Labels:
    return Labels(np.arange(n_items) % n_classes, tuple(f"class {k}" for k in range(n_classes)))


def _probed(head: Head, design: np.ndarray, target: Target, *, seed: int) -> Probed:
    """Probe in ten folds of items, each a group of its own."""
    order = np.random.default_rng([seed, 1]).permutation(len(design))
    folds: Sequence[Fold] = GroupKFold(10, by="item").folds({"item": order})
    return probe(head, design, target, folds, order, seed=seed)


def _balanced_accuracy(head: Head, design: np.ndarray, target: Labels, *, seed: int) -> float:
    found = _probed(head, design, target, seed=seed)
    return float(found.scores["balanced_accuracy"][KINDS.index("answers")].mean())


def _finding(
    about: str,
    quantity: str,
    planted: float,
    found: Sequence[float],
    tolerance: float,
    source: str,
    bound: Bound = "within",
) -> Finding:
    compared = engine_findings(source)
    return compared(about, quantity, [planted] * len(found), found, tolerance, bound)
