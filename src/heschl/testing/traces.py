"""What a pure function leaves alone: the global random states and modes of a process."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from heschl.testing.check import require

__all__ = ["leaving_no_trace", "with_other_random_states"]


@contextlib.contextmanager
def leaving_no_trace(culprit: str) -> Iterator[None]:
    """Raise if a global random state or mode changes within."""
    # A plugin that seeds the state at every call would leave a state of its own as it was.
    with with_other_random_states():
        before = _states()
        yield
        after = _states()
    for name in before.keys() & after.keys():
        require(
            before[name] == after[name],
            f"{culprit} changes {name} of the whole process; draw from a generator of its own "
            "(numpy.random.default_rng(seed), torch.random.fork_rng()) and restore modes",
        )


@contextlib.contextmanager
def with_other_random_states() -> Iterator[None]:
    """Move the global random states elsewhere, and restore them afterwards."""
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch = sys.modules.get("torch")
    torch_state = torch.get_rng_state() if torch else None
    np.random.seed(987)  # noqa: NPY002  the global state is what a careless plugin draws from
    random.seed(987)
    if torch:
        torch.default_generator.manual_seed(987)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
        if torch:
            torch.set_rng_state(torch_state)


def _states() -> dict[str, Any]:
    states: dict[str, Any] = {
        "the random state of numpy.random": _digest(pickle.dumps(np.random.get_state())),  # noqa: NPY002
        "the random state of the module random": _digest(pickle.dumps(random.getstate())),
        "the floating-point error mode of NumPy": np.geterr(),
    }
    # A model that needs torch has imported it by the time it is heard.
    torch = sys.modules.get("torch")
    if torch:
        states |= {
            "the random state of torch": _digest(torch.get_rng_state().numpy().tobytes()),
            "the gradient mode of torch": torch.is_grad_enabled(),
            "the default dtype of torch": str(torch.get_default_dtype()),
        }
    return states


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
