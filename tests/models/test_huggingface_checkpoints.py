"""Checkpoints that are whole, and all that is refused because it is not."""

from __future__ import annotations

import json
import os
import pickle

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")
pytest.importorskip("transformers", reason="transformers is not installed")

import torch
import transformers
from huggingface_checkpoints import (
    ONE_EACH,
    assert_same,
    change_json,
    put_weights,
    weights_of,
    write_checkpoint,
)
from safetensors.torch import save_file

from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.models.huggingface import open_encoder


def in_encoder(weights: dict[str, torch.Tensor]) -> list[str]:
    """Return the names of weights that every encoder has, by a word in them."""
    words = ("encoder.layers", "encoder.encoder.layer", "encoder.layer")
    return [key for key in weights if any(word in key for word in words) and "decoder" not in key]


@pytest.mark.parametrize("family", ONE_EACH)
def test_a_weight_that_is_missing_is_named(family, tmp_path):
    folder = write_checkpoint(tmp_path / "net", ONE_EACH[family])
    weights = weights_of(folder)
    dropped = in_encoder(weights)[-1]
    put_weights(folder, {key: value for key, value in weights.items() if key != dropped})

    with pytest.raises(CorruptData, match=r"lacks 1 weights|do not load") as caught:
        open_encoder(str(folder))

    # Transformers 4 fails on half of a weight norm, before it has a list of what is missing; and 5
    # has renamed some parts of what it saves.
    is_named = dropped.rpartition(".")[2] in str(caught.value)
    assert is_named or ("weight_norm" in str(caught.value) and transformers.__version__ < "5")


@pytest.mark.parametrize("family", ONE_EACH)
def test_a_weight_too_many_is_named(family, tmp_path):
    folder = write_checkpoint(tmp_path / "net", ONE_EACH[family])
    weights = weights_of(folder)
    extra = f"{in_encoder(weights)[0].rpartition('.')[0]}.extra"
    put_weights(folder, weights | {extra: torch.zeros(3)})

    with pytest.raises(CorruptData, match=r"has left over 1 weights.*extra"):
        open_encoder(str(folder))


@pytest.mark.parametrize("family", ONE_EACH)
def test_a_weight_of_another_shape_is_named(family, tmp_path):
    folder = write_checkpoint(tmp_path / "net", ONE_EACH[family])
    weights = weights_of(folder)
    key = next(key for key in in_encoder(weights) if weights[key].ndim)
    put_weights(folder, weights | {key: torch.zeros(77)})

    with pytest.raises(CorruptData, match="in another shape 1 weights") as caught:
        open_encoder(str(folder))

    assert key.rpartition(".")[2] in str(caught.value)
    # Transformers 4 does not say which shapes.
    assert "(77,) for" in str(caught.value) or transformers.__version__ < "5"


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        ("data2vec-audio", "wav2vec2"),
        ("wavlm", "wav2vec2"),
        ("wavlm", "hubert"),
        ("wav2vec2+norm", "wav2vec2"),
        ("wav2vec2-conformer+rotary", "wav2vec2"),
        ("wav2vec2-conformer", "wav2vec2-conformer+rotary"),
        ("sew", "wav2vec2"),
        ("sew", "sew-d"),
        ("whisper", "wav2vec2-bert"),
        ("encodec", "audio-spectrogram-transformer"),
    ],
)
def test_weights_of_another_architecture_are_refused(kind, other, tmp_path):
    """As they would be loaded in part, and the rest left to chance."""
    weights = weights_of(write_checkpoint(tmp_path / "one", kind))
    folder = write_checkpoint(tmp_path / "other", other)
    put_weights(folder, weights)

    with pytest.raises(CorruptData, match=r"lacks|left over"):
        open_encoder(str(folder))


def test_what_masks_in_training_may_be_there_or_not(tmp_path):
    folder = write_checkpoint(tmp_path / "net", "hubert+norm")
    expected, weights = open_encoder(str(folder)), weights_of(folder)
    assert "masked_spec_embed" in weights
    put_weights(folder, {k: v for k, v in weights.items() if k != "masked_spec_embed"})
    assert_same(open_encoder(str(folder)), expected)

    put_weights(folder, weights)
    change_json(folder / "config.json", mask_time_prob=0.0, mask_feature_prob=0.0)
    assert_same(open_encoder(str(folder)), expected)


def test_weights_under_their_former_names_are_taken(tmp_path):
    """Releases name the parts of a weight norm as torch did before version 2."""
    folder = write_checkpoint(tmp_path / "net", "wav2vec2+norm")
    expected = open_encoder(str(folder))
    former = {
        key.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for key, value in weights_of(folder).items()
    }
    assert any(key.endswith("weight_g") for key in former)
    put_weights(folder, former)

    assert_same(open_encoder(str(folder)), expected)


def test_half_precision_is_widened(tmp_path):
    folder = write_checkpoint(tmp_path / "net", "wav2vec2+norm")
    halves = {key: value.half() for key, value in weights_of(folder).items()}
    put_weights(folder, {key: value.float() for key, value in halves.items()})
    expected = open_encoder(str(folder))
    put_weights(folder, halves)
    change_json(folder / "config.json", torch_dtype="float16", dtype="float16")

    assert_same(open_encoder(str(folder)), expected)


def test_pickles_of_weights_are_taken_and_code_is_not_run(tmp_path):
    folder = write_checkpoint(tmp_path / "net", "wav2vec2+norm")
    expected = open_encoder(str(folder))
    torch.save(weights_of(folder), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert_same(open_encoder(str(folder)), expected)

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    for written in (lambda path: torch.save({"w": Trap()}, path), lambda path: path.write_bytes(
        pickle.dumps({"w": Trap()})
    )):  # fmt: skip
        written(folder / "pytorch_model.bin")
        with pytest.raises(CorruptData, match="do not load"):
            open_encoder(str(folder))
    assert not (tmp_path / "sprung").exists()


def test_weights_in_parts_are_put_together(tmp_path):
    folder = write_checkpoint(tmp_path / "net", "wav2vec2+norm")
    expected, weights = open_encoder(str(folder)), weights_of(folder)
    (folder / "model.safetensors").unlink()
    shards = {}
    for number, keys in enumerate((sorted(weights)[::2], sorted(weights)[1::2]), start=1):
        name = f"model-0000{number}-of-00002.safetensors"
        save_file({k: weights[k] for k in keys}, folder / name, metadata={"format": "pt"})
        shards |= dict.fromkeys(keys, name)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": shards}))

    model = open_encoder(str(folder))
    assert_same(model, expected)
    assert model.digest != expected.digest  # of other files

    (folder / name).unlink()
    with pytest.raises(MissingData, match="lists parts that are not there"):
        open_encoder(str(folder))


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda f: (f / "config.json").unlink(), MissingData, "no config.json"),
        (lambda f: (f / "config.json").write_text("{"), CorruptData, "not JSON"),
        (lambda f: (f / "config.json").write_text("[]"), CorruptData, "holds a list"),
        (lambda f: (f / "config.json").write_text("{}"), InvalidInput, "without a model_type"),
        (
            lambda f: change_json(f / "config.json", model_type="gpt2"),
            InvalidInput,
            "opened by lm:",
        ),
        (
            lambda f: change_json(f / "config.json", model_type="wavlmm"),
            InvalidInput,
            "did you mean",
        ),
        (
            lambda f: change_json(f / "config.json", hidden_size="x"),
            CorruptData,
            "none that|not load",
        ),
        (lambda f: (f / "model.safetensors").unlink(), MissingData, "has no weights"),
        (lambda f: os.truncate(f / "model.safetensors", 5000), CorruptData, "do not load"),
        (lambda f: (f / "preprocessor_config.json").unlink(), MissingData, "how it hears"),
        (lambda f: (f / "preprocessor_config.json").write_text(""), CorruptData, "is empty"),
        (
            lambda f: (f / "config.json").write_text(
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"
            ),
            MissingData,
            "was not fetched",
        ),
    ],
)
def test_what_is_no_checkpoint_is_refused(spoil, error, message, tmp_path):
    folder = write_checkpoint(tmp_path / "net", "wav2vec2")
    spoil(folder)

    with pytest.raises(error, match=message):
        open_encoder(str(folder))


def test_a_file_is_no_folder(tmp_path):
    folder = write_checkpoint(tmp_path / "net", "wav2vec2")
    with pytest.raises(MissingData, match="give the folder"):
        open_encoder(str(folder / "model.safetensors"))


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("wav2vec2", {"do_normalize": "yes"}, "expected true or false"),
        ("wav2vec2", {"sampling_rate": 0}, "expected a whole number above 0"),
        ("wav2vec2", {"feature_size": 2}, "hears 2 channels"),
        ("wav2vec2", {"feature_extractor_type": "WhisperFeatureExtractor"}, "takes what a"),
        ("whisper+short", {"feature_size": 80}, "promises 80 bands"),
        ("whisper+short", {"chunk_length": 30}, "promises 3000 frames"),
        ("whisper+short", {"dither": 0.1}, "random noise"),
        ("audio-spectrogram-transformer", {"max_length": 1024}, "promises 1024 frames"),
        ("audio-spectrogram-transformer", {"mean": "low"}, "expected a number"),
        ("audio-spectrogram-transformer", {"sampling_rate": 8000}, "at 16000 Hz alone"),
        ("wav2vec2-bert", {"stride": 1}, "promises 20 bands"),
        ("encodec", {"sampling_rate": 48_000}, "promises 48000 Hz"),
        ("encodec", {"feature_size": 2}, "hears 2 channels"),
    ],
)
def test_a_way_of_hearing_that_does_not_fit_is_refused(kind, changes, message, tmp_path):
    folder = write_checkpoint(tmp_path / "net", kind)
    change_json(folder / "preprocessor_config.json", **changes)

    with pytest.raises(InvalidInput, match=message):
        open_encoder(str(folder))


def test_an_encodec_in_chunks_is_refused(tmp_path):
    folder = write_checkpoint(tmp_path / "net", "encodec", chunk_length_s=1.0, overlap=0.01)
    with pytest.raises(InvalidInput, match="without chunks"):
        open_encoder(str(folder))


def test_a_processor_may_hold_the_extractor(tmp_path):
    """As transformers 5 saves it."""
    folder = write_checkpoint(tmp_path / "net", "wav2vec2+norm")
    expected = open_encoder(str(folder))
    said = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").unlink()
    (folder / "processor_config.json").write_text(json.dumps({"feature_extractor": said}))

    model = open_encoder(str(folder))

    assert_same(model, expected)
    assert model.digest == expected.digest


@pytest.mark.parametrize(
    ("n_samples", "message"),
    [(0, "at least 400"), (160, "at least 400")],
    ids=["nothing", "10 ms"],
)
def test_sounds_that_are_too_short_are_refused(n_samples, message, tmp_path):
    model = open_encoder(str(write_checkpoint(tmp_path / "net", "wav2vec2")))
    with pytest.raises(InvalidInput, match=message):
        model.forward(np.zeros((1, n_samples), np.float32), ["cnn"])
