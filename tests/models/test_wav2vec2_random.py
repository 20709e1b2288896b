"""The untrained wav2vec 2.0: taps, time stamps, seeds and recipe."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor

from heschl.contracts import SpeechModel
from heschl.errors import InvalidInput
from heschl.models import huggingface
from heschl.models.huggingface.random_wav2vec2 import REDUCED, base, random_wav2vec2, reduced
from heschl.models.torch_module import TorchModel

RATE = 16_000
STABLE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}


@pytest.fixture(scope="module")
def model() -> TorchModel:
    return reduced()


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    generator = np.random.default_rng(2)
    return (0.1 + 0.05 * generator.standard_normal((2, RATE))).astype(np.float32)


def names(model: TorchModel) -> list[str]:
    return [layer.name for layer in model.layers]


def test_layers_of_the_reduced_size(model):
    assert names(model) == ["cnn", "embed", "block.0", "block.1", "block.2"]
    assert [layer.width for layer in model.layers] == [64, 32, 32, 32, 32]
    for layer in model.layers:
        assert (layer.rate_hz, layer.offset_s) == (50, 0.0125)
        assert layer.receptive_field_s is None
    assert isinstance(model, SpeechModel)
    assert not model.traits.is_local
    assert model.traits.minimum_samples == 400


@pytest.mark.parametrize("changes", [{}, STABLE], ids=["post-norm", "stable-norm"])
def test_taps_equal_the_hidden_states_of_transformers(changes, sound):
    model = random_wav2vec2("net", **(REDUCED | changes))
    extractor = Wav2Vec2FeatureExtractor(feature_size=1, sampling_rate=RATE, do_normalize=True)
    inputs = extractor(list(sound), sampling_rate=RATE, return_tensors="pt").input_values
    network = model._module
    with torch.inference_mode():
        expected = network(inputs, output_hidden_states=True).hidden_states
        cnn = network.feature_extractor(inputs).transpose(1, 2)

    found = model.forward(sound, names(model))

    # The extractor standardises in NumPy, so the last bits of its float32 differ from ours.
    tolerance = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(found["cnn"], cnn, **tolerance)
    np.testing.assert_allclose(found["embed"], expected[0], **tolerance)
    # The last entry is the last block's output or what follows it, by transformers' version, so
    # only with post-norm, where nothing follows, does it say anything of the last block.
    n_blocks = len(expected) - 1
    for k in range(1, n_blocks if changes else n_blocks + 1):
        np.testing.assert_allclose(found[f"block.{k - 1}"], expected[k], **tolerance)
    if changes:
        with torch.inference_mode():
            final = network(inputs).last_hidden_state
        np.testing.assert_allclose(found["final"], final, **tolerance)
    else:
        assert "final" not in found


@pytest.mark.parametrize("n_samples", [400, 719, 720, 1600, 7999, 16_000])
def test_number_of_frames_is_that_of_transformers(model, n_samples):
    expected = int(model._module._get_feat_extract_output_lengths(n_samples))

    found = model.forward(np.ones((1, n_samples), np.float32), names(model))

    assert {values.shape[1] for values in found.values()} == {expected}


def test_impulse_is_stamped_with_its_time(model):
    waveform = np.zeros((1, 2 * RATE), np.float32)
    waveform[0, RATE] = 1
    layer = model.layers[0]

    values = model.forward(waveform, ["cnn"])["cnn"][0].numpy()

    touched = np.flatnonzero(np.abs(values - values[0]).max(axis=1) > 1e-3)
    times = layer.offset_s + touched / layer.rate_hz
    assert len(touched) >= 1
    assert (np.abs(times - 1.0) <= 0.0125).all()


def test_level_and_offset_of_the_sound_do_not_matter(model, sound):
    expected = model.forward(sound, ["block.2"])["block.2"]

    found = model.forward(4 * sound - 1, ["block.2"])["block.2"]

    np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-3)


def test_silence_is_finite(model):
    found = model.forward(np.zeros((1, RATE), np.float32), names(model))

    assert all(torch.isfinite(values).all() for values in found.values())


def test_rows_of_a_batch_do_not_touch_each_other(model, sound):
    together = model.forward(sound, names(model))

    for row in range(len(sound)):
        alone = model.forward(sound[row : row + 1], names(model))
        for name in names(model):
            np.testing.assert_allclose(together[name][row], alone[name][0], rtol=1e-4, atol=1e-5)


def test_blocks_differ_and_hear_the_sound(model, sound):
    found = {name: values.numpy() for name, values in model.forward(sound, names(model)).items()}

    for before, after in [("embed", "block.0"), ("block.0", "block.1"), ("block.1", "block.2")]:
        assert np.corrcoef(found[before].ravel(), found[after].ravel())[0, 1] < 0.99
    assert all(values.std(axis=1).mean() > 0.01 for values in found.values())


def test_same_seed_gives_the_same_weights_whatever_the_random_state():
    torch.manual_seed(1)
    one = reduced()
    torch.manual_seed(2)
    two = reduced()

    assert one.digest == two.digest
    weights, others = one._module.state_dict(), two._module.state_dict()
    assert all(torch.equal(weights[name], others[name]) for name in weights)


def test_other_seed_gives_other_weights_and_another_digest(model, sound):
    other = random_wav2vec2("other", seed=1, **REDUCED)

    assert other.digest != model.digest
    expected = model.forward(sound, ["cnn"])["cnn"]
    assert not np.allclose(other.forward(sound, ["cnn"])["cnn"], expected, atol=1e-2)


def test_other_architecture_gives_another_digest(model):
    deeper = random_wav2vec2("deeper", **(REDUCED | {"num_hidden_layers": 4}))

    assert names(deeper)[-1] == "block.3"
    assert deeper.digest != model.digest


def test_random_states_are_left_alone(sound):
    def draw():
        return torch.rand(2).tolist(), np.random.rand(2).tolist(), random.random()  # noqa: NPY002, S311

    def seed():
        torch.manual_seed(4)
        np.random.seed(4)  # noqa: NPY002
        random.seed(4)

    seed()
    expected = draw()
    seed()
    reduced().forward(sound, ["block.2"])

    assert draw() == expected


def test_nothing_of_training_is_left(model):
    config = model._module.config

    assert not model._module.training
    assert config.layerdrop == config.mask_time_prob == config.mask_feature_prob == 0
    assert not config.apply_spec_augment
    assert config._attn_implementation == "sdpa"


def test_base_is_the_base_size():
    model = base()
    config, expected = model._module.config, Wav2Vec2Config()

    assert names(model) == ["cnn", "embed", *(f"block.{k}" for k in range(12))]
    assert [layer.width for layer in model.layers] == [512] + 13 * [768]
    for name in ("conv_dim", "conv_kernel", "conv_stride", "intermediate_size", "hidden_act"):
        assert getattr(config, name) == getattr(expected, name)
    # Baevski et al. 2020: seven convolutions of 512 channels, group norm, heads of 64.
    assert tuple(config.conv_dim) == (512,) * 7
    assert config.feat_extract_norm == "group"
    assert (config.num_attention_heads, config.intermediate_size) == (12, 3072)
    assert sum(weight.numel() for weight in model._module.parameters()) == model.card.parameters


def test_cards_are_true_and_light(model):
    assert model.card is huggingface.WAV2VEC2_RANDOM
    assert sum(weight.numel() for weight in model._module.parameters()) == model.card.parameters
    assert model.card.training.is_trained is False
    assert {card.target() for card in huggingface.CARDS} == {base, reduced}
    code = "import sys, heschl.models.huggingface as m; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_sizes": 32}, "no setting 'hidden_sizes'; did you mean 'hidden_size'"),
        ({"num_attention_heads": 5}, "cannot build this wav2vec 2.0"),
        ({"conv_dim": (8, 8)}, "refuses the wav2vec 2.0 configuration"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 1.5}, "seed=1.5"),
    ],
)
def test_impossible_architectures_and_seeds_are_refused(settings, message):
    with pytest.raises(InvalidInput, match=message):
        random_wav2vec2("wrong", **(REDUCED | settings))
