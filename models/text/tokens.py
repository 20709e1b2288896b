"""Tokens: which of them a word is made of, told by their places in the text.

A tokenizer's own idea of words is of no use here: byte-level ones cut "don't"
in two before they begin.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heschl.errors import InvalidInput
from heschl.models.text.transcript import Transcript

__all__ = ["Tokens", "WordTokens", "tokenised", "words_of_tokens"]


@dataclass(frozen=True)
class WordTokens:
    """The tokens ``start`` up to ``stop`` of the text, which begin within one word.

    Both are the same where a token of the word before runs on through this one;
    ``first`` and ``last`` are then that token.
    """

    start: int
    stop: int

    @property
    def first(self) -> int:
        """The first token in which there is something of the word."""
        return min(self.start, self.stop - 1)

    @property
    def last(self) -> int:
        """The token with which the word is complete."""
        return self.stop - 1


@dataclass(frozen=True)
class Tokens:
    """The tokens of one text, and those of each of its words."""

    ids: tuple[int, ...]
    of_words: tuple[WordTokens, ...]


def tokenised(tokenizer: Any, transcript: Transcript, model: str) -> Tokens:
    """Return the tokens of a whole text, made in one go and without special ones.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of transformers.
    transcript
        The text and its words.
    model
        The name of whose tokenizer it is, for messages.
    """
    if not transcript.words:
        return Tokens((), ())
    encoded = tokenizer(
        transcript.text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        split_special_tokens=True,  # a word that looks like a special token is a word
        truncation=False,
        padding=False,
        verbose=False,
    )
    owners = words_of_tokens(transcript, encoded["offset_mapping"])
    return Tokens(tuple(encoded["input_ids"]), _spans(owners, encoded, transcript, model))


def words_of_tokens(transcript: Transcript, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """Return for each token the word that holds its first character which is no space.

    Parameters
    ----------
    transcript
        The text, of which every character that is no space belongs to a word.
    offsets
        Where each token starts and stops, in characters.

    A token of nothing but space belongs to the word that follows it.
    """
    text, starts = transcript.text, [word.start for word in transcript.words]
    owners = []
    for start, _ in offsets:
        place = start
        while place < len(text) and text[place].isspace():
            place += 1
        owners.append(bisect.bisect_right(starts, place) - 1)
    return owners


def _spans(
    owners: list[int], encoded: Any, transcript: Transcript, model: str
) -> tuple[WordTokens, ...]:
    offsets = encoded["offset_mapping"]
    seen = {place for start, stop in offsets for place in range(start, stop)}
    spans: list[WordTokens] = []
    for number, word in enumerate(transcript.words):
        start, stop = bisect.bisect_left(owners, number), bisect.bisect_right(owners, number)
        is_run_through = start > 0 and offsets[start - 1][1] > word.start
        letters = {n for n in range(word.start, word.stop) if transcript.text[n].isalnum()}
        if word.is_spoken and (not letters <= seen or (start == stop and not is_run_through)):
            raise InvalidInput(
                f"the tokenizer of {model!r} leaves out characters of the text, at or before the "
                f"word {word.label!r} at {word.onset_s:g} s, so that the model would not see them; "
                "choose a model of this language or correct the transcript"
            )
        spans.append(WordTokens(start, stop))
    return tuple(spans)
