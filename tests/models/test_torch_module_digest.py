"""The digest of a `TorchModel` changes whenever its outputs would, and otherwise stays."""

from __future__ import annotations

import functools
import importlib.util
import sys
import types

import numpy as np
import pytest
import torch

from heschl.models.torch_module import TorchModel


class Louder:
    """A callable with a state, which is no module."""

    def __init__(self, gain: float) -> None:
        self.gain = gain
        self.itself = self

    def __call__(self, hidden):
        return self.gain * hidden


def ablated(_module, _inputs, output, *, kept=0.0):
    """Silence a layer, as hooks of many analyses do."""
    return kept * output


class Net(torch.nn.Module):
    """A convolution, a buffer that is not saved, a function and a number that no weight holds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 4, kernel_size=400, stride=320)
        self.norm = torch.nn.GroupNorm(4, 4)
        self.register_buffer("shift", torch.zeros(4, 1), persistent=False)
        self.scale = 0.5
        self.activation = torch.relu
        self.taper = torch.ones(4, 1)
        self._gain = 1.0
        self.rectified = functools.partial(torch.nn.functional.leaky_relu, negative_slope=0.1)
        self.louder = Louder(2.0)

    def forward(self, waveforms):
        hidden = self.norm(self.conv(waveforms[:, None])) + self.shift
        hidden = self.louder(self.rectified(self._gain * hidden))
        return self.scale * self.taper * self.activation(hidden)


@pytest.fixture
def net() -> Net:
    torch.manual_seed(3)
    return Net()


def build(net: torch.nn.Module, **changes) -> TorchModel:
    settings = {
        "sample_rate": 16_000,
        "taps": {"cnn": "conv"},
        "channels_first": {"cnn"},
        "stride": 320,
        "receptive_field": 400,
    }
    return TorchModel("my-net", net, **(settings | changes))


def test_digest_is_the_same_for_the_same_net(net):
    torch.manual_seed(3)

    assert build(net).digest == build(Net()).digest


def _other_weight(net: Net) -> None:
    net.conv.weight.data = net.conv.weight.data + 1e-6


def _zeroed_past_torch(net: Net) -> None:
    net.conv.weight.data.zero_()


def _shuffled_past_torch(net: Net) -> None:
    net.conv.weight.data.copy_(net.conv.weight.data[[1, 0, 3, 2]].clone())


def _written_through_a_shared_array(net: Net) -> None:
    net.conv.bias.numpy()[:] = 1.0


def _other_buffer(net: Net) -> None:
    net.shift += 1


def _other_number(net: Net) -> None:
    net.scale = 0.25


def _other_function(net: Net) -> None:
    net.activation = torch.tanh


def _other_tensor(net: Net) -> None:
    net.taper = torch.arange(4.0)[:, None]


def _other_option_of_a_layer(net: Net) -> None:
    net.norm.eps = 1e-3


def _other_private_number(net: Net) -> None:
    net._gain = 3.0


def _other_bound_argument(net: Net) -> None:
    net.rectified = functools.partial(torch.nn.functional.leaky_relu, negative_slope=0.3)


def _other_state_of_an_object(net: Net) -> None:
    net.louder.gain = 3.0


def _other_method(net: Net) -> None:
    net.forward = types.MethodType(lambda self, waveforms: self.conv(waveforms[:, None]), net)


def _hook(net: Net) -> None:
    net.conv.register_forward_hook(ablated)


def _hook_before(net: Net) -> None:
    net.conv.register_forward_pre_hook(lambda _module, inputs: (2 * inputs[0],))


@pytest.mark.parametrize(
    "change",
    [
        _other_private_number,
        _other_bound_argument,
        _other_state_of_an_object,
        _other_method,
        _hook,
        _hook_before,
        _other_weight,
        _zeroed_past_torch,
        _shuffled_past_torch,
        _written_through_a_shared_array,
        _other_buffer,
        _other_number,
        _other_function,
        _other_tensor,
        _other_option_of_a_layer,
    ],
)
def test_digest_follows_the_module(net, change):
    model = build(net)
    before = model.digest

    change(net)

    assert model.digest != before


@pytest.mark.parametrize(
    "changes",
    [
        {"sample_rate": 8000},
        {"call": lambda net, waveforms: net(waveforms)},
        {"taps": {"cnn": "norm"}},
        {"taps": {"conv": "conv"}, "channels_first": {"conv"}},
    ],
    ids=["sample_rate", "call", "submodule", "name"],
)
def test_digest_follows_the_declaration(net, changes):
    assert build(net, **changes).digest != build(net).digest


def test_digest_follows_weights_that_are_loaded_later(net):
    model = build(net)
    before = model.digest
    other = Net()

    net.load_state_dict(other.state_dict())

    assert model.digest != before
    assert model.digest == build(other).digest


def test_digest_follows_what_a_hook_was_given(net):
    digests = set()
    for kept in (0.0, 0.5, 0.5):
        handle = net.conv.register_forward_hook(functools.partial(ablated, kept=kept))
        digests.add(build(net).digest)
        handle.remove()

    assert len(digests) == 2


def test_digest_follows_one_method_in_place_of_another(net):
    digests = set()
    for gain in (1, 2, 2):
        source = f"def forward(self, waveforms):\n    return {gain} * self.conv(waveforms[:, None])"
        content = {"__name__": "__main__"}
        exec(source, content)  # noqa: S102  as a notebook does
        net.forward = types.MethodType(content["forward"], net)
        digests.add(build(net).digest)

    assert len(digests) == 2


def test_digest_knows_nothing_of_what_installed_classes_keep_to_themselves():
    conv = torch.nn.Conv1d(1, 4, 400, 320)
    net = torch.nn.Sequential(torch.nn.Unflatten(1, (1, -1)), conv)
    model = build(net, taps={"cnn": conv})
    before = model.digest

    conv._seen = net._calls = 1

    assert model.digest == before


def test_digest_follows_the_code_of_the_class(tmp_path):
    source = "import torch\nclass Gain(torch.nn.Conv1d):\n    gain = 1\n"
    digests = [
        _digest_of_file(tmp_path / "one.py", source),
        _digest_of_file(tmp_path / "two.py", source + "# a comment\n"),
        _digest_of_file(tmp_path / "three.py", source.replace("= 1", "= 2")),
    ]

    assert digests[0] == digests[1] != digests[2]


def _digest_of_file(path, source: str) -> str:
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
        torch.manual_seed(0)
        conv = module.Gain(1, 4, 400, 320)
        net = torch.nn.Sequential(torch.nn.Unflatten(1, (1, -1)), conv)
        return build(net, taps={"cnn": conv}).digest
    finally:
        del sys.modules[path.stem]


def test_digest_is_not_touched_by_running(net):
    model = build(net)
    before = model.digest

    model.to("cpu").forward(np.zeros((1, 800), np.float32), ["cnn"])
    net.train()

    assert model.digest == before


def test_half_precision_and_empty_weights_can_be_hashed(net):
    before = build(net).digest
    net.register_buffer("nothing", torch.zeros(0))
    net.register_buffer("brief", torch.ones(3, dtype=torch.bfloat16))
    net.register_buffer("mask", torch.ones(2) > 0)

    assert build(net).digest != before


def test_given_digest_is_used_for_installed_code():
    conv = torch.nn.Conv1d(1, 4, 400, 320)
    net = torch.nn.Sequential(torch.nn.Unflatten(1, (1, -1)), conv)
    assert build(net, taps={"cnn": conv}, digest="recipe").digest == "recipe"


def test_code_at_hand_counts_beside_a_given_digest(net):
    def louder(module, waveforms):
        return module(2 * waveforms)

    digests = {build(net, digest="recipe", call=call).digest for call in (None, louder)}

    assert len(digests) == 2
    assert all(digest.startswith("recipe ") for digest in digests)
