"""Distances between items against a plain double loop over SciPy's frame distances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import entropy
from sklearn.metrics import pairwise_distances
from threadpoolctl import threadpool_limits

from heschl.errors import InvalidInput
from heschl.metrics.abx import Measure, item_distances

MEASURES = [
    Measure(frames, normalisation)
    for frames in ("euclidean", "angular", "cosine", "kl")
    for normalisation in ("longest", "path")
]


def frame_distances(x, y, kind):
    """Return the distances of frames (frame, frame), by other people's code."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    if kind == "euclidean":
        return cdist(x, y)
    if kind == "kl":
        x, y = x + 1e-6, y + 1e-6
        x, y = (each / each.sum(axis=1, keepdims=True) for each in (x, y))
        return np.array([[(entropy(p, q) + entropy(q, p)) / 2 for q in y] for p in x])
    cosine = pairwise_distances(x, y, metric="cosine")
    return cosine if kind == "cosine" else np.arccos(np.clip(1 - cosine, -1, 1)) / np.pi


def aligned(table, normalisation):
    """Return the cost of the best path through distances (row, column), by all of them in turn."""
    n_rows, n_columns = table.shape
    best = {}
    for i in range(n_rows):
        for j in range(n_columns):
            # Diagonal first: of equal costs it is the shorter path.
            before = [best[k] for k in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if k in best]
            cost, steps = min(before, key=lambda each: each[0]) if before else (0.0, 0)
            best[i, j] = cost + table[i, j], steps + 1
    cost, steps = best[n_rows - 1, n_columns - 1]
    return cost / (steps if normalisation == "path" else max(table.shape))


def made(n_items=12, width=5, seed=0, longest=7, *, positive=False):
    """Return frames and where those of each item begin."""
    generator = np.random.default_rng(seed)
    first = np.concatenate([[0], np.cumsum(generator.integers(1, longest, n_items))])
    values = generator.standard_normal((first[-1], width))
    if positive:
        values = np.exp(2 * values)
        values /= values.sum(axis=1, keepdims=True)
    return values.astype(np.float32), first


def item(values, first, k):
    return values[first[k] : first[k + 1]]


def all_pairs(n):
    return (each.ravel() for each in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: f"{m.frames}-{m.normalisation}")
def test_distances_are_those_of_a_plain_double_loop(measure):
    values, first = made(positive=measure.frames == "kl")
    left, right = all_pairs(12)

    found = item_distances(values, first, left, right, measure)

    expected = [
        aligned(
            frame_distances(item(values, first, a), item(values, first, b), measure.frames),
            measure.normalisation,
        )
        for a, b in zip(left, right, strict=True)
    ]
    # arccos and 1 - cos lose half of the digits near 0, which ours need not; KL's oracle
    # divides by sums that are 1 within 6e-6.
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-8)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(MEASURES))
def test_distances_are_symmetric_and_zero_to_oneself(seed, measure):
    values, first = made(n_items=5, seed=seed, positive=measure.frames == "kl")
    left, right = map(np.asarray, all_pairs(5))

    is_above = left <= right
    table = np.empty((5, 5))
    # Of one call, in which each pair is computed once, symmetry would be no proof.
    for chosen in (is_above, ~is_above):
        table[left[chosen], right[chosen]] = item_distances(
            values, first, left[chosen], right[chosen], measure
        )
    reversed_values = np.concatenate([item(values, first, k) for k in range(4, -1, -1)])
    mirrored = item_distances(
        reversed_values, np.cumsum([0, *np.diff(first)[::-1]]), 4 - left, 4 - right, measure
    )

    assert (np.diag(table) == 0).all()
    assert (table >= 0).all()
    np.testing.assert_allclose(table, table.T, rtol=1e-10)
    np.testing.assert_allclose(table.ravel(), mirrored, rtol=1e-10)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(MEASURES))
def test_repeating_every_frame_costs_nothing(seed, measure):
    values, first = made(n_items=2, seed=seed, positive=measure.frames == "kl")
    x = item(values, first, 0)
    doubled = np.concatenate([x, np.repeat(x, 2, axis=0)])
    bounds = np.array([0, len(x), 3 * len(x)])

    assert item_distances(doubled, bounds, np.array([0]), np.array([1]), measure) == 0


@pytest.mark.parametrize("measure", MEASURES[:6], ids=lambda m: f"{m.frames}-{m.normalisation}")
def test_angles_do_not_know_of_loudness_and_no_distance_knows_of_rotation(measure):
    values, first = made()
    left, right = all_pairs(12)
    before = item_distances(values, first, left, right, measure)
    generator = np.random.default_rng(1)
    rotation = np.linalg.qr(generator.standard_normal((5, 5)))[0]
    louder = values * generator.uniform(0.5, 2, (len(values), 1))

    rotated = item_distances(values @ rotation, first, left, right, measure)
    scaled = item_distances(louder, first, left, right, measure)
    stretched = item_distances(values * [3, 1, 1, 1, 1], first, left, right, measure)

    np.testing.assert_allclose(rotated, before, rtol=1e-5, atol=1e-6)
    assert np.allclose(scaled, before, rtol=1e-5) == (measure.frames != "euclidean")
    assert not np.allclose(stretched, before, rtol=1e-2)


def test_divergence_knows_of_rotation():
    values, first = made(positive=True)
    swapped = values[:, [1, 0, 2, 3, 4]]
    left, right = all_pairs(12)
    measure = Measure("kl")

    same = item_distances(swapped, first, left, right, measure)

    np.testing.assert_allclose(same, item_distances(values, first, left, right, measure), rtol=1e-9)
    # A quarter of a turn towards the mean of two: still probabilities, and other distances.
    mixed = values.astype(np.float64)
    mixed[:, 0], mixed[:, 1] = (values[:, :2].sum(axis=1) / 2,) * 2
    assert not np.allclose(item_distances(mixed, first, left, right, measure), same, rtol=1e-2)


def test_frames_of_zeros_are_alike_and_at_a_right_angle_to_all_others():
    values = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0]])
    first, left, right = np.arange(4), np.array([0, 0]), np.array([1, 2])

    assert item_distances(values, first, left, right, Measure("cosine")).tolist() == [0, 1]
    np.testing.assert_allclose(
        item_distances(values, first, left, right, Measure("angular")), [0, 0.5], rtol=1e-12
    )


@pytest.mark.parametrize("tile_bytes", [1000, 2**26])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_tiles_and_threads_change_nothing_that_counts(tile_bytes, n_threads):
    values, first = made(n_items=70, seed=3)
    left, right = all_pairs(70)
    order = np.random.default_rng(0).permutation(len(left))
    expected = item_distances(values, first, left, right)

    with threadpool_limits(n_threads, user_api="blas"):
        found = item_distances(values, first, left[order], right[order], tile_bytes=tile_bytes)
        again = item_distances(values, first, left[order], right[order], tile_bytes=tile_bytes)

    np.testing.assert_allclose(found, expected[order], rtol=1e-12)
    np.testing.assert_array_equal(found, again)


def test_large_features_keep_their_small_differences():
    values = np.float32(1e4) + made(width=3)[0]
    first = made(width=3)[1]
    left, right = all_pairs(12)

    found = item_distances(values, first, left, right)

    expected = [
        aligned(cdist(*(item(values, first, k).astype(np.float64) for k in pair)), "longest")
        for pair in zip(left, right, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"values": np.full((3, 2), np.nan)}, "3 of 3 frames hold NaN"),
        ({"values": np.zeros((3, 0))}, "expected floats"),
        ({"values": np.zeros((3, 2), dtype=int)}, "expected floats"),
        ({"first": np.array([0, 2, 2, 3])}, "1 of 3 items have no frame, the first is item 1"),
        ({"first": np.array([0, 2])}, "the number of frames at the end"),
        ({"right": np.array([3])}, "expected numbers from 0 to 1"),
        ({"right": np.array([0, 1])}, "as many on both sides"),
        ({"left": np.array([]), "right": np.array([])}, "one at least"),
        ({"measure": "kl"}, "posteriors"),
    ],
)
def test_what_is_no_item_is_refused(change, words):
    given_ = {
        "values": np.eye(3) - 0.5,
        "first": np.array([0, 2, 3]),
        "left": np.array([0]),
        "right": np.array([1]),
    } | change
    if "measure" in given_:
        given_["measure"] = Measure(given_["measure"])

    with pytest.raises(InvalidInput, match=words):
        item_distances(**given_)


@pytest.mark.parametrize("settings", [{"frames": "manhattan"}, {"normalisation": "sum"}])
def test_unknown_words_are_refused(settings):
    with pytest.raises(InvalidInput, match="expected one of"):
        Measure(**settings)
