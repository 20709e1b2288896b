"""Every family of transformers gives away a network that learns."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")
pytest.importorskip("transformers", reason="install it by: pip install 'heschl[speech]'")

import torch
from huggingface_checkpoints import KINDS, ONE_EACH, write_checkpoint

from heschl.registry import resolve_model
from heschl.tuning import tunable_network


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Return what opens a kind of checkpoint."""

    def open_kind(kind, **changes):
        folder = write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "it", kind, **changes)
        return resolve_model(f"hf:{folder}").object

    return open_kind


@pytest.mark.parametrize("kind", [*ONE_EACH.values(), "wav2vec2"])
def test_copy_gives_the_last_layer_and_learns(kind, opened):
    model = opened(kind)
    last = model.layers[-1].name
    noise = np.random.default_rng(0).standard_normal((1, model.sample_rate // 2))
    noise = (0.1 * noise).astype(np.float32)

    copy = tunable_network(model, last, frozen="cnn")
    heard = copy(torch.from_numpy(noise))

    torch.testing.assert_close(heard.detach(), model.forward(noise, [last])[last])
    assert heard.shape[1:] == (copy.n_frames(noise.shape[1]), copy.n_units)
    heard.square().mean().backward()
    slopes = {name: weight.grad for name, weight in copy.named_parameters() if weight.requires_grad}
    assert slopes
    assert all(slope is not None and torch.isfinite(slope).all() for slope in slopes.values())


def test_convolutions_stay_as_they_are_if_asked(opened):
    copy = tunable_network(opened("hubert"), "block.1", frozen="cnn")
    learned = {name for name, weight in copy.named_parameters() if weight.requires_grad}
    assert any("feature_projection" in name for name in learned)
    assert not any("feature_extractor" in name for name in learned)
    assert any("feature_extractor" in name for name, _ in copy.named_parameters())


def test_training_leaves_out_no_block_and_no_frame(opened):
    """Short sounds have too few frames for the masks of transformers, and blocks are dropped."""
    assert KINDS["wav2vec2"].settings["num_hidden_layers"] == 2
    model = opened("wav2vec2", layerdrop=1.0, mask_time_prob=0.9, hidden_dropout=0.0)
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 1600))).float()
    numpy_state = np.random.get_state()[1].tolist()  # noqa: NPY002  from which it would draw
    copy = tunable_network(model, "block.1").train()
    for _ in range(3):
        assert copy(noise).shape[1] == copy.n_frames(1600)
    assert np.random.get_state()[1].tolist() == numpy_state  # noqa: NPY002
    config = model._module.encoder.config
    assert (config.layerdrop, config.apply_spec_augment) == (1.0, True)


def test_way_back_that_is_spared_changes_no_slope_of_what_learns(opened):
    model = opened("wav2vec2")
    network = tunable_network(model, model.layers[-1].name, frozen="cnn").eval()
    waveforms = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 4000))).float()
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    encoder = next(part for part in network.modules() if hasattr(part, "_requires_grad"))

    def slopes(asks):
        # eval() has no draws; this is what the encoder looks at when it trains.
        encoder._requires_grad, encoder.training = asks, True
        return torch.autograd.grad(network(waveforms).square().sum(), weights, allow_unused=True)

    assert not encoder._requires_grad
    spared, whole = slopes(asks=False), slopes(asks=True)
    assert sum(each is not None for each in whole) > 0
    for one, other in zip(spared, whole, strict=True):
        assert (one is None and other is None) or torch.equal(one, other)
