"""Distances between frames, all of one form that a matrix product can serve.

Each is a function of ``spread = n_i + n_j - 2 l_i · r_j``, with a number n and two vectors l and r
for every frame: the squared Euclidean distance, of the frames themselves or of their directions, or
twice the symmetrised divergence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from heschl.errors import InvalidInput

__all__ = ["ENDINGS", "LEAST", "FrameDistance", "Prepared", "check_frames", "prepared"]

FrameDistance = Literal["euclidean", "angular", "cosine", "kl"]

ENDINGS: Mapping[FrameDistance, int] = {"euclidean": 0, "angular": 1, "cosine": 2, "kl": 2}
"""How a spread becomes a distance: √s, 2 arcsin(√s / 2) / π, or s / 2."""

LEAST = 1e-13
"""A spread below this share of ``|n_i| + |n_j|`` is 0: frames that differ by less than what a
float32 rounds away are equal, and what is left of them is the rounding of the product."""

_ADDED = 1e-6
"""To probabilities within logarithms, as Libri-light's ABX and fastabx do."""
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Prepared:
    """Frames (frame, ·) in float64, ready for products."""

    left: np.ndarray
    right: np.ndarray
    norm: np.ndarray
    """(frame,)."""


def prepared(frames: np.ndarray, distance: FrameDistance) -> Prepared:
    """Return what the distances between ``frames`` (frame, unit) are computed of.

    - ``euclidean``: ‖x − y‖.
    - ``cosine``: 1 − cos(x, y). A frame of zeros is at 0 from another one and at 1 from any other.
    - ``angular``: arccos(cos(x, y)) / π, from 0 to 1; what ABXpy and fastabx call cosine as well.
    - ``kl``: ½ KL(x‖y) + ½ KL(y‖x) of probabilities, in nats, 1e-6 added within the logarithms.

    >>> frames = np.array([[3.0, 4.0], [0.0, 0.0]])
    >>> made = prepared(frames, "euclidean")
    >>> float(made.norm[0] + made.norm[1] - 2 * made.left[0] @ made.right[1])
    25.0
    """
    values = np.ascontiguousarray(frames, dtype=np.float64)
    if distance == "kl":
        _check_probabilities(values)
        logarithms = np.log(values + _ADDED)
        # Equal for probabilities, and nothing large is left to cancel.
        logarithms -= logarithms.mean(axis=1, keepdims=True)
        left = np.concatenate([values, logarithms], axis=1) / 2
        right = np.concatenate([logarithms, values], axis=1)
        return Prepared(left, right, np.einsum("ij,ij->i", values, logarithms))
    if distance != "euclidean":
        lengths = np.linalg.norm(values, axis=1)
        is_zero = lengths == 0
        # No direction is a direction of its own, at a right angle to all others.
        values = np.column_stack([values / np.where(is_zero, 1.0, lengths)[:, None], is_zero])
    return Prepared(values, values, np.einsum("ij,ij->i", values, values))


def check_frames(frames: np.ndarray) -> None:
    """Refuse frames that are no finite numbers (frame, unit)."""
    if frames.ndim != 2 or not frames.shape[1] or frames.dtype.kind != "f":  # noqa: PLR2004
        raise InvalidInput(
            f"the frames are of shape {frames.shape} and type {frames.dtype}; expected floats "
            "(frame, unit)"
        )
    is_finite = np.isfinite(frames).all(axis=1)
    if not is_finite.all():
        raise InvalidInput(
            f"{(~is_finite).sum()} of {len(frames)} frames hold NaN or infinity, the first is "
            f"frame {int(np.argmin(is_finite))}; mend the model, since no distance would be a "
            "number"
        )


def _check_probabilities(values: np.ndarray) -> None:
    is_right = (values >= 0).all(axis=1) & (np.abs(values.sum(axis=1) - 1) <= _SUM_TOLERANCE)
    if not is_right.all():
        first = int(np.argmin(is_right))
        raise InvalidInput(
            f"frame {first} of {len(values)} has the least value {values[first].min():.3g} and the "
            f"sum {values[first].sum():.3g}; distance='kl' is of probabilities that sum to 1: give "
            "posteriors, or choose another distance"
        )
