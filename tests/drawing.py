"""How many examples Hypothesis draws of a property that is dear to test."""

from __future__ import annotations

import os

MOST_ON_A_CHANGE = 25


def examples(number: int) -> int:
    """Return the number asked for; where ``CI`` is set, the same few examples each time do."""
    return min(number, MOST_ON_A_CHANGE) if os.environ.get("CI") else number
