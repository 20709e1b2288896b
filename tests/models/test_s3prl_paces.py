"""Families of s3prl with frames of several paces, or of patches, in their place in time."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[s3prl]'")
pytest.importorskip("s3prl", reason="s3prl is not installed: pip install 'heschl[s3prl]'")

import torch
from s3prl_checkpoints import LAYER_NORM, write_checkpoint

from heschl import registry
from heschl.errors import InvalidInput
from heschl.models.s3prl.quiet import quiet_construction

pytestmark = pytest.mark.usefixtures("narrow")

RATE = 16_000


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Return two waveforms (batch, sample) with an odd number of frames of 20 ms."""
    drawn = np.random.default_rng(2).standard_normal((2, 400 + 320 * 46))
    return (0.1 * drawn).astype(np.float32)


def opened(folder, name, **changes):
    path = write_checkpoint(folder, name, **changes)
    return registry.resolve_model(f"s3prl:{name}?ckpt={path}").object


STAGES = [
    *(f"down.0.{layer}" for layer in ("embed", "block.0", "block.1")),
    *(f"middle.{layer}" for layer in ("embed", "block.0")),
    *(f"up.0.{layer}" for layer in ("embed", "block.0", "block.1")),
]


@pytest.mark.parametrize("norm", [False, True])
def test_slower_stages_keep_the_frames_that_s3prl_repeats(norm, tmp_path, sound):
    changes = LAYER_NORM if norm else {}
    path = write_checkpoint(tmp_path, "multires_hubert_custom", **changes)
    model = registry.resolve_model(f"s3prl:multires_hubert_custom?ckpt={path}").object
    names = [name.replace("block.1", "final") for name in STAGES] if norm else STAGES
    names = [name.replace("middle.block.0", "middle.final") for name in names] if norm else names
    assert [layer.name for layer in model.layers] == ["cnn", *names]

    from s3prl.upstream.multires_hubert.hubconf import multires_hubert_custom

    with quiet_construction():
        expert = multires_hubert_custom(str(path)).eval()
    with torch.inference_mode():
        theirs = expert([*torch.tensor(sound)])["hidden_states"]
    ours = model.forward(sound, names)
    for name, expected in zip(names, theirs, strict=True):
        is_slow = name.startswith("middle")
        heard = ours[name].repeat_interleave(2, dim=1) if is_slow else ours[name]
        assert ours[name].shape[1] == (24 if is_slow else 47)
        assert {layer.name: layer.rate_hz for layer in model.layers}[name] == 50 / (1 + is_slow)
        torch.testing.assert_close(heard[:, :47], expected[:, :47], rtol=1e-4, atol=1e-5)


def test_paces_that_are_no_whole_steps_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="changes its pace"):
        opened(tmp_path, "multires_hubert_custom", label_rate_ratios=[2, 5])


@pytest.mark.parametrize("patch", [False, True])
def test_patches_of_one_moment_lie_side_by_side(patch, tmp_path, sound):
    model = opened(tmp_path, "mae_ast_local", patch=patch)
    heard = model.forward(sound, ["block.0"])["block.0"]
    n_frames = (sound.shape[1] - 400) // 160 + 1
    assert heard.shape[1:] == ((n_frames // 16, 64) if patch else (n_frames // 2, 32))
    assert model.layers[0].rate_hz == (6.25 if patch else 50)
    assert model.layers[0].offset_s == pytest.approx((400 + (15 if patch else 1) * 160) / 2 / RATE)

    expert = model._module.expert
    with torch.inference_mode():
        expected = expert([*torch.tensor(sound)])["hidden_states"][0]
    torch.testing.assert_close(heard, expected)


def test_every_other_frame_lies_where_a_click_is_heard(tmp_path):
    """The input of the first block is a line and a narrow convolution away from the spectra."""
    model = opened(tmp_path, "decoar2_custom")
    quiet = 0.01 * np.random.default_rng(0).standard_normal((1, RATE)).astype(np.float32)
    loud = quiet.copy()
    loud[0, 8000:8010] += 0.9
    before, after = (model.forward(each, ["embed"])["embed"].numpy() for each in (quiet, loud))
    moved = np.abs(after - before)[0].max(axis=1)
    layer = model.layers[0]
    centre_s = layer.offset_s + np.argmax(moved) / layer.rate_hz
    # A position's convolution of 16 frames reaches 8 to either side.
    assert abs(centre_s - 8005 / RATE) <= 8 / layer.rate_hz
    assert layer.rate_hz == 50
    assert before.shape[1] == ((RATE - 400) // 160 + 1 + 1) // 2
