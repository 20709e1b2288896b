"""The haemodynamic clock of the phantoms, against nilearn's and against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from nilearn.glm.first_level import compute_regressor
from scipy.integrate import quad

from heschl.errors import InvalidInput
from heschl.phantom.haemodynamics import convolved


def test_convolved_is_what_nilearn_makes_of_frames():
    generator = np.random.default_rng(0)
    onsets_s = np.arange(0, 60, 0.25)
    values = generator.uniform(0, 1, (len(onsets_s), 1))
    rows_s = 1.5 * np.arange(46)

    found = convolved(values, onsets_s, 0.25, rows_s)[:, 0]
    events = np.stack([onsets_s, np.full(len(onsets_s), 0.25), values[:, 0]])
    expected = compute_regressor(events, "glover", rows_s, oversampling=200)[0][:, 0]

    # Its grid is 7.5 ms wide; what is compared has the range of a second.
    found, expected = found / np.ptp(found), expected / np.ptp(expected)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_convolved_is_the_integral_of_its_impulse():
    def impulse(time_s: float) -> float:
        return float(convolved(np.ones((1, 1)), np.array([-time_s]), 0.0, np.zeros(1))[0, 0])

    for end_s in (3.0, 9.0, 31.0):
        held = convolved(np.ones((1, 1)), np.zeros(1), 2.0, np.array([end_s]))[0, 0]
        assert held == pytest.approx(quad(impulse, end_s - 2, end_s)[0], abs=1e-9)


def test_convolved_peaks_five_seconds_later():
    times_s = np.arange(0, 32, 0.01)

    click = convolved(np.ones((1, 1)), np.zeros(1), 0.0, times_s)[:, 0]

    # docs/protocols.md, S-millet.brain_score.
    assert times_s[click.argmax()] == pytest.approx(5.04, abs=0.05)
    assert click[times_s < 0.01].tolist() == [0.0]
    relative = np.interp([2, 4, 6, 8, 10, 12], times_s, click) / click.max()
    expected = [0.148, 0.858, 0.899, 0.347, -0.107, -0.260]
    np.testing.assert_allclose(relative, expected, atol=0.02)


def test_convolved_refuses_events_out_of_order():
    with pytest.raises(InvalidInput, match="onsets go backwards"):
        convolved(np.ones((2, 1)), np.array([1.0, 0.0]), 0.0, np.array([2.0]))
