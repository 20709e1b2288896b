"""Checkpoints of language models: loaded whole or refused, and told apart by their digests."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import text_checkpoints
import tokenizers
import torch
import transformers
from text_checkpoints import difference, opened, spoken, story

from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.models.text import open_language_model
from heschl.models.text.reading import Context, Reading


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("?word=last", "did you mean 'words'"),
        ("?words=middle", "expected first, last or mean"),
        ("?tokens=many", "expected a whole number"),
        ("?words=last&words=mean", "one value for 'words'"),
    ],
)
def test_settings_that_are_none_are_refused(where, message, language_models):
    with pytest.raises(InvalidInput, match=message):
        opened(language_models["gpt2"], where)


def test_a_name_without_commit_is_refused():
    with pytest.raises(InvalidInput, match="40 hexadecimal digits"):
        open_language_model("openai-community/gpt2")


def test_a_folder_that_holds_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(MissingData, match="no configuration and tokenizer"):
        open_language_model(str(tmp_path))


def test_an_encoder_with_a_decoder_is_refused(language_models, tmp_path):
    folder = shutil.copytree(language_models["gpt2"], tmp_path / "t5")
    transformers.T5Config(vocab_size=400).save_pretrained(folder)

    with pytest.raises(InvalidInput, match="an encoder with a decoder"):
        open_language_model(str(folder))


def edited(folder, to, change):
    """Return a copy of a checkpoint with other weights."""
    copy = shutil.copytree(folder, to)
    weights = safetensors.torch.load_file(copy / "model.safetensors")
    change(weights)
    safetensors.torch.save_file(weights, copy / "model.safetensors", {"format": "pt"})
    return copy


@pytest.mark.parametrize("kind", ["gpt2", "bert"])
def test_a_missing_weight_is_refused(kind, language_models, tmp_path):
    key = {
        "gpt2": "transformer.h.1.mlp.c_fc.weight",
        "bert": "bert.encoder.layer.1.output.dense.weight",
    }
    folder = edited(language_models[kind], tmp_path / "m", lambda weights: weights.pop(key[kind]))

    with pytest.raises(CorruptData, match=r"lacks 1 weights of a .*: .*1\.(mlp|output)"):
        open_language_model(str(folder))


def test_an_unexpected_weight_is_refused(language_models, tmp_path):
    folder = edited(
        language_models["gpt2"],
        tmp_path / "m",
        lambda weights: weights.update({"transformer.h.1.attn.rotary.weight": torch.ones(4)}),
    )

    with pytest.raises(CorruptData, match=r"has left over 1 weights .*rotary"):
        open_language_model(str(folder))


def test_a_weight_of_another_shape_is_refused(language_models, tmp_path):
    folder = edited(
        language_models["gpt2"],
        tmp_path / "m",
        lambda weights: weights.update({"transformer.ln_f.weight": torch.ones(4)}),
    )

    with pytest.raises(CorruptData):
        open_language_model(str(folder))


def test_heads_of_released_checkpoints_may_be_there(language_models, tmp_path):
    def release(weights):
        weights["bert.pooler.dense.weight"] = torch.ones(16, 16)
        weights["cls.seq_relationship.bias"] = torch.ones(2)

    folder = edited(language_models["bert"], tmp_path / "m", release)

    plain, released = opened(language_models["bert"]), opened(folder)

    alignment = story(10)
    np.testing.assert_array_equal(
        released.read(alignment, ["block.1"])["block.1"].values,
        plain.read(alignment, ["block.1"])["block.1"].values,
    )


def test_the_network_without_its_head_is_enough(language_models, tmp_path):
    folder = shutil.copytree(language_models["bert"], tmp_path / "m")
    transformers.BertModel.from_pretrained(folder, add_pooling_layer=False).save_pretrained(folder)

    headless = opened(folder)

    alignment = story(10)
    np.testing.assert_array_equal(
        headless.read(alignment, ["block.1"])["block.1"].values,
        opened(language_models["bert"]).read(alignment, ["block.1"])["block.1"].values,
    )


def test_a_tokenizer_of_another_model_is_refused(language_models, tmp_path):
    folder = shutil.copytree(language_models["gpt2"], tmp_path / "m")
    described = json.loads((folder / "tokenizer.json").read_text())
    described["model"]["vocab"]["zebra"] = 977
    (folder / "tokenizer.json").write_text(json.dumps(described))

    with pytest.raises(CorruptData, match="counts tokens up to 977, but the network knows 400"):
        open_language_model(str(folder))


def test_text_is_cut_as_the_checkpoint_says(tmp_path):
    # transformers 5 would give this architecture a tokenizer with rules of its own.
    text_checkpoints.byte_level(tmp_path, **text_checkpoints.END)
    transformers.Qwen2ForCausalLM(
        transformers.Qwen2Config(
            vocab_size=400, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64,
        )
    ).save_pretrained(tmp_path)  # fmt: skip
    alignment = spoken(("In", "1984", "don't", "3,000"))
    released = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))

    tokens = Reading(opened(tmp_path)._network, alignment, Context()).tokens

    assert list(tokens.ids) == released.encode("In 1984 don't 3,000").ids


def test_the_digest_follows_weights_tokenizer_and_settings(language_models, tmp_path):
    other_weight = edited(
        language_models["gpt2"], tmp_path / "w", lambda w: w["transformer.ln_f.bias"].add_(1e-3)
    )
    other_tokenizer = shutil.copytree(language_models["gpt2"], tmp_path / "t")
    described = json.loads((other_tokenizer / "tokenizer.json").read_text())
    described["model"]["merges"].pop()
    (other_tokenizer / "tokenizer.json").write_text(json.dumps(described))
    copied = shutil.copytree(language_models["gpt2"], tmp_path / "same")

    read = ("", "?tokens=32", "?minimum=5", "?before=5", "?words=mean")
    digests = [
        opened(language_models["gpt2"], each).digest for each in (*read, "?random=0", "?random=1")
    ]
    digests += [opened(other_weight).digest, opened(other_tokenizer).digest]

    assert len(set(digests)) == len(digests)
    assert opened(copied).digest == digests[0]
    model = opened(language_models["gpt2"])
    model.read(story(100), ["final"])
    assert model.digest == digests[0]


def test_the_untrained_twin_is_seeded_and_leaves_the_random_state_alone(language_models):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = (opened(language_models["gpt2"], "?random=7") for _ in range(2))

    assert torch.equal(torch.rand(3), expected)
    alignment = story(10)
    values = [model.read(alignment, ["final"])["final"].values for model in (first, second)]
    np.testing.assert_array_equal(*values)
    assert first.card.training.is_trained is False
    trained = opened(language_models["gpt2"]).read(alignment, ["final"])["final"].values
    assert difference(values[0], trained) > 0.1
