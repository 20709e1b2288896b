"""Splits: no row leaks, groups stay whole, and scikit-learn agrees where it means the same."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sklearn.model_selection
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl.errors import InvalidInput, UnknownName
from heschl.splits import ContiguousKFold, Fold, GroupKFold, HeldOutStimuli, StratifiedKFold

few = settings(max_examples=40, deadline=None)
labels = st.lists(st.sampled_from("abcdefghij"), min_size=5, max_size=80)


def rows_of(names):
    return {"stimulus": np.array(names), "category": np.array(names)}


def assert_each_row_tested_once(folds, n_rows):
    tested = np.concatenate([fold.test for fold in folds])
    np.testing.assert_array_equal(np.sort(tested), np.arange(n_rows))
    for fold in folds:
        both = np.concatenate([fold.train, fold.test])
        np.testing.assert_array_equal(np.sort(both), np.arange(n_rows))


@few
@given(n_rows=st.integers(2, 200), n=st.integers(2, 10))
def test_contiguous_folds_equal_those_of_scikit_learn(n_rows, n):
    n = min(n, n_rows)

    folds = ContiguousKFold(n).folds({"time": np.arange(n_rows)})

    expected = sklearn.model_selection.KFold(n).split(np.zeros(n_rows))
    for fold, (train, test) in zip(folds, expected, strict=True):
        np.testing.assert_array_equal(fold.train, train)
        np.testing.assert_array_equal(fold.test, test)
    assert_each_row_tested_once(folds, n_rows)


@few
@given(names=labels, n=st.integers(2, 5))
def test_group_folds_keep_groups_whole_and_sizes_equal_to_scikit_learn(names, n):
    n = min(n, len(set(names)))
    if n < 2:
        return
    rows = rows_of(names)

    folds = GroupKFold(n, by="stimulus").folds(rows)

    assert_each_row_tested_once(folds, len(names))
    for fold in folds:
        assert not set(rows["stimulus"][fold.train]) & set(rows["stimulus"][fold.test])
    # Ties between groups may go elsewhere; the sizes are the same whichever way.
    expected = sklearn.model_selection.GroupKFold(n).split(names, groups=names)
    assert sorted(len(fold.test) for fold in folds) == sorted(len(test) for _, test in expected)


@few
@given(names=labels, seed=st.integers(0, 100))
def test_group_folds_do_not_depend_on_the_order_of_rows(names, seed):
    if len(set(names)) < 2:
        return
    order = np.random.default_rng(seed).permutation(len(names))

    direct = GroupKFold(2).folds(rows_of(names))
    shuffled = GroupKFold(2).folds(rows_of(np.array(names)[order]))

    for one, other in zip(direct, shuffled, strict=True):
        assert set(one.test) == set(order[other.test])


@few
@given(names=labels, n=st.integers(2, 5), seed=st.integers(0, 100))
def test_stratified_folds_share_every_category_evenly(names, n, seed):
    rows = rows_of(names)

    folds = StratifiedKFold(n, seed=seed).folds(rows)

    assert_each_row_tested_once(folds, len(names))
    assert np.ptp([len(fold.test) for fold in folds]) <= 1
    for category in set(names):
        counts = [(rows["category"][fold.test] == category).sum() for fold in folds]
        assert np.ptp(counts) <= 1


def test_stratified_folds_count_categories_as_scikit_learn_does_where_they_divide():
    names = np.repeat(list("abc"), (10, 20, 35))

    folds = StratifiedKFold(5).folds(rows_of(names))

    split = sklearn.model_selection.StratifiedKFold(5, shuffle=True, random_state=0)
    for fold, (_, test) in zip(folds, split.split(names, names), strict=True):
        expected = {name: (names[test] == name).sum() for name in "abc"}
        assert {name: (names[fold.test] == name).sum() for name in "abc"} == expected


def test_stratified_folds_follow_their_seed():
    rows = rows_of(list("ab") * 30)

    first, again, other = (
        StratifiedKFold(3, seed=seed).folds(rows)[0].test.tolist() for seed in (1, 1, 2)
    )

    assert first == again != other


def test_stratified_folds_shuffle_within_categories():
    folds = StratifiedKFold(2).folds(rows_of(["a"] * 100))

    assert folds[0].test.tolist() != list(range(0, 100, 2))


def test_held_out_stimuli_train_on_all_others():
    rows = rows_of(["a", "b", "b", "c", "a", "d"])

    (fold,) = HeldOutStimuli(test=("b", "d")).folds(rows)

    assert fold.name == "b+d"
    assert fold.test.tolist() == [1, 2, 5]
    assert fold.train.tolist() == [0, 3, 4]


def test_held_out_stimuli_train_on_those_named_alone():
    (fold,) = HeldOutStimuli(test=("b",), train=("c",)).folds(rows_of(["a", "b", "c"]))

    assert fold.train.tolist() == [2]


def test_held_out_stimuli_name_the_unknown_and_those_on_disk():
    with pytest.raises(UnknownName, match=r"'x', 'y' are to be split.*there are 'a', 'b'"):
        HeldOutStimuli(test=("a", "y"), train=("x",)).folds(rows_of(["a", "b"]))


def test_held_out_stimuli_refuse_to_leave_nothing_for_training():
    with pytest.raises(InvalidInput, match="'a', are held out"):
        HeldOutStimuli(test=("a",)).folds(rows_of(["a", "a"]))


def test_held_out_stimuli_refuse_a_stimulus_on_both_sides():
    with pytest.raises(InvalidInput, match="'a' stand in train and in test"):
        HeldOutStimuli(test=("a", "b"), train=("a",))


@pytest.mark.parametrize("test", ["story", ()], ids=["text", "empty"])
def test_held_out_stimuli_refuse_what_is_no_tuple_of_names(test):
    with pytest.raises(InvalidInput, match="tuple"):
        HeldOutStimuli(test=test)


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ([0, 1], [1, 2], "trains and tests on 1 of the same rows, the first is 1"),
        ([0, 0], [1], "train row twice"),
        ([], [1], "train rows of shape"),
        ([0], [-1], "test rows"),
        ([0.0], [1], "float64"),
        ([True, False], [2], "bool"),
        ([[0]], [1], r"shape \(1, 1\)"),
    ],
)
def test_fold_refuses_rows(train, test, message):
    with pytest.raises(InvalidInput, match=message):
        Fold("one", np.array(train), np.array(test))


def test_fold_keeps_its_own_read_only_rows():
    train = np.array([0, 1])
    fold = Fold("one", train, np.array([2]))
    train[0] = 2

    assert fold.train.tolist() == [0, 1]
    with pytest.raises(ValueError, match="read-only"):
        fold.test[0] = 1


def test_fold_survives_pickling():
    pickled = pickle.dumps(Fold("one", np.array([0, 1]), np.array([2])))

    fold = pickle.loads(pickled)  # noqa: S301 (made above)

    assert (fold.name, fold.train.tolist(), fold.test.tolist()) == ("one", [0, 1], [2])


@pytest.mark.parametrize("splitter", [ContiguousKFold, GroupKFold, StratifiedKFold])
def test_k_folds_refuse_numbers_of_folds(splitter):
    with pytest.raises(InvalidInput, match="n=1"):
        splitter(1)
    with pytest.raises(InvalidInput, match=r"2 .* cannot make 3 folds"):
        splitter(3).folds(rows_of(["a", "b"]))
    with pytest.raises(InvalidInput, match=r"^1 (row|group by .*) cannot make 3 folds; give more"):
        splitter(3).folds(rows_of(["a"]))


def test_splitters_refuse_labels():
    with pytest.raises(UnknownName, match=r"no label 'speaker'.*'stimulus', 'category'"):
        GroupKFold(2, by="speaker").folds(rows_of(["a", "b"]))
    for missing in (np.array([1.0, np.nan]), np.array(["a", None]), np.array([np.nan, "a"], "O")):
        with pytest.raises(InvalidInput, match="NaN or None"):
            GroupKFold(2, by="speaker").folds({"speaker": missing})
    with pytest.raises(InvalidInput, match="shapes"):
        ContiguousKFold(2).folds({"a": np.arange(3), "b": np.arange(4)})
    with pytest.raises(InvalidInput, match="shapes"):
        ContiguousKFold(2).folds({})
    with pytest.raises(InvalidInput, match="shapes"):
        ContiguousKFold(2).folds({"a": np.zeros((3, 1))})


def test_group_folds_take_labels_of_any_kind():
    objects = np.array(["ann", "bob", "ann"], dtype=object)

    assert len(GroupKFold(2, by="speaker").folds({"speaker": objects})) == 2
    assert len(GroupKFold(2, by="speaker").folds({"speaker": np.array([1, 2, 1])})) == 2


@pytest.mark.parametrize(
    ("splitter", "expected"),
    [
        (HeldOutStimuli(("a",)), {"kind": "HeldOutStimuli", "test": ("a",), "train": None}),
        (ContiguousKFold(5), {"kind": "ContiguousKFold", "n": 5}),
        (GroupKFold(5), {"kind": "GroupKFold", "n": 5, "by": "stimulus"}),
        (StratifiedKFold(5), {"kind": "StratifiedKFold", "n": 5, "by": "category", "seed": 0}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_splitter_configuration_holds_every_setting(splitter, expected):
    assert splitter.configuration() == {**expected, "numerics": 1}
