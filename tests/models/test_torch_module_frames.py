"""Frames that leave the layers of a `TorchModel`: the last alone, from views, in bfloat16."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch
from small_net import Net, build

from heschl.errors import BrokenPlugin, InvalidInput
from heschl.models.inputs import shared_stretch

NAMES = ["cnn", "block.0", "block.1", "final"]


@pytest.fixture
def sound() -> np.ndarray:
    return np.random.default_rng(5).standard_normal((3, 16_000)).astype(np.float32)


def test_last_frames_are_those_of_the_whole_output(sound):
    model = build()

    found, whole = model.last_frames(sound, NAMES), model.forward(sound, NAMES)

    assert list(found) == NAMES
    for name in NAMES:
        assert found[name].shape == (3, 1, 6)
        assert torch.equal(found[name], whole[name][:, -1:])


class Deep(Net):
    """Watches, from block to block, which outputs of earlier ones are still in memory."""

    def __init__(self) -> None:
        super().__init__(width=6)
        self.blocks = torch.nn.ModuleList(torch.nn.Linear(6, 6) for _ in range(6))
        self.n_alive: list[int] = []

    def forward(self, waveforms):
        hidden = self.conv(waveforms[:, None]).transpose(1, 2)
        outputs = []
        for block in self.blocks:
            hidden = block(hidden)
            outputs.append(weakref.ref(hidden))
            self.n_alive.append(sum(output() is not None for output in outputs))
        return hidden


def test_only_the_wanted_frames_outlive_their_layer(sound):
    net = Deep()
    model = build(net, taps={"block.{i}": net.blocks}, channels_first=())
    names = [layer.name for layer in model.layers]

    net.n_alive.clear()
    last = model.last_frames(sound, names)

    assert net.n_alive == [1] * 6, "the output of a block is gone when the next has run"
    # What is kept is as large as the frame, and no view of something larger.
    for name in names:
        assert last[name].untyped_storage().nbytes() == 3 * 6 * 4
    whole = model.forward(sound, names)
    assert whole[names[0]].untyped_storage().nbytes() == 3 * 49 * 6 * 4


def test_last_frames_of_a_wrong_clock_are_refused_all_the_same(sound):
    net = Net()
    model = build(net)
    net.conv.stride = (160,)

    with pytest.raises(BrokenPlugin, match=r"stride 320, .* promise 49 frames"):
        model.last_frames(sound, NAMES)


def test_rows_that_share_samples_give_what_copies_give():
    samples = np.random.default_rng(1).standard_normal(20_000).astype(np.float32)
    rows = np.lib.stride_tricks.sliding_window_view(samples, 8000)[::1600]
    model = build()

    found, expected = model.last_frames(rows, NAMES), model.last_frames(rows.copy(), NAMES)

    assert len(rows) == 8
    for name in NAMES:
        assert torch.equal(found[name], expected[name])


def test_networks_that_write_into_their_input_spoil_no_neighbour():
    def overwrite(net, waveforms):
        return net(waveforms.mul_(2))

    samples = np.random.default_rng(1).standard_normal(20_000).astype(np.float32)
    before = samples.copy()
    rows = np.lib.stride_tricks.sliding_window_view(samples, 8000)[::1600]

    found = build(call=overwrite).last_frames(rows, ["cnn"])["cnn"]

    assert torch.equal(found, build().last_frames(2 * rows, ["cnn"])["cnn"])
    assert np.array_equal(samples, before)


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((3, 8), np.float32),
        np.zeros((3, 8), np.float32)[:, ::2],
        np.zeros((8, 3), np.float32).T,
        np.broadcast_to(np.zeros(8, np.float32), (3, 8)),
        np.zeros((3, 8), np.float32)[::-1],
    ],
    ids=["plain", "thinned", "transposed", "repeated", "reversed"],
)
def test_rows_that_lie_apart_share_no_stretch(rows):
    assert shared_stretch(rows) == (None, 0)


def test_samples_that_are_not_finite_are_found_in_shared_rows():
    samples = np.zeros(20_000, np.float32)
    samples[9000] = np.nan
    rows = np.lib.stride_tricks.sliding_window_view(samples, 8000)[::1600]

    with pytest.raises(InvalidInput, match="not finite"):
        build().last_frames(rows, NAMES)


def test_bfloat16_is_another_model_and_leaves_the_first_as_it_is(sound):
    model = build()
    expected = model.forward(sound, NAMES)

    rounded = model.with_precision("bfloat16").forward(sound, NAMES)

    again = model.forward(sound, NAMES)
    for name in NAMES:
        error = (rounded[name].float() - expected[name]).norm() / expected[name].norm()
        assert 1e-4 < error < 3e-2
        assert torch.equal(again[name], expected[name])
    back = model.with_precision("bfloat16").with_precision("float32")
    assert torch.equal(back.forward(sound, NAMES)["final"], expected["final"])


def test_float32_stays_float32_within_somebody_s_automatic_casting(sound):
    model = build()
    expected = model.forward(sound, NAMES)["final"]

    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = model.forward(sound, NAMES)["final"]

    assert torch.equal(found, expected)


def test_other_precisions_are_refused():
    with pytest.raises(InvalidInput, match="precision='float16'; expected one of float32, bfloat1"):
        build().with_precision("float16")
