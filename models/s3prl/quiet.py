"""Call code of s3prl without its side effects."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from collections.abc import Iterator

import numpy as np
import torch

__all__ = ["quiet_construction", "untouched_randomness"]


@contextlib.contextmanager
def untouched_randomness() -> Iterator[None]:
    """Restore the random states of NumPy and Python; layers draw from them even in evaluation."""
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)


@contextlib.contextmanager
def quiet_construction(seed: int = 0) -> Iterator[None]:
    """Build from ``seed`` with no trace in random states, on standard output or as warnings.

    Constructors draw numbers, even where all weights are loaded afterwards.
    """
    with (
        untouched_randomness(),
        torch.random.fork_rng(devices=[]),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        # torch.manual_seed would reach into the accelerators' random states too.
        torch.default_generator.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        yield
