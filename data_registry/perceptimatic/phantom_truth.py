"""What ABX must find on the phantoms of Perceptimatic, by closed form.

Half of the contrasts are told apart without fail, the others not at all: their answers are coins
that are tossed once for each triplet, in either order of TGT and OTH. One triplet of the first
French contrast, which is audible, has an X of the other phone, so that its answer is always wrong.
"""

from __future__ import annotations

from heschl.data_registry.perceptimatic.phantom_experiment import (
    N_ANSWERS_OF_GROUP,
    N_CONTEXTS,
    contrasts,
    planted,
)
from heschl.truth import N_SEEDS

__all__ = ["expectations"]

_SOURCE = "docs/protocols.md, S-millet.abx: audible 1, inaudible 1/2, by three standard errors"
_ERRORS = 3


def expectations(benchmark: str) -> list[dict[str, object]]:
    """Return the expectations for a benchmark, as ``truth.json`` holds them."""
    by_language = {language: _accuracies(language) for language in ("EN", "FR")}
    parts = {"all": [*by_language["EN"], *by_language["FR"]], **by_language}
    found: list[dict[str, object]] = []
    for part, accuracies in parts.items():
        expected = sum(accuracies) / len(accuracies)
        share = accuracies.count(0.5) / len(accuracies)
        n_coins = 2 * N_CONTEXTS * accuracies.count(0.5)
        found += [
            _expected(benchmark, "spectrogram", "spectrogram", part, "score", expected)
            | {"tolerance": _ERRORS * share * _error(n_coins)},
            # Loudness is the same in all phones.
            _expected(benchmark, "envelope", "envelope", part, "null", 0.5)
            | {"tolerance": _ERRORS * _error(2 * N_CONTEXTS * len(accuracies))},
        ]
    for group, expected in planted()["human_accuracy"].items():
        quantity = f"summary:human_accuracy_of_part:{group}"
        error = (expected * (1 - expected) / (N_SEEDS * N_ANSWERS_OF_GROUP)) ** 0.5
        found.append(
            _expected(benchmark, "spectrogram", "spectrogram", "all", quantity, expected)
            | {"tolerance": _ERRORS * error, "source": "planted chances of choosing TGT"}
        )
    return found


def _accuracies(language: str) -> list[float]:
    """Return the accuracy of each contrast, averaged over contexts and both phones as target."""
    found = [1.0 if contrast.is_audible else 0.5 for contrast in contrasts(language)]
    if language == "FR":
        found[0] = 1 - 1 / (2 * N_CONTEXTS)
    return found


def _error(n_coins: int) -> float:
    """Return the standard error of a mean of coins over the phantoms."""
    return float(0.5 / (N_SEEDS * n_coins) ** 0.5)


def _expected(
    benchmark: str, model: str, layer: str, part: str, quantity: str, expected: float
) -> dict[str, object]:
    return {
        "benchmark": benchmark,
        "model": model,
        "layer": layer,
        "roi": part,
        "quantity": quantity,
        "expected": expected,
        "source": _SOURCE,
    }
