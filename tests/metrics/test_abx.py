"""ABX against a count over all triplets by brute force, and against its own symmetries."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl.errors import InvalidInput, UnknownName
from heschl.item_features import ItemValues
from heschl.items import Items, Task
from heschl.metrics.abx import (
    Abx,
    Condition,
    ItemContrasts,
    cells_of_items,
    cells_of_triplets,
    item_distances,
)
from heschl.metrics.abx.averaging import averaged, in_pairs
from heschl.metrics.abx.sources import with_neighbours

WITHIN = Condition("phone", by=("context", "speaker"), most_items=None, most_across=None)
ACROSS = Condition("phone", by=("context",), across="speaker", most_items=None, most_across=None)
ANY = Condition("phone", across="speaker", most_items=None, most_across=None)


def labelled(n=60, seed=0, phones="aei", speakers="xyz", contexts="kt"):
    generator = np.random.default_rng(seed)
    labels = {
        "phone": generator.choice(list(phones), n),
        "speaker": generator.choice(list(speakers), n),
        "context": generator.choice(list(contexts), n),
    }
    return Items.from_columns(
        Task("phone", "phone", tuple("aei")),
        [str(k) for k in range(n)],
        stimulus=["sound"] * n,
        onset_s=np.arange(n) / 10,
        offset_s=(np.arange(n) + 1) / 10,
        labels={name: column.tolist() for name, column in labels.items()},
        known={"sound"},
    )


def features(n=60, width=4, seed=0, longest=5):
    generator = np.random.default_rng(seed)
    first = np.concatenate([[0], np.cumsum(generator.integers(1, longest, n))])
    values = generator.standard_normal((first[-1], width)).astype(np.float32)
    return ItemValues(values, first)


def by_brute_force(items, values, condition, measure):
    """Return for (on, other, by..., across of A, of X) the score over all triplets."""
    n = len(items)
    left, right = (each.ravel() for each in np.meshgrid(np.arange(n), np.arange(n)))
    distance = item_distances(values.values, values.first, left, right, measure).reshape(n, n)
    labels = items.labels
    found = {}
    for a, b, x in itertools.product(range(n), repeat=3):
        if a == x or labels["phone"][a] != labels["phone"][x]:
            continue
        if labels["phone"][b] == labels["phone"][a]:
            continue
        if any(len({labels[name][k] for k in (a, b, x)}) > 1 for name in condition.by):
            continue
        key = [labels[name][a] for name in ("phone", *condition.by)] + [labels["phone"][b]]
        if condition.across:
            who = [labels[condition.across][k] for k in (a, b, x)]
            if who[0] != who[1] or who[0] == who[2]:
                continue
            key += [who[0], who[2]]
        near, far = distance[a, x], distance[b, x]
        found.setdefault(tuple(map(str, key)), []).append((1 + np.sign(far - near)) / 2)
    return {key: (np.mean(each), len(each)) for key, each in found.items()}


@pytest.mark.parametrize("condition", [WITHIN, ACROSS, ANY], ids=["within", "across", "any"])
def test_scores_are_those_of_all_triplets(condition):
    items, values, metric = labelled(), features(), Abx("angular", normalisation="path")

    cells = cells_of_items(items, condition)
    scored = metric(values, cells)

    across = ["speaker", "speaker_of_x"] if condition.across else []
    names = ["on", *condition.by, "other", *across]
    keys = [tuple(map(str, key)) for key in zip(*(cells.labels[n] for n in names), strict=True)]
    expected = by_brute_force(items, values, condition, metric.measure)
    assert set(keys) == set(expected)
    assert len(keys) == len(expected)
    for key, score, n in zip(keys, scored["score"], scored["n_triplets"], strict=True):
        assert float(score) == pytest.approx(expected[key][0], abs=1e-12)
        assert int(n) == expected[key][1]


def test_delta_is_the_mean_difference_of_distances():
    values = features(3)
    cells = cells_of_triplets(np.array([0, 1]), np.array([1, 0]), np.array([2, 2]), {})

    delta = Abx()(values, cells)["delta"].to_numpy()

    to_a, to_b = item_distances(values.values, values.first, np.array([2, 2]), np.array([0, 1]))
    np.testing.assert_allclose(delta, [to_b - to_a, to_a - to_b])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_triplets_permutes_scores_alone(seed):
    generator = np.random.default_rng(seed)
    values = features(20, seed=seed)
    triplets = np.stack([generator.permutation(20)[:3] for _ in range(30)], axis=1)
    order = generator.permutation(30)
    metric = Abx("cosine")

    straight = metric(values, cells_of_triplets(*triplets, {}))
    permuted = metric(values, cells_of_triplets(*triplets[:, order], {}))

    np.testing.assert_array_equal(permuted["score"], straight["score"][order])
    np.testing.assert_allclose(permuted["delta"], straight["delta"][order], rtol=1e-9, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_swapping_a_and_b_turns_the_score_round(seed):
    values = features(9, seed=seed)
    a, b, x = np.arange(9).reshape(3, 3)

    there = Abx()(values, cells_of_triplets(a, b, x, {}))
    back = Abx()(values, cells_of_triplets(b, a, x, {}))

    np.testing.assert_array_equal(there["score"] + back["score"], 1)
    np.testing.assert_allclose(there["delta"], -back["delta"])


@pytest.mark.parametrize("distance", ["euclidean", "angular", "cosine"])
def test_equal_features_are_at_chance_exactly(distance):
    items = labelled()
    values = ItemValues(np.full((60, 7), 0.1, dtype=np.float32), np.arange(61))

    scored = Abx(distance)(values, cells_of_items(items, ACROSS))

    assert (scored["score"] == 0.5).all()
    assert (scored["delta"] == 0).all()


def test_limits_leave_that_many_items_and_the_same_seed_the_same():
    items = labelled(200)
    few = Condition("phone", across="speaker", most_items=4, most_across=1)

    cells, again = (cells_of_items(items, few, seed=3) for _ in range(2))

    assert max(np.diff(cells.a_first).max(), np.diff(cells.x_first).max()) == 4
    who = list(zip(cells.labels["on"], cells.labels["other"], cells.labels["speaker"], strict=True))
    assert len(set(who)) == len(who)  # one speaker of X each
    np.testing.assert_array_equal(cells.x, again.x)
    assert not np.array_equal(cells.x, cells_of_items(items, few, seed=4).x)


def test_averages_count_each_label_once():
    labels = {
        "on": np.array(["a", "a", "a", "e"]),
        "other": np.array(["e", "e", "e", "a"]),
        "context": np.array(["k", "k", "t", "k"]),
        "speaker": np.array(["x", "x", "x", "y"]),
    }
    values = np.array([[0.0, 1.0, 1.0, 0.25], [np.nan, 1.0, np.nan, np.nan]])

    found = in_pairs(values, labels, [("context",), ("speaker",)])

    assert found.labels["pair"].tolist() == ["a–e"]
    np.testing.assert_allclose(found.values, [[(0.75 + 0.25) / 2], [1.0]])
    assert np.isnan(averaged(np.array([np.nan]), {"on": np.array(["a"])}, []).values).all()
    with pytest.raises(UnknownName, match="'talker'"):
        averaged(values, labels, [("talker",)])


def test_neighbours_are_those_in_the_sound():
    found = with_neighbours(labelled(4)).labels

    phones = found["phone"].tolist()
    assert found["previous"].tolist() == ["#", *phones[:-1]]
    assert found["next"].tolist() == [*phones[1:], "#"]


def test_metric_says_all_that_it_does():
    configuration = Abx("kl").configuration()

    assert {"distance", "pooling", "normalisation", "numerics"} <= set(configuration)
    with pytest.raises(InvalidInput, match="expected one of"):
        Abx("chebyshev")


@pytest.mark.parametrize(
    ("speakers", "phones", "condition", "words"),
    [
        ("x", "aei", ACROSS, "two values of 'speaker'"),
        ("xyz", "a", WITHIN, "two kinds of items"),
    ],
)
def test_items_that_cannot_be_compared_are_refused(speakers, phones, condition, words):
    with pytest.raises(InvalidInput, match=words):
        cells_of_items(labelled(speakers=speakers, phones=phones), condition)


def test_what_is_no_comparison_is_refused():
    nothing = np.array([], dtype=int)
    with pytest.raises(InvalidInput, match="one at least"):
        cells_of_triplets(nothing, nothing, nothing, {})
    with pytest.raises(InvalidInput, match="the same item as A and as X"):
        cells_of_triplets(np.array([0]), np.array([1]), np.array([0]), {})
    with pytest.raises(UnknownName, match="'talker'"):
        cells_of_items(labelled(), Condition("phone", across="talker"))
    with pytest.raises(InvalidInput, match="different labels"):
        Condition("phone", by=("speaker",), across="speaker")
    with pytest.raises(InvalidInput, match="most_items=1"):
        Condition("phone", most_items=1)
    with pytest.raises(InvalidInput, match="add it to a level"):
        ItemContrasts("phone", {"any": Condition("phone", by=("dialect",))})
    with pytest.raises(InvalidInput, match="one condition at least"):
        ItemContrasts("phone", {})


def test_labels_that_no_item_has_are_not_left_out():
    class Data:
        def items(self, _task):
            return labelled()

    def compared(**left_out):
        source = ItemContrasts(
            "phone", {"any": ANY}, left_out=left_out, averages=(("context",), ("speaker",))
        )
        return source.comparisons(Data()).items

    assert set(compared(phone=("a",)).labels["phone"].tolist()) == {"e", "i"}
    with pytest.raises(UnknownName, match="no item has phone 'sil'"):
        compared(phone=("sil",))
    with pytest.raises(UnknownName, match="no label 'talker'"):
        compared(talker=("ann",))
