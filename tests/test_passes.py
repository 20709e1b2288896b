import numpy as np
import pytest
from hearing import (
    CHUNKED,
    RATE,
    SLIDING,
    WINDOWINGS,
    FakeSound,
    NumpyModel,
    Scripted,
    framed,
    naive_sliding,
    noise,
    refused,
    stimulus_of,
)

from heschl import batching
from heschl.contracts import Layer, Traits
from heschl.errors import BrokenPlugin, CorruptData, InvalidInput, MissingExtra, UnknownName
from heschl.extraction import SlidingWindows, WholeStimulus, extract_frames
from heschl.sound import Stimulus


def test_unequal_windows_never_share_a_batch():
    model = NumpyModel()

    extract_frames(model, stimulus_of(noise(2.0)), ["fine"], SLIDING, batch_size=4)

    growing = [(1, 400 * n) for n in range(1, 11)]
    assert model.shapes == [*growing, (4, 4400), (4, 4400), (2, 4400)]


def test_unequal_windows_share_a_batch_if_padding_is_safe():
    samples = noise(2.0)
    padded = NumpyModel(traits=Traits(is_padding_safe=True, minimum_samples=140))

    found = extract_frames(padded, stimulus_of(samples), ["fine", "coarse"], SLIDING, batch_size=4)

    assert padded.shapes == [(4, 1600), (4, 3200), (4, 4400), (4, 4400), (4, 4400)]
    for name in found:
        assert np.array_equal(
            found[name].values, naive_sliding(NumpyModel(), samples, [name])[1][name]
        )


def test_padding_by_broken_frames_is_avoided():
    # 90 Hz: windows differ by 400 samples, 9 frames of 44.4; the grid repeats every 400.
    layers = (Layer("fine", 3, 37.0, 50 / RATE),)
    model = Scripted(layers=layers, traits=Traits(is_padding_safe=True))
    model.forward = lambda waveforms, taps: (
        model.shapes.append(waveforms.shape)
        or {"fine": np.ones((len(waveforms), round(waveforms.shape[1] * 37 / RATE), 3))}
    )

    extract_frames(model, stimulus_of(noise(1.5)), ["fine"], SLIDING, batch_size=8)

    assert [shape[0] for shape in model.shapes[:10]] == [1] * 10


def after_the_check(model, whole=4400):
    """Return the shapes of all passes but the two that prove, on one window, that it is local."""
    (in_full, _), passes = model.shapes[:2], model.shapes[2:]
    assert in_full == (1, whole)
    return passes


def test_local_models_are_spared_samples_that_do_not_count():
    samples = noise(3.0)
    local = NumpyModel(traits=Traits(is_local=True, minimum_samples=140))

    found = extract_frames(local, stimulus_of(samples), ["fine", "coarse"], SLIDING, batch_size=8)

    # 70 + 2 x 80 samples of reach and half a field of 70, or more by less than a grid step.
    assert all(length < 300 + 80 for _, length in after_the_check(local))
    assert len(after_the_check(local)) == 4
    for name in found:
        assert np.array_equal(
            found[name].values, naive_sliding(NumpyModel(), samples, [name])[1][name]
        )


def test_local_models_get_the_whole_field_of_a_padded_last_frame():
    def padded(waveforms, taps):
        model.shapes.append(waveforms.shape)
        frames = framed(np.pad(waveforms, ((0, 0), (500, 500))), 1000, 40)
        return {"wide": np.cumsum(frames, axis=-1)[..., -1:]}

    layers = (Layer("wide", 1, RATE / 40, 0.0, 1000 / RATE),)
    model = NumpyModel(layers=layers, traits=Traits(is_local=True, minimum_samples=140))
    model.forward = padded
    samples = noise(3.0)

    found = extract_frames(model, stimulus_of(samples), ["wide"], SLIDING)["wide"]

    # The last frame is centred on the window's end and sees the 500 samples before it.
    assert all(length < 1200 for _, length in after_the_check(model))
    expected = naive_sliding(model, samples, ["wide"])[1]["wide"]
    assert np.array_equal(found.values, expected)


def test_local_models_skip_sound_between_sparse_windows():
    samples = noise(7.0)
    local = NumpyModel(traits=Traits(is_local=True, minimum_samples=140))

    found = extract_frames(
        local, stimulus_of(samples), ["fine"], SlidingWindows(context_s=1.0, hop_s=2.0)
    )["fine"]

    times, values = naive_sliding(NumpyModel(), samples, ["fine"], hop=2 * RATE)
    assert all(length < 380 for _, length in after_the_check(local, whole=3 * RATE))
    assert np.array_equal(found.times_s, times)
    assert np.array_equal(found.values, values["fine"])


@pytest.mark.parametrize("reach", [400, 4000])
def test_false_locality_is_refused(reach):
    """Frames of 100 samples that in truth hear `reach` samples more before them."""

    def forward(waveforms, taps):
        padded = np.pad(waveforms, ((0, 0), (reach, 0)))
        frames = framed(padded, 100 + reach, 40)
        return {"fine": np.repeat(frames.mean(axis=-1, keepdims=True), 3, axis=-1)}

    layers = (Layer("fine", 3, RATE / 40, 50 / RATE, 100 / RATE),)
    model = NumpyModel(layers=layers, traits=Traits(is_local=True, minimum_samples=140))
    model.forward = forward

    with pytest.raises(BrokenPlugin, match=r"'fine' .* though its traits say is_local; leave"):
        extract_frames(model, stimulus_of(noise(3.0)), ["fine"], SLIDING)


def test_locality_of_no_use_without_a_receptive_field():
    layers = (*NumpyModel.layers, Layer("all", 1, 100.0, 50 / RATE))
    model = NumpyModel(layers=layers, traits=Traits(is_local=True, minimum_samples=140))

    extract_frames(model, stimulus_of(noise(2.0)), ["fine"], SLIDING)

    assert max(length for _, length in model.shapes) == 4400


def test_automatic_batches_bound_the_bytes_of_all_layers():
    heavy = NumpyModel(layers=(*NumpyModel.layers, Layer("heavy", 20_000, 100.0)))

    extract_frames(NumpyModel(), stimulus_of(noise(12.0)), ["fine"], SLIDING)
    light_batches = NumpyModel()
    extract_frames(light_batches, stimulus_of(noise(12.0)), ["fine"], SLIDING)
    extract_frames(heavy, stimulus_of(noise(3.0)), ["fine"], SLIDING)

    assert max(batch for batch, _ in light_batches.shapes) == 64
    # One window of 1.1 s gives 8.8 MB.
    assert max(batch for batch, _ in heavy.shapes) == 3


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


@pytest.fixture
def forgetful(monkeypatch):
    """Batch sizes that memory did not bear are forgotten after the test."""
    monkeypatch.setattr(batching, "_borne", {})


@pytest.mark.parametrize("kind", [OutOfMemoryError, MemoryError])
@pytest.mark.usefixtures("forgetful")
def test_batches_shrink_when_memory_is_out(kind):
    samples = noise(3.0)
    model = NumpyModel()
    forward = model.forward

    def scarce(waveforms, taps):
        if len(waveforms) > 3:
            waveforms[:] = np.nan
            raise kind("16 GiB")
        return forward(waveforms, taps)

    model.forward = scarce
    found = extract_frames(model, stimulus_of(samples), ["fine"], SLIDING, batch_size=8)["fine"]

    assert np.array_equal(found.values, naive_sliding(NumpyModel(), samples, ["fine"])[1]["fine"])
    assert max(batch for batch, _ in model.shapes) == 2


def test_memory_out_on_one_window_says_what_to_do():
    model = Scripted(answer=lambda *_: (_ for _ in ()).throw(MemoryError("1 TiB")))

    with pytest.raises(BrokenPlugin, match="1 TiB; memory does not hold one window: choose"):
        extract_frames(model, stimulus_of(noise(1.0)), ["fine"], SLIDING)


def test_a_shorter_last_window_costs_one_pass_more():
    model = NumpyModel()

    extract_frames(model, stimulus_of(noise(3.505)), ["fine"], CHUNKED, batch_size=2)

    # 1.505 s is no whole number of 20 ms frames: the last window begins at 1.52 s.
    assert model.shapes == [(2, 8000), (1, 7940), (1, 7940)]


@pytest.mark.parametrize("windowing", [SLIDING, CHUNKED], ids=["sliding", "chunked"])
def test_models_may_spoil_their_input(windowing):
    stimulus = stimulus_of(noise(3.505))
    model = NumpyModel()
    forward = model.forward

    def spoiling(waveforms, taps):
        outputs = {name: values.copy() for name, values in forward(waveforms, taps).items()}
        waveforms[:] = np.nan
        return outputs

    model.forward = spoiling
    found = extract_frames(model, stimulus, ["fine"], windowing, batch_size=1)["fine"]

    expected = extract_frames(NumpyModel(), stimulus, ["fine"], windowing, batch_size=1)["fine"]
    assert np.array_equal(found.values, expected.values)


def test_unknown_layers_are_refused_with_near_names():
    refused(UnknownName, "no layer 'fin'; did you mean 'fine'", NumpyModel(), layers=["fin"])


@pytest.mark.parametrize("layers", ["fine", [], ["fine", "fine"]])
def test_layers_must_be_a_list_of_different_names(layers):
    refused(InvalidInput, "expected a list of different names", NumpyModel(), layers=layers)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True, "many"])
def test_batch_sizes_must_count(batch_size):
    refused(InvalidInput, "batch_size=", NumpyModel(), batch_size=batch_size)


def test_event_stamps_are_few():
    refused(
        InvalidInput, "event_stamp='end'; expected one of onset", NumpyModel(), event_stamp="end"
    )


def test_things_that_are_no_model_are_refused():
    refused(
        BrokenPlugin, "SpeechModel: it lacks card, sample_rate", type("M", (), {"forward": 1})()
    )
    refused(BrokenPlugin, "TextModel: it lacks card, layers, read", object())


@WINDOWINGS
def test_sounds_too_short_for_the_model_are_refused(windowing):
    match = r"the 0\.025 s of 'story' into no window, or one shorter than the 140 samples"
    refused(InvalidInput, match, NumpyModel(), windowing, samples=noise(0.025))


@pytest.mark.parametrize(
    "traits", [Traits(maximum_s=1.5), Traits(fixed_s=1.5)], ids=["maximum", "fixed"]
)
@pytest.mark.parametrize("windowing", [CHUNKED, WholeStimulus()], ids=["chunked", "whole"])
def test_inputs_beyond_the_limit_are_refused_with_advice(windowing, traits):
    match = r"at most 1\.5 s; choose shorter windows, for example ChunkedWindows\(window_s=1\.5"
    refused(InvalidInput, match, NumpyModel(traits=traits), windowing)


def test_limits_that_are_kept_do_not_matter():
    stimulus = stimulus_of(noise(2.5))
    limited = NumpyModel(traits=Traits(fixed_s=1.1, maximum_s=1.1))

    found = extract_frames(limited, stimulus, ["fine"], SLIDING)["fine"]

    free = extract_frames(NumpyModel(), stimulus, ["fine"], SLIDING)["fine"]
    assert np.array_equal(found.values, free.values)


BROKEN = {
    "not a mapping": (lambda o, w: o["fine"], "returned a ndarray; expected a mapping"),
    "layer missing": (lambda o, w: {}, "is missing from what forward returned"),
    "two dimensions": (lambda o, w: {"fine": o["fine"][0]}, "expected an array"),
    "four dimensions": (lambda o, w: {"fine": o["fine"][None]}, "expected an array"),
    "wrong width": (lambda o, w: {"fine": o["fine"][..., :2]}, r"here \(1, time, 3\)"),
    "wrong batch": (lambda o, w: {"fine": np.repeat(o["fine"], 2, 0)}, r"here \(1, time, 3\)"),
    "transposed": (lambda o, w: {"fine": o["fine"].swapaxes(1, 2)}, r"here \(1, time, 3\)"),
    "no frame": (lambda o, w: {"fine": o["fine"][:, :0]}, "gave 0 frames for"),
    "doubled rate": (lambda o, w: {"fine": np.repeat(o["fine"], 2, 1)}, "correct its Layer"),
    "halved rate": (lambda o, w: {"fine": o["fine"][:, ::2]}, "correct its Layer"),
    "complex": (lambda o, w: {"fine": o["fine"] * 1j}, "gave complex"),
    "text": (lambda o, w: {"fine": o["fine"].astype(str)}, "gave <U"),
}


@WINDOWINGS
@pytest.mark.parametrize("fault", BROKEN)
def test_outputs_that_break_a_promise_name_model_and_layer(fault, windowing):
    answer, match = BROKEN[fault]
    # Two and a half seconds in one go, so that any wrong rate shows at once.
    settings = {"windowing": windowing, "batch_size": 1}
    model = Scripted(answer=answer, traits=Traits(minimum_samples=2000))
    refused(BrokenPlugin, match, model, **settings)
    refused(BrokenPlugin, "the model 'numpy-model'", model, **settings)


@WINDOWINGS
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_name_their_time(windowing, bad):
    def answer(outputs, waveforms):
        # The sample of the click makes a bad frame.
        fine = outputs["fine"].copy()
        fine[fine[..., 2] > 0] = bad
        return {"fine": fine}

    samples = np.zeros(10_000)
    samples[8000 - 4400 + 4300] = 1.0  # in the last frame of the window that ends at 2 s
    time = r"2" if windowing is SLIDING else r"1\.9725"
    match = rf"layer 'fine' of the model 'numpy-model' gave NaN.*the first at {time} s of 'story'"
    refused(BrokenPlugin, match, Scripted(answer=answer), windowing, samples=samples)


def test_numbers_beyond_float32_are_refused():
    model = Scripted(answer=lambda o, w: {"fine": np.full(o["fine"].shape, 1e300)})
    refused(BrokenPlugin, "expected finite numbers within float32", model)


def test_frames_that_depend_on_more_than_the_length_are_refused():
    model = Scripted(
        answer=lambda o, w: {"fine": o["fine"][:, : -1 if len(model.shapes) > 1 else None]}
    )
    refused(BrokenPlugin, "for another; expected the length alone", model, CHUNKED, batch_size=1)


@pytest.mark.parametrize("error", [ValueError("no weights"), SystemExit(1), InvalidInput("bad")])
def test_failing_models_are_named_with_their_window(error):
    def answer(outputs, waveforms):
        if len(model.shapes) > 2:
            raise error
        return outputs

    model = Scripted(answer=answer)
    match = rf"'numpy-model' failed on 0 to 0\.3 s of 'story'.*{type(error).__name__}: {error}"
    with pytest.raises(BrokenPlugin, match=match) as caught:
        extract_frames(model, stimulus_of(noise(2.0)), ["fine"], SLIDING)
    assert caught.value.__cause__ is error


def test_missing_extras_pass_through():
    error = MissingExtra('run: pip install "heschl[speech]"')
    model = Scripted(answer=lambda *_: (_ for _ in ()).throw(error))
    refused(MissingExtra, "heschl", model)


def test_sounds_shorter_than_promised_are_refused():
    stimulus = Stimulus("story", FakeSound(3 * RATE, n_block=RATE, n_missing=RATE))

    with pytest.raises(CorruptData, match="'story' ended at sample 8000, short of the 12000"):
        extract_frames(NumpyModel(), stimulus, ["fine"], WholeStimulus())


def test_layers_without_a_rate_are_refused():
    model = NumpyModel(layers=(Layer("fine", 3),))
    refused(BrokenPlugin, "'fine' of a speech model declares no rate_hz", model)
