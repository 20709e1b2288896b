"""The sounds of labelled phantoms tell their label."""

from __future__ import annotations

import numpy as np
import pytest

from heschl.phantom.labelled import MOST_CODES, Speech, coded, told_code, tones_of


def test_every_number_has_tones_of_its_own_and_is_told_back():
    generator = np.random.default_rng(0)
    speech = Speech("fr", 16_000, generator)

    assert len({tones_of(code) for code in range(MOST_CODES)}) == MOST_CODES
    for code in range(MOST_CODES):
        assert told_code(coded(speech.stretch(0.5), code, 16_000), 16_000) == code


@pytest.mark.parametrize("duration_s", [0.25, 1.0, 60.0])
def test_stretches_are_of_the_length_and_loudness_that_is_asked(duration_s):
    samples = Speech("en", 16_000, np.random.default_rng(1)).stretch(duration_s)

    assert len(samples) == round(duration_s * 16_000)
    assert np.abs(samples).max() == pytest.approx(0.2)


def test_same_seed_speaks_the_same():
    one, other = (Speech("en", 16_000, np.random.default_rng(5)).stretch(1) for _ in range(2))

    np.testing.assert_array_equal(one, other)
