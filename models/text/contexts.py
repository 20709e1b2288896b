"""Contexts: in which passes a text is read, and how much of it each word is read with.

A text that fits is read in one pass, in which a causal model gives each word
exactly what it would give at the end of a text that stops there. A longer text
is read in blocks that overlap, or every word with a context of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heschl.errors import InvalidInput
from heschl.models.text.tokens import WordTokens

__all__ = ["Pass", "overlapping_blocks", "words_before_each"]


@dataclass(frozen=True)
class Pass:
    """The tokens ``start`` up to ``stop`` go in; the ``words``, by number, come out."""

    start: int
    stop: int
    words: range


def overlapping_blocks(
    words: Sequence[WordTokens], *, most: int, before: int, after: int = 0
) -> list[Pass]:
    """Return blocks in which every word has enough around it.

    Parameters
    ----------
    words
        The tokens of each word of the text.
    most
        How many tokens one pass takes.
    before, after
        How many tokens come before and after each word at least, where the text
        has as many.

    >>> words = [WordTokens(i, i + 1) for i in range(10)]
    >>> [(block.start, block.stop, block.words) for block in overlapping_blocks(
    ...     words, most=6, before=3)]
    [(0, 6, range(0, 6)), (3, 9, range(6, 9)), (6, 10, range(9, 10))]
    """
    n_tokens = words[-1].stop if words else 0
    passes: list[Pass] = []
    done = 0
    while done < len(words):
        start = max(words[done].first - before, 0) if done else 0
        stop = min(n_tokens, start + most)
        reached = done
        while reached < len(words) and min(words[reached].stop + after, n_tokens) <= stop:
            reached += 1
        if reached == done:
            raise InvalidInput(
                f"word {done} of the text has {words[done].stop - words[done].first} tokens and "
                f"is to be read with {before} before and {after} after it, but a pass takes {most} "
                "tokens; ask for less context, with a smaller minimum"
            )
        if not after:  # what follows the last word that is taken changes nothing
            stop = words[reached - 1].stop
        passes.append(Pass(start, stop, range(done, reached)))
        done = reached
    return passes


def words_before_each(words: Sequence[WordTokens], n_words: int, *, most: int) -> list[Pass]:
    """Return for each word a pass that ends with it and begins ``n_words`` words earlier.

    >>> words_before_each([WordTokens(0, 1), WordTokens(1, 3), WordTokens(3, 4)], 1, most=8)[2]
    Pass(start=1, stop=4, words=range(2, 3))
    """
    passes = []
    for number, word in enumerate(words):
        start = words[max(number - n_words, 0)].first
        if word.stop - start > most:
            raise InvalidInput(
                f"word {number} and the {n_words} before it have {word.stop - start} tokens, but a "
                f"pass takes {most}; ask for fewer words"
            )
        passes.append(Pass(start, word.stop, range(number, number + 1)))
    return passes
