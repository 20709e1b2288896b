"""Scores from tallies: scikit-learn's, whatever they are summed over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from heschl.errors import InvalidInput
from heschl.metrics.probing import Labels, LabelSets, Vectors
from heschl.metrics.probing.tallies import drawn_scores

WORDS = tuple("abcdef")


def scores_of(truth, answers, groups=None):
    groups = np.zeros(len(truth), dtype=int) if groups is None else groups
    return truth.scores(truth.tally(answers, groups).sum(axis=0))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n_items=st.integers(1, 40), n_classes=st.integers(2, 6))
def test_scores_of_labels_are_those_of_scikit_learn(seed, n_items, n_classes):
    generator = np.random.default_rng(seed)
    truth, answers = generator.integers(n_classes, size=(2, n_items))

    found = scores_of(
        Labels(truth, WORDS[:n_classes]),
        Labels(answers, WORDS[:n_classes]),
        generator.integers(3, size=n_items),
    )

    present = np.unique(truth)
    with np.errstate(invalid="ignore"):
        expected = {
            "macro_f1": metrics.f1_score(
                truth, answers, labels=present, average="macro", zero_division=0.0
            ),
            "micro_f1": metrics.f1_score(truth, answers, average="micro"),
            "accuracy": metrics.accuracy_score(truth, answers),
            "balanced_accuracy": metrics.recall_score(
                truth, answers, labels=present, average="macro", zero_division=0.0
            ),
        }
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n_items=st.integers(2, 40))
def test_scores_of_sets_are_those_of_scikit_learn(seed, n_items):
    generator = np.random.default_rng(seed)
    truth, answers = generator.random((2, n_items, 5)) < 0.4
    truth[0, :], truth[1, :] = True, False
    target = LabelSets(truth, WORDS[:5], not_counted=("c",))

    found = scores_of(target, LabelSets(answers, WORDS[:5]))

    counted = [0, 1, 3, 4]
    truth, answers = truth[:, counted], answers[:, counted]
    balanced = [metrics.balanced_accuracy_score(truth[:, k], answers[:, k]) for k in range(4)]
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        {
            "macro_f1": metrics.f1_score(truth, answers, average="macro", zero_division=0.0),
            "micro_f1": metrics.f1_score(truth, answers, average="micro", zero_division=0.0),
            "accuracy": (truth == answers).mean(),
            "balanced_accuracy": np.mean(balanced),
        }
    )


def test_labels_that_no_item_has_count_for_nothing_in_sets():
    truth = np.zeros((4, 2), dtype=bool)
    truth[:2, 0] = True

    found = scores_of(LabelSets(truth, ("a", "b")), LabelSets(~np.zeros_like(truth), ("a", "b")))

    assert float(found["macro_f1"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_scores_of_vectors_are_means_over_columns(offset):
    generator = np.random.default_rng(0)
    truth = generator.standard_normal((50, 4)) + offset
    answers = truth + generator.standard_normal((50, 4))
    answers[:, 3] = offset  # does not vary

    found = scores_of(Vectors(truth), Vectors(answers), np.arange(50) % 7)

    r = [np.corrcoef(truth[:, k], answers[:, k])[0, 1] for k in range(3)]
    r2 = metrics.r2_score(truth, answers)
    assert float(found["r"]) == pytest.approx(sum(r) / 4, abs=1e-7)
    assert float(found["r2"]) == pytest.approx(r2, abs=1e-6)


def test_truth_that_does_not_vary_scores_nothing():
    found = scores_of(Vectors(np.full((5, 1), 0.1)), Vectors(np.arange(5.0)[:, None]))

    assert {name: float(value) for name, value in found.items()} == {"r": 0.0, "r2": 0.0}


def test_draws_are_scores_of_groups_taken_again():
    generator = np.random.default_rng(0)
    truth, answers = generator.integers(3, size=(2, 60))
    groups = np.repeat(np.arange(6), 10)
    target = Labels(truth, WORDS[:3])
    tally = target.tally(Labels(answers, WORDS[:3]), groups)

    draws = drawn_scores(target.scores, tally, seed=5)

    counts = np.random.default_rng(5).multinomial(6, np.full(6, 1 / 6), size=1000)
    for draw in (0, 1, 999):
        rows = np.concatenate(
            [np.tile(np.flatnonzero(groups == g), n) for g, n in enumerate(counts[draw])]
        )
        again = scores_of(
            target.take(rows.astype(int)), Labels(answers[rows.astype(int)], WORDS[:3])
        )
        assert draws["macro_f1"][draw] == pytest.approx(float(again["macro_f1"]))


def test_truth_and_answers_have_one_vocabulary():
    truth, answers = Labels(np.arange(2), ("a", "b")), Labels(np.arange(2), ("b", "a"))

    with pytest.raises(InvalidInput, match="otherwise from number 0 on; take one vocabulary"):
        scores_of(truth, answers)
    yes = np.ones((2, 2), dtype=bool)
    two, one = LabelSets(yes, ("a", "b")), LabelSets(yes[:, :1], ("a",))
    with pytest.raises(InvalidInput, match="answers number 1 labels and the truth 2"):
        scores_of(two, one)
