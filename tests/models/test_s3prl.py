"""The families of s3prl, from random checkpoints: equal to s3prl's own output, and timed right."""

from __future__ import annotations

import sys
import unittest
import warnings

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[s3prl]'")
pytest.importorskip("s3prl", reason="s3prl is not installed: pip install 'heschl[s3prl]'")

import torch
from s3prl_checkpoints import (
    LAYER_NORM,
    MAKERS,
    write_checkpoint,
    write_transformers,
)

from heschl import registry
from heschl.models.s3prl.compatibility import make_compatible
from heschl.testing import model_checks

pytestmark = pytest.mark.usefixtures("narrow")

RATE = 16_000
STABLE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}

NATIVE = ["embed", "block.0", "block.1"]
NORMED = ["embed", "block.0", "final"]
SPECTRAL = ["embed", "block.0", "block.1", "block.2"]
RECURRENT = ["block.0", "block.1", "block.2"]
STATES = {
    "apc_local": RECURRENT,
    "audio_albert_local": SPECTRAL,
    "cpc_local": ["cnn", "block.0"],
    "customized_upstream": ["block.0", "block.1"],
    "data2vec_custom": NATIVE,
    "decoar2_custom": NATIVE,
    "decoar_custom": ["block.3"],
    "decoar_layers_custom": ["block.0", "block.1", "block.2", "block.3"],
    "distiller_local": ["projection", "block.0", "block.1", "teacher.4", "teacher.8"],
    "fbank": ["features"],
    "fbank_no_cmvn": ["features"],
    "hf_hubert_custom": NATIVE,
    "hf_wav2vec2_custom": NATIVE,
    "hubert_custom": NATIVE,
    "lighthubert_local": ["projection", *(f"block.{k}" for k in range(12))],
    "linear": ["features"],
    "mae_ast_local": ["block.0", "block.1"],
    "mel": ["features"],
    "mfcc": ["features"],
    "mockingjay_local": SPECTRAL,
    "npc_local": [*(f"{kind}.{k}" for k in range(4) for kind in ("block", "masked")), "final"],
    "spectrogram": ["features"],
    "stft_mag": ["features"],
    "tera_local": SPECTRAL,
    "unispeech_sat_local": NATIVE,
    "vq_apc": RECURRENT,
    "vq_wav2vec_custom": ["cnn", "block.0", "block.1", "block.2"],
    "wav2vec2_custom": NATIVE,
    "wav2vec_custom": ["cnn", "block.0", "block.1", "block.2"],
    "wavlm_local": NATIVE,
}
"""For each upstream's name, our name of each of its hidden states."""

NORMED_TOO = [
    "data2vec_custom",
    "hubert_custom",
    "unispeech_sat_local",
    "wav2vec2_custom",
    "wavlm_local",
]
"""Those of which there are large models, with other norms."""

NARROWED = ["decoar2_custom", "decoar_custom", "decoar_layers_custom", "lighthubert_local"]
"""Those that are made narrower here than s3prl has them."""

CASES = [*STATES, *(f"{name}+norm" for name in NORMED_TOO)]

REPEATING = ["multires_hubert_custom", "multires_hubert_custom+norm"]
"""Those of which s3prl repeats the slower frames; `test_s3prl_paces.py` compares them."""


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Return two waveforms (batch, sample) of whole strides of 10 ms, but not of 20 ms."""
    generator = np.random.default_rng(2)
    return (0.1 * generator.standard_normal((2, RATE + 160))).astype(np.float32)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Return `s3prl.nn.S3PRLUpstream`, for whose import the stubs alone do not suffice."""
    make_compatible()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "torchaudio" in sys.modules:
            # byol_s calls it when it is imported.
            patch.setattr(sys.modules["torchaudio"], "set_audio_backend", lambda _: None)
        from s3prl.nn import S3PRLUpstream
    return S3PRLUpstream


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write what a case needs, once; return its name, its id and its file or None."""
    made = {}

    def write(case):
        if case not in made:
            folder = tmp_path_factory.mktemp("checkpoints")
            name, _, norm = case.partition("+")
            path = None
            if name.startswith("hf_"):
                kind = "Hubert" if "hubert" in name else "Wav2Vec2"
                path = write_transformers(folder, kind, **(STABLE if norm else {}))
            elif name == "stft_mag":
                path = folder / "log_stft.yaml"
                path.write_text(STFT)
            elif name in MAKERS:
                path = write_checkpoint(folder, name, **(LAYER_NORM if norm else {}))
            # VQ-APC has but its releases, which a checkpoint may stand in for.
            key = "config" if name == "stft_mag" else "ckpt"
            made[case] = name, f"s3prl:{name}" + (f"?{key}={path}" if path else ""), path
        return made[case]

    return write


STFT = """
feat_type: spectrogram
spectrogram: {n_fft: 512, hop_length: 320, win_length: 512, window: hann, center: True, log: True}
"""


def own_states(hub, name, path, sound) -> list[np.ndarray]:
    """Return the hidden states that s3prl's public interface gives, (batch, time, unit) each."""
    entry = "apc_local" if name == "vq_apc" else name
    settings = {"model_config": str(path)} if name == "stft_mag" else {}
    checkpoint = str(path) if path and not settings else None
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(0)
        model = hub(entry, path_or_url=checkpoint, extra_conf=settings).eval()
        with torch.inference_mode():
            states, _ = model(torch.tensor(sound), torch.full((len(sound),), sound.shape[1]))
    return [state.numpy() for state in states]


@pytest.mark.parametrize("case", CASES)
def test_layers_equal_the_output_of_s3prl(case, hub, written, sound):
    name, identifier, path = written(case)
    names = NORMED if case.endswith("+norm") else STATES[name]
    model = registry.resolve_model(identifier).object
    ours = model.forward(sound, names)
    theirs = own_states(hub, name, path, sound)

    assert len(theirs) == len(names)
    for layer, expected in zip(names, theirs, strict=True):
        n_frames = min(ours[layer].shape[1], expected.shape[1])
        assert n_frames >= sound.shape[1] // 320 - 1
        np.testing.assert_allclose(
            ours[layer][:, :n_frames], expected[:, :n_frames], rtol=1e-4, atol=1e-5
        )


def test_no_frame_is_repeated_as_s3prl_repeats_it(hub, written, sound):
    name, identifier, path = written("hubert_custom")
    theirs = own_states(hub, name, path, sound)[0]
    ours = registry.resolve_model(identifier).object.forward(sound, ["embed"])["embed"]
    n_frames = (sound.shape[1] - 400) // 320 + 1
    assert theirs.shape[1] == n_frames + 1
    np.testing.assert_array_equal(theirs[:, -1], theirs[:, -2])
    assert ours.shape[1] == n_frames
    assert not torch.equal(ours[:, -1], ours[:, -2])


@pytest.mark.parametrize("name", NORMED_TOO)
def test_last_block_and_what_its_norm_makes_of_it_are_both_tapped(name, written, sound):
    _, identifier, _ = written(f"{name}+norm")
    model = registry.resolve_model(identifier).object
    assert [layer.name for layer in model.layers] == ["cnn", *NATIVE, "final"]
    heard = model.forward(sound, ["block.1", "final"])
    norm = model._module.expert.model.encoder.layer_norm
    with torch.inference_mode():
        torch.testing.assert_close(norm(heard["block.1"]), heard["final"])
    assert not torch.allclose(heard["block.1"], heard["final"], rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("name", ["hf_wav2vec2_custom", "hf_hubert_custom"])
def test_final_norm_of_transformers_is_tapped_by_name(name, written, sound):
    _, identifier, _ = written(f"{name}+norm")
    model = registry.resolve_model(identifier).object
    assert [layer.name for layer in model.layers] == ["cnn", *NATIVE, "final"]
    heard = model.forward(sound, ["block.1", "final"])
    norm = model._module.expert.model.encoder.layer_norm
    with torch.inference_mode():
        torch.testing.assert_close(norm(heard["block.1"]), heard["final"])


@pytest.mark.parametrize(
    "case", ["hubert_custom", "wav2vec2_custom+norm", "wavlm_local+norm", "distiller_local"]
)
def test_raw_convolutions_are_tapped(case, written, sound):
    _, identifier, _ = written(case)
    model = registry.resolve_model(identifier).object
    assert (model.layers[0].name, model.layers[0].width) == ("cnn", 16)
    expert = model._module.expert
    network = expert.model.model if case.startswith("distiller") else expert.model
    heard = torch.tensor(sound)
    if case.endswith("+norm"):
        heard = torch.nn.functional.layer_norm(heard, heard.shape[1:])
    with torch.inference_mode():
        expected = network.feature_extractor(heard).transpose(1, 2)
    torch.testing.assert_close(model.forward(sound, ["cnn"])["cnn"], expected)


def answering(model, layer: str, n_samples: int, at: int) -> np.ndarray:
    """Return which frames of ``layer`` change when the sample ``at`` does."""
    quiet = 0.01 * np.random.default_rng(0).standard_normal((1, n_samples)).astype(np.float32)
    loud = quiet.copy()
    loud[0, at] += 0.5
    before, after = (model.forward(each, [layer])[layer].numpy() for each in (quiet, loud))
    return np.flatnonzero(np.abs(after - before)[0].max(axis=1) > 1e-6)


@pytest.mark.parametrize("at", [3000, 4321, 5999])
def test_frames_lie_where_a_single_sample_is_heard(at, tmp_path):
    path = write_checkpoint(tmp_path, "hubert_custom", extractor_mode="layer_norm")
    model = registry.resolve_model(f"s3prl:hubert_custom?ckpt={path}").object
    frames = np.arange((8000 - 400) // 320 + 1)
    inside = frames[(320 * frames <= at) & (at < 320 * frames + 400)]
    np.testing.assert_array_equal(answering(model, "cnn", 8000, at), inside)


@pytest.mark.parametrize("at", [3000, 4321, 5999])
def test_padded_convolutions_lie_where_a_single_sample_is_heard(at, written):
    model = registry.resolve_model(written("cpc_local")[1]).object
    frames = np.arange(50)
    first = 160 * frames - 153
    inside = frames[(first <= at) & (at < first + 465)]
    np.testing.assert_array_equal(answering(model, "cnn", 8000, at), inside)


@pytest.mark.parametrize("at", [3000, 4321, 5999])
def test_recurrent_layers_hear_a_sample_from_its_first_frame_on(at, tmp_path):
    path = write_checkpoint(tmp_path, "apc_local", cmvn=False)
    model = registry.resolve_model(f"s3prl:apc_local?ckpt={path}").object
    assert model.traits.is_causal
    assert model.traits.is_padding_safe
    first = -(-(at - 399) // 160)
    assert answering(model, "block.0", 8000, at)[0] == first


def test_statistics_over_time_are_not_safe_to_pad(written):
    for case in ("apc_local", "hubert_custom", "mel", "tera_local", "wav2vec_custom"):
        traits = registry.resolve_model(written(case)[1]).object.traits
        assert (traits.is_padding_safe, traits.is_local, traits.is_causal) == (False,) * 3


def test_zeros_at_the_end_of_a_sound_keep_their_frames(sound):
    silent = sound.copy()
    silent[:, 8000:] = 0
    for name in ("mel", "linear"):
        model = registry.resolve_model(f"s3prl:{name}").object
        frames = model.forward(silent, ["features"])["features"]
        assert frames.shape[1] == sound.shape[1] // 160 + 1


def test_sounds_follow_each_other_without_memory(tmp_path, sound):
    path = write_checkpoint(tmp_path, "cpc_local", samplingType="sequential")
    model = registry.resolve_model(f"s3prl:cpc_local?ckpt={path}").object
    first = model.forward(sound[:1], ["block.0"])["block.0"]
    model.forward(sound[1:], ["block.0"])
    assert torch.equal(model.forward(sound[:1], ["block.0"])["block.0"], first)


def test_loading_leaves_no_trace(written, capsys):
    _, identifier, _ = written("tera_local")
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002  the global state is what s3prl draws from
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    capsys.readouterr()
    model = registry.resolve_model(identifier).object
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]  # noqa: NPY002
    assert capsys.readouterr().out == ""
    assert not any(part.training for part in model._module.modules())


@pytest.mark.parametrize("case", ["mel", "hubert_custom", "tera_local", "vq_apc"])
def test_digest_is_that_of_the_weights(case, written, tmp_path, sound):
    name, identifier, path = written(case)
    model = registry.resolve_model(identifier).object
    before = model.digest
    model.forward(sound, [model.layers[0].name])
    assert model.digest == before
    assert registry.resolve_model(identifier).object.digest == before
    if path is not None:
        content = torch.load(path, weights_only=False)
        weights = next(value for key, value in content.items() if key in WEIGHTS)
        next(iter(weights.values())).add_(1e-3)
        torch.save(content, tmp_path / "other.ckpt")
        other = registry.resolve_model(f"s3prl:{name}?ckpt={tmp_path}/other.ckpt").object
        assert other.digest != before


WEIGHTS = ("model_weight", "Transformer", "model")


@pytest.mark.slow
@pytest.mark.parametrize("case", [*CASES, *REPEATING])
def test_contract(case, written):
    name, identifier, _ = written(case)
    for check in model_checks(identifier):
        if name in NARROWED and check.name == "loads_in_another_process":
            continue  # where it is as wide as s3prl has it
        try:
            check()
        except unittest.SkipTest:
            continue  # a promise that this model does not make
