"""BYOL-A: its layers against s3prl's own code, its clock, its weights and its untrained twin."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[s3prl]'")
pytest.importorskip("s3prl", reason="s3prl is not installed: pip install 'heschl[s3prl]'")

import torch

from heschl import registry
from heschl.data_folders import default_data_folder
from heschl.manifest import Manifest
from heschl.models.s3prl.compatibility import make_compatible
from heschl.phantom.corpus import utterances
from heschl.testing import model_checks

MANIFEST = Manifest.read("heschl.models:s3prl/weights.tsv")
MIRROR = os.environ.get("HESCHL_MIRROR", "")
"""As it was set for the run; the tests themselves run without."""

WEIGHTS = Path(MIRROR) / MANIFEST.dataset / MANIFEST.files[0].path
with_weights = pytest.mark.skipif(
    not MIRROR or not WEIGHTS.is_file(),
    reason=f"set HESCHL_MIRROR to a folder that holds {MANIFEST.dataset}/{MANIFEST.files[0].path}",
)

LAYERS = ["conv.0", "conv.1", "conv.2", "fc.0", "fc.1"]
RATE = 16_000


@pytest.fixture(scope="module")
def trained(store_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HESCHL_MIRROR", MIRROR)
        return registry.resolve_model("s3prl:byol_a_512").object


@pytest.fixture(scope="module")
def untrained():
    return registry.resolve_model("s3prl:byol_a_512-random").object


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Return a second of each of four talkers, (batch, sample)."""
    sounds = [each.sound.waveform(RATE) for each in utterances("en")]
    return np.stack([sound[:RATE] for sound in sounds if len(sound) >= RATE][:4])


def pooled_by_s3prl(model, sound) -> np.ndarray:
    """Return s3prl's vector of each second (batch, unit), from its own forward pass."""
    with torch.inference_mode():
        (states,) = model._module.expert(list(torch.tensor(sound)))["hidden_states"]
    assert states.shape == (len(sound), 1, 512)
    return states[:, 0].numpy()


def test_layers_and_their_clocks(untrained):
    found = [
        (layer.name, layer.width, layer.rate_hz, round(layer.offset_s, 9))
        for layer in untrained.layers
    ]
    assert found == [
        # The middle of 2, 4 and 8 frames that are 10 ms apart and begin at 0.
        ("conv.0", 2048, 50.0, 0.005),
        ("conv.1", 1024, 25.0, 0.015),
        ("conv.2", 512, 12.5, 0.035),
        ("fc.0", 512, 12.5, 0.035),
        ("fc.1", 512, 12.5, 0.035),
    ]
    assert not untrained.traits.is_padding_safe


def test_pooled_over_a_second_is_what_s3prl_gives(untrained, speech):
    final = untrained.forward(speech, ["fc.1"])["fc.1"].numpy()
    ours = final.max(axis=1) + final.mean(axis=1)
    np.testing.assert_allclose(ours, pooled_by_s3prl(untrained, speech), rtol=1e-4, atol=1e-5)


def test_layers_are_those_of_the_network(untrained, speech):
    expert = untrained._module.expert
    taken = {}
    hooks = [
        module.register_forward_hook(lambda _m, _i, output, name=name: taken.update({name: output}))
        for name, module in {
            "conv.0": expert.model.features[3],
            "conv.1": expert.model.features[7],
            "conv.2": expert.model.features[11],
            "fc.0": expert.model.fc[1],
            "fc.1": expert.model.fc[4],
        }.items()
    ]
    pooled_by_s3prl(untrained, speech)
    for hook in hooks:
        hook.remove()
    heard = untrained.forward(speech, LAYERS)
    for name, expected in taken.items():
        if name.startswith("conv"):
            batch, channels, mels, frames = expected.shape
            expected = expected.permute(0, 3, 2, 1).reshape(batch, frames, mels * channels)  # noqa: PLW2901
        torch.testing.assert_close(heard[name], expected)


@pytest.mark.parametrize(("layer", "n_spectra"), [("conv.0", 4), ("conv.1", 10), ("conv.2", 22)])
def test_frames_lie_where_a_single_sample_is_heard(untrained, layer, n_spectra):
    """Of ``n_spectra`` spectra of 1024 samples each, which batch norm and rectifier let through."""
    quiet = 0.01 * np.random.default_rng(0).standard_normal((1, 2 * RATE)).astype(np.float32)
    tap = next(each for each in untrained.layers if each.name == layer)
    field = 1024 + (n_spectra - 1) * 160
    for at in (RATE - 77, RATE, RATE + 1234):
        loud = quiet.copy()
        loud[0, at] += 0.5
        before, after = (untrained.forward(each, [layer])[layer] for each in (quiet, loud))
        answer = (after - before)[0].abs().amax(dim=1).numpy()
        centres = RATE * (tap.offset_s + np.arange(len(answer)) / tap.rate_hz)
        # The Hann window tapers to nothing, so the outermost samples are not heard.
        assert set(np.flatnonzero(answer > 1e-6)) <= set(
            np.flatnonzero(np.abs(centres - at) <= field / 2)
        )
        heard = centres[answer > 1e-6]
        assert len(heard) >= 1
        assert abs(heard.mean() - at) <= RATE / tap.rate_hz


def test_twins_follow_their_seed(untrained, speech):
    again = registry.resolve_model("s3prl:byol_a_512-random?seed=0").object
    other = registry.resolve_model("s3prl:byol_a_512-random?seed=1").object
    assert again.digest == untrained.digest
    assert other.digest != untrained.digest
    first, second, third = (
        model.forward(speech, ["fc.1"])["fc.1"] for model in (untrained, again, other)
    )
    assert torch.equal(first, second)
    assert not torch.allclose(first, third, rtol=0.1, atol=0.1)


def test_twin_is_the_architecture_as_it_is_made(untrained):
    make_compatible()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from s3prl.upstream.byol_a.byol_a import AudioNTT2020
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        expected = AudioNTT2020(d=512).state_dict()
    found = untrained._module.expert.model.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


@with_weights
def test_trained_and_untrained_differ(trained, untrained, speech):
    assert trained.digest != untrained.digest
    for layer in LAYERS:
        one, two = (model.forward(speech, [layer])[layer] for model in (trained, untrained))
        assert one.shape == two.shape
        difference = (one - two).norm() / one.norm()
        assert difference > 0.5, f"{layer}: {difference}"


@with_weights
def test_trained_weights_are_those_of_the_file(trained):
    saved = torch.load(WEIGHTS, map_location="cpu")
    found = trained._module.expert.model.state_dict()
    assert found.keys() <= saved.keys()
    assert all(torch.equal(found[key], saved[key]) for key in found)


@with_weights
def test_pooled_over_a_second_is_what_s3prl_gives_when_trained(trained, speech):
    final = trained.forward(speech, ["fc.1"])["fc.1"].numpy()
    ours = final.max(axis=1) + final.mean(axis=1)
    np.testing.assert_allclose(ours, pooled_by_s3prl(trained, speech), rtol=1e-4, atol=1e-4)


@with_weights
def test_weights_are_fetched_and_verified(trained, monkeypatch):
    place = default_data_folder(MANIFEST.dataset) / MANIFEST.files[0].path
    assert place.read_bytes() == WEIGHTS.read_bytes()
    # Of the right size and other content, as after a disk's fault.
    place.write_bytes(bytes(place.stat().st_size))
    monkeypatch.setenv("HESCHL_MIRROR", MIRROR)
    assert registry.resolve_model("s3prl:byol_a_512").object.digest == trained.digest
    assert place.read_bytes() == WEIGHTS.read_bytes()


def test_a_file_of_the_same_architecture_may_stand_in(tmp_path, untrained):
    path = tmp_path / "mine.pth"
    torch.save(untrained._module.expert.model.state_dict(), path)
    model = registry.resolve_model(f"s3prl:byol_a_512?ckpt={path}").object
    assert model.card.id.startswith("s3prl:byol_a_512@mine-")
    assert model.digest == untrained.digest


@pytest.mark.slow
@pytest.mark.parametrize("check", model_checks("s3prl:byol_a_512-random"), ids=str)
def test_contract(check):
    check()
