"""The same weights through the makers' own code, where it is installed.

torchvggish, BEATs and encodecmae come from their repositories, dasheng from PyPI; the latter two
need torchaudio. Each gives its weights to a file, which is then loaded as any release is.
"""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pretrained_checkpoints as small
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")

import torch

from heschl import registry
from heschl.models.s3prl.compatibility import make_compatible

RELATIVE_ERROR = 1e-5
"""The length of the difference by that of what is expected."""


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    """Return three and a half seconds at 16 kHz, (1, sample)."""
    drawn = 0.1 * np.random.default_rng(0).standard_normal((1, 56_000))
    return drawn.astype(np.float32)


def peer(name):
    """Return the makers' module, or skip."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make_compatible()
        try:
            return importlib.import_module(name)
        except ImportError as error:
            pytest.skip(f"{name} cannot be imported: {error}")


def shaken(module):
    """Draw every weight anew, biases and norms too."""
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return module.eval()


def check(found, expected):
    assert found.shape == expected.shape
    assert (found - expected).norm() <= RELATIVE_ERROR * expected.norm()


def ours(tmp_path, family, held, waveforms):
    model = registry.resolve_model(f"{family}:{small.written(tmp_path, family, held)}").object
    return model.forward(waveforms, [layer.name for layer in model.layers])


def test_vggish_is_that_of_torchvggish(noise, tmp_path):
    release, inputs = peer("torchvggish.vggish"), peer("torchvggish.vggish_input")
    theirs = release.VGG(release.make_layers()).eval()
    found = ours(tmp_path, "vggish", theirs.state_dict(), noise)["fc.2"][0]
    with torch.inference_mode():
        expected = theirs(inputs.waveform_to_examples(noise[0].astype(float), 16_000).detach())
    check(found, expected)


def test_dasheng_is_that_of_its_package(noise, tmp_path):
    release = peer("dasheng.pretrained.pretrained")
    settings = {"embed_dim": 96, "depth": 2, "num_heads": 4}
    theirs = shaken(release.Dasheng(**settings))
    held = {"model": theirs.state_dict(), "config": settings}
    long = np.tile(noise, (1, 4))
    with torch.inference_mode():
        expected = theirs(torch.tensor(long))
    check(ours(tmp_path, "dasheng", held, long)["final"], expected)


@pytest.mark.filterwarnings("ignore")
def test_beats_is_that_of_its_makers(noise, tmp_path):
    release = peer("BEATs")
    settings = small.content("beats")["cfg"] | {
        "relative_position_embedding": True,
        "gru_rel_pos": True,
    }
    theirs = shaken(release.BEATs(release.BEATsConfig(settings)))
    held = {"cfg": settings, "model": theirs.state_dict()}
    found = ours(tmp_path, "beats", held, noise)
    with torch.inference_mode():
        states, _ = theirs.extract_features(torch.tensor(noise))
    expected = states.unflatten(1, (-1, 8)).mean(dim=2)
    check(found["block.1"], expected)


@pytest.mark.filterwarnings("ignore")
def test_encodecmae_is_that_of_its_makers(tmp_path):
    release, kaldi = peer("encodecmae.models.transformers"), peer("torchaudio.compliance.kaldi")

    def attention():
        return release.MultiHeadAttention(48, 12)

    def encoder():
        keys = {"key_in": "v", "key_padding_mask": "m", "key_out": "o", "key_transformer_out": "t"}
        return release.TransformerEncoder(48, 2, attention, ff_dim=64, compile=False, **keys)

    theirs, places = shaken(encoder()), shaken(release.SinusoidalPositionalEmbeddings(48))
    entry = shaken(torch.nn.Linear(256, 48))
    parts = {"visible_encoder": theirs, "masker.positional_encoder": places}
    parts["wav_encoder.post_net"] = entry
    state = {f"{a}.{b}": w for a, part in parts.items() for b, w in part.state_dict().items()}
    # A length whose last frame the release leaves out of its attention.
    sound = (0.1 * np.random.default_rng(0).standard_normal((1, 94_500))).astype(np.float32)
    spectra = kaldi.fbank(
        torch.tensor(sound), frame_length=26.56, frame_shift=13.28, num_mel_bins=256,
        sample_frequency=24_000, window_type="hanning",
    )  # fmt: skip
    with torch.inference_mode():
        heard = places(entry((spectra + 6.12) / 4.82)[None])
        is_beyond = torch.arange(heard.shape[1])[None] >= 94_500 // 320
        passed = {"v": heard, "m": is_beyond}
        theirs(passed, return_activations=True)
    found = ours(tmp_path, "encodecmae", {"state_dict": state}, sound)
    assert bool(is_beyond.any())
    check(found["block.0"], passed["t_activations"][0])
    check(found["final"], passed["t"])
