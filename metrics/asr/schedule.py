"""The schedule of learning: how long, and how fast when."""

from __future__ import annotations

from dataclasses import dataclass

from heschl.errors import InvalidInput

__all__ = ["Schedule"]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast weights are learned."""

    learning_rate: float = 1e-4
    n_epochs: int = 30
    batch_size: int = 32
    warmup: float = 0.1
    """The share of the steps in which the rate grows to its full size; then it falls to zero."""

    def __post_init__(self) -> None:
        """Refuse what is no schedule."""
        for name in ("n_epochs", "batch_size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidInput(f"{name}={value!r}; expected a whole number, 1 or above")
        if not 0 < self.learning_rate < float("inf"):
            raise InvalidInput(f"learning_rate={self.learning_rate!r}; expected a number above 0")
        if not 0 <= self.warmup < 1:
            raise InvalidInput(f"warmup={self.warmup!r}; expected a share, from 0 to below 1")

    def rate(self, step: int, n_steps: int) -> float:
        """Return the share of the learning rate at a step.

        >>> [Schedule(warmup=0.4).rate(step, 5) for step in range(5)]
        [0.5, 1.0, 1.0, 0.6666666666666666, 0.3333333333333333]
        """
        n_rising = round(self.warmup * n_steps)
        if step < n_rising:
            return (step + 1) / n_rising
        return (n_steps - step) / (n_steps - n_rising)
