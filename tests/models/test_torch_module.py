"""`TorchModel`: taps by hooks, frames on the clock, and what a pass refuses."""

from __future__ import annotations

import pickle
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from small_net import RATE, Net, build

from heschl.contracts import Layer, SpeechModel, Traits
from heschl.errors import BrokenPlugin, InvalidInput, UnknownName
from heschl.models.torch_module import TorchModel

EXAMPLE = Path(__file__).parents[2] / "examples" / "my_model.py"


@pytest.fixture
def sound() -> np.ndarray:
    return np.random.default_rng(5).standard_normal((2, 4000)).astype(np.float32)


def test_layers_carry_names_widths_and_clock():
    layers = build().layers

    assert [layer.name for layer in layers] == ["cnn", "block.0", "block.1", "final"]
    assert layers[0] == Layer("cnn", width=6, rate_hz=50.0, offset_s=0.0125)
    assert isinstance(build(), SpeechModel)


def test_a_module_may_pad_to_one_length_and_cut_its_output():
    class Padding(Net):
        def forward(self, waveforms):
            missing = RATE - waveforms.shape[1]
            n_frames = frames(waveforms.shape[1])
            whole = super().forward(torch.nn.functional.pad(waveforms, (0, missing)))
            self.cut(whole["last_hidden_state"][:, :n_frames])

    def frames(n_samples: int) -> int:
        return min(49, n_samples // 320 + 1)

    net = Padding()
    net.cut = torch.nn.Identity()
    traits = Traits(maximum_s=1.0, fixed_s=1.0, minimum_samples=1)
    model = build(net, taps={"final": net.cut}, channels_first=(), padding=(0, 399),
                  n_frames={"final": frames}, traits=traits)  # fmt: skip

    assert model.traits.fixed_s == 1.0
    for n_samples in (1, 319, 320, 15_999, 16_000):
        found = model.forward(np.ones((1, n_samples), np.float32), ["final"])["final"]
        assert found.shape[1] == frames(n_samples)


def test_taps_are_what_the_submodules_return(sound):
    net = Net().eval()
    model = build(net)
    with torch.inference_mode():
        cnn = net.conv(torch.tensor(sound)[:, None]).transpose(1, 2)
        first = net.blocks[0](cnn)[0]
        second = net.blocks[1](first)[0]

    found = model.forward(sound, ["block.1", "cnn", "final", "block.0"])

    assert list(found) == ["block.1", "cnn", "final", "block.0"]
    for name, expected in {"cnn": cnn, "block.0": first, "block.1": second}.items():
        np.testing.assert_array_equal(found[name], expected)
    np.testing.assert_array_equal(found["final"], second)


def test_values_survive_a_later_step_in_place(sound):
    conv = torch.nn.Conv1d(1, 4, kernel_size=400, stride=320)
    net = torch.nn.Sequential(torch.nn.Unflatten(1, (1, -1)), conv, torch.nn.ReLU(inplace=True))
    model = build(net, taps={"cnn": conv})

    assert (model.forward(sound, ["cnn"])["cnn"] < 0).any()


def test_evaluation_mode_and_frozen_weights_always(sound):
    net = Net()
    model = build(net)
    expected = model.forward(sound, ["final"])["final"]
    net.train()

    found = model.forward(sound, ["final"])["final"]

    assert not net.blocks[0].dropout.training
    assert not any(parameter.requires_grad for parameter in net.parameters())
    np.testing.assert_array_equal(found, expected)


def test_random_state_is_left_alone(sound):
    torch.manual_seed(11)
    expected = torch.rand(3)
    net = Net()
    torch.manual_seed(11)
    model = TorchModel(
        "my-net", net, sample_rate=RATE, taps={"final": net}, stride=320, receptive_field=400
    )
    model.forward(sound, ["final"])

    assert torch.equal(torch.rand(3), expected)


def test_hooks_are_gone_after_a_pass_and_after_a_failure(sound):
    net = Net()
    model = build(net)
    model.forward(sound, ["cnn", "block.1"])
    model._call = lambda _net, _sound: 1 / 0
    with pytest.raises(ZeroDivisionError):
        model.forward(sound, ["cnn"])

    assert not any(part._forward_hooks for part in net.modules())


def test_call_prepares_the_waveforms(sound):
    plain = build().forward(2 * sound, ["cnn"])["cnn"]

    louder = build(call=lambda net, waveforms: net(2 * waveforms)).forward(sound, ["cnn"])["cnn"]

    np.testing.assert_array_equal(louder, plain)


def test_input_is_not_changed():
    def overwrite(net, waveforms):
        return net(waveforms.mul_(0))

    model = build(call=overwrite)
    waveforms = np.ones((1, 800), np.float32)
    waveforms.flags.writeable = False

    model.forward(waveforms, ["cnn"])

    assert (waveforms == 1).all()


def test_local_model_has_a_receptive_field_and_is_causal():
    model = build(traits=Traits(is_local=True))

    assert {layer.receptive_field_s for layer in model.layers} == {0.025}
    assert model.traits.is_causal
    assert model.traits.minimum_samples == 400


def test_impulse_is_stamped_with_its_time():
    waveform = np.zeros((1, RATE), np.float32)
    waveform[0, 8000] = 1
    model = build(traits=Traits(is_local=True))
    layer = model.layers[0]

    values = model.forward(waveform, ["cnn"])["cnn"][0].numpy()

    touched = np.flatnonzero(np.abs(values - values[0]).max(axis=1) > 0)
    times = layer.offset_s + touched / layer.rate_hz
    assert len(touched) >= 1
    assert (np.abs(times - 0.5) <= layer.receptive_field_s / 2).all()


def test_padded_convolution_is_centred_earlier(sound):
    conv = torch.nn.Conv1d(1, 4, kernel_size=400, stride=160, padding=200)

    model = build(
        conv,
        taps={"cnn": conv},
        stride=160,
        padding=(200, 200),
        call=lambda net, waveforms: net(waveforms[:, None]),
    )

    assert model.layers[0].offset_s == 0
    assert model.layers[0].rate_hz == 100
    assert model.forward(sound, ["cnn"])["cnn"].shape == (2, 26, 4)


def test_taps_may_differ_in_stride(sound):
    first = torch.nn.Conv1d(1, 4, kernel_size=10, stride=5)
    second = torch.nn.Conv1d(4, 3, kernel_size=4, stride=2)
    net = torch.nn.Sequential(torch.nn.Unflatten(1, (1, -1)), first, second)

    model = build(
        net,
        taps={"first": first, "second": second},
        channels_first={"first", "second"},
        stride={"first": 5, "second": 10},
        receptive_field={"first": 10, "second": 25},
    )

    shapes = {name: tuple(v.shape) for name, v in model.forward(sound, ["first", "second"]).items()}
    assert shapes == {"first": (2, 799, 4), "second": (2, 398, 3)}
    assert [layer.rate_hz for layer in model.layers] == [3200, 1600]


def test_card_counts_the_weights():
    card = build().card

    assert (card.id, card.parameters) == ("my-net", 400 * 6 + 6 + 3 * (36 + 6))
    assert card.target()().card is card


def test_model_survives_pickling(sound):
    model = build()

    twin = pickle.loads(pickle.dumps(model))  # noqa: S301

    assert twin.digest == model.digest
    np.testing.assert_array_equal(
        twin.forward(sound, ["final"])["final"], model.forward(sound, ["final"])["final"]
    )


def test_example_is_short_and_local(sound):
    assert len(EXAMPLE.read_text().splitlines()) <= 25
    model = runpy.run_path(str(EXAMPLE))["my_net"]()

    whole = model.forward(sound, ["relu"])["relu"]
    part = model.forward(sound[:1, 640:2000].copy(), ["relu"])["relu"]

    # Convolutions of other lengths may sum in another order.
    np.testing.assert_allclose(part[0], whole[0, 2:6], rtol=1e-5, atol=1e-6)


def test_importing_the_package_does_not_import_torch():
    code = "import sys, heschl.models.torch_module; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("waveforms", "message"),
    [
        (np.zeros(800, np.float32), r"\(batch, sample\)"),
        (np.zeros((1, 800)), "float64"),
        (np.zeros((1, 399), np.float32), "399 samples; it needs at least 400"),
        (torch.zeros(1, 800), "Tensor; expected a NumPy array"),
    ],
    ids=["1d", "float64", "short", "tensor"],
)
def test_malformed_waveforms_are_refused(waveforms, message):
    with pytest.raises(InvalidInput, match=message):
        build().forward(waveforms, ["cnn"])


def test_too_long_waveform_is_refused(sound):
    with pytest.raises(InvalidInput, match=r"at most 0\.2 s"):
        build(traits=Traits(maximum_s=0.2)).forward(sound, ["cnn"])


def test_unknown_tap_names_the_near_one(sound):
    with pytest.raises(UnknownName, match=r"did you mean 'block\.[01]' or"):
        build().forward(sound, ["block.2"])


def test_unknown_taps_are_refused_before_the_network_runs(sound):
    model = build()
    model._call = lambda _net, _sound: 1 / 0

    with pytest.raises(UnknownName):
        model.forward(sound, ["block.9"])
    assert model.forward(sound, []) == {}


def test_threads_are_as_many_as_before_after_a_pass():
    seen = []

    def call(net, sound):
        seen.append(torch.get_num_threads())
        return net(sound[:, None])

    before = torch.get_num_threads()
    net = torch.nn.Conv1d(1, 4, kernel_size=400, stride=320)
    settings = {"sample_rate": 16_000, "taps": {"conv": net}, "channels_first": {"conv"}}
    model = TorchModel(
        "narrow", net, stride=320, receptive_field=400, call=call, n_threads=1, **settings
    )
    seen.clear()
    model.forward(np.zeros((1, 16_000), dtype=np.float32), ["conv"])

    assert seen == [1]
    assert torch.get_num_threads() == before


def test_family_that_was_tested_is_heard_once_and_its_frames_are_still_counted(sound):
    heard = []

    class Counting(Net):
        def forward(self, waveforms):
            heard.append(tuple(waveforms.shape))
            return super().forward(waveforms)

    model = build(Counting(), is_tested=True)
    assert heard == [(1, model.traits.minimum_samples)]
    assert model.layers == build().layers

    other = build(Counting(), is_tested=True, stride=160)
    with pytest.raises(BrokenPlugin, match="frames"):
        other.forward(sound, ["cnn"])
