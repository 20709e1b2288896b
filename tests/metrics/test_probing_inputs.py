"""What probes refuse, and what they flag."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from heschl.errors import InvalidInput, UnknownName
from heschl.metrics.probing import (
    Labels,
    LogisticHead,
    OfficialSplit,
    Probing,
    RidgeHead,
    Vectors,
    probe,
)
from heschl.metrics.probing.parts import blocks_of, held_out
from heschl.splits import Fold, GroupKFold

HEADS = pytest.mark.parametrize("head", [RidgeHead(), LogisticHead()], ids=["ridge", "logistic"])


@pytest.fixture
def design():
    return np.random.default_rng(0).standard_normal((60, 4))


SPEAKERS = np.arange(60) % 6
CODES = np.arange(60) // 6 % 2
FOLDS = GroupKFold(3, by="speaker").folds({"speaker": SPEAKERS})
TARGET = Labels(CODES, ("no", "yes"))


@HEADS
def test_one_answer_alone_is_refused(head, design):
    with pytest.raises(InvalidInput, match="have one answer alone"):
        probe(head, design, Labels(np.zeros(60, int), ("no", "yes")), FOLDS, SPEAKERS, seed=0)


@HEADS
def test_features_that_are_not_finite_are_refused(head, design):
    design[3, 2] = np.nan
    with pytest.raises(InvalidInput, match="1 of 4 features hold values that are not finite"):
        probe(head, design, TARGET, FOLDS, SPEAKERS, seed=0)


@pytest.mark.parametrize("n_items", [3, 4])
def test_fewer_items_than_a_penalty_can_be_chosen_on_are_refused(design, n_items):
    fold = Fold("few", np.arange(n_items - 1), np.array([n_items - 1]))
    groups = np.array(list("abc" if n_items == 3 else "abbc"))
    target = Labels(np.arange(n_items) % 2, ("no", "yes"))

    with pytest.raises(InvalidInput, match=r"fold 'few' trains on . items, of which .* give more"):
        probe(RidgeHead(), design[:n_items], target, [fold], groups, seed=0)


def test_truths_that_are_not_finite_are_refused(design):
    """They would score a correlation of 0 like any other miss."""
    values = design[:, :2].copy()
    values[3, 1] = np.nan

    with pytest.raises(InvalidInput, match="the truth holds values that are not finite"):
        probe(RidgeHead(), design, Vectors(values), FOLDS, SPEAKERS, seed=0)


@HEADS
def test_features_that_never_change_are_flagged(head):
    found = probe(head, np.full((60, 4), 2.0), TARGET, FOLDS, SPEAKERS, seed=0)

    assert found.flag_constant.tolist() == [True, True, True]
    assert found.scores["balanced_accuracy"][0].tolist() == [0.5, 0.5, 0.5]


@HEADS
def test_one_group_alone_cannot_be_judged(head, design):
    fold = Fold("one", np.flatnonzero(SPEAKERS == 0), np.flatnonzero(SPEAKERS == 1))
    with pytest.raises(InvalidInput, match="of one group, so that none can be"):
        probe(head, design, TARGET, [fold], SPEAKERS, seed=0)


def test_fewer_groups_than_folds_are_refused():
    with pytest.raises(InvalidInput, match="6 groups by 'speaker' cannot make 10 folds"):
        GroupKFold(10, by="speaker").folds({"speaker": SPEAKERS})


def test_shapes_that_do_not_agree_are_refused(design):
    with pytest.raises(InvalidInput, match="with 60 items asked for"):
        probe(RidgeHead(), design[:-1], TARGET, FOLDS, SPEAKERS, seed=0)


def test_numbers_are_no_question_of_a_logistic_head(design):
    with pytest.raises(InvalidInput, match="numbers were asked for; take a RidgeHead"):
        probe(LogisticHead(), design, Vectors(design), FOLDS, SPEAKERS, seed=0)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_shares_that_are_none_are_refused(share):
    with pytest.raises(InvalidInput, match="expected a share between 0 and 1"):
        LogisticHead(validation=share)


def test_whole_groups_are_held_out_and_one_is_left():
    for seed in range(20):
        chosen = held_out(np.array([0, 0, 0, 1]), 0.9, seed=seed)
        assert sorted({0, 1} - set(np.array([0, 0, 0, 1])[chosen])) in ([0], [1])


def test_folds_that_partition_share_their_blocks():
    ((rows, folds),) = blocks_of(FOLDS, SPEAKERS, 5)

    assert [each.tolist() for each in rows] == [fold.test.tolist() for fold in FOLDS]
    assert {test: trained for test, (_, trained) in folds.items()} == {
        0: [1, 2],
        1: [0, 2],
        2: [0, 1],
    }


@pytest.mark.parametrize(
    "folds",
    [
        pytest.param(FOLDS[:2], id="not-all"),
        pytest.param(
            (*FOLDS[:2], Fold("less", FOLDS[2].train[1:], FOLDS[2].test)), id="trained-on-less"
        ),
    ],
)
def test_other_folds_are_cut_each_by_itself(folds):
    found = list(blocks_of(folds, SPEAKERS, 5))

    assert len(found) == len(folds)
    for (rows, numbered), fold in zip(found, folds, strict=True):
        ((test, (same, trained)),) = numbered.items()
        assert same is fold
        assert rows[test].tolist() == fold.test.tolist()
        assert sorted(np.concatenate([rows[j] for j in trained])) == fold.train.tolist()


def test_official_split_leaves_validation_out():
    split = np.array(["test", "train", "validation", "train"])
    (fold,) = OfficialSplit().folds({"split": split})

    assert (fold.train.tolist(), fold.test.tolist()) == ([1, 3], [0])
    with pytest.raises(UnknownName, match="no official split"):
        OfficialSplit().folds({"speaker": split})
    with pytest.raises(InvalidInput, match="no item of the official split is for test"):
        OfficialSplit().folds({"split": split[1:]})


def test_the_metric_takes_labels_as_texts(design):
    words = np.array(["no", "yes"])[CODES]
    design = xr.DataArray(design + 8 * CODES[:, None], dims=("time", "feature"))
    responses = xr.DataArray(
        np.stack([words, np.full(60, "same")], axis=1),
        dims=("time", "unit"),
        coords={"unit": ["word", "flat"]},
    )

    found = Probing()(design, responses, FOLDS, seed=0)

    assert found["score"].mean("fold").to_numpy().tolist() == [1.0, 0.0]
    assert found["flag_constant"].max("fold").to_numpy().tolist() == [0, 1]
    assert found["constant"].sel(unit="word").to_numpy().tolist() == [0.5] * 3
