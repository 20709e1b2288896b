"""The table of upstreams: what s3prl offers, readable without s3prl or torch."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heschl.models.tables import rows

__all__ = ["Upstream", "upstreams"]

RUNS = "runs"


@dataclass(frozen=True)
class Upstream:
    """One name that s3prl 0.4.18 offers; the fields are the columns of ``upstreams.tsv``."""

    name: str
    family: str
    """The module below ``s3prl.upstream`` that makes it."""
    weights: str
    """Where the released weights lie; empty for signal processing and for local checkpoints."""
    licence: str
    """That of the weights."""
    needs: tuple[str, ...]
    """Importable names beyond torch and s3prl."""
    objective: str
    """How it was trained; ``none`` for what was not."""
    status: str
    """``runs``, ``needs <package>`` or ``broken: <why>``."""

    @property
    def runs(self) -> bool:
        """Whether Heschl can make a model of it."""
        return self.status == RUNS


@functools.cache
def upstreams() -> Mapping[str, Upstream]:
    """Return every upstream by its name.

    >>> upstreams()["hubert_base"].family
    'hubert'
    """
    found = {}
    for row in rows("heschl.models.s3prl", "upstreams.tsv"):
        values: dict[str, Any] = row | {"needs": tuple(row["needs"].split())}
        found[row["name"]] = Upstream(**values)
    return found
