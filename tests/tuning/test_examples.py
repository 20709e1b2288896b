"""Which sound belongs to which response, and which stories to which fraction."""

from __future__ import annotations

import numpy as np
import pytest

from heschl.braintuning.examples import Examples, Story, nested_subsets, window_ends
from heschl.errors import InvalidInput


def story(name, n_samples, ends):
    ends = np.array(ends)
    targets = np.stack([ends, -ends], axis=1).astype(np.float32)
    return Story(name, np.arange(1, n_samples + 1, dtype=np.float32), ends, targets)


def test_windows_end_with_the_scan_and_begin_in_silence():
    examples = Examples((story("a", 30, [2, 6]), story("b", 9, [8, 12])), n_samples=5)

    heard, targets = examples.take(np.array([3, 0, 1, 2]))

    assert heard.tolist() == [[8, 9, 0, 0, 0], [0, 0, 0, 1, 2], [2, 3, 4, 5, 6], [4, 5, 6, 7, 8]]
    assert targets[:, 0].tolist() == [12, 2, 6, 8]
    assert len(examples) == 4
    np.testing.assert_array_equal(examples.targets[:, 1], [-2, -6, -8, -12])


def test_windows_of_lebel_moth_have_the_seconds_of_the_scan_and_the_four_before():
    clock = 11.0 + 2.0 * np.arange(100)  # row k was acquired from 2k + 10 to 2k + 12 s

    ends = window_ends(clock, 16_000)

    np.testing.assert_array_equal(ends / 16_000, 2.0 * np.arange(100) + 12)


@pytest.mark.parametrize("seed", range(3))
def test_subsets_are_strictly_nested(seed):
    stories = [f"story {number}" for number in range(24)]

    subsets = nested_subsets(stories, [1.0, 0.125, 0.5, 0.25], seed)

    sizes = [len(subset) for subset in subsets.values()]
    assert sizes == [3, 6, 12, 24]
    for small, large in zip(subsets.values(), list(subsets.values())[1:], strict=False):
        assert set(small) < set(large)
    # A fraction by itself is the one of the curve.
    assert nested_subsets(stories, [0.25], seed)[0.25] == subsets[0.25]


def test_fractions_that_are_no_nested_subsets_are_refused():
    with pytest.raises(InvalidInput, match="differ by a story at least"):
        nested_subsets(["a", "b"], [0.5, 0.6], 0)
    with pytest.raises(InvalidInput, match="shares above 0 and up to 1"):
        nested_subsets(["a", "b"], [0.0], 0)
    with pytest.raises(InvalidInput, match="shares above 0 and up to 1"):
        nested_subsets(["a", "b"], [float("nan")], 0)
