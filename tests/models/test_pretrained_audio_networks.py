"""The networks of VGGish, BEATs, Dasheng and EnCodecMAE against code that is not ours."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")
pytest.importorskip(
    "transformers", reason="transformers is not installed: pip install 'heschl[speech]'"
)

import librosa
import pretrained_checkpoints as small
import torch
from transformers import audio_utils
from transformers.models.wavlm.modeling_wavlm import WavLMAttention

from heschl.models.pretrained_audio import dasheng, filterbanks
from heschl.phantom.corpus import utterances


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Return three seconds of speech at 16 kHz."""
    return np.resize(utterances("en")[0].sound.waveform(16_000), 48_000)


def heard(name, waveforms):
    with torch.inference_mode():
        return small.network(name).layers(torch.tensor(waveforms))


# 256 bands of 24 kHz are narrower than a bin at the bottom, in the release too.
@pytest.mark.filterwarnings("ignore:At least one mel filter has all zero values")
@pytest.mark.parametrize(
    ("rate", "window", "hop", "n_bands", "kind"),
    [(16_000, 400, 160, 128, "povey"), (24_000, 637, 318, 256, "hanning")],
)
def test_kaldis_mel_is_that_of_transformers(speech, rate, window, hop, n_bands, kind):
    n_fft = 2 ** int(np.ceil(np.log2(window)))
    bands = audio_utils.mel_filter_bank(
        num_frequency_bins=n_fft // 2 + 1,
        num_mel_filters=n_bands,
        min_frequency=20,
        max_frequency=rate / 2,
        sampling_rate=rate,
        mel_scale="kaldi",
        triangularize_in_mel_space=True,
    )
    shape = audio_utils.window_function(
        window, "povey" if kind == "povey" else "hann", periodic=False
    )
    expected = audio_utils.spectrogram(
        speech.astype(np.float64),
        shape,
        frame_length=window,
        hop_length=hop,
        fft_length=n_fft,
        power=2.0,
        center=False,
        preemphasis=0.97,
        mel_filters=bands,
        log_mel="log",
        mel_floor=1.192092955078125e-07,
        remove_dc_offset=True,
    ).T
    found = filterbanks.kaldi_log_mel(
        torch.tensor(speech)[None],
        sample_rate=rate,
        window=window,
        hop=hop,
        n_bands=n_bands,
        window_kind=kind,
    )[0].numpy()
    # Of single precision in the one and double in the other, next to the loudest band.
    loudest = np.exp(expected).max(axis=1, keepdims=True)
    np.testing.assert_allclose(
        np.exp(found) / loudest, np.exp(expected) / loudest, rtol=1e-4, atol=1e-6
    )


def test_dashengs_mel_is_that_of_librosa(speech):
    network = small.network("dasheng")
    power = librosa.feature.melspectrogram(
        y=speech, sr=16_000, n_fft=512, hop_length=160, n_mels=64, htk=True, norm=None,
        pad_mode="reflect",
    )  # fmt: skip
    expected = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=120)
    found = network._decibels(torch.tensor(speech)[None])[0]
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_dasheng_clips_each_waveform_by_its_own_loudest(speech):
    network = small.network("dasheng")
    quiet = 1e-7 * speech
    together = network._decibels(torch.tensor(np.stack([speech, quiet])))
    alone = network._decibels(torch.tensor(quiet)[None])
    torch.testing.assert_close(together[1:], alone)


def test_dashengs_blocks_are_those_of_torch():
    network = small.network("dasheng")
    width, n_heads = small.SMALL["dasheng"]["width"], small.SMALL["dasheng"]["n_heads"]
    states = torch.randn(2, 30, width, generator=torch.Generator().manual_seed(0))
    for block in network.blocks:
        theirs = torch.nn.TransformerEncoderLayer(
            width, n_heads, 24, 0.0, "gelu", 1e-6, batch_first=True, norm_first=True
        ).eval()
        theirs.load_state_dict(
            {
                "self_attn.in_proj_weight": block.attn.qkv.weight,
                "self_attn.in_proj_bias": block.attn.qkv.bias,
                "self_attn.out_proj.weight": block.attn.proj.weight,
                "self_attn.out_proj.bias": block.attn.proj.bias,
                "linear1.weight": block.mlp["fc1"].weight,
                "linear1.bias": block.mlp["fc1"].bias,
                "linear2.weight": block.mlp["fc2"].weight,
                "linear2.bias": block.mlp["fc2"].bias,
                "norm1.weight": block.norm1.weight,
                "norm1.bias": block.norm1.bias,
                "norm2.weight": block.norm2.weight,
                "norm2.bias": block.norm2.bias,
            }
        )
        torch.testing.assert_close(block(states), theirs(states), rtol=1e-5, atol=1e-5)


def test_dasheng_hears_ten_seconds_at_a_time(speech):
    long = np.resize(speech, (1, 12 * 16_000)).astype(np.float32)
    n_first = dasheng.N_PATCHES
    changed = long.copy()
    changed[:, 11 * 16_000 :] = 0.1
    first, second = heard("dasheng", long)["final"], heard("dasheng", changed)["final"]
    assert first.shape[1] == 12 * 25
    # The spectra are compared with the loudest of the whole sound, which does not change here.
    torch.testing.assert_close(first[:, :n_first], second[:, :n_first], rtol=0, atol=1e-6)
    assert (first[:, n_first] - second[:, n_first]).abs().max() > 1e-3


def test_beats_attends_as_wavlm_of_transformers_does():
    layer = small.network("beats").encoder.layers[0].self_attn
    # WavLM asks its gates what the layer hears, BEATs what it asks for: made the same here.
    layer.grep_linear.weight.data.zero_()
    theirs = WavLMAttention(16, 2, num_buckets=16, max_distance=40).eval()
    renamed = {
        "grep_linear.weight": "gru_rel_pos_linear.weight",
        "grep_linear.bias": "gru_rel_pos_linear.bias",
        "grep_a": "gru_rel_pos_const",
        "relative_attention_bias.weight": "rel_attn_embed.weight",
    }
    theirs.load_state_dict({renamed.get(k, k): v for k, v in layer.state_dict().items()})
    states = torch.randn(2, 120, 16, generator=torch.Generator().manual_seed(0))
    ours = layer(states, layer.position_bias(120, states.device))
    torch.testing.assert_close(ours, theirs(states)[0], rtol=1e-5, atol=1e-5)


def test_beats_gates_its_bias_by_each_query():
    layer = small.network("beats").encoder.layers[0].self_attn
    states = torch.randn(1, 9, 16, generator=torch.Generator().manual_seed(0))
    bias = layer.position_bias(9, states.device)
    query, key, value = (
        part(states)[0].unflatten(1, (2, 8)) for part in (layer.q_proj, layer.k_proj, layer.v_proj)
    )
    mixed = torch.zeros(9, 2, 8)
    for time in range(9):
        for head in range(2):
            gates = layer.grep_linear(query[time, head])
            update, reset = gates[:4].sum().sigmoid(), gates[4:].sum().sigmoid()
            gate = update * (reset * layer.grep_a[0, head, 0, 0] - 1) + 2
            scores = key[:, head] @ query[time, head] / 8**0.5 + gate * bias[head, time]
            mixed[time, head] = scores.softmax(dim=0) @ value[:, head]
    expected = layer.out_proj(mixed.flatten(1))
    torch.testing.assert_close(layer(states, bias)[0], expected, rtol=1e-5, atol=1e-5)


def test_beats_places_by_a_weight_normalised_convolution():
    placed = small.network("beats").encoder.pos_conv[0]
    theirs = torch.nn.Conv1d(16, 16, 8, padding=4, groups=2)
    theirs = torch.nn.utils.parametrizations.weight_norm(theirs, dim=2)
    with torch.no_grad():
        theirs.bias.copy_(placed.bias)
        theirs.parametrizations.weight.original0.copy_(placed.weight_g)
        theirs.parametrizations.weight.original1.copy_(placed.weight_v)
    states = torch.randn(2, 40, 16, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.gelu(theirs(states.transpose(1, 2))[..., :-1]).transpose(1, 2)
    torch.testing.assert_close(placed(states), expected, rtol=1e-5, atol=1e-6)


def test_vggish_hears_patches_as_the_release_does(speech):
    network = small.network("vggish")
    bands = audio_utils.mel_filter_bank(
        257, 64, 125, 7500, 16_000, mel_scale="htk", triangularize_in_mel_space=True
    )
    spectra = audio_utils.spectrogram(
        speech.astype(np.float64),
        audio_utils.window_function(400, "hann"),
        frame_length=400,
        hop_length=160,
        fft_length=512,
        power=1.0,
        center=False,
        mel_filters=bands,
        mel_floor=0.0,
    ).T
    patches = np.log(spectra[: 96 * 3] + 0.01).reshape(3, 1, 96, 64).astype(np.float32)
    features = torch.nn.Sequential(*network.features)
    with torch.inference_mode():
        pooled = features(torch.tensor(patches))
        expected = network.embeddings(pooled.permute(0, 2, 3, 1).flatten(1))
    found = heard("vggish", speech[None])
    torch.testing.assert_close(found["fc.2"][0], expected, rtol=1e-4, atol=1e-5)
    # What is left after the last patch: 298 - 3 * 96 frames.
    assert found["conv.0"].shape == (1, 298, 2 * 64)
    assert found["pool.3"].shape == (1, 18, 5 * 4)
    mine = found["pool.3"][0].unflatten(1, (4, 5)).unflatten(0, (3, 6)).permute(0, 3, 1, 2)
    torch.testing.assert_close(mine, pooled, rtol=1e-4, atol=1e-5)


def test_encodecmaes_blocks_follow_their_formula():
    block = small.network("encodecmae").visible_encoder.encoder_layers[0]
    states = torch.randn(1, 7, 24, generator=torch.Generator().manual_seed(0))
    is_heard = torch.arange(7) < 6
    attention = block.att_layer
    query, key, value = (part(states)[0] for part in (attention.wq, attention.wk, attention.wv))
    mixed = torch.zeros(7, 24)
    for head in range(12):
        units = slice(head, None, 12)
        weights = (query[:, units] @ key[:6, units].T / 2**0.5).softmax(dim=1)
        mixed[:, units] = weights @ value[:6, units]
    attended = attention.wo(mixed)
    first = block.norm1(states[0] + attended)
    inner = block.ff_layer(first)
    normalised, summed = block(states, states, is_heard)
    torch.testing.assert_close(normalised[0], block.norm2(first + inner), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(summed[0], states[0] + attended + inner, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "layer", "rate_hz", "offset_s"),
    [
        # The middle of a 25 ms frame; of six pooled frames; of a patch; of 16 frames.
        ("vggish", "conv.0", 100.0, 0.0125),
        ("vggish", "pool.3", 6.25, 0.0875),
        ("vggish", "fc.2", 1 / 0.96, 0.4875),
        ("dasheng", "block.0", 25.0, 0.015),
        ("beats", "block.1", 6.25, 0.0875),
        ("encodecmae", "final", 24_000 / 318, 637 / 48_000),
    ],
)
def test_frames_lie_where_their_samples_are(name, layer, rate_hz, offset_s):
    described = small.network(name).described()
    clock = described.clocks[layer]
    assert described.sample_rate / clock.stride == pytest.approx(rate_hz)
    centre = clock.receptive_field / 2 - clock.padding
    assert centre / described.sample_rate == pytest.approx(offset_s)
