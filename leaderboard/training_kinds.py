"""How a model was trained, in one of five words, from what its card says."""

from __future__ import annotations

from typing import Literal

from heschl.cards import Training

__all__ = ["SELF_SUPERVISED", "SUPERVISED", "TrainingKind", "training_kind"]

TrainingKind = Literal["untrained", "signal", "self-supervised", "supervised", "unknown"]

SUPERVISED = (
    "supervised",
    "recognis",
    "recogniz",
    "translat",
    "transcri",
    "classif",
    "tagging",
    "opinion scores",
    "fine-tun",
    "finetun",
)
"""What tells labels, wherever it stands: a model that was tuned on labels at last has seen some."""
SELF_SUPERVISED = (
    "self-supervised",
    "unsupervised",
    "mask",
    "predict",
    "contrast",
    "distractor",
    "reconstruct",
    "autoencod",
    "augmented views",
    "distill",
    "language model",
    "co-occurrence",
    "denois",
)
"""What tells that a model learned from sound or text by itself, where nothing tells labels."""


def training_kind(training: Training, parameters: int | None) -> TrainingKind:
    """Return the kind of training.

    A model that has learned from nothing is ``signal`` processing if it has no weights, and
    ``untrained`` if it has some; if its card does not say, nobody knows.

    Examples
    --------
    >>> from heschl.cards import UNTRAINED
    >>> training_kind(Training("predicting clusters of masked frames"), 94_000_000)
    'self-supervised'
    >>> training_kind(Training("self-supervised; then supervised, recognising speech"), None)
    'supervised'
    >>> training_kind(UNTRAINED, 0)
    'signal'
    >>> training_kind(Training(), 94_000_000)  # nobody said
    'unknown'
    """
    if training.is_trained is False:
        if parameters is None:
            return "unknown"
        return "untrained" if parameters else "signal"
    words = training.objective.casefold()
    apart = words.replace("self-supervised", "").replace("unsupervised", "")
    if any(word in apart for word in SUPERVISED):
        return "supervised"
    return "self-supervised" if any(word in words for word in SELF_SUPERVISED) else "unknown"
