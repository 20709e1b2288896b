"""The work of tuning, where torch is at hand: what is learned, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch

from heschl.braintuning.adapters import adapt, merge
from heschl.braintuning.checkpoints import file_digest, read_tensors, write_tensors
from heschl.braintuning.controls import (
    Control,
    model_targets,
    random_head_targets,
    responses_of_others,
    responses_permuted,
)
from heschl.braintuning.examples import Examples
from heschl.braintuning.listening import Division, Heard, heard
from heschl.braintuning.objective import Objective, Regression
from heschl.braintuning.recipe import Recipe
from heschl.braintuning.training import (
    Epoch,
    Progress,
    held_out_r2,
    predicted,
    seeded,
    train,
)
from heschl.braintuning.worlds import World
from heschl.contracts import Dataset, SpeechModel
from heschl.registry import resolve_model
from heschl.torch_threads import torch_threads
from heschl.tuning import TunableNetwork, tunable_network

__all__ = ["Learned", "learned", "tidy"]


@dataclass(frozen=True)
class Learned:
    """What was learned, the weights of it written."""

    history: tuple[Epoch, ...]
    best: int
    n_steps: int
    seconds: float
    n_units: int
    n_learned: int
    """How many numbers of the network learned, its head not among them."""
    n_weights: int
    """How many it has."""
    r2: np.ndarray | None
    """Held out, on the test stories (unit,); None where no response is predicted."""
    weights_sha256: str
    digest: str | None
    """Of the model with those weights, by which its Scores are known; None if it takes none."""


def learned(
    model: SpeechModel,
    dataset: Dataset,
    subject: str,
    division: Division,
    recipe: Recipe,
    *,
    layer: str,
    control: Control,
    targets_from: str | None,
    target_layers: Sequence[str] | None,
    device: str,
    seed: int,
    place: Path,
    keep: Literal["best", "last"],
    stop_after: int | None,
    watch: Callable[[Progress], None] | None,
    world: World,
) -> Learned:
    """Tune a copy of a model and write its weights; the parameters are those of `heschl.tune`."""
    network = tunable_network(model, layer, frozen=recipe.frozen)
    module = cast("torch.nn.Module", network)
    own = set(module.state_dict())  # the model has no place for what an objective adds
    data = heard(dataset, subject, division, recipe, model.sample_rate)
    training, validation = _targets(
        control, data, network, dataset, division, targets_from, target_layers, device, seed
    )
    n_weights = sum(weight.numel() for weight in module.parameters())
    adapted = _adapted(network, recipe, seed)
    n_learned = sum(weight.numel() for weight in module.parameters() if weight.requires_grad)
    objective = _objective(control, network, training, seed)
    trained = train(
        objective, training, validation, recipe,
        device=device, seed=seed, place=place, keep=keep, stop_after=stop_after, watch=watch,
        world=world,
    )  # fmt: skip
    merge(network, adapted)
    r2 = world.first_says(lambda: _written(objective, own, data, recipe, control, device, place))
    return Learned(
        trained.history,
        trained.best,
        trained.n_steps,
        trained.seconds,
        len(data.units),
        n_learned,
        n_weights,
        r2,
        world.first_says(lambda: file_digest(place / "weights.safetensors")),
        world.first_says(lambda: _digest(model, place)),
    )


def tidy(place: Path) -> None:
    """Remove the checkpoints of a tuning that is done."""
    for name in ("checkpoint.safetensors", "best.safetensors"):
        (place / name).unlink(missing_ok=True)


def _digest(model: SpeechModel, place: Path) -> str | None:
    """Return the digest of the model as ``tuned:`` opens it."""
    with_weights = getattr(model, "with_weights", None)
    if with_weights is None:
        return None
    return str(with_weights(model.card, read_tensors(place / "weights.safetensors")[0]).digest)


def _written(
    objective: Objective,
    own: set[str],
    data: Heard,
    recipe: Recipe,
    control: Control,
    device: str,
    place: Path,
) -> np.ndarray | None:
    """Write what was learned, of the network its ``own``; return the held-out R² (unit,)."""
    module = cast("torch.nn.Module", objective.network)
    names = {name for name, weight in module.named_parameters() if weight.requires_grad}
    names |= {name for name, _ in module.named_buffers()}
    prefix = "network."  # of a TunableCopy, within which is the model's own
    kept = {
        name.removeprefix(prefix): each
        for name, each in module.state_dict().items()
        if name in names & own and name.startswith(prefix)
    }
    write_tensors(place / "weights.safetensors", kept)
    r2 = None
    if isinstance(objective, Regression):
        tensors = dict(objective.head.state_dict())
        if control in ("none", "local", "all"):
            r2 = held_out_r2(data.test.targets, predicted(objective, data.test, recipe, device))
            tensors |= {
                "unit": torch.from_numpy(np.asarray(data.units)),
                "ceiling": torch.from_numpy(data.ceilings),
                "held_out_r2": torch.from_numpy(r2),
            }
        write_tensors(place / "head.safetensors", tensors)
    return r2


def _adapted(network: TunableNetwork, recipe: Recipe, seed: int) -> list[str]:
    """Put adapters into a network, where the recipe asks for them, and return where."""
    if recipe.lora_rank is None:
        return []
    with torch.random.fork_rng(devices=[]):
        seeded(seed, 1, "cpu")
        return adapt(network, recipe.lora_layers, recipe.lora_rank, recipe.lora_alpha)


def _objective(
    control: Control, network: TunableNetwork, training: Examples, seed: int
) -> Objective:
    with torch.random.fork_rng(devices=[]):
        seeded(seed, 0, "cpu")
        if control == "stimulus":
            from heschl.braintuning.contrastive import Contrastive

            return Contrastive(network)
        return Regression(network, training.stories[0].targets.shape[1])


def _targets(
    control: Control,
    data: Heard,
    network: TunableNetwork,
    dataset: Dataset,
    division: Division,
    targets_from: str | None,
    target_layers: Sequence[str] | None,
    device: str,
    seed: int,
) -> tuple[Examples, Examples]:
    """Return the training and the validation rows of a control."""
    training, validation = data.training, data.validation
    if control == "local":
        return responses_permuted(training, seed), validation
    if control == "all":
        return responses_of_others(training, seed), validation
    if control == "random-head":
        cast("torch.nn.Module", network).to(device)
        return random_head_targets(
            training,
            validation,
            lambda rows: _mean_frames(network, rows, device),
            len(data.units),
            seed,
        )
    if control == "model":
        other = resolve_model(targets_from).object
        layers = list(target_layers or [other.layers[-1].name])
        stimuli = dataset.stimuli()

        def of_model(examples: Examples, names: Sequence[str]) -> Examples:
            return model_targets(
                examples,
                other,
                layers,
                [stimuli[name] for name in names],
                [np.asarray(dataset.clock(name)) for name in names],
            )

        return of_model(training, division.training), of_model(validation, division.validation)
    return training, validation


def _mean_frames(network: TunableNetwork, examples: Examples, device: str) -> np.ndarray:
    """Return the mean frame (row, feature) of a network in evaluation mode."""
    cast("torch.nn.Module", network).eval()
    found = []
    with torch.inference_mode(), torch_threads(network.n_threads):
        for start in range(0, len(examples), _ROWS_AT_ONCE):
            rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(examples)))
            waveforms = torch.from_numpy(examples.take(rows)[0]).to(device)
            found.append(network(waveforms).mean(dim=1).cpu().numpy())
    return np.concatenate(found)


_ROWS_AT_ONCE = 32
