"""The audio encoders of transformers, from random checkpoints: equal to its own output, and timed.

That both versions of transformers agree is in ``test_huggingface_versions.py``.
"""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")
pytest.importorskip("transformers", reason="transformers is not installed")

import torch
import transformers
from huggingface_checkpoints import KINDS, write_checkpoint
from huggingface_oracle import extracted, official

from heschl.models.huggingface import open_encoder
from heschl.models.huggingface.mel import kaldi_filters, slaney_filters
from heschl.phantom.corpus import utterances

ON_SPECTRA = ("wav2vec2-bert", "whisper", "whisper+short")

EXACT = 1e-6
"""Of the largest number: sums in float32 in another order, as attention is computed otherwise."""

ROUNDED = 2e-6
"""Of the norm of all numbers: the extractor takes means and deviations in float32 by NumPy."""
ROUNDED_SPECTRA = 3e-5
"""The same where bands of a spectrum are standardised, whose means exceed their deviations."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    return {kind: write_checkpoint(root / kind, kind) for kind in KINDS}


@pytest.fixture(scope="module")
def models(folders):
    return {kind: open_encoder(str(folder)) for kind, folder in folders.items()}


def sound_at(rate: int, n_samples: int) -> np.ndarray:
    """Return speech and noise, (batch, sample)."""
    speech = np.resize(utterances("en")[0].sound.waveform(rate), n_samples)
    noise = 0.1 + 0.05 * np.random.default_rng(0).standard_normal(n_samples)
    return np.stack([speech, noise]).astype(np.float32)


def layers_of(model) -> list[str]:
    return [layer.name for layer in model.layers]


def largest_share(found, expected) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def norm_share(found, expected) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("kind", KINDS)
def test_taps_equal_the_layers_of_transformers(kind, folders, models):
    """On the same input, which the next test holds against the extractor's."""
    model = models[kind]
    # Neither whole strides nor an even number of frames.
    sound = sound_at(model.sample_rate, int(1.53 * model.sample_rate) + 7)
    takes = "input_features" if kind in ON_SPECTRA else "input_values"
    with torch.inference_mode():
        heard = {takes: model._module.hearing(torch.tensor(sound))}

    found = model.forward(sound, layers_of(model))
    expected = official(folders[kind], sound, heard)

    (*_, last), final = (name for name in found if name != "final"), "final"
    for name in found.keys() - expected.keys():
        # Whisper's, and in transformers 4 all others', is shown behind the norm alone.
        assert name == last
        assert kind.startswith("whisper") or transformers.__version__ < "5"
        parts = dict(model._module.encoder.named_modules())
        norm = parts.get("encoder.layer_norm", parts.get("layer_norm"))
        # A mean over frequency cannot be normed afterwards.
        if kind != "audio-spectrogram-transformer":
            assert largest_share(norm(found[name]).numpy(), expected[final]) <= EXACT
    for name, states in expected.items():
        assert found[name].shape == states.shape, name
        assert largest_share(found[name].numpy(), states) <= EXACT, name


@pytest.mark.parametrize("kind", KINDS)
def test_sounds_are_prepared_as_the_extractor_does(kind, folders, models):
    model = models[kind]
    sound = sound_at(model.sample_rate, 2 * model.sample_rate - 200)
    expected = next(iter(extracted(folders[kind], sound).values())).numpy()

    with torch.inference_mode():
        found = model._module.hearing(torch.tensor(sound)).numpy()

    if kind == "wav2vec2-bert":
        # Of an odd number of frames the extractor pads and masks the last; here it is left out.
        assert found.shape[1] == expected.shape[1] - 1
        expected = expected[:, :-1]
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    share = ROUNDED_SPECTRA if kind == "wav2vec2-bert" else EXACT
    assert norm_share(found, expected) <= share


@pytest.mark.parametrize("kind", KINDS)
def test_sounds_lead_to_the_layers_of_transformers(kind, folders, models):
    """From end to end, with the extractor's own roundings."""
    model = models[kind]
    sound = sound_at(model.sample_rate, 2 * model.sample_rate)

    expected = official(folders[kind], sound)
    found = model.forward(sound, [name for name in layers_of(model) if name in expected])

    share = ROUNDED_SPECTRA if kind == "wav2vec2-bert" else ROUNDED
    for name, states in found.items():
        assert norm_share(states.numpy(), expected[name]) <= share, name


def test_spectra_are_closer_to_the_truth_than_the_extractors(folders, models):
    from transformers import SeamlessM4TFeatureExtractor
    from transformers.audio_utils import spectrogram

    folder, sound = folders["wav2vec2-bert"], sound_at(16_000, 32_000)
    extractor = SeamlessM4TFeatureExtractor.from_pretrained(folder)
    exact = []
    for row in sound:
        spectra = spectrogram(
            row.astype(np.float64) * 2**15, extractor.window, 400, 160, fft_length=512, power=2.0,
            center=False, preemphasis=0.97, mel_filters=extractor.mel_filters, log_mel="log",
            mel_floor=1.192092955078125e-07, remove_dc_offset=True, dtype=np.float64,
        ).T  # fmt: skip
        scaled = (spectra - spectra.mean(0)) / np.sqrt(spectra.var(0, ddof=1) + 1e-7)
        exact.append(scaled[: len(scaled) // 2 * 2].reshape(len(scaled) // 2, -1))

    found = models["wav2vec2-bert"]._module.hearing(torch.tensor(sound)).numpy()
    theirs = extracted(folder, sound)["input_features"].numpy()[:, : found.shape[1]]

    assert norm_share(found, np.stack(exact)) <= EXACT
    assert norm_share(found, np.stack(exact)) < norm_share(theirs, np.stack(exact))


def test_mel_filters_are_librosas_and_those_of_transformers():
    librosa = pytest.importorskip("librosa")
    from transformers.audio_utils import mel_filter_bank

    for n_mels in (20, 80, 128):
        expected = librosa.filters.mel(sr=16_000, n_fft=400, n_mels=n_mels, dtype=np.float64).T
        found = slaney_filters(n_mels, 400, 16_000, 8000.0)
        np.testing.assert_allclose(found, expected, atol=1e-12)
    expected = mel_filter_bank(
        257, 80, 20, 8000, 16_000, mel_scale="kaldi", triangularize_in_mel_space=True
    )
    np.testing.assert_allclose(kaldi_filters(80, 16_000), expected, atol=1e-10)


LOCAL = ["wav2vec2+norm", "data2vec-audio", "whisper+short", "audio-spectrogram-transformer"]
LOCAL += ["encodec"]


@pytest.mark.parametrize("kind", LOCAL)
def test_frames_hear_what_their_clock_says(kind, tmp_path):
    """Where nothing is standardised, the first layer hears a change in its field alone."""
    folder = write_checkpoint(tmp_path / kind, kind)
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"do_normalize": False}))
    model = open_encoder(str(folder))
    layer = model.layers[0]
    grid = model._grids[layer.name]
    sound = sound_at(model.sample_rate, 2 * model.sample_rate)[1:]
    before = model.forward(sound, [layer.name])[layer.name][0]
    start = np.arange(len(before)) * grid.stride - grid.padding[0]

    assert layer.offset_s * model.sample_rate == pytest.approx(start[0] + grid.receptive_field / 2)
    for sample in (7000, 12_345, 20_000, 27_777):
        changed = sound.copy()
        changed[0, sample] += 0.05
        after = model.forward(changed, [layer.name])[layer.name][0]

        difference = np.abs((after - before).numpy()).max(axis=1)
        heard = np.flatnonzero(difference > 1e-6 * np.abs(before.numpy()).max())
        covering = np.flatnonzero((start <= sample) & (sample < start + grid.receptive_field))
        assert len(heard)
        assert set(heard) <= set(covering)
        # The edges of windows weigh nothing, so a frame on either side may stay as it was.
        assert covering[0] + 1 >= heard[0]
        assert covering[-1] - 1 <= heard[-1]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in LOCAL])
def test_a_click_is_answered_where_it_is(kind, models):
    """Statistics over the window spread it, but the frames at its place answer most."""
    model = models[kind]
    layer = model.layers[0]
    grid = model._grids[layer.name]
    sound = sound_at(model.sample_rate, 2 * model.sample_rate)[1:]
    before = model.forward(sound, [layer.name])[layer.name][0]
    for sample in (7000, 12_345, 20_000):
        changed = sound.copy()
        changed[0, sample - 20 : sample + 20] += 0.3

        after = model.forward(changed, [layer.name])[layer.name][0]

        answer = (after - before).square().sum(dim=1)
        centre = grid.offset + int(answer.argmax()) * grid.stride
        assert abs(centre - sample) <= grid.receptive_field / 2 + 20


@pytest.mark.parametrize("kind", ["whisper+short", "audio-spectrogram-transformer"])
def test_models_can_be_sent_to_another_process(kind, models):
    model = models[kind]
    sound = sound_at(model.sample_rate, model.sample_rate)

    again = pickle.loads(pickle.dumps(model))  # noqa: S301

    assert again.digest == model.digest
    (last,) = layers_of(model)[-1:]
    assert torch.equal(again.forward(sound, [last])[last], model.forward(sound, [last])[last])


def test_squeezed_frames_lie_between_those_that_they_join(models):
    for kind in ("sew", "sew-d"):
        layers = {layer.name: layer for layer in models[kind].layers}
        assert [layers[name].rate_hz for name in ("cnn", "embed", "block.1", "final")] == [
            *(50, 25, 25, 50)
        ]
        assert layers["embed"].offset_s == pytest.approx(layers["cnn"].offset_s + 0.01)
        assert layers["final"].offset_s == layers["cnn"].offset_s


@pytest.mark.parametrize(
    ("n_samples", "n_frames"),
    [
        *((1, 2), (160, 2), (161, 2), (320, 2), (321, 3), (257_600, 806)),
        *((479_680, 1500), (479_681, 1500), (480_000, 1500)),
    ],
)
def test_last_frame_of_whisper_is_the_last_that_sees_sound(n_samples, n_frames, models):
    """By convolving a mask of the spectrum with ones, as the encoding-model literature does."""
    mask = torch.zeros(1, 1, 3000)
    mask[..., : -(-n_samples // 160)] = 1
    mask = torch.nn.functional.conv1d(mask, torch.ones(1, 1, 3), padding=1)
    mask = torch.nn.functional.conv1d(mask, torch.ones(1, 1, 3), padding=1, stride=2)

    assert models["whisper"]._grids["final"].n_frames(n_samples) == n_frames
    assert int(mask.nonzero()[:, -1].max()) + 1 == n_frames


def test_whisper_takes_30_seconds_and_no_more(models):
    model = models["whisper"]
    assert model.traits.fixed_s == 30.0
    whole = model.forward(sound_at(16_000, 480_000)[:1], ["cnn", "final"])
    assert whole["final"].shape[1] == whole["cnn"].shape[1] == 1500
    with pytest.raises(ValueError, match=r"at most 30\.0 s"):
        model.forward(np.zeros((1, 480_001), np.float32), ["final"])


def test_a_patch_frame_is_there_if_its_first_spectrum_is(models):
    count = models["audio-spectrogram-transformer"]._grids["final"].n_frames
    assert [count(n) for n in (400, 1999, 2000, 3600)] == [1, 1, 2, 3]
    # 256 frames of the spectrum hold 25 patches of 16, every 10.
    assert count(int(2.56 * 16_000)) == 25
