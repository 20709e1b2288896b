"""Controls: the same sound and as many steps, without what the brain knows about the sound.

``local``
    Blocks of 15 rows of responses change places, each by ten blocks at least, over all stories.
``all``
    Each story gets the responses to another one.
``random-head``
    Targets are what a random linear layer makes of the network as it was before.
``stimulus``
    The network goes on with its own self-supervised loss, see `heschl.braintuning.contrastive`.
``model``
    Targets are the layers of another, larger model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from heschl.braintuning.examples import Examples
from heschl.clocks import Lanczos
from heschl.contracts import AnyModel
from heschl.errors import InvalidInput
from heschl.extraction import extract
from heschl.sound import Stimulus
from heschl.temporal import zscore
from heschl.windowing import ChunkedWindows

__all__ = [
    "Control",
    "block_order",
    "model_targets",
    "random_head_targets",
    "responses_of_others",
    "responses_permuted",
]

Control = Literal["none", "local", "all", "random-head", "stimulus", "model"]

BLOCK_ROWS, LEAST_MOVE = 15, 10
_SWAPS_PER_BLOCK = 50


def block_order(n_blocks: int, generator: np.random.Generator) -> np.ndarray:
    """Return which block (block,) comes to each place, every one from `LEAST_MOVE` away or more.

    >>> order = block_order(20, np.random.default_rng(0))
    >>> sorted(order.tolist()) == list(range(20)), int(abs(order - np.arange(20)).min())
    (True, 10)
    """
    if n_blocks < 2 * LEAST_MOVE:
        raise InvalidInput(
            f"{n_blocks} blocks of {BLOCK_ROWS} rows cannot all move by {LEAST_MOVE} blocks; give "
            f"{2 * LEAST_MOVE * BLOCK_ROWS} training rows at least, or choose the control 'all'"
        )
    # Half a turn is an order that is allowed; swaps that are allowed mix it.
    order = np.roll(np.arange(n_blocks), n_blocks // 2)
    for one, other in generator.integers(n_blocks, size=(_SWAPS_PER_BLOCK * n_blocks, 2)):
        if min(abs(order[one] - other), abs(order[other] - one)) >= LEAST_MOVE:
            order[[one, other]] = order[[other, one]]
    return order


def responses_permuted(examples: Examples, seed: int) -> Examples:
    """Return the examples with their targets permuted in blocks (``local``).

    The rows behind the last whole block get the targets of the first rows.
    """
    targets = examples.targets
    n_blocks = len(targets) // BLOCK_ROWS
    order = block_order(n_blocks, np.random.default_rng([seed, 1]))
    whole = targets[: n_blocks * BLOCK_ROWS].reshape(n_blocks, BLOCK_ROWS, -1)
    moved = whole[order].reshape(n_blocks * BLOCK_ROWS, -1)
    return examples.with_targets(np.concatenate([moved, targets[: len(targets) - len(moved)]]))


def responses_of_others(examples: Examples, seed: int) -> Examples:
    """Return the examples with the targets of other stories (``all``).

    They are cut, or filled with zeros, to each story's length.
    """
    stories = examples.stories
    if len(stories) < 2:  # noqa: PLR2004
        raise InvalidInput(
            "one story has no other whose responses it could get; tune on two or more, or choose "
            "the control 'local'"
        )
    # A cycle through all stories in random order gives none its own.
    cycle = np.random.default_rng([seed, 2]).permutation(len(stories))
    giver = dict(zip(cycle.tolist(), np.roll(cycle, 1).tolist(), strict=True))
    parts = []
    for number, story in enumerate(stories):
        given = stories[giver[number]].targets[: len(story.targets)]
        missing = len(story.targets) - len(given)
        parts.append(np.pad(given, ((0, missing), (0, 0))))
    return examples.with_targets(np.concatenate(parts))


def random_head_targets(
    training: Examples,
    validation: Examples,
    pooled: Callable[[Examples], np.ndarray],
    n_units: int,
    seed: int,
) -> tuple[Examples, Examples]:
    """Return both with what one random layer makes of mean frames (``random-head``).

    ``pooled`` returns those (row, feature) of the network as it was. The training rows say how
    features are standardised, so that both kinds of rows have targets of the same layer.
    """
    heard = pooled(training).astype(np.float64)
    mean, scale = heard.mean(axis=0), heard.std(axis=0) + 1e-12
    head = np.random.default_rng([seed, 3]).standard_normal((heard.shape[1], n_units))
    return (
        _standardised(training, (heard - mean) / scale @ head),
        _standardised(validation, (pooled(validation) - mean) / scale @ head),
    )


def model_targets(
    examples: Examples,
    model: AnyModel,
    layers: Sequence[str],
    stimuli: Sequence[Stimulus],
    clocks: Sequence[np.ndarray],
) -> Examples:
    """Return the examples with the layers of another model, side by side (``model``).

    A model that hears does so in windows of 10 s every 5 s; Lanczos brings its frames, or a text
    model's words, to the clock of each story's rows.
    """
    rows = []
    for stimulus, clock in zip(stimuli, clocks, strict=True):
        found = extract(model, stimulus, layers, ChunkedWindows(10.0, 5.0), Lanczos(lobes=3), clock)
        rows.append(np.concatenate([found[layer] for layer in layers], axis=1))
    return _standardised(examples, np.concatenate(rows))


def _standardised(examples: Examples, targets: np.ndarray) -> Examples:
    """Return the examples with these targets, z-scored over the rows of each story."""
    stops = np.cumsum([len(story.ends) for story in examples.stories])
    parts = np.split(targets, stops[:-1])
    return examples.with_targets(np.concatenate([zscore(part) for part in parts]))
