"""Resampling onto the scanner's clock against nilearn, dense loops and published constants."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest
from nilearn.glm.first_level import compute_regressor, glover_hrf

from heschl.clocks import Average, HemodynamicResponse, Lanczos
from heschl.errors import InvalidInput, MissingExtra

TR_S = 2.0045
HOP_S = 0.1


def story_clocks(n_targets=120):
    """Frame times at window ends every 0.1 s, targets in the middle of each acquisition."""
    targets = (np.arange(n_targets) + 0.5) * TR_S
    frames = np.arange(1, int(n_targets * TR_S / HOP_S) + 1) * HOP_S
    return frames, targets


def dense_lanczos(frames, targets, lobes):
    """The definition, one number at a time."""
    cutoff = 1 / np.mean(np.diff(targets))
    weights = np.zeros((len(targets), len(frames)))
    for i, target in enumerate(targets):
        for j, frame in enumerate(frames):
            lag = (target - frame) * cutoff
            if lag == 0:
                weights[i, j] = 1.0
            elif abs(lag) <= lobes:
                weights[i, j] = (
                    lobes * np.sin(np.pi * lag) * np.sin(np.pi * lag / lobes) / (np.pi * lag) ** 2
                )
    return weights


@pytest.mark.parametrize("lobes", [1, 3])
def test_lanczos_equals_the_dense_definition(lobes):
    frames, targets = story_clocks(40)

    matrix = Lanczos(lobes).matrix(frames, targets, HOP_S)

    assert matrix.shape == (len(targets), len(frames))
    assert matrix.dtype == np.float64
    np.testing.assert_allclose(matrix.toarray(), dense_lanczos(frames, targets, lobes), atol=1e-14)


def test_lanczos_stores_its_band_alone():
    frames, targets = story_clocks(400)

    matrix = Lanczos().matrix(frames, targets, HOP_S)

    assert matrix.nnz <= len(targets) * (6 * TR_S / HOP_S + 1)


def test_lanczos_block_products_add_up_to_the_whole():
    frames, targets = story_clocks(40)
    features = np.random.default_rng(0).normal(size=(len(frames), 5))
    matrix = Lanczos().matrix(frames, targets, HOP_S)

    streamed = np.zeros((len(targets), 5))
    for start in range(0, len(frames), 77):
        streamed += matrix[:, start : start + 77] @ features[start : start + 77]

    np.testing.assert_allclose(streamed, matrix @ features, atol=1e-12)


def test_lanczos_constant_gain_is_that_of_the_kernel_integral():
    frames, targets = story_clocks()

    gain = Lanczos().matrix(frames, targets, HOP_S).sum(axis=1)[10:-10]

    np.testing.assert_allclose(gain, 19.986, atol=0.01)


@pytest.mark.parametrize(
    ("frequency_hz", "low", "high"),
    [(0.02, 0.99, 1.03), (0.1, 0.99, 1.03), (0.2, 0.80, 0.84), (0.4, 0.0, 0.01)],
)
def test_lanczos_sinusoid_gain_is_the_published_one(frequency_hz, low, high):
    frames, targets = story_clocks(1000)
    matrix = Lanczos().matrix(frames, targets, HOP_S)
    wave = np.exp(2j * np.pi * frequency_hz * frames)

    passed = (matrix @ wave)[20:-20] * np.exp(-2j * np.pi * frequency_hz * targets[20:-20])

    # At the target rate's fold the alias is another frequency; its mean over targets vanishes.
    gain = abs(passed.mean()) / matrix.sum(axis=1)[20:-20].mean()
    assert low <= gain <= high


def test_lanczos_turns_events_into_rates():
    _, targets = story_clocks(500)
    events = np.sort(np.random.default_rng(0).uniform(0, targets[-1], size=3000))
    rate_hz = 3000 / targets[-1]

    counts = Lanczos().matrix(events, targets, 0.0) @ np.ones(3000)

    assert counts[10:-10].mean() == pytest.approx(rate_hz * TR_S, rel=0.01)


def test_lanczos_gives_zeros_where_the_sound_has_ended():
    frames, targets = story_clocks(60)

    matrix = Lanczos().matrix(frames[:400], targets, HOP_S)

    assert not matrix[[40, 59]].toarray().any()


def nilearn_matrix(frames, duration, targets, resampler):
    """One call of nilearn for every frame."""
    columns = []
    for frame in frames:
        event = (np.array([frame - duration / 2]), np.array([duration]), np.array([1.0]))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            regressor, _ = compute_regressor(
                event,
                resampler.model,
                targets,
                oversampling=resampler.oversampling,
                min_onset=resampler.min_onset_s,
            )
        columns.append(regressor[:, 0])
    return np.stack(columns, axis=1)


@pytest.mark.parametrize(
    ("resampler", "hop_s", "first_s", "tr_s"),
    [
        (HemodynamicResponse(), 0.5, 0.0, 2.0),
        (HemodynamicResponse("spm"), 0.37, 0.75, 1.5),
        (HemodynamicResponse(oversampling=16), 0.25, TR_S / 2, TR_S),
        (HemodynamicResponse(min_onset_s=0.0), 0.5, 0.0, 2.0),
        (HemodynamicResponse(min_onset_s=-48.0), 0.5, 30.0, 2.0),
        (HemodynamicResponse(oversampling=16), 0.02, 0.0, 2.0),
    ],
    ids=["little prince", "spm", "millet code", "no lead", "late clock", "frames below the grid"],
)
def test_hemodynamic_response_equals_nilearn(resampler, hop_s, first_s, tr_s):
    targets = first_s + np.arange(30) * tr_s
    frames = (np.arange(120) + 0.5) * hop_s

    matrix = resampler.matrix(frames, targets, hop_s).toarray()

    expected = nilearn_matrix(frames, hop_s, targets, resampler)
    assert np.abs(matrix - expected).max() <= 1e-6 * np.abs(expected).max()


def test_hemodynamic_response_equals_nilearn_on_a_speech_feature():
    rng = np.random.default_rng(0)
    hop_s, offset_s = 0.02, 0.0125
    frames = offset_s + np.arange(49 * 100) * hop_s
    targets = np.arange(65) * 1.5
    values = rng.normal(size=len(frames))

    resampled = HemodynamicResponse().matrix(frames, targets, hop_s) @ values

    events = (frames - hop_s / 2, np.full(len(frames), hop_s), values)
    expected = compute_regressor(events, "glover", targets, oversampling=50)[0][:, 0]
    assert np.abs(resampled - expected).max() <= 1e-6 * np.abs(expected).max()


def test_hemodynamic_response_peaks_at_five_seconds():
    targets = np.arange(400) * 0.02
    frames = np.array([0.01])

    response = HemodynamicResponse().matrix(frames, targets, 0.02).toarray()[:, 0]

    assert targets[response.argmax()] == pytest.approx(5.04, abs=0.04)


def test_hemodynamic_response_of_a_short_event_has_the_published_shape():
    """Relative to the kernel's peak; sampled every 2 s, the event is largest at 6 s."""
    targets = np.arange(20) * 2.0

    response = HemodynamicResponse().matrix(np.array([0.0]), targets, 0.0).toarray()[:, 0]

    np.testing.assert_allclose(
        response[1:7] / glover_hrf(2.0, 50).max(),
        [0.148, 0.858, 0.899, 0.347, -0.107, -0.260],
        atol=0.003,
    )
    assert targets[response.argmax()] == 6.0


def test_hemodynamic_response_without_nilearn_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "nilearn.glm.first_level", None)

    with pytest.raises(MissingExtra, match=r'pip install "heschl\[brain\]"'):
        HemodynamicResponse().matrix(np.array([1.0]), np.arange(3.0), 0.1)


def test_hemodynamic_response_refuses_frames_before_its_grid():
    frames, targets = np.arange(100.0), 40.0 + 2 * np.arange(10)

    with pytest.raises(InvalidInput, match=r"lower min_onset_s from -24\.0 by at least 16\.5"):
        HemodynamicResponse().matrix(frames, targets, 1.0)


def test_hemodynamic_response_refuses_a_clock_before_the_sound():
    with pytest.raises(InvalidInput, match="seconds of the sound"):
        HemodynamicResponse().matrix(np.arange(3.0), np.arange(-9.0, -5.0), 1.0)


@pytest.mark.parametrize(
    "setting", [{"model": "fir"}, {"oversampling": 0}, {"min_onset_s": 1.0}], ids=str
)
def test_hemodynamic_response_refuses_settings(setting):
    with pytest.raises(InvalidInput):
        HemodynamicResponse(**setting)


def test_lanczos_refuses_no_lobes():
    with pytest.raises(InvalidInput, match="lobes=0"):
        Lanczos(0)


@pytest.mark.parametrize("resampler", [Lanczos(), HemodynamicResponse()], ids=["lanczos", "hrf"])
@pytest.mark.parametrize(
    ("frames", "targets", "duration", "message"),
    [
        ([0, 1, 2], [1.0], 1, "at least 2 responses"),
        ([0, 1, 2], [1, 2, 4, 5], 1, "irregular"),
        ([0, 1, 2], [3, 2, 1], 1, "do not increase"),
        ([0, 1, 2], [1, 1, 2], 1, "do not increase"),
        ([2, 1, 0], [1, 2, 3], 1, "go backwards"),
        ([0, np.nan], [1, 2, 3], 1, "1 finite"),
        ([], [1, 2, 3], 1, "at least one"),
        ([[0, 1]], [1, 2, 3], 1, r"shape \(1, 2\)"),
        ([0, 1], [1, 2, np.inf], 1, "2 finite"),
        ([0, 1], [1, 2, 3], -1, "frame_duration_s=-1"),
        ([0, 1], [1, 2, 3], np.nan, "frame_duration_s=nan"),
        ([9000, 9001], [1, 2, 3], 1, "within reach"),
    ],
)
def test_resampler_refuses_clocks(resampler, frames, targets, duration, message):
    with pytest.raises(InvalidInput, match=message):
        resampler.matrix(np.array(frames), np.array(targets), duration)


def test_resampler_accepts_a_clock_in_float32():
    targets = ((np.arange(1500) + 0.5) * TR_S).astype(np.float32)

    matrix = Lanczos().matrix(np.arange(30000) * HOP_S, targets, HOP_S)

    assert matrix.shape == (1500, 30000)


def test_resampler_configuration_holds_every_setting():
    assert Lanczos().configuration() == {"kind": "Lanczos", "lobes": 3, "numerics": 1}
    assert HemodynamicResponse().configuration() == {
        "kind": "HemodynamicResponse",
        "model": "glover",
        "oversampling": 50,
        "min_onset_s": -24.0,
        "slice_time_ref": 0.5,
        "numerics": 1,
    }


@pytest.mark.parametrize("slice_time_ref", [0.0, 0.25, 1.0])
def test_responses_are_sampled_within_the_interval(slice_time_ref):
    frames, middles = story_clocks(40)
    values = np.random.default_rng(0).standard_normal(len(frames))
    found = HemodynamicResponse(slice_time_ref=slice_time_ref).matrix(frames, middles, HOP_S)
    sampled = middles + (slice_time_ref - 0.5) * TR_S
    expected = HemodynamicResponse().matrix(frames, sampled, HOP_S)
    np.testing.assert_allclose(found @ values, expected @ values, atol=1e-9)


def test_slice_times_beyond_the_interval_are_refused():
    with pytest.raises(InvalidInput, match=r"slice_time_ref=1\.5; expected a share of an interval"):
        HemodynamicResponse(slice_time_ref=1.5)


# --- averages -----------------------------------------------------------------------------


@pytest.mark.parametrize(("hop_s", "width_s"), [(0.02, 0.02), (0.01, 0.02), (0.025, 0.02)])
def test_average_is_the_mean_over_a_stretch_of_sound(hop_s, width_s):
    frames = 0.0125 + hop_s * np.arange(60)
    targets = 0.01 + width_s * np.arange(int(60 * hop_s / width_s) - 1)
    values = np.random.default_rng(0).standard_normal(60)
    found = Average(width_s).matrix(frames, targets, hop_s) @ values
    # The sound in slices of 10 us, each with the value of its frame.
    slices = (np.arange(round(60 * hop_s / 1e-5) + 2000) + 0.5) * 1e-5
    frame = np.floor((slices - frames[0] + hop_s / 2) / hop_s).astype(int)
    is_heard = (frame >= 0) & (frame < 60)
    for target, value in zip(targets, found, strict=True):
        inside = is_heard & (np.abs(slices - target) < width_s / 2)
        assert value == pytest.approx(values[frame[inside]].mean(), abs=2e-3)


def test_average_of_a_whole_sound_is_the_mean_of_its_frames():
    values = np.random.default_rng(0).standard_normal((7, 3))
    (row,) = Average().matrix(np.arange(7.0), np.array([1.0]), 1.0) @ values
    np.testing.assert_allclose(row, values.mean(axis=0), rtol=1e-12)
    with pytest.raises(InvalidInput, match="there are 2 target times; name a width_s"):
        Average().matrix(np.arange(7.0), np.array([1.0, 2.0]), 1.0)


def test_average_takes_the_nearest_frame_where_there_is_none():
    weights = Average(0.02).matrix(np.array([0.1, 0.12]), np.array([0.01, 0.11, 0.5]), 0.02)
    np.testing.assert_allclose(weights.toarray(), [[1, 0], [0.5, 0.5], [0, 1]], atol=1e-12)
    alone = Average(0.02).matrix(np.array([0.1]), np.array([0.01, 0.5]), 0.02)
    assert alone.toarray().tolist() == [[1.0], [1.0]]


def test_average_makes_rates_of_events_and_zero_where_there_are_none():
    weights = Average(0.5).matrix(np.array([0.1, 0.2, 3.0]), np.array([0.25, 1.0, 3.0]), 0.0)
    assert weights.toarray().tolist() == [[2, 2, 0], [0, 0, 0], [0, 0, 2]]


@pytest.mark.parametrize("width_s", [0, -1.0, float("nan")])
def test_average_refuses_widths_that_are_none(width_s):
    with pytest.raises(InvalidInput, match="expected seconds above 0, or None"):
        Average(width_s)
