"""Readings: a transcript in tokens, the passes that it is read in, and a record of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from heschl.alignment import Alignment
from heschl.contracts import Events
from heschl.errors import InvalidInput
from heschl.models.text.contexts import Pass, overlapping_blocks, words_before_each
from heschl.models.text.network import TextNetwork
from heschl.models.text.tokens import Tokens, WordTokens, tokenised
from heschl.models.text.transcript import Transcript, transcript_of

__all__ = ["Context", "ReadWord", "Reading"]

_TOKENS_AT_ONCE = 4096
"""How many tokens the passes of one batch have together, as long as there are several."""


@dataclass(frozen=True)
class Context:
    """How much of a text each word is read with.

    By default a text that fits is read in one pass. A longer one is read in
    blocks that overlap so far that every word has ``minimum`` tokens before it
    (a masked model: and after it), or as many as there are; by default half of
    what the network takes (a masked model: a quarter). With ``before`` every
    word is read in a pass of its own that begins that many words earlier and
    ends with it, whatever the kind of model; this costs as many passes as there
    are words.
    """

    minimum: int | None = None
    before: int | None = None

    def __post_init__(self) -> None:
        """Refuse both at once."""
        if self.minimum is not None and self.before is not None:
            raise InvalidInput(
                f"minimum={self.minimum} tokens and before={self.before} words; give one of them"
            )

    def passes(self, network: TextNetwork, words: Sequence[WordTokens]) -> list[Pass]:
        """Return the passes in which the words of a text are read."""
        if self.before is not None:
            return words_before_each(words, self.before, most=network.most)
        is_masked = network.kind == "masked"
        minimum = self.minimum
        if minimum is None:
            minimum = network.most // (4 if is_masked else 2)
        after = minimum if is_masked else 0
        return overlapping_blocks(words, most=network.most, before=minimum, after=after)


class ReadWord(NamedTuple):
    """A word with its times, its tokens in the text, and how much it was read with."""

    onset_s: float
    offset_s: float
    label: str
    tokens: tuple[int, int]
    n_before: int
    """Tokens of the text before the word's first, in its pass."""
    n_after: int
    """Tokens of the text after the word's last, in its pass; a causal model ignores them."""


class Reading:
    """One transcript as one network reads it.

    Every word makes an event; punctuation that stands alone is read as well,
    but makes none.
    """

    def __init__(self, network: TextNetwork, alignment: Alignment, context: Context) -> None:
        self._network = network
        self.transcript: Transcript = transcript_of(alignment)
        self.tokens: Tokens = tokenised(network.tokenizer, self.transcript, network.name)
        self._passes = context.passes(network, self.tokens.of_words)
        spoken = [n for n, word in enumerate(self.transcript.words) if word.is_spoken]
        self._row_of = {word: row for row, word in enumerate(spoken)}

    @property
    def n_events(self) -> int:
        """How many words were spoken."""
        return len(self._row_of)

    def batches(self) -> Iterator[list[Pass]]:
        """Yield passes of one length, in groups that depend on nothing but the text."""
        by_length: dict[int, list[Pass]] = {}
        for each in self._passes:
            by_length.setdefault(each.stop - each.start, []).append(each)
        for length, alike in by_length.items():
            size = max(1, _TOKENS_AT_ONCE // length)
            yield from (alike[first : first + size] for first in range(0, len(alike), size))

    def passages(self, batch: Sequence[Pass]) -> list[tuple[int, ...]]:
        """Return the tokens that go in."""
        return [self.tokens.ids[each.start : each.stop] for each in batch]

    def events_in(self, each: Pass) -> Iterator[tuple[int, WordTokens]]:
        """Yield the row and the tokens, counted within the pass, of each word it is for."""
        for number in each.words:
            if number in self._row_of:
                span = self.tokens.of_words[number]
                yield (
                    self._row_of[number],
                    WordTokens(span.start - each.start, span.stop - each.start),
                )

    def events(self, values: np.ndarray) -> Events:
        """Return the values (event, unit) with the times of their words."""
        words = [self.transcript.words[number] for number in self._row_of]
        return Events(
            values,
            np.array([word.onset_s for word in words], dtype=np.float64),
            np.array([word.offset_s for word in words], dtype=np.float64),
        )

    def words(self) -> tuple[ReadWord, ...]:
        """Return what was read, word by word, for the record."""
        found = {}
        for each in self._passes:
            for number in each.words:
                if number in self._row_of:
                    word, span = self.transcript.words[number], self.tokens.of_words[number]
                    found[number] = ReadWord(
                        word.onset_s,
                        word.offset_s,
                        word.label,
                        (span.first, span.stop),
                        span.first - each.start,
                        each.stop - span.stop,
                    )
        return tuple(found[number] for number in self._row_of)
