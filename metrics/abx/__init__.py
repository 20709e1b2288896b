"""ABX: whether a model, or a listener, tells two kinds of sound apart.

The names load on first use, so that reading the card costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from heschl.cards import MetricCard

if TYPE_CHECKING:
    from heschl.metrics.abx.benchmark import DiscriminationBenchmark
    from heschl.metrics.abx.cells import Cells, Condition, cells_of_items, cells_of_triplets
    from heschl.metrics.abx.distances import Measure, item_distances
    from heschl.metrics.abx.item_files import ItemFile, read_item_file, write_item_file
    from heschl.metrics.abx.judging import judge
    from heschl.metrics.abx.metric import Abx
    from heschl.metrics.abx.native import native_effect
    from heschl.metrics.abx.sources import GivenTriplets, ItemContrasts

_HOMES = {
    "Abx": "metric",
    "Cells": "cells",
    "Condition": "cells",
    "DiscriminationBenchmark": "benchmark",
    "GivenTriplets": "sources",
    "ItemContrasts": "sources",
    "ItemFile": "item_files",
    "Measure": "distances",
    "cells_of_items": "cells",
    "cells_of_triplets": "cells",
    "item_distances": "distances",
    "judge": "judging",
    "native_effect": "native",
    "read_item_file": "item_files",
    "write_item_file": "item_files",
}

__all__ = [
    "ABX",
    "Abx",
    "Cells",
    "Condition",
    "DiscriminationBenchmark",
    "GivenTriplets",
    "ItemContrasts",
    "ItemFile",
    "Measure",
    "cells_of_items",
    "cells_of_triplets",
    "item_distances",
    "judge",
    "native_effect",
    "read_item_file",
    "write_item_file",
]

ABX = MetricCard(
    id="abx",
    load="heschl.metrics.abx.metric:Abx",
    summary="How often X is nearer to A, a sound of its kind, than to B, a sound of another one",
    requires=("numba",),
    extra="abx",
    licence="BSD-3-Clause",
    citation="""\
@inproceedings{schatz2013evaluating,
  title = {Evaluating speech features with the minimal-pair {ABX} task: analysis of the classical
           {MFC/PLP} pipeline},
  author = {Schatz, Thomas and Peddinti, Vijayaditya and Bach, Francis and Jansen, Aren and
            Hermansky, Hynek and Dupoux, Emmanuel},
  booktitle = {Proceedings of Interspeech},
  pages = {1781--1785},
  year = {2013},
  doi = {10.21437/Interspeech.2013-441},
}
""",
    verification="heschl.metrics.abx.verification:verification",
)


def __getattr__(name: str) -> Any:  # the type of a lazily loaded name is its module's business
    if name not in _HOMES:
        raise AttributeError(f"module 'heschl.metrics.abx' has no attribute {name!r}")
    return getattr(importlib.import_module(f"heschl.metrics.abx.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
