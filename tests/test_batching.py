"""Windows as rows, and how many go through a model at once."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hearing import SLIDING, NumpyModel, naive_sliding, noise, stimulus_of
from small_net import Net, build

from heschl import batching
from heschl.batching import first_batch_size, is_out_of_memory, window_rows
from heschl.errors import BrokenPlugin
from heschl.extraction import extract_frames
from heschl.models.torch_module import TorchModel
from heschl.sound import Sound, Stimulus
from heschl.windowing import SlidingWindows, Window

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch):
    monkeypatch.setattr(batching, "_borne", {})


@pytest.mark.parametrize(
    ("windows", "is_view"),
    [
        ([(10, 30)], True),
        ([(10, 30), (15, 35), (20, 40)], True),
        ([(10, 30), (10 + 20, 30 + 20)], True),
        ([(10, 30), (15, 35), (17, 37)], False),
        ([(10, 30), (10, 35), (10, 40)], False),
    ],
    ids=["one", "even", "apart", "uneven", "growing"],
)
def test_rows_are_the_windows_and_views_where_they_can_be(windows, is_view):
    samples = noise(1.0)[:100]
    from_first = samples[10:]

    rows = window_rows(from_first, [Window(*window) for window in windows])

    longest = max(stop - start for start, stop in windows)
    expected = [np.pad(samples[start:stop], (0, longest - stop + start)) for start, stop in windows]
    assert np.array_equal(rows, expected)
    assert np.shares_memory(rows, samples) == is_view


class Greedy(Net):
    """Runs out of memory beyond a number of waveforms, as CUDA does."""

    most = 2

    def forward(self, waveforms):
        if len(waveforms) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 16.00 GiB.")
        return super().forward(waveforms)


def heard(model, batch_size, duration_s=3.0):
    samples = np.random.default_rng(0).standard_normal(round(duration_s * 16_000))
    stimulus = Stimulus("story", Sound.from_samples(samples.astype(np.float32), 16_000))
    names = [layer.name for layer in model.layers]
    windowing = SlidingWindows(context_s=0.4, hop_s=0.1)
    frames = extract_frames(model, stimulus, names, windowing, batch_size=batch_size)
    return np.concatenate([frames[name].values for name in names], axis=1)


def passes_of(model, monkeypatch):
    """Return a list that fills with the number of waveforms of each pass."""
    sizes: list[int] = []
    run = TorchModel._heard

    def counted(self, waveforms, *rest):
        sizes.append(len(waveforms))
        return run(self, waveforms, *rest)

    monkeypatch.setattr(TorchModel, "_heard", counted)
    return sizes


def test_batches_of_a_torch_network_shrink_once_and_stay_small(monkeypatch):
    net = Net()
    greedy = Greedy()
    greedy.load_state_dict(net.state_dict())
    expected = heard(build(net), 1)
    model = build(greedy)
    sizes = passes_of(model, monkeypatch)

    first = heard(model, 16)
    at_first = sizes.copy()
    sizes.clear()
    second = heard(model, 16)

    assert [size for size in at_first if size > 2] == [16, 8, 4]
    assert max(sizes) == 2, "what memory did not bear is not tried again"
    for found in (first, second):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_backing_off_is_for_one_model_and_length():
    heard(build(Greedy()), 16)

    assert first_batch_size(build(), 8000, 16) == 2
    assert first_batch_size(build(), 8001, 16) == 16
    assert first_batch_size(NumpyModel(), 8000, 16) == 16


def test_one_window_beyond_memory_says_what_to_do():
    model = build(Greedy())
    model._module.most = 0

    with pytest.raises(BrokenPlugin, match="does not hold one window: choose shorter windows, or"):
        heard(model, 4)


def test_memory_of_a_processor_is_out_in_torch_s_own_words():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50)

    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_numpy_s_memory_shrinks_batches_too():
    samples, model = noise(3.0), NumpyModel()
    forward = model.forward

    def scarce(waveforms, taps):
        if len(waveforms) > 3:
            np.empty(1 << 60, dtype=np.int8)
        return forward(waveforms, taps)

    model.forward = scarce
    found = extract_frames(model, stimulus_of(samples), ["fine"], SLIDING, batch_size=8)["fine"]

    assert np.array_equal(found.values, naive_sliding(NumpyModel(), samples, ["fine"])[1]["fine"])


@pytest.mark.parametrize(("free", "expected"), [(1 << 30, 2), (8 << 30, 18), (80 << 30, 64)])
def test_accelerators_get_batches_by_what_they_have_free(monkeypatch, free, expected):
    # wav2vec 2.0 in the base size: 262 MB for a window of 16.1 s, by measurement.
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free // 2, 2 * free))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: free // 2 + 1000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 1000)
    model = SimpleNamespace(
        card=NumpyModel.card,
        sample_rate=16_000,
        device=torch.device("cuda"),
        layers=[
            SimpleNamespace(width=512, rate_hz=50.0),
            *[SimpleNamespace(width=768, rate_hz=50.0)] * 13,
        ],
    )

    assert first_batch_size(model, 257_600, "auto") == pytest.approx(expected, abs=1)
    model.device = torch.device("cpu")
    assert first_batch_size(model, 257_600, "auto") == 1
