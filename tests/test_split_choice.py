"""Layers chosen on half of the splits and read off on the others."""

import numpy as np
import pytest

from heschl.errors import InvalidInput
from heschl.split_choice import choose_layers


def test_layer_choice_reads_off_splits_that_took_no_part_in_it():
    """A layer that only shines on the splits that choose it gains nothing from that."""
    generator = np.random.default_rng(0)
    noise = generator.standard_normal((12, 10, 2000))

    choice = choose_layers(noise, {"score": noise}, n_iterations=4)

    assert choice.values["score"].mean() == pytest.approx(0, abs=0.02)
    assert np.median(noise, axis=1).max(axis=0).mean() > 0.5


def test_layer_choice_finds_the_better_layer_and_reads_all_values_of_it():
    generator = np.random.default_rng(0)
    planted = np.arange(60) % 3
    guide = 0.05 * generator.standard_normal((3, 10, 60))
    guide[planted, :, np.arange(60)] += 0.5
    other = np.broadcast_to(np.arange(3.0)[:, None, None], guide.shape)

    choice = choose_layers(guide, {"layer": other, "guide": guide}, n_iterations=10, seed=4)

    assert choice.layer.shape == (10, 60)
    np.testing.assert_array_equal(choice.layer, np.tile(planted, (10, 1)))
    np.testing.assert_array_equal(choice.values["layer"], choice.layer)
    assert (choice.values["guide"] > 0.3).all()
    again = choose_layers(guide, {"guide": guide}, n_iterations=10, seed=4)
    np.testing.assert_array_equal(again.values["guide"], choice.values["guide"])


def test_layers_above_the_highest_meaning_are_equal_and_the_first_is_taken():
    guide = np.stack([np.full((4, 1), 1.3), np.full((4, 1), 2.0)])

    capped = choose_layers(guide, {"score": guide}, highest=1.0, n_iterations=1)

    assert capped.layer.tolist() == [[0]]
    assert choose_layers(guide, {"score": guide}, n_iterations=1).layer.tolist() == [[1]]


def test_splits_that_cannot_be_halved_are_refused():
    with pytest.raises(InvalidInput, match="cannot be halved"):
        choose_layers(np.zeros((2, 5, 1)), {})
    with pytest.raises(InvalidInput, match="expected the same"):
        choose_layers(np.zeros((2, 4, 1)), {"score": np.zeros((2, 4, 2))})
