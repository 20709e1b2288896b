"""The arguments that `score`, `plan` and `verify` share."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = [
    "add_scoring_arguments",
    "add_seed_argument",
    "add_store_argument",
    "scoring_settings",
]

_LARGEST_SEED = 2**32 - 1


def add_scoring_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says which score is meant."""
    parser.add_argument("model", help="an id, or a URI such as file:./my_model.py:my_net")
    parser.add_argument("benchmark", help="an id, such as lebel_moth-ridge")
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help="the dataset's folder, 'phantom' for its simulated twin, 'phantom:7' for another "
        "seed of it; default: where `heschl fetch` puts it",
    )
    parser.add_argument("--layers", nargs="+", metavar="NAME", help="only these layers")
    parser.add_argument("--subjects", nargs="+", metavar="NAME", help="only these listeners")
    parser.add_argument(
        "--device",
        default="auto",
        help="cpu, cuda, ... for the model and, where it can, the metric; default: auto",
    )
    parser.add_argument(
        "--allow-seen",
        action="store_true",
        help="test a tuned model even on what it was tuned on; such a Score is never ranked",
    )
    parser.add_argument(
        "--beside",
        metavar="MODEL",
        help="a tuned model to compare with: what it saw is left out here too",
    )
    add_seed_argument(parser)
    add_store_argument(parser)


def add_seed_argument(parser: argparse.ArgumentParser) -> None:
    """Add the seed."""
    parser.add_argument("--seed", type=_seed, default=0, help="of every random choice; default: 0")


def _seed(text: str) -> int:
    """Return a seed; argparse makes its refusal a usage error."""
    if not text.isdecimal() or int(text) > _LARGEST_SEED:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no seed; give a whole number from 0 to {_LARGEST_SEED}"
        )
    return int(text)


def add_store_argument(parser: argparse.ArgumentParser) -> None:
    """Add the choice of the store."""
    parser.add_argument(
        "--store", metavar="FOLDER", help="the cache; default: $HESCHL_STORE or the user's cache"
    )


def scoring_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments as `heschl.score` and `heschl.plan` take them."""
    names = ("data", "layers", "subjects", "device", "seed", "store", "allow_seen", "beside")
    return {name: getattr(arguments, name) for name in names}
