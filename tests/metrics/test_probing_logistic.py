"""Logistic probes: scikit-learn's minimum at every penalty, and the choice among them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss
from sklearn.preprocessing import StandardScaler

from heschl.metrics.probing import Labels, LabelSets, LogisticHead, probe
from heschl.metrics.probing.logistic import Axes, logistic_path
from heschl.metrics.probing.parts import held_out
from heschl.splits import Fold, GroupKFold

ALPHAS = (1e-2, 1.0, 100.0)


def simulated(n_items=400, width=12, n_classes=4, seed=0):
    """Return features of very unequal spread (item, feature), and a class of each item."""
    generator = np.random.default_rng(seed)
    mixing = generator.standard_normal((width, width)) * np.logspace(0, -2, width)
    design = generator.standard_normal((n_items, width)) @ mixing + 3
    drive = (design - 3) @ generator.standard_normal((width, n_classes)) / np.sqrt(width)
    return design, (drive + generator.gumbel(size=drive.shape)).argmax(axis=1)


@pytest.mark.parametrize("width", [12, 60], ids=["tall", "wide"])
def test_softmax_is_scikit_learns(width):
    design, codes = simulated(n_items=50 if width == 60 else 400, width=width, n_classes=3)
    axes, standard = Axes.of(design), StandardScaler().fit_transform(design)

    for fit in logistic_path(axes, np.eye(3)[codes], ALPHAS, "softmax"):
        peer = LogisticRegression(C=1 / fit.alpha, tol=1e-8, max_iter=10_000).fit(standard, codes)
        likely = scipy.special.softmax(fit.decide(axes.rows), axis=1)
        np.testing.assert_allclose(likely, peer.predict_proba(standard), atol=1e-3)


def test_sigmoid_is_scikit_learns_for_each_label():
    design, codes = simulated()
    present = np.stack([codes == 0, codes >= 2, design[:, 0] > 3], axis=1)
    axes, standard = Axes.of(design), StandardScaler().fit_transform(design)

    for fit in logistic_path(axes, present.astype(float), ALPHAS[1:], "sigmoid"):
        likely = scipy.special.expit(fit.decide(axes.rows))
        for label in range(3):
            peer = LogisticRegression(C=1 / fit.alpha, tol=1e-8, max_iter=10_000)
            peer.fit(standard, present[:, label])
            np.testing.assert_allclose(
                likely[:, label], peer.predict_proba(standard)[:, 1], atol=1e-3
            )


def test_new_items_are_projected_as_training_items_were():
    design, _ = simulated()
    axes = Axes.of(design)

    np.testing.assert_allclose(axes.project(design), axes.rows, atol=1e-9)
    assert np.isfinite(axes.project(design + 5)).all()


def test_the_penalty_is_that_of_the_best_macro_f1_on_speakers_held_out():
    design, codes = simulated(n_items=600)
    speakers = np.arange(600) % 30
    (fold, *_) = GroupKFold(5, by="speaker").folds({"speaker": speakers})
    target = Labels(codes, tuple("abcd"))

    found = probe(LogisticHead(alphas=ALPHAS), design, target, [fold], speakers, seed=3)

    judging = held_out(speakers[fold.train], 0.1, seed=3)
    judged, fitted = fold.train[judging], fold.train[~judging]
    assert not set(speakers[judged]) & set(speakers[fitted])
    assert 0.1 <= len(judged) / len(fold.train) < 0.15
    scaler = StandardScaler().fit(design[fitted])
    peers = {
        alpha: LogisticRegression(C=1 / alpha, tol=1e-8, max_iter=10_000).fit(
            scaler.transform(design[fitted]), codes[fitted]
        )
        for alpha in ALPHAS
    }

    def value(alpha):
        features = scaler.transform(design[judged])
        macro = f1_score(codes[judged], peers[alpha].predict(features), average="macro")
        return round(macro, 6), -log_loss(codes[judged], peers[alpha].predict_proba(features))

    best = max(ALPHAS, key=value)
    assert found.alpha.tolist() == [best]
    assert found.inner == pytest.approx([value(best)[0]])
    answered = peers[best].predict(scaler.transform(design[fold.test]))
    expected = f1_score(codes[fold.test], answered, average="macro")
    assert found.scores["macro_f1"][0] == pytest.approx([expected], abs=0.02)


def test_one_fold_has_draws_of_its_groups():
    design, codes = simulated(n_items=400)
    speakers = np.arange(400) % 20
    fold = Fold("official", np.flatnonzero(speakers < 15), np.flatnonzero(speakers >= 15))

    found = probe(LogisticHead(), design, Labels(codes, tuple("abcd")), [fold], speakers, seed=0)

    draws = found.draws["macro_f1"]
    assert draws.shape == (1000,)
    assert 0.005 < draws.std() < 0.1
    assert draws.mean() == pytest.approx(found.scores["macro_f1"][0, 0], abs=0.03)


def test_labels_of_which_several_hold_are_told():
    generator = np.random.default_rng(0)
    present = generator.random((300, 3)) < 0.5
    design = 3.0 * present + generator.standard_normal((300, 3))
    speakers = np.arange(300) % 10
    folds = GroupKFold(5, by="speaker").folds({"speaker": speakers})
    target = LabelSets(present, tuple("abc"))

    found = probe(LogisticHead(), design, target, folds, speakers, seed=0)

    # Unit noise at either side of the middle, 1.5 away: .933 are right.
    assert found.scores["accuracy"][0].mean() == pytest.approx(0.933, abs=0.02)
    assert found.scores["accuracy"][2].mean() < 0.6


def test_a_label_that_training_lacks_is_never_answered():
    design, codes = simulated(n_items=200)
    speakers = np.arange(200) % 10
    fold = Fold("one", np.flatnonzero(speakers < 8), np.flatnonzero(speakers >= 8))
    codes[fold.train[codes[fold.train] == 3]] = 0
    codes[fold.test[:10]] = 3
    target = Labels(codes, tuple("abcd"))

    (found,) = LogisticHead().answered(design, target, [fold], speakers, seed=0)

    assert 3 not in found.answers.codes
