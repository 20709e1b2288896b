"""Word errors: how many words must be changed to make a transcript of a hypothesis."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["edit_distance"]


def edit_distance(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Return the least number of substitutions, deletions and insertions (Levenshtein).

    >>> edit_distance("the cat sat down".split(), "the bat sat down so".split())
    2
    """
    distances = list(range(len(hypothesis) + 1))
    for row, word in enumerate(reference, start=1):
        diagonal, distances[0] = distances[0], row
        for column, heard in enumerate(hypothesis, start=1):
            least = min(
                diagonal + (word != heard), distances[column] + 1, distances[column - 1] + 1
            )
            diagonal, distances[column] = distances[column], least
    return distances[-1]
