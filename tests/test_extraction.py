import tracemalloc

import numpy as np
import pytest
from hearing import (
    CHUNKED,
    RATE,
    SLIDING,
    WINDOWINGS,
    FakeSound,
    NumpyModel,
    framed,
    naive_sliding,
    noise,
    refused,
    stimulus_of,
)

from heschl.contracts import Layer
from heschl.errors import BrokenPlugin
from heschl.extraction import WholeStimulus, extract, extract_frames
from heschl.sound import Stimulus
from heschl.temporal import HemodynamicResponse, Lanczos

# --- against plain loops ------------------------------------------------------------------


def naive_chunked(model, samples, name, stride, offset, period, window=2 * RATE, hop=RATE):
    """Return times and frames, each taken from the window in whose middle it lies."""
    n_samples = len(samples)
    starts = [start for start in range(0, n_samples, hop) if start + window <= n_samples] or [0]
    if starts[-1] + window < n_samples:
        starts.append(-(-(n_samples - window) // period) * period)
    outputs = [
        np.asarray(model.forward(samples[None, start : start + window], [name])[name])[0]
        for start in starts
    ]
    times, values = [], []
    centre = offset
    while True:
        # Windows begin every `hop` and own `hop` from a quarter of a window on.
        owner = int(np.clip((centre - (window - hop) // 2) // hop, 0, len(starts) - 1))
        frame = (centre - offset - starts[owner]) // stride
        if frame >= len(outputs[owner]):
            return np.array(times), np.array(values)
        times.append(centre / RATE)
        values.append(outputs[owner][frame])
        centre += stride


def torch_model(kind, seed=0):
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # for such small layers, threads cost more than they save

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.cnn = torch.nn.Conv1d(1, 8, 260, stride=200)
            self.gru = torch.nn.GRU(8, 8, batch_first=True)
            self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, waveforms):
            cnn = self.cnn(waveforms[:, None]).transpose(1, 2)
            gru = self.gru(cnn)[0]
            return {"cnn": cnn, "gru": gru, "attention": self.attention(gru, gru, gru)[0]}

    network = Network().eval()

    class TorchModel(NumpyModel):
        layers = (
            Layer("cnn", 8, 20.0, 130 / RATE, 260 / RATE),
            Layer("gru", 8, 20.0, 130 / RATE),
            Layer("attention", 8, 20.0, 130 / RATE),
        )

        def forward(self, waveforms, taps):
            with torch.no_grad():
                outputs = network(torch.from_numpy(waveforms))
            return {tap: kind(outputs[tap]) for tap in taps}

    return TorchModel()


def as_it_is(tensor):
    return tensor


@pytest.mark.parametrize("batch_size", [1, 5, "auto"])
def test_sliding_windows_equal_a_loop_over_windows(batch_size):
    model, samples = torch_model(as_it_is), noise(2.05)

    frames = extract_frames(
        model, stimulus_of(samples), ["cnn", "gru", "attention"], SLIDING, batch_size=batch_size
    )

    times, values = naive_sliding(model, samples, list(frames))
    for name, found in frames.items():
        assert np.array_equal(found.times_s, times)
        np.testing.assert_allclose(found.values, values[name], rtol=0, atol=1e-6)
        assert found.values.dtype == np.float32


@pytest.mark.parametrize("duration_s", [0.7, 2.0, 2.001, 5.0, 5.3, 6.0037])
def test_chunked_windows_equal_a_loop_over_windows(duration_s):
    model, samples = torch_model(as_it_is), noise(duration_s)

    frames = extract_frames(model, stimulus_of(samples), ["cnn", "gru"], CHUNKED, batch_size=3)

    for name, found in frames.items():
        times, values = naive_chunked(model, samples, name, stride=200, offset=130, period=200)
        np.testing.assert_allclose(found.times_s, times, rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.values, values, rtol=0, atol=1e-6)


@pytest.mark.parametrize("duration_s", [2.5, 5.3, 6.0037])
def test_chunked_windows_keep_every_frame_of_layers_of_different_rates(duration_s):
    model, samples = NumpyModel(), noise(duration_s)

    chunked = extract_frames(model, stimulus_of(samples), ["fine", "coarse"], CHUNKED)
    whole = extract_frames(model, stimulus_of(samples), ["fine", "coarse"], WholeStimulus())

    # Both layers see their own samples only, so chunks lose nothing at all.
    for name in ("fine", "coarse"):
        assert np.array_equal(chunked[name].times_s, whole[name].times_s)
        assert np.array_equal(chunked[name].values, whole[name].values)


def test_whole_stimulus_is_one_forward_pass():
    model, samples = NumpyModel(), noise(3.21)

    found = extract_frames(model, stimulus_of(samples), ["fine"], WholeStimulus())["fine"]

    expected = NumpyModel().forward(samples[None], ["fine"])["fine"][0]
    assert model.shapes == [(1, len(samples))]
    assert np.array_equal(found.values, expected)
    np.testing.assert_allclose(found.times_s, (50 + 40 * np.arange(len(expected))) / RATE)


# --- clocks -------------------------------------------------------------------------------


def test_sliding_feature_of_the_last_sample_is_the_time():
    # Sample i holds i + 1, exact in float32: its own end, in samples.
    samples = np.arange(1, 5 * RATE + 1)
    model = NumpyModel(layers=(Layer("last", 1, 100.0, 50 / RATE),))
    model.forward = lambda waveforms, taps: {
        "last": np.repeat(waveforms[:, -1:, None], framed(waveforms, 100, 40).shape[1], axis=1)
    }

    found = extract_frames(model, stimulus_of(samples), ["last"], SLIDING)["last"]

    assert np.array_equal(found.times_s, np.arange(1, 51) / 10)
    assert np.array_equal(found.values[:, 0].astype(np.float64) / RATE, found.times_s)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_sliding_features_do_not_see_the_future(batch_size):
    model, samples = torch_model(as_it_is), noise(4.0)
    changed = samples.copy()
    changed[2 * RATE :] = noise(2.0, seed=1)

    before, after = (
        extract_frames(
            model, stimulus_of(each), ["gru", "attention"], SLIDING, batch_size=batch_size
        )
        for each in (samples, changed)
    )

    for name in before:
        is_past = before[name].times_s <= 2.0
        assert np.array_equal(before[name].values[is_past], after[name].values[is_past])
        assert not np.array_equal(before[name].values[~is_past], after[name].values[~is_past])


@WINDOWINGS
@pytest.mark.parametrize("click", [100, 6013, 11_500, 17_999])
def test_impulse_lands_at_its_time(windowing, click):
    samples = np.zeros(18_000)
    samples[click] = 1.0

    found = extract_frames(NumpyModel(), stimulus_of(samples), ["fine"], windowing)["fine"]

    hears = found.times_s[found.values[:, 2] > 0]
    if windowing is SLIDING:
        # A frame of 100 samples that ends less than 40 before the window's end.
        expected = [t for t in np.arange(1, 46) / 10 if t * RATE - 140 <= click < t * RATE]
        assert set(hears) <= set(expected)
    else:
        # Frame k sees samples 40 k to 40 k + 99; the last ends with the sound or just before.
        k = np.arange(448)
        np.testing.assert_allclose(
            hears, (50 + 40 * k[(40 * k <= click) & (click < 40 * k + 100)]) / RATE
        )


def test_sliding_impulse_is_heard_by_the_window_that_ends_after_it():
    samples = np.zeros(5 * RATE)
    # The window that ends at 2.0 s has 4400 samples, its last frame samples 4280 to 4379 of it.
    samples[2 * RATE - 4400 + 4300] = 1.0

    found = extract_frames(NumpyModel(), stimulus_of(samples), ["fine"], SLIDING)["fine"]

    assert found.times_s[found.values[:, 2] > 0].tolist() == [2.0]


# --- streaming ----------------------------------------------------------------------------


@WINDOWINGS
@pytest.mark.parametrize("resampler", [Lanczos(), HemodynamicResponse()], ids=["lanczos", "hrf"])
def test_streaming_equals_resampling_everything_at_once(windowing, resampler):
    stimulus = stimulus_of(noise(23.456))
    targets_s = np.arange(0.75, 23, 1.5)
    names = ["fine", "coarse"]

    found = extract(NumpyModel(), stimulus, names, windowing, resampler, targets_s)

    frames = extract_frames(NumpyModel(), stimulus, names, windowing)
    durations_s = {"fine": 0.01, "coarse": 0.02}
    for name in names:
        duration_s = SLIDING.hop_s if windowing is SLIDING else durations_s[name]
        weights = resampler.matrix(frames[name].times_s, targets_s, duration_s).toarray()
        once = weights @ frames[name].values.astype(np.float64)
        assert found[name].dtype == np.float32
        # Sums are float64: nothing is lost but the last rounding.
        np.testing.assert_allclose(found[name], once, rtol=2.0**-24, atol=1e-12)


@WINDOWINGS
def test_batches_blocks_and_companions_change_no_bit(windowing):
    targets_s = np.arange(1.0, 13.0, 2.0)

    def extracted(names, batch_size, n_block):
        stimulus = Stimulus("story", FakeSound(13 * RATE + 123, n_block))
        return extract(
            NumpyModel(), stimulus, names, windowing, Lanczos(), targets_s, batch_size=batch_size
        )

    expected = extracted(["fine", "coarse"], 1, 4096)
    for batch_size, n_block in ((2, 37), (7, 977), (7, 10**6), ("auto", 4096)):
        for names in (["fine"], ["coarse", "fine"]):
            found = extracted(names, batch_size, n_block)
            assert list(found) == names
            for name in names:
                assert np.array_equal(found[name], expected[name])


@pytest.mark.parametrize("windowing", [SLIDING, CHUNKED], ids=["sliding", "chunked"])
def test_memory_does_not_grow_with_the_sound(windowing):
    def peak_bytes(duration_s):
        stimulus = Stimulus("story", FakeSound(duration_s * RATE))
        model = Wide()
        targets_s = np.linspace(1, duration_s - 1, 20)
        tracemalloc.start()
        extract(model, stimulus, ["wide"], windowing, Lanczos(1), targets_s, batch_size=4)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    growth = peak_bytes(600) - peak_bytes(60)

    # The plan and the resampler's weights may grow: some 100 bytes a frame, which as features
    # would take 4000.
    n_frames = 540 * (10 if windowing is SLIDING else 100)
    assert growth < 400 * n_frames


class Wide(NumpyModel):
    layers = (Layer("wide", 1000, 100.0, 50 / RATE, 100 / RATE),)

    def forward(self, waveforms, taps):
        frames = framed(waveforms, 100, 40)[..., :1]
        return {"wide": np.broadcast_to(frames, (*frames.shape[:2], 1000))}


def test_progress_ends_at_one():
    fractions = []

    extract_frames(
        NumpyModel(),
        stimulus_of(noise(3.0)),
        ["fine"],
        SLIDING,
        batch_size=4,
        report=fractions.append,
    )

    assert fractions == sorted(fractions)
    assert len(fractions) > 5
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("windowing", [SLIDING, CHUNKED], ids=["sliding", "chunked"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_torch_numbers_of_any_precision_become_float32(windowing, dtype):
    torch = pytest.importorskip("torch")
    stimulus = stimulus_of(noise(2.5))
    reference = extract_frames(torch_model(as_it_is), stimulus, ["gru"], windowing, batch_size=1)
    model = torch_model(lambda tensor: tensor.to(getattr(torch, dtype)).requires_grad_())

    found = extract_frames(model, stimulus, ["gru"], windowing, batch_size=1)["gru"]

    assert found.values.dtype == np.float32
    rounded = torch.from_numpy(reference["gru"].values).to(getattr(torch, dtype)).float().numpy()
    assert np.array_equal(found.values, rounded)


def test_complex_torch_numbers_are_refused():
    model = torch_model(lambda tensor: tensor * 1j)
    refused(BrokenPlugin, r"'gru' .* gave torch\.complex64 values", model, layers=["gru"])


def test_resamplers_must_fit():
    class Wrong(Lanczos):
        def matrix(self, *clocks):
            return super().matrix(*clocks)[:, 1:]

    with pytest.raises(BrokenPlugin, match=r"gave a matrix of shape \(3, 9\); expected"):
        extract(NumpyModel(), stimulus_of(noise(1.0)), ["fine"], SLIDING, Wrong(), np.arange(3) / 4)
