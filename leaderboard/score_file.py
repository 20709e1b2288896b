"""The small score file: what a submission says of one model on one benchmark.

A Score's netCDF file stays with whoever computed it, by digest. What the board shows of it is a
JSON file of some kilobytes: the numbers of each region, the layer curves, the numbers over which
errors are taken, maps of the cortex where there are some, and the provenance. A number that there
is not is ``null`` in the file and NaN here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal

__all__ = [
    "SCORE_FILE_VERSION",
    "Estimate",
    "LayerCurve",
    "Provenance",
    "Region",
    "Samples",
    "ScoreFile",
    "Status",
    "SurfaceMap",
]

SCORE_FILE_VERSION = 1

Status = Literal["rerun", "self-reported", "features-only", "published"]
"""Who vouches for a number: maintainers who ran it again, its submitter, its submitter for features
that nobody else can compute, or a paper. Whether data are simulated is told by ``data_kind``."""


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error, its interval and its p; NaN where there is none."""

    value: float
    error: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Region:
    """What a score says of one region, its layers reduced by the benchmark's rule."""

    name: str
    n: int
    """How many listeners, or other samples, have it."""
    n_units: int
    score: Estimate
    normalised: Estimate
    ceiling: float
    ceiling_error: float
    layer: str
    """The layer that was chosen most often; empty where no single one was."""


@dataclass(frozen=True)
class LayerCurve:
    """Values and errors by layer of one region, for both quantities."""

    roi: str
    score: tuple[float, ...]
    score_error: tuple[float, ...]
    normalised: tuple[float, ...]
    normalised_error: tuple[float, ...]


@dataclass(frozen=True)
class Samples:
    """What a paired bootstrap of the board's number needs, in the primary region.

    Either the number of every sample (listener, fold, pair of phones), or, where samples were drawn
    anew when the score was computed, its value in every draw.
    """

    noun: str
    is_drawn: bool
    names: tuple[str, ...]
    """Of the samples; of draws, one text that is the same only for the same draws."""
    score: tuple[float, ...]
    normalised: tuple[float, ...]


@dataclass(frozen=True)
class SurfaceMap:
    """One value for every vertex of fsaverage5, in 255 steps from ``low`` to ``high``.

    A vertex is 0 where there is no value, else ``1 + round(254 * (value - low) / (high - low))``.
    """

    name: str
    """``normalised``, ``score``, ``ceiling``, ``best_layer``, ``region``."""
    low: float
    high: float
    left: bytes
    right: bytes


@lru_cache(maxsize=16)
def _parsed(text: str) -> dict[str, Any]:
    return json.loads(text)  # type: ignore[no-any-return]  # it was made of a mapping


class Provenance(Mapping[str, Any]):
    """A provenance that is kept as its text, a tenth of what its objects take; do not change it.

    >>> Provenance('{"seed":0}') == {"seed": 0}
    True
    """

    __slots__ = ("_started", "_text")

    def __init__(self, text: str, started: str | None = None) -> None:
        self._text = text
        self._started = started

    @property
    def started(self) -> str:
        """When scoring began, which every board asks of all: it may be given beside the text."""
        return str(self.get("started", "")) if self._started is None else self._started

    @property
    def content(self) -> Mapping[str, Any]:
        """All that is said, for who asks many questions at once."""
        return _parsed(self._text)

    def __getitem__(self, name: str) -> Any:  # whatever JSON can hold
        return _parsed(self._text)[name]

    def get(self, name: str, default: Any = None) -> Any:  # in fewer steps than a mapping's own
        """Return what is said, or the default."""
        return _parsed(self._text).get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(_parsed(self._text))

    def __len__(self) -> int:
        return len(_parsed(self._text))

    def __repr__(self) -> str:
        return repr(_parsed(self._text))

    def __reduce__(self) -> tuple[type[Provenance], tuple[str, str | None]]:  # in few steps
        return Provenance, (self._text, self._started)


@dataclass(frozen=True, slots=True)
class ScoreFile:
    """One model on one benchmark."""

    model: str
    benchmark: str
    benchmark_version: int
    dataset: str
    data_kind: Literal["real", "phantom"]
    protocol: str
    status: Status
    primary_roi: str
    layer_rule: str
    score_meaning: str
    normalisation: str
    ceiling_kind: str
    interval_level: float
    explanation: str
    """How the number came about, in words."""
    samples: Samples
    regions: tuple[Region, ...]
    layers: tuple[str, ...]
    curves: tuple[LayerCurve, ...]
    provenance: Mapping[str, Any]
    """As `heschl.provenance.REQUIRED` says, but that of digests of data there are counts alone."""
    source_sha256: str
    """Of the netCDF file."""
    source_bytes: int
    maps: tuple[SurfaceMap, ...] = ()
    citation: str = ""
    """Of a published number: the paper and the table."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def primary(self) -> Region:
        """The region of the board's number."""
        for region in self.regions:  # pages ask so often that a generator would be felt
            if region.name == self.primary_roi:
                return region
        raise LookupError(f"no region is {self.primary_roi!r}, which reading a file would refuse")

    def __reduce__(self) -> tuple[type[ScoreFile], tuple[Any, ...]]:  # in few steps
        return ScoreFile, _all_fields(self)


_all_fields = attrgetter(*(each.name for each in fields(ScoreFile)))
