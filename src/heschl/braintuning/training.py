"""Training: steps of Adam that go on, after any interruption, exactly where they were.

What a step draws at random (dropout, masks) comes from the seed and the number of the step, the
order of rows in an epoch from the seed and the number of the epoch. So weights, Adam's moments and
the losses so far are all the state there is, and they are in one file.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch

from heschl.braintuning.examples import Examples
from heschl.braintuning.objective import Objective, Regression
from heschl.braintuning.recipe import Recipe
from heschl.braintuning.state import (
    Epoch,
    State,
    best_weights,
    learned_tensors,
    resumed,
    write_best,
    write_state,
)
from heschl.braintuning.worlds import ALONE, World
from heschl.errors import InvalidInput
from heschl.torch_threads import torch_threads

__all__ = ["Epoch", "Progress", "Trained", "held_out_r2", "predicted", "seeded", "train"]

_ROWS_AT_ONCE = 32
"""Rows that pass together where nothing is learned; no result depends on it but by rounding."""


@dataclass(frozen=True)
class Progress:
    """How far learning is."""

    step: int
    n_steps: int
    epoch: int
    n_epochs: int
    loss: float
    """Of the epoch so far."""
    last: Epoch | None
    """The last whole epoch."""
    seconds_left: float
    """If no epoch is left out at the end."""


@dataclass(frozen=True)
class Trained:
    """What was learned."""

    history: tuple[Epoch, ...]
    best: int
    """The number of the epoch whose weights were kept, from 0."""
    n_steps: int
    """How many led to those weights."""
    seconds: float
    """In this process."""


def train(
    objective: Objective,
    training: Examples,
    validation: Examples,
    recipe: Recipe,
    *,
    device: str,
    seed: int,
    place: Path | None = None,
    keep: Literal["best", "last"] = "best",
    stop_after: int | None = None,
    watch: Callable[[Progress], None] | None = None,
    world: World = ALONE,
) -> Trained:
    """Let an objective learn in place, and leave it with the weights that are kept.

    Parameters
    ----------
    objective
        What learns.
    training, validation
        The rows to learn from, and those that say when to stop.
    recipe
        The settings.
    device
        Where it learns. On ``cpu`` the same seed gives the same bits.
    seed
        Of the order of rows, and of what the network draws.
    place
        A folder for checkpoints, from which an interrupted training goes on; none are made
        without one.
    keep
        The weights of the ``best`` epoch on the validation rows, or the ``last``; then nothing
        stops early.
    stop_after
        The number of epochs after which to stop, of the `Recipe.n_epochs` that the rates are
        planned for.
    watch
        Hears after every step.
    world
        The processes that learn together, each with its share of every batch.

    Raises
    ------
    InvalidInput
        If the loss, or that on the validation rows, is no number any more.
    """
    module = cast("torch.nn.Module", objective).to(device)
    n_batches = -(-len(training) // recipe.batch_size)
    n_steps = n_batches * recipe.n_epochs
    n_epochs = min(stop_after or recipe.n_epochs, recipe.n_epochs)
    optimiser = _adam(objective, recipe)
    state = State() if place is None else _resumed(place, module, optimiser, world)
    best = best_weights(place, module)
    world.make_alike([*module.parameters(), *module.buffers()])
    began, first = time.monotonic(), state.step
    with _left_alone(device), torch_threads(objective.network.n_threads):
        while not _is_over(state.history, n_epochs, recipe.patience, keep):
            epoch, number = divmod(state.step, n_batches)
            order = np.random.default_rng([seed, epoch]).permutation(len(training))
            rows = order[number * recipe.batch_size :][: recipe.batch_size]
            for group in optimiser.param_groups:
                group["lr"] = group["full_rate"] * recipe.rate(state.step, n_steps)
            seeded(seed, state.step, device, world.rank)
            loss = _step(objective, optimiser, training, rows, recipe, device, world)
            state.loss += loss * len(rows) / len(training)
            _check_finite(state.loss, epoch, recipe)
            state.step += 1
            if number + 1 == n_batches:
                checked = world.first_says(
                    lambda: _validated(objective, validation, recipe, device, seed)
                )
                _check_finite(checked[0], epoch, recipe)
                state.history.append(Epoch(state.loss, *checked))
                state.loss = 0.0
                if _kept(state.history, keep) == epoch:
                    best = {name: each.clone() for name, each in learned_tensors(module).items()}
                    if place is not None and world.is_first:
                        write_best(place, best)
            is_due = number + 1 == n_batches or state.step % recipe.checkpoint_steps == 0
            if place is not None and is_due and world.is_first:
                write_state(place, state, module, optimiser)
            if watch is not None and world.is_first:
                watch(_progress(state, n_steps, n_epochs, n_batches, began, first))
    world.first_says(lambda: None)  # what it has still to write is there for all
    module.load_state_dict(best, strict=False)
    kept = _kept(state.history, keep)
    return Trained(tuple(state.history), kept, (kept + 1) * n_batches, time.monotonic() - began)


def predicted(objective: Regression, examples: Examples, recipe: Recipe, device: str) -> np.ndarray:
    """Return what is predicted (row, unit) of every row, in evaluation mode."""
    objective.eval()
    found = []
    with torch.inference_mode(), torch_threads(objective.network.n_threads):
        for rows in _blocks(np.arange(len(examples)), _ROWS_AT_ONCE):
            heard = torch.from_numpy(examples.take(rows)[0]).to(device)
            with _products(recipe, device):
                found.append(objective(heard).cpu().numpy())
    return np.concatenate(found)


def held_out_r2(responses: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return R² (unit,) of predictions (row, unit); 0 is what the mean response would have.

    >>> held_out_r2(np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [2.0], [2.0]])).tolist()
    [0.0]
    """
    responses = responses.astype(np.float64)
    left = np.square(responses - prediction).sum(axis=0)
    return np.asarray(1 - left / np.square(responses - responses.mean(axis=0)).sum(axis=0))


def seeded(seed: int, step: int, device: str, rank: int = 0) -> None:
    """Let what is drawn from here on depend on the seed, the step and the process alone."""
    drawn_from = [seed, step, rank] if rank else [seed, step]
    state = int(np.random.SeedSequence(drawn_from).generate_state(1)[0])
    # torch.manual_seed would reach into the other accelerators' states too.
    torch.default_generator.manual_seed(state)
    if torch.device(device).type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(state)


def _step(
    objective: Objective,
    optimiser: torch.optim.Optimizer,
    training: Examples,
    rows: np.ndarray,
    recipe: Recipe,
    device: str,
    world: World,
) -> float:
    module = cast("torch.nn.Module", objective).train()
    optimiser.zero_grad()
    total = 0.0
    mine = world.share(rows)
    for part in _blocks(mine, recipe.rows_at_once or max(1, len(mine))):
        heard, targets = (torch.from_numpy(each).to(device) for each in training.take(part))
        with _products(recipe, device):
            loss = objective.loss(heard, targets) * (len(part) / len(rows))
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    world.add_gradients([weight for group in optimiser.param_groups for weight in group["params"]])
    optimiser.step()
    world.make_alike(list(module.buffers()))
    return world.total(total, device)


def _resumed(
    place: Path, module: torch.nn.Module, optimiser: torch.optim.Optimizer, world: World
) -> State:
    """Return the state that all processes go on from."""
    state = resumed(place, module, optimiser)
    step = world.first_says(lambda: state.step)
    if state.step != step:
        raise InvalidInput(
            f"{place} holds step {state.step} for process {world.rank} and step {step} for the "
            "first; put it on a disk that all processes see (output=..., -o)"
        )
    return state


def _validated(
    objective: Objective, validation: Examples, recipe: Recipe, device: str, seed: int
) -> tuple[float, float]:
    """Return the loss and the held-out R² on the validation rows."""
    if isinstance(objective, Regression):
        targets = validation.targets
        prediction = predicted(objective, validation, recipe, device)
        loss = float(np.square(targets.astype(np.float64) - prediction).mean())
        return loss, float(held_out_r2(targets, prediction).mean())
    cast("torch.nn.Module", objective).eval()
    seeded(seed, 0, device)  # the same draws after every epoch, so that losses can be compared
    total = 0.0
    with torch.no_grad():
        for rows in _blocks(np.arange(len(validation)), recipe.rows_at_once or recipe.batch_size):
            heard, wanted = (torch.from_numpy(each).to(device) for each in validation.take(rows))
            with _products(recipe, device):
                total += objective.loss(heard, wanted).item() * len(rows) / len(validation)
    return total, math.nan


def _is_over(
    history: list[Epoch], n_epochs: int, patience: int, keep: Literal["best", "last"]
) -> bool:
    waited = len(history) - 1 - _kept(history, keep) if history else 0
    return len(history) >= n_epochs or waited >= patience


def _kept(history: list[Epoch], keep: Literal["best", "last"]) -> int:
    """Return the number of the epoch whose weights are kept, if the last one is the last."""
    if keep == "last":
        return len(history) - 1
    return int(np.argmin([each.validation_loss for each in history]))


def _adam(objective: Objective, recipe: Recipe) -> torch.optim.Adam:
    rates = {"network": recipe.network_rate, "head": recipe.head_rate}
    groups = [
        {"params": weights, "full_rate": rates[name]}
        for name, weights in objective.groups().items()
        if weights
    ]
    return torch.optim.Adam(groups, lr=0.0)


def _blocks(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _products(recipe: Recipe, device: str) -> Any:  # a context of torch
    kind = torch.device(device).type
    is_mixed = recipe.mixed_precision and kind == "cuda"
    return torch.autocast("cuda" if kind == "cuda" else "cpu", torch.bfloat16, enabled=is_mixed)


@contextmanager
def _left_alone(device: str) -> Iterator[None]:
    """Leave every random state as it was."""
    place = torch.device(device)
    with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
        yield


def _check_finite(loss: float, epoch: int, recipe: Recipe) -> None:
    if not math.isfinite(loss):
        raise InvalidInput(
            f"the loss is {loss} in epoch {epoch + 1} of {recipe.n_epochs} at "
            f"network_rate={recipe.network_rate:g} and head_rate={recipe.head_rate:g}, so nothing "
            "more can be learned; choose smaller rates, or check the weights of the model"
        )


def _progress(
    state: State, n_steps: int, n_epochs: int, n_batches: int, began: float, first: int
) -> Progress:
    pace = (time.monotonic() - began) / max(1, state.step - first)
    whole, done = divmod(state.step, n_batches)
    loss = state.loss * n_batches / done if done else state.history[-1].loss
    return Progress(
        step=state.step,
        n_steps=n_steps,
        epoch=whole if done else whole - 1,
        n_epochs=n_epochs,
        loss=loss,
        last=state.history[-1] if state.history else None,
        seconds_left=pace * (n_epochs * n_batches - state.step),
    )
