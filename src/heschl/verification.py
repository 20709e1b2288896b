"""Verification: the machinery must find what was planted.

Engines (ceilings, metrics) are checked on numbers simulated in memory, benchmarks on the phantoms
of their datasets: oracle models are scored as any other model is, through the same loader, protocol
and metric, and what comes out is held against what the phantom's ``truth.json`` expects.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from heschl import ceiling_verification, registry, relation_verification
from heschl.data_folders import phantom_folder
from heschl.errors import HeschlError, InvalidInput
from heschl.execution import Watcher
from heschl.findings import Finding, Verification
from heschl.scores import Score
from heschl.scoring import score
from heschl.store import Store
from heschl.truth import N_SEEDS, Expectation, read_expectations

__all__ = ["verify"]


def verify(
    benchmarks: Sequence[Any] | None = None,  # ids, URIs or live objects
    seeds: Sequence[int] = (0, 1, 2),
    store: Store | str | os.PathLike[str] | None = None,
    watcher: Watcher | None = None,
) -> Verification:
    """Run benchmarks on their phantoms and engines on simulations: planted against found.

    What goes wrong in one of them is a mismatch and hides nothing of the others. Takes about a
    minute a benchmark; phantoms and scores are kept in the store.

    Parameters
    ----------
    benchmarks
        Those to verify, together with their metrics. By default every registered one and every
        metric; what cannot be run here is listed as ``unverified``.
    seeds
        Of the phantoms. Tolerances hold for the mean over three. The error of the mean of fewer
        is larger by the root of 3 / n, and so are its tolerances.
    store
        The cache: a `Store` or its folder.
    watcher
        Hears of every score.

    Examples
    --------
    >>> verify(["lebel_moth-ridge"]).passed  # doctest: +SKIP
    True
    """
    _check_seeds(seeds)
    if isinstance(benchmarks, str):
        raise InvalidInput(f"benchmarks={benchmarks!r}; expected a list: [{benchmarks!r}]")
    chosen, unverified = _runnable() if benchmarks is None else (list(benchmarks), {})
    cards = [registry.resolve_benchmark(each).card for each in chosen]
    for card in cards:
        registry.datasets.card(card.dataset).phantom_target()  # refuses a dataset without one
    metrics = (
        dict.fromkeys(card.metric for card in cards if card.metric)
        if benchmarks is not None
        else dict.fromkeys(each.name for each in registry.metrics.entries() if each.card)
    )
    the_store = store if isinstance(store, Store) else Store(store)

    if benchmarks is None:
        unverified |= {
            card.id: f"the phantom of {card.dataset} expects nothing of it"
            for card in cards
            if _is_unexpected(card.id, card.dataset, seeds[0], the_store)
        }
    findings = _guarded("engine", "ceilings", ceiling_verification.verification)
    findings += _guarded("engine", "relations", relation_verification.verification)
    for name in metrics:
        findings += _guarded("engine", name, partial(_of_metric, name))
    for benchmark, card in zip(chosen, cards, strict=True):
        if card.id in unverified:
            continue
        run = partial(
            _on_phantoms, benchmark, card.id, card.dataset, tuple(seeds), the_store, watcher
        )
        findings += _guarded(card.id, "", run)
    return Verification(tuple(findings), tuple(seeds), unverified)


def _of_metric(name: str) -> list[Finding]:
    verification = registry.metrics.card(name).verification_target()
    return [] if verification is None else list(verification())


def _runnable() -> tuple[list[str], dict[str, str]]:
    """Return the benchmarks that have what they need, and the others with the reason."""
    runnable, unverified = [], {}
    for entry in registry.benchmarks.entries():
        if entry.card is None:
            unverified[entry.name] = entry.broken.reason if entry.broken else "it cannot be read"
            continue
        try:
            registry.resolve_benchmark(entry.name)
            registry.datasets.card(entry.card.dataset).phantom_target()
        except (HeschlError, ImportError) as error:
            unverified[entry.name] = str(error)
        else:
            runnable.append(entry.name)
    return runnable, unverified


def _guarded(benchmark: str, about: str, run: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return the findings, or that there are none because something was raised."""
    try:
        return list(run())
    except Exception as error:  # noqa: BLE001  a stranger's plugin may raise anything
        found = [f"{type(error).__name__}: {error}"]
        source = "what was raised"
        return [
            Finding.of_words(
                "a result", found, benchmark=benchmark, about=about, quantity="run", source=source
            )
        ]


def _on_phantoms(
    benchmark: Any,
    benchmark_id: str,
    dataset_id: str,
    seeds: tuple[int, ...],
    store: Store,
    watcher: Watcher | None,
) -> list[Finding]:
    """Score the oracles on a phantom for each seed, and compare the means over seeds."""
    expected: dict[tuple[Any, ...], list[Expectation]] = {}
    found: dict[tuple[Any, ...], list[tuple[float, ...] | tuple[str, ...]]] = {}
    for seed in seeds:
        expectations = _expectations(benchmark_id, dataset_id, seed, store)
        scores: dict[str, Score] = {
            model: score(model, benchmark, data=f"phantom:{seed}", store=store, watcher=watcher)
            for model in dict.fromkeys(each.model for each in expectations)
        }
        for each in expectations:
            expected.setdefault(each.subject_matter, []).append(each)
            found.setdefault(each.subject_matter, []).append(each.found_in(scores[each.model]))
    if not expected:
        raise InvalidInput(
            f"the phantom of {dataset_id} expects nothing of {benchmark_id}; add to its truth.json "
            "what an oracle must reach"
        )
    return [_compared(expected[key], found[key]) for key in expected]


def _expectations(benchmark_id: str, dataset_id: str, seed: int, store: Store) -> list[Expectation]:
    """Return what a phantom expects of a benchmark."""
    found = read_expectations(phantom_folder(dataset_id, seed, store))
    return [each for each in found if each.benchmark == benchmark_id]


def _is_unexpected(benchmark_id: str, dataset_id: str, seed: int, store: Store) -> bool:
    """Return whether a phantom is there, and expects nothing of a benchmark."""
    try:
        return not _expectations(benchmark_id, dataset_id, seed, store)
    except Exception:  # noqa: BLE001  what a stranger's phantom raises is a finding of the run
        return False


def _compared(
    expected: Sequence[Expectation], found: Sequence[tuple[float, ...] | tuple[str, ...]]
) -> Finding:
    """Compare one quantity with what was found of it for each seed."""
    first = expected[0]
    about = f"{first.model} {first.layer}"
    if isinstance(first.expected, str):
        return Finding.of_words(
            first.expected,
            [str(word) for of_seed in found for word in of_seed],
            benchmark=first.benchmark,
            about=about,
            roi=first.roi,
            quantity=first.quantity,
            source=first.source,
        )
    of_repeats = f", {first.n_repeats} repeats" if first.n_repeats is not None else ""
    return Finding.of_numbers(
        [float(each.expected) for each in expected],
        [float(of_seed[0]) for of_seed in found],
        first.tolerance * max(1.0, math.sqrt(N_SEEDS / len(expected))),
        benchmark=first.benchmark,
        about=about,
        roi=first.roi,
        quantity=first.quantity + of_repeats,
        source=first.source,
    )


def _check_seeds(seeds: Sequence[int]) -> None:
    are_seeds = all(
        isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 for seed in seeds
    )
    if not seeds or not are_seeds or len(set(seeds)) < len(seeds):
        raise InvalidInput(f"seeds={seeds!r}; expected whole numbers, 0 or above, each once")
