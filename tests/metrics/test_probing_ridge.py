"""Ridge probes: scikit-learn's numbers, from sums over blocks or from items."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from heschl.errors import InvalidInput
from heschl.metrics.probing import Labels, RidgeHead, Vectors, probe
from heschl.metrics.probing.ridge import Blocks, chosen_penalties
from heschl.splits import Fold, GroupKFold

ALPHAS = tuple(float(alpha) for alpha in np.logspace(-1, 4, 9))


def simulated(n_items, width, n_columns, seed=0):
    generator = np.random.default_rng(seed)
    design = generator.standard_normal((n_items, width)) + np.arange(width)
    design[:, 2] = 7.0  # does not vary
    design = design.astype(np.float32)
    weights = generator.standard_normal((width, n_columns))
    noise = 10 * generator.standard_normal((n_items, n_columns))
    return design, design.astype(float) @ weights + noise


def fitted(design, targets, alpha):
    model = make_pipeline(StandardScaler(), Ridge(alpha))
    return model.fit(design.astype(float), targets)


@pytest.mark.parametrize(
    ("n_items", "width", "n_blocks"),
    [
        pytest.param(400, 12, 4, id="sums"),
        pytest.param(60, 70, 4, id="items"),
        pytest.param(90, 40, 3, id="sums-fitted-items-judged"),
    ],
)
def test_penalties_and_predictions_are_those_of_scikit_learn(n_items, width, n_blocks):
    design, targets = simulated(n_items, width, 3)
    rows = np.array_split(np.random.default_rng(1).permutation(n_items), n_blocks)
    folds = {k: [j for j in range(n_blocks) if j != k] for k in range(n_blocks)}
    blocks = Blocks(design, targets, rows)

    choices = chosen_penalties(blocks, folds, ALPHAS, np.array([0, 1, 1]))

    for test, trained in folds.items():
        errors, totals = np.zeros((len(ALPHAS), 3)), np.zeros(3)
        for left_out in trained:
            within = np.concatenate([rows[j] for j in trained if j != left_out])
            held = targets[rows[left_out]]
            totals += ((held - targets[within].mean(axis=0)) ** 2).sum(axis=0)
            for number, alpha in enumerate(ALPHAS):
                predicted = fitted(design[within], targets[within], alpha).predict(
                    design[rows[left_out]].astype(float)
                )
                errors[number] += ((held - predicted) ** 2).sum(axis=0)
        errors[:, 1:] = errors[:, 1:].sum(axis=1, keepdims=True)
        totals[1:] = totals[1:].sum()
        best = errors.argmin(axis=0)
        np.testing.assert_allclose(choices[test].alphas, np.array(ALPHAS)[best])
        np.testing.assert_allclose(choices[test].inner, 1 - errors.min(axis=0) / totals, rtol=1e-6)
        everyone = np.concatenate([rows[j] for j in trained])
        found = blocks.fit(trained).predict(design[rows[test]], choices[test].alphas)
        for column, alpha in enumerate(choices[test].alphas):
            expected = fitted(design[everyone], targets[everyone, column], alpha).predict(
                design[rows[test]].astype(float)
            )
            np.testing.assert_allclose(found[:, column], expected, atol=1e-6)


def test_labels_are_those_of_scikit_learns_classifier():
    design, _ = simulated(300, 10, 1)
    drive = design[:, 3:6] - design[:, 3:6].mean(axis=0)
    codes = (drive + np.random.default_rng(1).standard_normal((300, 3))).argmax(axis=1)
    speakers = np.arange(300) % 15
    folds = GroupKFold(5, by="speaker").folds({"speaker": speakers})

    found = probe(RidgeHead(), design, Labels(codes, tuple("abc")), folds, speakers, seed=0)

    for number, fold in enumerate(folds):
        model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=found.alpha[number]))
        model.fit(design[fold.train].astype(float), codes[fold.train])
        answered = model.predict(design[fold.test].astype(float))
        assert found.scores["balanced_accuracy"][0, number] == pytest.approx(
            balanced_accuracy_score(codes[fold.test], answered)
        )


def test_one_fold_is_judged_by_parts_of_whole_groups():
    design, targets = simulated(200, 8, 2)
    speakers = np.arange(200) % 10
    fold = Fold("official", np.flatnonzero(speakers < 8), np.flatnonzero(speakers >= 8))
    head = RidgeHead(alphas=ALPHAS, n_parts=4)

    (found,) = head.answered(design, Vectors(targets), [fold], speakers, seed=0)

    parts = GroupKFold(4, by="group").folds({"group": speakers[fold.train]})
    errors = np.zeros((len(ALPHAS), 2))
    for part in parts:
        train, test = fold.train[part.train], fold.train[part.test]
        assert not set(speakers[train]) & set(speakers[test])
        for number, alpha in enumerate(ALPHAS):
            predicted = fitted(design[train], targets[train], alpha).predict(design[test])
            errors[number] += ((targets[test] - predicted) ** 2).sum(axis=0)
    best = np.array(ALPHAS)[errors.argmin(axis=0)]
    assert found.alpha == pytest.approx(np.median(best))
    for column, alpha in enumerate(best):
        expected = fitted(design[fold.train], targets[fold.train, column], alpha)
        np.testing.assert_allclose(
            found.answers.values[:, column], expected.predict(design[fold.test]), atol=1e-5
        )


def test_scale_and_order_of_features_and_items_do_not_matter_and_rotations_do():
    design, targets = simulated(240, 9, 4)
    design = np.delete(design, 2, axis=1).astype(float)
    speakers = np.arange(240) % 12
    generator = np.random.default_rng(3)
    order, items = generator.permutation(8), generator.permutation(240)
    rotation, _ = np.linalg.qr(generator.standard_normal((8, 8)))
    scale = np.linspace(0.1, 10, 8)

    def r_of(features, rows=slice(None)):
        folds = GroupKFold(4, by="speaker").folds({"speaker": speakers[rows]})
        truth = Vectors(targets[rows])
        head = RidgeHead(alphas=(30.0, 300.0))
        return probe(head, features[rows], truth, folds, speakers[rows], seed=0).scores["r"][0]

    expected = r_of(design)
    np.testing.assert_allclose(r_of(design[:, order] * scale), expected, rtol=1e-9)
    np.testing.assert_allclose(r_of(design, items), expected, rtol=1e-9)
    # Features are standardised one by one, so that what is loud along a slant is kept.
    assert np.abs(r_of(design * scale @ rotation) - expected).max() > 1e-4


def test_columns_do_not_depend_on_each_other():
    design, targets = simulated(120, 6, 5)
    speakers = np.arange(120) % 6
    folds = GroupKFold(3, by="speaker").folds({"speaker": speakers})

    def answers(columns):
        truth = Vectors(targets[:, columns])
        found = RidgeHead().answered(design, truth, folds, speakers, seed=0)
        return np.concatenate([each.answers.values for each in found])

    np.testing.assert_allclose(answers([0, 1, 2, 3, 4])[:, [3]], answers([3]), rtol=1e-9)


def test_exchanged_truths_teach_nothing():
    design, _ = simulated(300, 40, 1)
    codes = (design[:, 0] > np.median(design[:, 0])).astype(int)
    items = np.arange(300)
    folds = GroupKFold(5, by="item").folds({"item": items})

    # Exchanged truths point somewhere among 40 features: .5 ± .05, once for all folds.
    found = [
        probe(RidgeHead(), design, Labels(codes, ("low", "high")), folds, items, seed=seed)
        for seed in range(10)
    ]

    scores = np.mean([each.scores["balanced_accuracy"] for each in found], axis=(0, 2))
    assert scores[0] > 0.85
    assert scores[1] == pytest.approx(0.5, abs=0.05)
    assert scores[2] == 0.5


@pytest.mark.parametrize("alphas", [(), (1.0, 0.1), (0.0, 1.0), ("a",)])
def test_penalties_that_are_none_are_refused(alphas):
    with pytest.raises(InvalidInput, match="alphas="):
        RidgeHead(alphas=alphas)
