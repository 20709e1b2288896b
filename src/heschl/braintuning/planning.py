"""What a tuning would take, told before it starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import cast

from heschl.braintuning.adapters import adapt
from heschl.braintuning.costs import Estimate, data_sheet, estimate
from heschl.braintuning.listening import heard
from heschl.braintuning.objective import Regression
from heschl.braintuning.recipe import Recipe
from heschl.braintuning.tune import opened
from heschl.contracts import AnyDataset, Dataset, SpeechModel
from heschl.store import Store
from heschl.tuning import tunable_network

__all__ = ["plan_tuning"]


def plan_tuning(
    model: str,
    dataset: str,
    *,
    subject: str,
    card: str = "H200",
    recipe: Recipe | None = None,
    layer: str | None = None,
    stories: Sequence[str] | None = None,
    validation: Sequence[str] | None = None,
    test: Sequence[str] | None = None,
    fraction: float | None = None,
    data: str | os.PathLike[str] | AnyDataset | None = None,
    seed: int = 0,
    store: Store | str | os.PathLike[str] | None = None,
) -> Estimate:
    """Return what `heschl.tune` with the same arguments would take on a graphics card.

    The recordings are read, for the number of rows and units; nothing is learned or written.
    ``card`` is one of `heschl.braintuning.costs.CARDS`.
    """
    used = recipe or Recipe()
    data_sheet(card)
    session, division = opened(
        model, dataset, subject, layer=layer, stories=stories, validation=validation, test=test,
        fraction=fraction, data=data, device="cpu", seed=seed,
        store=store if isinstance(store, Store) else Store(store),
    )  # fmt: skip
    speech = cast("SpeechModel", session.model.get())
    data_heard = heard(
        cast("Dataset", session.dataset.get()), subject, division, used, speech.sample_rate
    )
    network = tunable_network(speech, layer or speech.layers[-1].name, frozen=used.frozen)
    if used.lora_rank is not None:
        adapt(network, used.lora_layers, used.lora_rank, used.lora_alpha)
    n_units = len(data_heard.units)
    return estimate(
        Regression(network, n_units),
        used,
        n_rows=len(data_heard.training),
        n_validation=len(data_heard.validation),
        n_samples=data_heard.training.n_samples,
        n_units=n_units,
        card=card,
    )
