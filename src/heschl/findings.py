"""Findings: what was planted beside what was found, and whether the two agree."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np

from heschl.statistics import standard_error

__all__ = ["Bound", "Finding", "Verification", "engine_findings"]

Bound: TypeAlias = Literal["within", "at most", "at least"]
"""Whether what is found may depart from what was planted on both sides, or on one freely."""


@dataclass(frozen=True)
class Finding:
    """One quantity: planted, found, and how far the two may be apart.

    Parameters
    ----------
    benchmark
        Its id; ``engine`` for what is checked without any dataset.
    about
        The model and its layer, or what was simulated.
    roi
        The region; empty where there is none.
    quantity
        What is compared.
    planted, found
        A number, or a word for choices.
    error
        The standard error of the difference over simulations; NaN where there is one, or words.
    tolerance
        Largest difference between numbers.
    source
        Where the expected value and its tolerance come from.
    bound
        What the tolerance limits.
    """

    benchmark: str
    about: str
    roi: str
    quantity: str
    planted: float | str
    found: float | str
    error: float
    tolerance: float
    source: str
    bound: Bound = "within"

    @classmethod
    def of_numbers(
        cls,
        planted: Sequence[float],
        found: Sequence[float],
        tolerance: float,
        *,
        benchmark: str,
        about: str,
        quantity: str,
        source: str,
        roi: str = "",
        bound: Bound = "within",
    ) -> Finding:
        """Compare the means over simulations (simulation,)."""
        differences = np.asarray(found, dtype=np.float64) - np.asarray(planted, dtype=np.float64)
        is_known = bool(np.isfinite(differences).all())
        return cls(
            benchmark=benchmark,
            about=about,
            roi=roi,
            quantity=quantity,
            planted=float(np.mean(planted)),
            found=float(np.mean(found)),
            error=float(standard_error(differences)) if is_known else math.nan,
            tolerance=tolerance,
            source=source,
            bound=bound,
        )

    @classmethod
    def of_words(
        cls,
        planted: str,
        found: Sequence[str],
        *,
        benchmark: str,
        about: str,
        quantity: str,
        source: str,
        roi: str = "",
    ) -> Finding:
        """Compare what was found every time; where it differs, count."""
        counts = Counter(found).most_common()
        words = ", ".join(f"{word or 'none'} ({n} of {len(found)})" for word, n in counts)
        return cls(
            benchmark=benchmark,
            about=about,
            roi=roi,
            quantity=quantity,
            planted=planted,
            found=counts[0][0] if len(counts) == 1 else words,
            error=math.nan,
            tolerance=0.0,
            source=source,
        )

    @property
    def passed(self) -> bool:
        """Whether what was found is what was planted; what could not be found is not."""
        if isinstance(self.planted, str) or isinstance(self.found, str):
            return self.planted == self.found
        difference = self.found - self.planted
        if self.bound == "at most":
            return difference <= self.tolerance
        if self.bound == "at least":
            return difference >= -self.tolerance
        return abs(difference) <= self.tolerance


class EngineFinding(Protocol):
    """Compares what an engine found with what was planted in simulations (simulation,)."""

    def __call__(
        self,
        about: str,
        quantity: str,
        planted: Sequence[float],
        found: Sequence[float],
        tolerance: float,
        bound: Bound = "within",
    ) -> Finding:
        """Return the finding."""


def engine_findings(source: str) -> EngineFinding:
    """Return what makes findings about an engine, whose planted values stand in ``source``."""

    def finding(
        about: str,
        quantity: str,
        planted: Sequence[float],
        found: Sequence[float],
        tolerance: float,
        bound: Bound = "within",
    ) -> Finding:
        return Finding.of_numbers(
            planted,
            found,
            tolerance,
            benchmark="engine",
            about=about,
            quantity=quantity,
            source=source,
            bound=bound,
        )

    return finding


@dataclass(frozen=True)
class Verification:
    """What `heschl.verification.verify` found.

    Parameters
    ----------
    findings
        In the order of benchmarks; those of the engine first.
    seeds
        Of the phantoms.
    unverified
        The benchmarks that could not be verified, each with the reason.
    """

    findings: tuple[Finding, ...]
    seeds: tuple[int, ...]
    unverified: Mapping[str, str]

    @property
    def mismatches(self) -> tuple[Finding, ...]:
        """The findings that are not what was planted."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def passed(self) -> bool:
        """Whether there are findings, and all are as planted."""
        return bool(self.findings) and not self.mismatches
