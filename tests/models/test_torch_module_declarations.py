"""A net that is not as declared is refused when it is wrapped."""

from __future__ import annotations

import pytest
import torch
from small_net import Net, build

from heschl.contracts import Traits
from heschl.errors import BrokenPlugin, InvalidInput


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"taps": {}}, InvalidInput, "expected at least one layer"),
        ({"taps": {"cnn": "convv"}}, InvalidInput, "lacks; did you mean 'conv'"),
        ({"taps": {"cnn": torch.nn.Linear(1, 1)}}, InvalidInput, "no part of the module"),
        ({"taps": {"cnn": "conv", "block": "blocks"}}, InvalidInput, "'block.{i}'"),
        ({"taps": {"cnn": "conv", "x.{i}": "conv"}}, InvalidInput, "one Conv1d"),
        ({"taps": {"cnn": "conv", "x.{i}": []}}, InvalidInput, "empty sequence"),
        (
            {"taps": {"cnn": "conv", "block.1": "conv", "block.{i}": "blocks"}},
            InvalidInput,
            "layer 'block.1' twice",
        ),
        ({"taps": {"cnn": "conv", "unused": "unused"}}, BrokenPlugin, "'unused'.*not called"),
        ({"channels_first": {"conv"}}, InvalidInput, "did you mean 'cnn'|known: "),
        ({"channels_first": "cnn"}, InvalidInput, "expected {'cnn'}"),
        ({"channels_first": ()}, BrokenPlugin, "swapped: name it in channels_first"),
        ({"channels_first": {"cnn", "final"}}, BrokenPlugin, "take it out of channels_first"),
        ({"stride": 160}, BrokenPlugin, "stride 160.*promise"),
        ({"receptive_field": 80}, BrokenPlugin, "promise"),
        ({"padding": (160, 160)}, BrokenPlugin, "promise"),
        ({"stride": 0}, InvalidInput, "stride=0"),
        ({"stride": 320.0}, InvalidInput, "stride=320.0; expected a whole number"),
        ({"stride": {"cnn": 320}}, InvalidInput, "no stride for the tap 'block.{i}'"),
        ({"padding": 200}, InvalidInput, r"such as \(200, 200\)"),
        ({"sample_rate": 16e3}, InvalidInput, "sample_rate=16000.0"),
        ({"call": torch.nn.Identity()}, InvalidInput, "a plain function"),
        ({"net": "resnet"}, InvalidInput, "a str as its module"),
        ({"traits": Traits(fixed_s=30)}, InvalidInput, "fixed_s=30"),
        ({"n_frames": {"cnnn": len}}, InvalidInput, "did you mean 'cnn'"),
        ({"n_frames": {"cnn": lambda n: n // 320}}, BrokenPlugin, "promise"),
        (
            {"traits": Traits(is_local=True), "padding": (1, 1)},
            InvalidInput,
            "is_local=True and padding",
        ),
    ],
)
def test_wrong_declaration_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        build(**changes)


def test_module_that_is_random_in_evaluation_mode_is_refused():
    class Noisy(Net):
        def forward(self, waveforms):
            return super().forward(torch.nn.functional.dropout(waveforms))

    with pytest.raises(BrokenPlugin, match="other values for the same sound"):
        build(Noisy())


@pytest.mark.parametrize("axis", [None, 0], ids=["over the batch", "across rows"])
def test_module_whose_rows_depend_on_each_other_is_refused(axis):
    class Standardising(Net):
        def forward(self, waveforms):
            over = {} if axis is None else {"dim": axis, "keepdim": True}
            return super().forward(waveforms - waveforms.mean(**over))

    with pytest.raises(BrokenPlugin, match="when another one in the batch is louder"):
        build(Standardising())


def test_module_that_standardises_each_row_is_taken():
    class Standardising(Net):
        def forward(self, waveforms):
            mean, spread = (of(waveforms, dim=-1, keepdim=True) for of in (torch.mean, torch.std))
            return super().forward((waveforms - mean) / spread)

    assert build(Standardising()).layers


def test_module_that_cannot_be_called_with_waveforms_is_refused():
    conv = torch.nn.Conv1d(1, 4, 400, 320)
    net = torch.nn.Sequential(conv, torch.nn.Flatten(start_dim=4))

    with pytest.raises(BrokenPlugin, match=r"failed on 2 waveforms.*RuntimeError.*call="):
        build(net, taps={"cnn": conv})


def test_module_that_needs_more_samples_than_its_field_says_so():
    class Patient(Net):
        def forward(self, waveforms):
            assert waveforms.shape[1] >= 1000, "too short"
            return super().forward(waveforms)

    with pytest.raises(BrokenPlugin, match=r"of 400 samples, AssertionError: too short"):
        build(Patient())
    assert build(Patient(), traits=Traits(minimum_samples=1000)).traits.minimum_samples == 1000


def test_submodule_that_runs_twice_is_refused():
    class Shared(Net):
        def forward(self, waveforms):
            super().forward(waveforms)
            return super().forward(waveforms)

    with pytest.raises(BrokenPlugin, match="'cnn' of 'my-net' runs more than once"):
        build(Shared())


def test_output_without_a_tensor_is_refused():
    class Empty(Net):
        def forward(self, waveforms):
            super().forward(waveforms)
            return {"loss": None}

    with pytest.raises(BrokenPlugin, match=r"'final'.*dict without a tensor"):
        build(Empty())


def test_output_without_a_time_axis_is_refused():
    class Pooled(Net):
        def forward(self, waveforms):
            return super().forward(waveforms)["last_hidden_state"].mean(dim=1)

    with pytest.raises(BrokenPlugin, match=r"'final'.*gave \(2, 6\)"):
        build(Pooled())
