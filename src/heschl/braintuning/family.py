"""A tuned model and its controls: the same base, sounds, seed and number of steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heschl.braintuning.controls import Control
from heschl.braintuning.tune import Tuned, tune
from heschl.errors import InvalidInput

__all__ = ["CONTROLS", "tune_family"]

CONTROLS: tuple[Control, ...] = ("local", "random-head", "stimulus")
"""What `tune_family` makes by default; the last of wav2vec 2.0 alone."""


def tune_family(
    model: str,
    dataset: str,
    *,
    subject: str,
    controls: Sequence[Control] | None = None,
    output: str | Path | None = None,
    **settings: Any,  # those of heschl.tune
) -> dict[str, Tuned]:
    """Tune a model on a listener, and make its controls with as many steps.

    Parameters
    ----------
    model, dataset, subject
        As `heschl.tune` takes them.
    controls
        Which; `CONTROLS` by default.
    output
        A folder for all of them; by default each has its own below the store.
    **settings
        The others of `heschl.tune`. ``stop_after`` is the tuned model's: controls take as many
        epochs as led to the weights that it kept.

    Returns
    -------
    dict
        ``none`` is the tuned model, the others go by the names of their controls.
    """
    for name in ("control", "targets_from", "target_layers"):
        if name in settings:
            raise InvalidInput(f"{name}= belongs to one control; a family makes several")
    chosen = [each for each in CONTROLS if each != "stimulus" or _has_own_loss(model)]
    if controls is not None:
        chosen = list(controls)
    if "none" in chosen or "model" in chosen:
        raise InvalidInput(
            f"controls={list(chosen)}; name controls of a family, which are "
            f"{', '.join((*CONTROLS, 'all'))}; the control 'model' is made by heschl.tune"
        )

    def place(name: str) -> Path | None:
        return None if output is None else Path(output) / name

    tuned = tune(model, dataset, subject=subject, output=place("tuned"), **settings)
    n_epochs = int(tuned.record["best_epoch"]) + 1
    return {"none": tuned} | {
        control: tune(
            model,
            dataset,
            subject=subject,
            control=control,
            output=place(control),
            **settings | {"stop_after": n_epochs},
        )
        for control in chosen
    }


def _has_own_loss(model: str) -> bool:
    """Return whether the control ``stimulus`` can be made of a model."""
    from heschl.braintuning.contrastive import Contrastive
    from heschl.registry import resolve_model
    from heschl.tuning import tunable_network

    network = resolve_model(model).object
    try:
        Contrastive(tunable_network(network, network.layers[-1].name))
    except InvalidInput:
        return False
    return True
