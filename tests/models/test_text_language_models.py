"""Language models: layers, exact contexts, blocks, and the contract."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers
from text_checkpoints import NASTY, difference, opened, spoken, story

from heschl.alignment import Alignment
from heschl.errors import InvalidInput
from heschl.models.text.reading import Context, Reading
from heschl.testing import examine, model_checks

KINDS = ("gpt2", "llama", "bert", "roberta")
EXACT = 2e-6
"""The relative error between a growing prefix and one pass."""


def names(model):
    return [layer.name for layer in model.layers]


def hidden_states(folder, ids, kind):
    """Return what transformers itself calls the hidden states, and the last one."""
    auto = {
        "gpt2": transformers.GPT2Model,
        "llama": transformers.LlamaModel,
        "bert": transformers.BertModel,
        "roberta": transformers.RobertaModel,
    }[kind]
    network = auto.from_pretrained(folder).eval()
    with torch.inference_mode():
        found = network(torch.tensor([ids]), output_hidden_states=True)
    return found.hidden_states, found.last_hidden_state


def test_layers_have_the_names_of_the_architecture(language_models):
    assert names(opened(language_models["gpt2"])) == ["embed", "block.0", "block.1", "final"]
    assert names(opened(language_models["llama"])) == ["embed", "block.0", "block.1", "final"]
    assert names(opened(language_models["bert"])) == ["embed", "block.0", "block.1"]
    assert names(opened(language_models["roberta"])) == ["embed", "block.0"]


@pytest.mark.parametrize("kind", KINDS)
def test_layers_equal_those_of_transformers(kind, language_models):
    model = opened(language_models[kind])
    alignment = spoken(("I", "don't", "think", "that"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(language_models[kind])
    ids = tokenizer("I don't think that")["input_ids"]
    # GPT-2's tokenizer puts nothing before a text; the token that begins one goes there.
    ids = [0, *ids] if kind == "gpt2" else ids
    states, last = hidden_states(language_models[kind], ids, kind)
    spans = [word.tokens for word in model.words(alignment)]
    n_before = {"gpt2": 1, "llama": 1, "bert": 1, "roberta": 0}[kind]

    read = model.read(alignment, names(model))

    expected = {"embed": states[0], "block.0": states[1], "final": last}
    for layer in [name for name in names(model) if name in expected]:
        rows = []
        for start, stop in spans:
            tokens = expected[layer][0, n_before + start : n_before + stop].numpy()
            rows.append(tokens[-1] if kind in ("gpt2", "llama") else tokens.mean(axis=0))
        assert difference(read[layer].values, np.array(rows)) < EXACT


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_one_pass_equals_a_prefix_that_grows(kind, language_models):
    model = opened(language_models[kind])
    alignment = story(12)
    read = model.read(alignment, names(model))
    ids = Reading(model._network, alignment, Context()).tokens.ids
    compared = 0

    for n_words in range(1, len(alignment.words) + 1):
        prefix = Alignment(words=alignment.words[:n_words])
        begun = Reading(model._network, prefix, Context()).tokens.ids
        if begun != ids[: len(begun)]:
            continue  # a token runs on through the next word, and is another without it
        compared += 1
        for layer, events in model.read(prefix, names(model)).items():
            assert difference(events.values[-1], read[layer].values[n_words - 1]) < EXACT

    assert compared == 12 if kind == "gpt2" else compared >= 3


def test_a_text_that_fits_is_read_in_one_pass(language_models):
    words = opened(language_models["gpt2"]).words(story(12))

    assert [word.n_before for word in words] == [word.tokens[0] for word in words]


def test_blocks_record_their_contexts_and_equal_a_strict_pass(language_models):
    model = opened(language_models["gpt2"], "?minimum=20")
    alignment = story(150)
    words = model.words(alignment)
    read = model.read(alignment, names(model))
    network = transformers.GPT2Model.from_pretrained(language_models["gpt2"]).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(language_models["gpt2"])
    ids = tokenizer(" ".join(word.label for word in alignment.words))["input_ids"]
    assert len(ids) > 4 * 64

    assert min(word.n_before for word in words if word.tokens[0] >= 20) >= 20
    assert max(word.tokens[1] - word.tokens[0] + word.n_before for word in words) <= 63
    for number, word in enumerate(words):
        start, stop = word.tokens
        with torch.inference_mode():
            alone = network(torch.tensor([[0, *ids[start - word.n_before : stop]]]))
        expected = alone.last_hidden_state[0, -1].numpy()
        assert difference(read["final"].values[number], expected) < EXACT


def test_strict_contexts_equal_blocks_where_they_agree(language_models):
    alignment = story(60)
    strict = opened(language_models["gpt2"], "?before=8")
    whole = strict.read(alignment, names(strict))
    blocks = opened(language_models["gpt2"])
    expected = blocks.read(alignment, names(blocks))

    for layer, events in whole.items():
        # The first words have the same before them either way.
        assert difference(events.values[:9], expected[layer].values[:9]) < EXACT
    assert difference(whole["final"].values[9:], expected["final"].values[9:]) > 1e-3
    words = strict.words(alignment)
    assert [word.n_before for word in words[8:]] == [
        after.tokens[0] - before.tokens[0]
        for before, after in zip(words[:-8], words[8:], strict=True)
    ]


def test_strict_contexts_do_not_depend_on_batches(language_models, monkeypatch):
    alignment = story(40)
    model = opened(language_models["gpt2"], "?before=3")
    together = model.read(alignment, ["block.1"])["block.1"].values
    monkeypatch.setattr("heschl.models.text.reading._TOKENS_AT_ONCE", 1)

    alone = model.read(alignment, ["block.1"])["block.1"].values

    assert difference(together, alone) < EXACT


def test_a_masked_model_has_context_on_both_sides(language_models):
    model = opened(language_models["bert"], "?minimum=10")
    words = model.words(story(80))

    assert len({word.tokens[0] - word.n_before for word in words}) > 3
    last = words[-1].tokens[1]
    for word in words:
        assert word.n_before >= min(10, word.tokens[0])
        assert word.n_after >= min(10, last - word.tokens[1])


def test_a_masked_model_with_strict_contexts_is_causal(language_models):
    model = opened(language_models["bert"], "?before=4")
    alignment = story(20)

    read = model.read(alignment, ["block.1"])["block.1"].values

    shorter = model.read(Alignment(words=alignment.words[:11]), ["block.1"])["block.1"].values
    assert difference(read[:11], shorter) < EXACT


@pytest.mark.parametrize("value", ["first", "last", "mean"])
def test_words_are_told_by_the_tokens_asked_for(value, language_models):
    alignment = spoken(("mother-in-law's", "cat"))
    model = opened(language_models["gpt2"], f"?words={value}")
    start, stop = model.words(alignment)[0].tokens
    assert stop - start > 3
    tokenizer = transformers.AutoTokenizer.from_pretrained(language_models["gpt2"])
    _, last = hidden_states(
        language_models["gpt2"], [0, *tokenizer("mother-in-law's")["input_ids"]], "gpt2"
    )
    tokens = last[0, 1:].numpy()

    row = model.read(alignment, ["final"])["final"].values[0]

    expected = {"first": tokens[0], "last": tokens[-1], "mean": tokens.mean(axis=0)}[value]
    assert difference(row, expected) < EXACT


def test_punctuation_is_read_but_makes_no_event(language_models):
    model = opened(language_models["gpt2"])
    with_dash, without = spoken(("one", "--", "two")), spoken(("one", "sp", "two"))

    dashed = model.read(with_dash, ["final"])["final"]

    assert dashed.onsets_s.tolist() == [0.0, 0.5]
    assert dashed.offsets_s.tolist() == [0.25, 0.75]
    plain = model.read(without, ["final"])["final"]
    assert difference(dashed.values[0], plain.values[0]) < EXACT
    assert difference(dashed.values[1], plain.values[1]) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_nasty_transcripts_are_read(kind, language_models):
    model = opened(language_models[kind])

    read = model.read(spoken(NASTY), names(model))

    assert all(np.isfinite(events.values).all() for events in read.values())
    assert {len(events.values) for events in read.values()} == {len(NASTY) - 5}


def test_positions_of_roberta_begin_behind_the_padding(language_models):
    model = opened(language_models["roberta"])

    # 34 rows, of which the padding and what is below it are never a position's.
    assert model._network.most == 32
    assert max(w.n_before + w.n_after for w in model.words(story(60))) >= 28


def test_more_positions_than_there_are_are_refused(language_models):
    with pytest.raises(InvalidInput, match=r"was asked to read 65 tokens at once; .* at most 64"):
        opened(language_models["gpt2"], "?tokens=65")
    assert opened(language_models["gpt2"], "?tokens=9")._network.most == 8


def test_contexts_that_do_not_fit_are_refused(language_models):
    model = opened(language_models["gpt2"], "?before=60")

    with pytest.raises(InvalidInput, match="a pass takes 63; ask for fewer words"):
        model.read(story(70), ["final"])
    with pytest.raises(InvalidInput, match="minimum=3 tokens and before=2 words"):
        opened(language_models["gpt2"], "?minimum=3&before=2")


@pytest.mark.parametrize("kind", [pytest.param("gpt2", marks=pytest.mark.slow), "llama", "bert"])
def test_contract(kind, language_models):
    checks = model_checks(opened(language_models[kind]))
    # Another process imports torch again, for many seconds: once is enough.
    mine = [each for each in checks if kind == "gpt2" or each.name != "loads_in_another_process"]
    outcomes = [examine(check) for check in mine]

    assert [outcome for outcome in outcomes if outcome.verdict == "failed"] == []
    assert sum(outcome.verdict == "passed" for outcome in outcomes) >= len(outcomes) - 2
