"""The arguments that say where cells run."""

from __future__ import annotations

import argparse

__all__ = ["add_engine_arguments"]


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice of an engine, by its name in ``engine``."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers",
        metavar="N",
        dest="engine",
        type="processes:{}".format,
        help="so many processes of this machine; default: this one alone",
    )
    where.add_argument(
        "--dask",
        metavar="ADDRESS",
        dest="engine",
        type="dask:{}".format,
        help="a Dask cluster, tcp://host:8786, or so many workers of its own here",
    )
    where.add_argument(
        "--slurm",
        metavar="SETTINGS",
        dest="engine",
        type="slurm:{}".format,
        help="job arrays: partition=gpu,gpus_per_node=1,timeout_min=240,jobs=64",
    )
