"""Watching a tuning: a line now and then, with losses and the time that is left."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heschl.braintuning.training import Progress

__all__ = ["TuneLines"]

_QUIET_S = 10.0


class TuneLines:
    """A line after each epoch, and every ten seconds within a long one."""

    def __init__(self) -> None:
        self._spoke = time.monotonic()
        self._epochs = -1

    def __call__(self, progress: Progress) -> None:
        """Hear of a step."""
        whole = progress.epoch + (progress.last is not None)
        is_new = progress.last is not None and whole != self._epochs
        if not is_new and time.monotonic() - self._spoke < _QUIET_S:
            return
        self._spoke, self._epochs = time.monotonic(), whole
        line = f"epoch {progress.epoch + 1}/{progress.n_epochs} step {progress.step}"
        line += f": loss {progress.loss:.4f}"
        if progress.last is not None:
            line += f", validation {progress.last.validation_loss:.4f}"
            # Nobody's responses are predicted where a network goes on with a loss of its own.
            if math.isfinite(progress.last.held_out_r2):
                line += f", held-out R² {progress.last.held_out_r2:.4f}"
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        sys.stderr.write(f"{line}, at most {minutes}:{seconds:02d} min left\n")
        sys.stderr.flush()
