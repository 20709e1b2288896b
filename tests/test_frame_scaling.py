import numpy as np
import pytest
from hearing import CHUNKED, NumpyModel, noise, stimulus_of
from sklearn.preprocessing import minmax_scale

from heschl.alignment import Alignment, Interval
from heschl.cards import ModelCard
from heschl.clocks import Average, HemodynamicResponse
from heschl.contracts import Events, Layer
from heschl.errors import InvalidInput
from heschl.extraction import extract, extract_frames

SCANS_S = 1.5 * np.arange(12)
HEMODYNAMIC = HemodynamicResponse()
NAMES = ["fine", "coarse"]


def scaled(model, stimulus=None, resampler=HEMODYNAMIC, names=NAMES, clock=SCANS_S):
    stimulus = stimulus or stimulus_of(noise(20))
    return extract(model, stimulus, names, CHUNKED, resampler, clock, frame_scaling="minmax")


class Changed(NumpyModel):
    """The same model with units that are scaled, shifted, or all alike."""

    def forward(self, waveforms, taps):
        return {
            tap: self.change(values) for tap, values in super().forward(waveforms, taps).items()
        }


def test_frames_are_brought_to_the_unit_range_before_they_are_resampled():
    found = scaled(NumpyModel())
    frames = extract_frames(NumpyModel(), stimulus_of(noise(20)), NAMES, CHUNKED)
    for name, duration_s in {"fine": 0.01, "coarse": 0.02}.items():
        weights = HEMODYNAMIC.matrix(frames[name].times_s, SCANS_S, duration_s).toarray()
        expected = weights @ minmax_scale(frames[name].values.astype(np.float64))
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], expected, atol=1e-6)


def test_shift_and_scale_of_a_unit_change_nothing():
    usual = scaled(NumpyModel())
    changed = scaled(Changed(change=lambda values: 64 * values.astype(np.float64) + 100))
    for name in NAMES:
        np.testing.assert_allclose(changed[name], usual[name], atol=1e-6)


def test_constant_units_are_zero():
    found = scaled(Changed(change=lambda values: np.full_like(values, 7.5)))
    assert all((values == 0).all() for values in found.values())


def test_silence_between_words_stays_silence():
    words = [Interval(1.0, 1.5, "one"), Interval(4.0, 4.5, "two"), Interval(9.0, 9.5, "three")]

    class Reader:
        card = ModelCard("reader", load="nowhere:nothing", summary="A fake.")
        digest = "fake"
        layers = (Layer("value", 1, None, 0.0, 0.0),)

        def read(self, alignment, taps):
            onsets, offsets, _ = zip(*alignment.words, strict=True)
            values = np.array([[2.0], [4.0], [8.0]], np.float32)
            return {"value": Events(values, np.array(onsets), np.array(offsets))}

    stimulus = stimulus_of(noise(12), Alignment(tuple(words)))
    clock = np.arange(12) + 0.5
    found = scaled(Reader(), stimulus, Average(width_s=0.5), ["value"], clock)["value"]
    # Impulses at the end of each word, as shares of the largest, on half a second each.
    expected = np.zeros((12, 1))
    expected[[1, 4, 9], 0] = np.array([2, 4, 8]) / 8 / 0.5
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_unknown_scalings_are_refused():
    with pytest.raises(InvalidInput, match="frame_scaling='robust'; expected one of none, minmax"):
        extract(
            NumpyModel(),
            stimulus_of(noise(3)),
            NAMES,
            CHUNKED,
            HEMODYNAMIC,
            SCANS_S,
            frame_scaling="robust",
        )
