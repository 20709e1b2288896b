"""The arguments that say where cells run."""

from __future__ import annotations

import argparse

__all__ = ["add_engine_arguments"]

_ENGINES = (
    ("workers", "N", "processes", "so many processes of this machine; default: this one alone"),
    (
        "dask",
        "ADDRESS",
        "dask",
        "a Dask cluster, tcp://host:8786, or so many workers of its own here",
    ),
    (
        "slurm",
        "SETTINGS",
        "slurm",
        "job arrays: partition=gpu,gpus_per_node=1,timeout_min=240,jobs=64",
    ),
)
"""By argument, what it takes, the engine's name and what is said of it."""


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice of an engine, by its name in ``engine``."""
    where = parser.add_mutually_exclusive_group()
    for argument, takes, name, words in _ENGINES:
        where.add_argument(
            f"--{argument}", metavar=takes, dest="engine", type=f"{name}:{{}}".format, help=words
        )
