"""The recipe: every setting of brain-tuning, and how fast weights are learned when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from heschl.errors import InvalidInput

__all__ = ["Recipe", "Window"]

Window = Literal["code", "paper"]
"""The sound before the end of a response's acquisition: 10 s in the published code, 16 s in the
paper."""

LORA_LAYERS = (
    *("q_proj", "k_proj", "v_proj", "out_proj"),
    *("intermediate_dense", "output_dense", "fc1", "fc2"),
)

_WINDOW_S = {"code": 10.0, "paper": 16.0}

_OPTIONAL = ("rows_at_once", "lora_rank")


@dataclass(frozen=True)
class Recipe:
    """How a network is tuned; the defaults are those of Moussa et al. (2025).

    Parameters
    ----------
    n_epochs
        At most so many passes over the training rows; the rate falls to zero at their end.
    batch_size
        Rows in one step.
    rows_at_once
        How many of them pass together: fewer take less memory, and gradients add up. None takes
        the whole batch.
    network_rate, head_rate
        The learning rates of Adam.
    warmup
        The share of the steps in which the rates grow to their full size.
    patience
        After so many epochs without a lower loss on the validation stories learning stops; the
        weights of the best epoch are kept.
    window
        Which sound a response is predicted from.
    minimum_ceiling
        Units learn whose noise ceiling (NC-CCMAX) on the test stories is above it; None takes
        all units, and needs no repeats.
    skipped_rows
        Rows that the test stories lose at their start, from ceilings and held-out R² alike.
    frozen
        The layer up to which weights stay as they are, where a model has one of that name.
    checkpoint_steps
        So many steps lie between two checkpoints at most; there is one after every epoch.
    mixed_precision
        Products in bfloat16 on a graphics card; never on a processor.
    lora_rank
        Learn adapters of this rank in place of whole matrices, see `heschl.braintuning.adapters`;
        None learns the matrices.
    lora_alpha
        The scale of an adapter, times its rank.
    lora_layers
        The last names of the linear layers that are adapted: by default those of attention and
        feed-forward in wav2vec 2.0, HuBERT and Whisper.
    """

    n_epochs: int = 30
    batch_size: int = 128
    rows_at_once: int | None = None
    network_rate: float = 5e-5
    head_rate: float = 1e-4
    warmup: float = 0.1
    patience: int = 5
    window: Window = "code"
    minimum_ceiling: float | None = 0.4
    skipped_rows: int = 40
    frozen: str | None = "cnn"
    checkpoint_steps: int = 200
    mixed_precision: bool = True
    lora_rank: int | None = None
    lora_alpha: float = 16.0
    lora_layers: tuple[str, ...] = LORA_LAYERS

    def __post_init__(self) -> None:
        """Refuse what is no recipe."""
        for name in ("n_epochs", "batch_size", "patience", "checkpoint_steps", *_OPTIONAL):
            value = getattr(self, name)
            if name in _OPTIONAL and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidInput(f"{name}={value!r}; expected a whole number, 1 or above")
        skipped = self.skipped_rows
        if isinstance(skipped, bool) or not isinstance(skipped, int) or skipped < 0:
            raise InvalidInput(f"skipped_rows={skipped!r}; expected a whole number, 0 or above")
        for name in ("network_rate", "head_rate"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InvalidInput(f"{name}={getattr(self, name)!r}; expected a number above 0")
        if not 0 <= self.warmup < 1:
            raise InvalidInput(f"warmup={self.warmup!r}; expected a share, from 0 to below 1")
        if self.minimum_ceiling is not None and not 0 <= self.minimum_ceiling < 1:
            raise InvalidInput(
                f"minimum_ceiling={self.minimum_ceiling!r}; expected a correlation from 0 to below "
                "1, or None for all units"
            )
        if self.window not in get_args(Window):
            raise InvalidInput(
                f"window={self.window!r}; expected one of {', '.join(get_args(Window))}"
            )
        self._check_adapters()

    def _check_adapters(self) -> None:
        if not 0 < self.lora_alpha < float("inf"):
            raise InvalidInput(f"lora_alpha={self.lora_alpha!r}; expected a number above 0")
        if isinstance(self.lora_layers, str) or not self.lora_layers:
            raise InvalidInput(
                f"lora_layers={self.lora_layers!r}; expected the names of linear layers, such as "
                "('q_proj', 'v_proj')"
            )

    @property
    def window_s(self) -> float:
        """How much sound a response is predicted from, in seconds."""
        return _WINDOW_S[self.window]

    def rate(self, step: int, n_steps: int) -> float:
        """Return the share of the learning rates that step ``step`` of ``n_steps`` learns with.

        It grows in a line until the warm-up's end, where it is 1, and falls in a line to 0 at the
        end of all steps.

        >>> [round(Recipe(warmup=0.4).rate(step, 5), 3) for step in range(6)]
        [0.5, 1.0, 1.0, 0.667, 0.333, 0.0]
        """
        n_rising = round(self.warmup * n_steps)
        if step < n_rising:
            return (step + 1) / n_rising
        return (n_steps - step) / (n_steps - n_rising)
