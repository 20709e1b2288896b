"""Surprisal against a loop over the tokens, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import text_checkpoints
import torch
import transformers
from text_checkpoints import NASTY, spoken, story

from heschl.alignment import Alignment
from heschl.errors import InvalidInput
from heschl.models.text import open_surprisal
from heschl.testing import examine, model_checks


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    return text_checkpoints.gpt2(tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return text_checkpoints.llama(tmp_path_factory.mktemp("llama"))


def bits_by_token(folder, ids):
    """Return the surprisal of each token but the first, one pass for each."""
    network = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    bits = []
    for number in range(1, len(ids)):
        with torch.inference_mode():
            logits = network(torch.tensor([ids[:number]])).logits[0, -1]
        bits.append(-float(torch.nn.functional.log_softmax(logits, dim=-1)[ids[number]]))
    return np.array(bits) / math.log(2)


def test_surprisal_equals_a_loop_over_tokens(gpt2):
    model = open_surprisal(str(gpt2))
    alignment = story(14)
    tokenizer = transformers.AutoTokenizer.from_pretrained(gpt2)
    ids = [0, *tokenizer(" ".join(word.label for word in alignment.words))["input_ids"]]
    bits = bits_by_token(gpt2, ids)

    read = model.read(alignment, ["surprisal", "first_token"])

    spans = [word.tokens for word in model.words(alignment)]
    assert any(stop - start > 1 for start, stop in spans)
    expected = [bits[start:stop].sum() for start, stop in spans]
    np.testing.assert_allclose(read["surprisal"].values[:, 0], expected, rtol=2e-6)
    first = [bits[start] for start, _ in spans]
    np.testing.assert_allclose(read["first_token"].values[:, 0], first, rtol=2e-6)


def test_surprisal_of_a_text_is_the_sum_over_its_words(llama):
    # Its tokens run on through several words; none may count twice or be lost.
    model = open_surprisal(str(llama))
    alignment = Alignment(words=spoken(NASTY).words[:6] + spoken(NASTY).words[-6:-1])
    alignment = spoken(tuple(word.label for word in alignment.words))
    tokenizer = transformers.AutoTokenizer.from_pretrained(llama)
    text = "I don't think can't mother-in-law's twenty-one 我们明天去公园 don't"
    bits = bits_by_token(llama, tokenizer(text)["input_ids"])

    values = model.read(alignment, ["surprisal"])["surprisal"].values

    np.testing.assert_allclose(values.sum(), bits.sum(), rtol=2e-6)


def test_surprisal_in_blocks_knows_its_context(gpt2):
    model = open_surprisal(f"{gpt2}?minimum=20")
    alignment = story(120)
    tokenizer = transformers.AutoTokenizer.from_pretrained(gpt2)
    ids = tokenizer(" ".join(word.label for word in alignment.words))["input_ids"]
    values = model.read(alignment, ["surprisal"])["surprisal"].values[:, 0]

    words = model.words(alignment)
    for number in (0, 40, 41, 80, 119):
        start, stop = words[number].tokens
        assert words[number].n_before >= min(20, start)
        passage = [0, *ids[start - words[number].n_before : stop]]
        expected = bits_by_token(gpt2, passage)[start - stop :].sum()
        assert values[number] == pytest.approx(expected, rel=2e-6)


def test_a_uniform_guess_costs_the_logarithm_of_the_vocabulary(gpt2, tmp_path):
    network = transformers.GPT2LMHeadModel.from_pretrained(gpt2)
    with torch.no_grad():
        network.transformer.ln_f.weight.zero_()
        network.transformer.ln_f.bias.zero_()
    network.save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(gpt2).save_pretrained(tmp_path)
    model = open_surprisal(str(tmp_path))
    alignment = spoken(("I", "don't", "think"))

    values = model.read(alignment, ["surprisal"])["surprisal"].values[:, 0]

    n_tokens = [stop - start for start, stop in (word.tokens for word in model.words(alignment))]
    np.testing.assert_allclose(values, np.array(n_tokens) * math.log2(400), rtol=1e-6)


def test_a_masked_model_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="is a masked language model"):
        open_surprisal(str(text_checkpoints.bert(tmp_path)))


def test_a_checkpoint_without_head_is_refused(llama, tmp_path):
    transformers.LlamaModel.from_pretrained(llama).save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(llama).save_pretrained(tmp_path)

    with pytest.raises(InvalidInput, match="has no weights for guessing words"):
        open_surprisal(str(tmp_path))


def test_a_tokenizer_without_beginning_is_refused(gpt2, tmp_path):
    transformers.GPT2LMHeadModel.from_pretrained(gpt2).save_pretrained(tmp_path)
    text_checkpoints.byte_level(tmp_path)

    with pytest.raises(InvalidInput, match="no token that begins or ends a text"):
        open_surprisal(str(tmp_path))


def test_contract(gpt2):
    checks = model_checks(open_surprisal(str(gpt2)))
    # That it loads elsewhere is proven with the language model, which is opened alike.
    outcomes = [examine(each) for each in checks if each.name != "loads_in_another_process"]

    assert [outcome for outcome in outcomes if outcome.verdict == "failed"] == []
    assert sum(outcome.verdict == "passed" for outcome in outcomes) >= len(outcomes) - 2
