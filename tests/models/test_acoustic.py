"""The acoustic baselines against librosa and scipy, and their place on the clock."""

from __future__ import annotations

import subprocess
import sys

import librosa
import numpy as np
import pytest
import scipy.signal

from heschl.contracts import SpeechModel
from heschl.errors import InvalidInput, UnknownName
from heschl.extraction import extract_frames
from heschl.models import acoustic
from heschl.models.acoustic import transforms
from heschl.models.acoustic.model import (
    AcousticModel,
    envelope,
    fbank_40,
    logmel,
    mel_128,
    mfcc,
    modulation,
    onset,
    powspec_8k,
    powspec_448,
    spectrogram,
)
from heschl.sound import Sound, Stimulus
from heschl.windowing import SlidingWindows

RATE = 16_000
FRAMING = {"n_fft": 400, "hop_length": 160, "center": False}
OTHERS = (fbank_40, mel_128, modulation, onset, powspec_448, powspec_8k)
MODELS = {"envelope": envelope, "logmel": logmel, "mfcc": mfcc, "spectrogram": spectrogram}


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def model(request) -> AcousticModel:
    return request.param()


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Two seconds with a loud, a quiet and a silent stretch, (2, 32000)."""
    generator = np.random.default_rng(7)
    sweep = scipy.signal.chirp(np.arange(2 * RATE) / RATE, 80, 2, 7000)
    noise = 0.1 * generator.standard_normal((2, 2 * RATE))
    waveforms = (0.5 * sweep + noise) * np.linspace(1, 1e-3, 2 * RATE)
    waveforms[:, -RATE // 4 :] = 0
    return waveforms.astype(np.float32)


@pytest.mark.parametrize("make", [*MODELS.values(), *OTHERS], ids=lambda make: make.__name__)
def test_protocols_in_bfloat16_have_their_acoustic_floor(make, sound):
    stimulus = Stimulus("sweep", Sound.from_samples(sound[0], RATE))
    layers = [layer.name for layer in make().layers]
    exact, named = (
        extract_frames(make(), stimulus, layers, SlidingWindows(1.2, 0.1), precision=precision)
        for precision in ("float32", "bfloat16")
    )
    for layer in layers:
        np.testing.assert_array_equal(named[layer].values, exact[layer].values)


def librosa_power(waveform: np.ndarray) -> np.ndarray:
    spectrum = librosa.stft(waveform.astype(np.float64), window="hann", **FRAMING)
    return np.abs(spectrum) ** 2  # (bin, frame)


def librosa_log_mel(waveform: np.ndarray) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=waveform.astype(np.float64), sr=RATE, n_mels=80, power=2.0, **FRAMING
    )
    return np.log10(np.maximum(power, 1e-10))  # (band, frame)


def test_spectrogram_equals_librosa(sound):
    expected = np.log10(np.maximum(librosa_power(sound[1]), 1e-10)).T

    found = spectrogram().forward(sound, ["spectrogram"])["spectrogram"][1]

    assert found.shape == expected.shape == (198, 201)
    # One float32 rounding of values up to 10 and a float64 transform of another design.
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=1e-6)


def test_mel_filters_equal_librosa():
    expected = librosa.filters.mel(sr=RATE, n_fft=400, n_mels=80, dtype=np.float64)

    np.testing.assert_allclose(transforms.mel_filters(), expected, rtol=1e-9, atol=1e-15)
    assert (transforms.mel_filters().sum(axis=1) > 0).all()


def test_logmel_equals_librosa(sound):
    expected = librosa_log_mel(sound[0]).T

    found = logmel().forward(sound, ["logmel"])["logmel"][0]

    assert found.shape == expected.shape == (198, 80)
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "n_mels", "n_fft", "hop"), [(mel_128, 128, 2048, 512), (fbank_40, 40, 400, 160)]
)
def test_mel_spectra_of_probes_equal_librosa(sound, make, n_mels, n_fft, hop):
    power = librosa.feature.melspectrogram(
        y=sound[0].astype(np.float64),
        sr=RATE,
        n_mels=n_mels,
        n_fft=n_fft,
        hop_length=hop,
        center=False,
    )
    expected = np.log10(np.maximum(power, 1e-10)).T

    (layer,) = make().layers
    found = make().forward(sound, [layer.name])[layer.name][0]

    assert found.shape == expected.shape
    assert layer.offset_s == n_fft / 2 / RATE
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=1e-6)


def test_mfcc_equals_librosa(sound):
    log_mel = librosa_log_mel(sound[0])
    expected = librosa.feature.mfcc(S=log_mel, n_mfcc=13, dct_type=2, norm="ortho").T

    found = mfcc().forward(sound, ["mfcc"])["mfcc"][0]

    # Coefficients reach 90, so one float32 rounding is 4e-6.
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=5e-6)


def test_mfcc_deltas_equal_librosa(sound):
    static = librosa.feature.mfcc(S=librosa_log_mel(sound[0]), n_mfcc=13, norm="ortho")
    slopes = librosa.feature.delta(static, width=5, order=1)
    slopes_of_slopes = librosa.feature.delta(slopes, width=5, order=1)
    # librosa extrapolates at the ends; the eight frames that this touches are ours to leave out.
    expected = np.concatenate([static, slopes, slopes_of_slopes])[:, 4:-4].T

    found = mfcc().forward(sound, ["mfcc_deltas"])["mfcc_deltas"][0]

    assert found.shape == expected.shape == (190, 39)
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=5e-6)


def test_envelope_equals_a_sliding_correlation(sound):
    window = scipy.signal.get_window("hann", 400)
    squares = sound[0].astype(np.float64) ** 2
    power = scipy.signal.correlate(squares, window / window.sum(), "valid", method="direct")
    expected = np.sqrt(power[::160])

    found = envelope().forward(sound, ["envelope"])["envelope"][0, :, 0]

    np.testing.assert_allclose(found, expected, rtol=2e-7)


def test_envelope_follows_a_modulated_tone():
    seconds = np.arange(2 * RATE) / RATE
    modulation = 1 + 0.5 * np.sin(2 * np.pi * 4 * seconds)
    tone = (modulation * np.sin(2 * np.pi * 1000 * seconds)).astype(np.float32)
    model = envelope()

    found = model.forward(tone[None], ["envelope"])["envelope"][0, :, 0] * np.sqrt(2)

    times = model.layers[0].offset_s + np.arange(len(found)) / model.layers[0].rate_hz
    expected = 1 + 0.5 * np.sin(2 * np.pi * 4 * times)
    # The window smooths 4 Hz by a per cent or so, but must not shift it.
    np.testing.assert_allclose(found, expected, atol=0.02)
    lags = scipy.signal.correlate(found - found.mean(), expected - expected.mean(), mode="same")
    assert np.argmax(lags) == len(found) // 2


def test_impulse_is_stamped_with_its_time(model):
    at_s = 0.5
    waveform = np.full((1, RATE), 1e-4, np.float32)
    waveform[0, int(at_s * RATE)] = 1.0

    outputs = model.forward(waveform, [layer.name for layer in model.layers])

    for layer in model.layers:
        values = outputs[layer.name][0].astype(np.float64)
        touched = np.flatnonzero(np.abs(values - values[0]).max(axis=1) > 1e-6)
        times = layer.offset_s + touched / layer.rate_hz
        half_field = layer.receptive_field_s / 2
        # Exactly the frames whose field holds the impulse, but for a window's zero first sample.
        assert abs(times - at_s).max() <= half_field
        assert len(touched) >= int(layer.receptive_field_s * layer.rate_hz)
        assert times.mean() == pytest.approx(at_s, abs=0.5 / layer.rate_hz)


def test_frames_do_not_depend_on_the_rest_of_the_waveform(model, sound):
    names = [layer.name for layer in model.layers]
    whole = model.forward(sound, names)

    for first, n_samples in [(0, 1680), (37, 1680), (50, 2000), (11, 6001)]:
        start = first * 160
        part = model.forward(sound[1:, start : start + n_samples].copy(), names)
        for name in names:
            expected = whole[name][1, first : first + part[name].shape[1]]
            np.testing.assert_array_equal(part[name][0], expected)


def test_batch_equals_single_waveforms(model, sound):
    names = [layer.name for layer in model.layers]
    together = model.forward(sound, names)

    for row in range(len(sound)):
        alone = model.forward(sound[row : row + 1], names)
        for name in names:
            np.testing.assert_array_equal(together[name][row], alone[name][0])


def test_blocks_leave_no_seam(model, monkeypatch, sound):
    names = [layer.name for layer in model.layers]
    whole = model.forward(sound, names)

    monkeypatch.setattr("heschl.models.acoustic.model.BLOCK_SAMPLES", 14 * 400)
    in_blocks = model.forward(sound, names)

    for name in names:
        np.testing.assert_array_equal(in_blocks[name], whole[name])


def test_shapes_follow_the_declared_layers(model, sound):
    outputs = model.forward(sound, [layer.name for layer in model.layers])

    for layer in model.layers:
        field = round(layer.receptive_field_s * RATE)
        n_frames = (sound.shape[1] - field) // 160 + 1
        assert outputs[layer.name].shape == (2, n_frames, layer.width)
        assert outputs[layer.name].dtype == np.float32
        assert np.isfinite(outputs[layer.name]).all()
        assert layer.offset_s == pytest.approx(layer.receptive_field_s / 2)


def test_shortest_waveform_gives_one_frame(model, sound):
    shortest = sound[:, : model.traits.minimum_samples]

    outputs = model.forward(shortest, [layer.name for layer in model.layers])

    assert min(values.shape[1] for values in outputs.values()) == 1


def test_silence_is_finite_and_at_the_floor():
    silence = np.zeros((1, 400), np.float32)

    assert (logmel().forward(silence, ["logmel"])["logmel"] == -10).all()
    assert (envelope().forward(silence, ["envelope"])["envelope"] == 0).all()


def test_input_is_not_changed(model, sound):
    waveforms = sound.copy()
    waveforms.flags.writeable = False

    model.forward(waveforms, [layer.name for layer in model.layers])

    np.testing.assert_array_equal(waveforms, sound)


def test_only_the_taps_asked_for_come_back(sound):
    assert list(mfcc().forward(sound, ["mfcc_deltas"])) == ["mfcc_deltas"]
    assert mfcc().forward(sound, []) == {}


def test_contract_is_kept(model):
    assert isinstance(model, SpeechModel)
    assert model.sample_rate == RATE
    assert model.traits.is_local
    assert model.traits.is_causal


def test_digests_differ_between_models_and_stay_the_same():
    digests = {make().digest for make in MODELS.values()}

    assert len(digests) == len(MODELS)
    assert logmel().digest == logmel().digest


def test_digest_follows_the_numerics(monkeypatch):
    before = logmel().digest
    monkeypatch.setattr("heschl.models.acoustic.model.NUMERICS", -1)

    assert logmel().digest != before


@pytest.mark.parametrize(
    ("waveforms", "message"),
    [
        (np.zeros(16_000, np.float32), r"shape \(16000,\).*\(batch, sample\)"),
        (np.zeros((1, 1, 16_000), np.float32), r"\(batch, sample\)"),
        (np.zeros((1, 16_000)), "float64 waveforms; expected float32"),
        (np.zeros((1, 16_000), np.int16), "int16.*scaling"),
        (np.zeros((0, 16_000), np.float32), "empty batch"),
        (np.zeros((1, 399), np.float32), "399 samples; it needs at least 400"),
        (np.full((1, 400), np.nan, np.float32), "not finite"),
        ([[0.0] * 400], "list; expected a NumPy array"),
    ],
    ids=["1d", "3d", "float64", "int16", "empty", "short", "nan", "list"],
)
def test_malformed_waveforms_are_refused(waveforms, message):
    with pytest.raises(InvalidInput, match=message):
        logmel().forward(waveforms, ["logmel"])


def test_unknown_tap_names_the_near_one(sound):
    with pytest.raises(UnknownName, match="no layer 'logmell'; did you mean 'logmel'"):
        logmel().forward(sound, ["logmell"])


def test_bare_tap_is_refused(sound):
    with pytest.raises(InvalidInput, match=r"expected a list: \['logmel'\]"):
        logmel().forward(sound, "logmel")


def test_cards_load_the_models_that_they_name():
    for card in acoustic.CARDS:
        assert card.target()().card is card


def test_cards_are_light():
    code = "import sys, heschl.models.acoustic; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"numpy", "scipy", "torch", "xarray"} & set(loaded)
