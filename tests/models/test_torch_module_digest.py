"""The digest of a `TorchModel` changes whenever its outputs would, and otherwise stays."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
import torch

from heschl.models.torch_module import TorchModel


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

    def forward(self, waveforms):
        hidden = self.norm(self.conv(waveforms[:, None])) + self.shift
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


@pytest.mark.parametrize(
    "change",
    [
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
