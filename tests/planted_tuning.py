"""A linear encoder and responses that it can predict to a known share; runs as a script, too."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import torch

from heschl.braintuning.examples import Examples, Story
from heschl.braintuning.objective import Regression
from heschl.braintuning.recipe import Recipe
from heschl.braintuning.training import train
from heschl.braintuning.worlds import joined

N_SAMPLES, N_UNITS = 40, 40


class Encoder(torch.nn.Module):
    """One frame of forty samples, scaled by what is frozen, then mixed by what learns."""

    n_threads: int | None = 1
    n_units: int = 48

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.frozen = torch.nn.Linear(N_SAMPLES, N_SAMPLES).requires_grad_(requires_grad=False)
        torch.nn.init.orthogonal_(self.frozen.weight)  # it hides nothing from what learns
        self.mix = torch.nn.Linear(N_SAMPLES, self.n_units)
        self.dropout = torch.nn.Dropout(dropout)

    def forward(self, waveforms):
        return self.dropout(self.mix(self.frozen(waveforms.reshape(len(waveforms), -1, N_SAMPLES))))

    def n_frames(self, n_samples):
        return n_samples // N_SAMPLES


def stories(share: float, n_rows: int, names="abcdt", seed: int = 0) -> dict[str, Examples]:
    """Return training, validation (the last but one) and test rows, a share of them signal."""
    generator = np.random.default_rng(seed)
    weights = generator.standard_normal((N_SAMPLES, N_UNITS))
    found = []
    for name in names:
        sound = generator.standard_normal((n_rows, N_SAMPLES)).astype(np.float32)
        signal = sound @ weights / np.sqrt(np.square(weights).sum(axis=0))
        noise = generator.standard_normal(signal.shape)
        response = np.sqrt(share) * signal + np.sqrt(1 - share) * noise
        response = (response - response.mean(axis=0)) / response.std(axis=0)
        ends = N_SAMPLES * np.arange(1, n_rows + 1)
        found.append(Story(name, sound.ravel(), ends, response.astype(np.float32)))
    return {
        "training": Examples(tuple(found[:-2]), N_SAMPLES),
        "validation": Examples((found[-2],), N_SAMPLES),
        "test": Examples((found[-1],), N_SAMPLES),
    }


def objective(dropout: float = 0.0) -> Regression:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Regression(Encoder(dropout), N_UNITS)


INTERRUPTED = Recipe(n_epochs=4, batch_size=32, network_rate=3e-3, checkpoint_steps=3)


def learn(place: Path | None, watch=None) -> Regression:
    """Learn what a test interrupts: four epochs of thirteen steps, with dropout."""
    learner, data = objective(dropout=0.2), stories(0.5, 130)
    train(
        learner, data["training"], data["validation"], INTERRUPTED,
        device="cpu", seed=5, place=place, watch=watch,
    )  # fmt: skip
    return learner


def learn_together(place: Path | None, stop_after: int | None = None) -> Regression:
    """Learn as one of the processes that the environment names; the last batch is of one row."""
    learner, data = objective(), stories(0.5, 43)
    world, device = joined("cpu", INTERRUPTED.batch_size)
    train(
        learner, data["training"], data["validation"], INTERRUPTED, device=device, seed=5,
        place=place, keep="last", stop_after=stop_after, world=world,
    )  # fmt: skip
    return learner


def _learn_and_go_on(folder: Path, rank: str) -> None:
    """Learn at once, and again in two parts; write what each came to."""
    whole = learn_together(None)
    learn_together(folder / "state", stop_after=2)
    resumed = learn_together(folder / "state")
    for name, learner in (("whole", whole), ("resumed", resumed)):
        torch.save(learner.state_dict(), folder / f"{name}-{rank}.pt")


def _tell(progress) -> None:
    sys.stdout.write(f"{progress.step}\n")
    sys.stdout.flush()
    time.sleep(0.02)  # so that whoever listens can end this between two steps


if __name__ == "__main__":
    if "RANK" in os.environ:
        _learn_and_go_on(Path(sys.argv[1]), os.environ["RANK"])
    else:
        learn(Path(sys.argv[1]), _tell)
