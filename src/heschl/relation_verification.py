"""Whether relations of scores come out as simulated models have them.

36 models have a quality q; six tasks and one alignment are each a multiple of it with noise, so
that their correlation is known: docs/protocols.md, S-audio.downstream.
"""

from __future__ import annotations

import numpy as np

from heschl.findings import Finding, engine_findings
from heschl.relation import OVERALL, Relation, correlate, overall, relate

__all__ = ["verification"]

_N_MODELS, _N_TASKS = 36, 6
_N_SIMULATIONS = 60
_TASK_NOISE, _SLOPE, _ALIGNMENT_NOISE = 1.0, 0.5, 0.4
_N_FAMILIES, _N_OF_FAMILY = 12, 3


_finding = engine_findings("docs/protocols.md, S-audio.downstream")


def verification() -> list[Finding]:
    """Return what was planted and what relations are found. Takes some seconds."""
    return [*_quality(), *_affine(), *_duplicates(), *_coverage()]


def _quality() -> list[Finding]:
    planted = 1 / np.sqrt((1 + _TASK_NOISE**2 / _N_TASKS) * (1 + _ALIGNMENT_NOISE**2 / _SLOPE**2))
    found = [_of_overall(*_simulated(seed)).r for seed in range(_N_SIMULATIONS)]
    null = [_of_overall(*_simulated(seed, slope=0.0)).r for seed in range(_N_SIMULATIONS)]
    about = f"{_N_MODELS} models, {_N_TASKS} tasks"
    n = [1.0] * _N_SIMULATIONS
    return [
        # Three standard errors of the mean; r is biased by -r(1 - r²)/2n, a hundredth of that.
        _finding(about, "r", [planted * each for each in n], found, 0.03),
        _finding(f"{about} that share nothing", "r", [0.0] * len(n), null, 0.065),
    ]


def _affine() -> list[Finding]:
    tasks, alignment = _simulated(0)
    moved = {name: dict(task) for name, task in tasks.items()}
    moved["task 2"] = {name: 100 * value - 7 for name, value in tasks["task 2"].items()}
    one, other = (_of_overall(each, alignment).r for each in (tasks, moved))
    return [_finding("a task in other units", "r", [one], [other], 1e-9)]


def _duplicates() -> list[Finding]:
    """Check that more models of the same families do not make the interval narrower."""
    once, thrice = [], []
    for seed in range(3):
        pairs, families = _in_families(seed)
        once.append(_width(correlate(pairs, families)))
        thrice.append(_width(correlate(np.tile(pairs, (3, 1)), families * 3)))
    about = "every model three times"
    return [_finding(about, "width of the interval", once, thrice, 1e-9, bound="at least")]


def _coverage() -> list[Finding]:
    """Check how often the interval holds the truth if families differ more than their models."""
    truth = 0.6
    holds, n = [], 200
    for seed in range(n):
        pairs, families = _in_families(seed, r=truth)
        found = correlate(pairs, families)
        holds.append(float(found.low <= truth <= found.high))
    half = 3 * np.sqrt(0.05 * 0.95 / n)
    about = f"{_N_FAMILIES} families of {_N_OF_FAMILY}, alike within"
    return [_finding(about, "share of intervals that hold r", [0.95] * n, holds, float(half))]


def _simulated(
    seed: int, slope: float = _SLOPE
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    generator = np.random.default_rng([seed, 1])
    quality = generator.standard_normal(_N_MODELS)
    names = [f"model {number}" for number in range(_N_MODELS)]

    def named(values: np.ndarray) -> dict[str, float]:
        return dict(zip(names, values.tolist(), strict=True))

    tasks = {
        f"task {number}": named(quality + _TASK_NOISE * generator.standard_normal(_N_MODELS))
        for number in range(_N_TASKS)
    }
    noise = _ALIGNMENT_NOISE * generator.standard_normal(_N_MODELS)
    return tasks, named(slope * quality + noise)


def _in_families(seed: int, r: float = 0.6) -> tuple[np.ndarray, list[str]]:
    """Return two correlated columns (model, 2), nine tenths of whose variance is the family's."""
    generator = np.random.default_rng([seed, 2])
    of_family = _correlated(generator, _N_FAMILIES, r)
    own = _correlated(generator, _N_FAMILIES * _N_OF_FAMILY, r)
    number = np.repeat(np.arange(_N_FAMILIES), _N_OF_FAMILY)
    pairs = np.sqrt(0.9) * of_family[number] + np.sqrt(0.1) * own
    return pairs, [f"family {each}" for each in number]


def _correlated(generator: np.random.Generator, n: int, r: float) -> np.ndarray:
    x, y = generator.standard_normal((2, n))
    return np.column_stack([x, r * x + np.sqrt(1 - r**2) * y])


def _of_overall(tasks: dict[str, dict[str, float]], alignment: dict[str, float]) -> Relation:
    (found,) = relate({OVERALL: overall(tasks)}, {"alignment": alignment})
    return found


def _width(found: Relation) -> float:
    return found.high - found.low
