"""From an alignment to a text, its tokens and the passes in which they are read."""

from __future__ import annotations

import pytest
import text_checkpoints
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl.alignment import Alignment
from heschl.errors import InvalidInput
from heschl.models.text.contexts import overlapping_blocks, words_before_each
from heschl.models.text.tokens import WordTokens, tokenised
from heschl.models.text.transcript import transcript_of

TOKENIZERS = {
    "byte-level": text_checkpoints.byte_level,
    "word-pieces": text_checkpoints.word_pieces,
    "over-spaces": text_checkpoints.pieces_over_spaces,
}


@pytest.fixture(scope="module", params=TOKENIZERS)
def tokenizer(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    TOKENIZERS[request.param](folder)
    return transformers.AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def byte_level(tmp_path_factory):
    folder = tmp_path_factory.mktemp("byte-level")
    text_checkpoints.byte_level(folder)
    return transformers.AutoTokenizer.from_pretrained(folder)


def test_words_are_joined_as_they_are_written():
    found = transcript_of(text_checkpoints.spoken(text_checkpoints.NASTY))

    assert found.text == (
        "I don't think can't mother-in-law's twenty-one 3,000 1984 -- New York ... naïve <|end|> "
        "rock'n'roll & O'Neill l'homme qu'il aujourd'hui 我们明天去公园 don't there."
    )
    for word in found.words:
        assert found.text[word.start : word.stop] == word.label


def test_what_is_no_word_is_left_out_or_makes_no_event():
    found = transcript_of(text_checkpoints.spoken(text_checkpoints.NASTY))

    labels = [word.label for word in found.words]
    assert not {"", "sp", "{BR}"} & {*labels}
    assert [word.label for word in found.words if not word.is_spoken] == ["--", "..."]


def test_words_keep_their_times():
    found = transcript_of(Alignment(words=((0.5, 0.7, "sp"), (1.0, 1.25, "yes"))))

    assert [(word.onset_s, word.offset_s, word.label) for word in found.words] == [
        (1.0, 1.25, "yes")
    ]


def test_every_token_is_in_the_word_that_holds_its_first_character(tokenizer):
    transcript = transcript_of(text_checkpoints.spoken(text_checkpoints.NASTY))

    tokens = tokenised(tokenizer, transcript, "m")

    # Word by word and character by character, instead of by bisection.
    offsets = tokenizer(
        transcript.text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        split_special_tokens=True,
    )["offset_mapping"]
    assert len(offsets) == len(tokens.ids)
    for word, span in zip(transcript.words, tokens.of_words, strict=True):
        own = [
            number
            for number, (start, stop) in enumerate(offsets)
            if any(
                word.start <= place < word.stop
                for place in [
                    p for p in range(start, stop + 1) if transcript.text[p : p + 1] != " "
                ][:1]
            )
        ]
        assert list(range(span.start, span.stop)) == own
        # Its last token reaches the end of the word, so that a causal model has seen all of it.
        assert offsets[span.last][1] >= word.stop


def test_contractions_and_hyphens_are_one_word(byte_level):
    transcript = transcript_of(text_checkpoints.spoken(("I", "don't", "mother-in-law's")))

    tokens = tokenised(byte_level, transcript, "m")

    texts = [
        byte_level.decode(list(tokens.ids[span.start : span.stop])) for span in tokens.of_words
    ]
    assert texts == ["I", " don't", " mother-in-law's"]
    # What the tokenizer itself takes for words is not what was said.
    assert len(set(byte_level(transcript.text).word_ids())) > 3


def test_special_tokens_in_a_transcript_are_words(byte_level):
    transcript = transcript_of(text_checkpoints.spoken(("the", "<|end|>")))

    tokens = tokenised(byte_level, transcript, "m")

    assert byte_level.convert_tokens_to_ids("<|end|>") == 0
    assert 0 not in tokens.ids
    assert byte_level.decode(list(tokens.ids)) == "the <|end|>"


def test_truncation_that_a_tokenizer_was_saved_with_is_not_applied(byte_level, tmp_path):
    byte_level.backend_tokenizer.enable_truncation(4)
    byte_level.backend_tokenizer.enable_padding(length=900)
    byte_level.save_pretrained(tmp_path)
    again = transformers.AutoTokenizer.from_pretrained(tmp_path)
    story = text_checkpoints.story(300)

    tokens = tokenised(again, transcript_of(story), "m")

    assert again.decode(list(tokens.ids)) == transcript_of(story).text


@pytest.mark.parametrize("label", ["ÞÞÞ", "caÞt"])
def test_characters_that_a_tokenizer_drops_are_refused(label, tmp_path):
    text_checkpoints.pieces_over_spaces(tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    tokenizer.backend_tokenizer.model.unk_token = None
    transcript = transcript_of(text_checkpoints.spoken(("the", label, "cat")))

    with pytest.raises(InvalidInput, match="leaves out characters of the text, at or before"):
        tokenised(tokenizer, transcript, "m")


def test_no_words_give_no_tokens(byte_level):
    tokens = tokenised(byte_level, transcript_of(Alignment()), "m")

    assert tokens.ids == tokens.of_words == ()
    assert overlapping_blocks((), most=8, before=4) == []


@settings(max_examples=100, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 5), max_size=60),
    most=st.integers(12, 40),
    before=st.integers(0, 4),
    after=st.integers(0, 3),
)
def test_blocks_give_every_word_once_with_enough_around_it(lengths, most, before, after):
    stops = [sum(lengths[: n + 1]) for n in range(len(lengths))]
    words = [WordTokens(stop - length, stop) for length, stop in zip(lengths, stops, strict=True)]

    blocks = overlapping_blocks(words, most=most, before=before, after=after)

    assert [n for block in blocks for n in block.words] == list(range(len(words)))
    for block in blocks:
        assert 0 < block.stop - block.start <= most
        for word in (words[n] for n in block.words):
            assert block.start <= max(word.start - before, 0)
            assert block.stop >= min(word.stop + after, stops[-1])
    if sum(lengths) <= most:
        assert len(blocks) <= 1


def test_a_word_that_fits_in_no_pass_is_refused():
    words = [WordTokens(0, 3), WordTokens(3, 12)]

    with pytest.raises(InvalidInput, match="word 1 of the text has 9 tokens"):
        overlapping_blocks(words, most=10, before=3)
    with pytest.raises(InvalidInput, match="word 1 and the 1 before it have 12 tokens"):
        words_before_each(words, 1, most=10)
