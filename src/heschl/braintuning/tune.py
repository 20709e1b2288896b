"""The whole way of tuning: from the names of a model, a dataset and a listener to a folder.

The folder has, when all is done, what ``tuned:<folder>`` opens: ``card.json`` and
``weights.safetensors``; and for further study ``head.safetensors`` (the layer onto units, their
numbers, ceilings and held-out R²). While it learns it has ``plan.json``, by which a training that
was interrupted is known to be the same one, and its checkpoint.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from heschl._version import __version__
from heschl.braintuning.controls import Control
from heschl.braintuning.listening import Division, divided
from heschl.braintuning.recipe import Recipe
from heschl.braintuning.records import read_record
from heschl.braintuning.worlds import joined
from heschl.configuration import canonical_json, differences, digest
from heschl.contracts import AnyDataset, Dataset, SpeechModel
from heschl.disk import usable, write_atomically
from heschl.errors import InvalidInput
from heschl.registry import models
from heschl.resolution import written_card
from heschl.session import Session, open_session
from heschl.store import Store
from heschl.tuning import require_tunable
from heschl.uris import anywhere
from heschl.wording import counted

if TYPE_CHECKING:
    from heschl.braintuning.training import Progress

__all__ = ["Tuned", "opened", "tune"]

_NUMERICS = 2
"""Raised whenever the same plan would give other weights."""

_REMEDY = "name another folder (output=..., -o)"


@dataclass(frozen=True)
class Tuned:
    """What tuning left."""

    folder: Path
    record: Mapping[str, Any]
    """The content of ``card.json``."""

    @property
    def uri(self) -> str:
        """What opens the model: ``tuned:<folder>``."""
        return f"tuned:{self.folder}"

    @property
    def history(self) -> list[Mapping[str, Any]]:
        """The losses of each epoch, and the held-out R²: None where no response is predicted."""
        return list(self.record["history"])


def tune(
    model: str,
    dataset: str,
    *,
    subject: str,
    output: str | os.PathLike[str] | None = None,
    recipe: Recipe | None = None,
    control: Control = "none",
    targets_from: str | None = None,
    target_layers: Sequence[str] | None = None,
    layer: str | None = None,
    stories: Sequence[str] | None = None,
    validation: Sequence[str] | None = None,
    test: Sequence[str] | None = None,
    fraction: float | None = None,
    stop_after: int | None = None,
    data: str | os.PathLike[str] | AnyDataset | None = None,
    device: str = "auto",
    seed: int = 0,
    store: Store | str | os.PathLike[str] | None = None,
    watch: Callable[[Progress], None] | None = None,
) -> Tuned:
    """Tune a model on one listener's recordings, or make a control of that.

    Interrupted, the same call goes on where it was: on a processor the weights are, bit for bit,
    those of a training without interruption. Finished, it returns what is there.

    Parameters
    ----------
    model
        An id or URI of a network that learns: ``hf:`` or a `TorchModel`.
    dataset
        The id of a dataset of recordings.
    subject
        The listener.
    output
        The folder; by default one below the store, named by what is tuned.
    recipe
        The settings of learning; those of the paper by default.
    control
        Which control, see `heschl.braintuning.controls`; ``none`` tunes on the responses.
    targets_from, target_layers
        For the control ``model``: whose layers are learned, by default the last.
    layer
        The layer whose mean is taken, the last by default.
    stories, validation, test, fraction
        Which stories are for what, see `heschl.braintuning.listening.divided`.
    stop_after
        Keep the weights of the last of so many epochs, in place of the best of all; the rates
        stay planned for `Recipe.n_epochs`.
    data, device, store
        As `heschl.score` takes them.
    seed
        Of everything that is drawn.
    watch
        Hears of every step.
    """
    used = recipe or Recipe()
    _check(model, control, targets_from, target_layers, stop_after)
    where = store if isinstance(store, Store) else Store(store)
    world, device = joined(device, used.batch_size)
    if output is not None:
        world.first_says(lambda: _refuse_other_content(Path(output)))
    session, division = opened(
        model, dataset, subject, layer=layer, stories=stories, validation=validation, test=test,
        fraction=fraction, data=data, device=device, seed=seed, store=where,
    )  # fmt: skip
    from heschl.braintuning import work

    network, recordings = session.model.get(), session.dataset.get()
    last = network.layers[-1].name if layer is None else layer
    heard = (*division.training, *division.validation)
    stimuli = recordings.stimuli()
    plan = {
        "numerics": _NUMERICS,
        "base": anywhere(model),
        "base_version": dict(session.model_version),
        "layer": last,
        "dataset": recordings.card.id,
        "data_kind": session.data_kind,
        "subject": subject,
        "stories": dataclasses.asdict(division),
        "recording": recordings.fingerprint(subject, (*heard, *division.test)),
        "sounds": {name: stimuli[name].sound.digest for name in (*heard, *division.test)},
        "control": control,
        "targets_from": targets_from and anywhere(targets_from),
        "target_layers": target_layers,
        "recipe": {name: v for name, v in vars(used).items() if name != "checkpoint_steps"},
        "stop_after": stop_after,
        "processes": world.size,
        "seed": session.seed,
    }
    folder = Path(output) if output is not None else where.folder / "tuned" / _name(plan, session)
    if world.first_says(lambda: is_finished(folder, plan)):
        return _read(folder)
    world.first_says(lambda: _write(folder / "plan.json", canonical_json(plan)))
    keep: Literal["best", "last"] = (
        "last" if stop_after is not None or control in ("local", "all") else "best"
    )
    found = work.learned(
        cast("SpeechModel", network), recordings, subject, division, used,
        layer=last, control=control, targets_from=targets_from, target_layers=target_layers,
        device=session.device, seed=session.seed, place=folder, keep=keep, stop_after=stop_after,
        watch=watch, world=world,
    )  # fmt: skip
    durations_s = {name: stimuli[name].sound.duration_s for name in heard}
    record = _card(plan, session, found, durations_s)
    world.first_says(lambda: _write(folder / "card.json", json.dumps(record, indent=1)))
    if world.is_first:
        work.tidy(folder)
    return _read(folder)


def opened(
    model: str,
    dataset: str,
    subject: str,
    *,
    layer: str | None,
    stories: Sequence[str] | None,
    validation: Sequence[str] | None,
    test: Sequence[str] | None,
    fraction: float | None,
    data: str | os.PathLike[str] | AnyDataset | None,
    device: str,
    seed: int,
    store: Store,
) -> tuple[Session, Division]:
    """Return a model that can be tuned beside the recordings, and which stories are for what."""
    session = open_session(
        model, dataset, layers=None if layer is None else [layer], subjects=[subject], data=data,
        device=device, seed=seed, store=store, require=require_tunable,
    )  # fmt: skip
    recordings = session.dataset.get()
    if not isinstance(recordings, Dataset):
        raise InvalidInput(
            f"{dataset} holds labelled sounds alone; tuning needs a listener's recordings"
        )
    division = divided(
        recordings, subject, stories=stories, validation=validation, test=test, fraction=fraction,
        seed=session.seed,
    )  # fmt: skip
    return session, division


def is_finished(folder: Path, plan: Mapping[str, Any]) -> bool:
    """Return whether a folder holds this very tuning, done; refuse one that holds another."""
    _refuse_other_content(folder)
    planned = folder / "plan.json"
    if not planned.exists():
        return False
    other = next(differences(read_record(planned), json.loads(canonical_json(plan))), None)
    if other is not None:
        path, theirs, ours = other
        raise InvalidInput(
            f"{folder} holds another tuning: its {path} is {theirs!r}, here it is {ours!r}; name "
            "another folder, or ask for the same"
        )
    return (folder / "card.json").exists()


def _refuse_other_content(folder: Path) -> None:
    """Refuse a folder that holds something, and no tuning."""
    if (folder / "plan.json").exists() or not folder.exists():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise InvalidInput(
            f"{folder} is there and holds something else; name a folder that is new or empty"
        )


def _write(path: Path, text: str) -> None:
    with usable(path.parent, _REMEDY):
        write_atomically(path, text.encode())


def _read(folder: Path) -> Tuned:
    return Tuned(folder.resolve(), read_record(folder / "card.json"))


def _check(
    model: Any,  # whatever was given
    control: str,
    targets_from: str | None,
    target_layers: Sequence[str] | None,
    stop_after: int | None,
) -> None:
    if not isinstance(model, str):
        raise InvalidInput(
            f"tune was given a {type(model).__name__} as the model; give an id or a URI such as "
            "file:./my_model.py:my_net, by which the tuned model can find it again"
        )
    if control not in get_args(Control):
        raise InvalidInput(f"control={control!r}; expected one of {', '.join(get_args(Control))}")
    if (control == "model") != (targets_from is not None):
        raise InvalidInput(
            f"control={control!r} and targets_from={targets_from!r}; the control 'model', and no "
            "other, names the model whose layers are learned"
        )
    if targets_from is None and target_layers is not None:
        raise InvalidInput(
            f"target_layers={list(target_layers)} without targets_from; they are layers of the "
            "model whose layers are learned, so name that one too"
        )
    if targets_from is not None:
        written_card(models, targets_from)  # a name that nobody knows
    is_count = isinstance(stop_after, int) and not isinstance(stop_after, bool) and stop_after > 0
    if stop_after is not None and not is_count:
        raise InvalidInput(f"stop_after={stop_after!r}; expected a number of epochs, or None")


def _name(plan: Mapping[str, Any], session: Session) -> str:
    parts = [session.model_id, plan["dataset"], plan["subject"]]
    parts += [plan["control"]] if plan["control"] != "none" else []
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", "-".join(parts)) + f"-{digest(plan)[:8]}"


def _card(
    plan: Mapping[str, Any],
    session: Session,
    found: Any,  # of heschl.braintuning.work.Learned, which imports torch
    durations_s: Mapping[str, float],
) -> dict[str, Any]:
    """Return the content of ``card.json``."""
    card, control = session.model.get().card, plan["control"]
    told = {
        "none": f"brain-tuned (fine-tuned on {plan['dataset']}, {plan['subject']})",
        "model": f"control: fine-tuned on the layers of {plan['targets_from']}",
        "stimulus": f"control: its own self-supervised loss, on the stories of {plan['dataset']}",
    }.get(control, f"control of brain-tuning: {control} (fine-tuned on {plan['dataset']})")
    before = card.training
    heard = (*plan["stories"]["training"], *plan["stories"]["validation"])
    hours = sum(durations_s.values()) / 3600
    languages = getattr(session.dataset.get().card, "languages", ())
    return {
        "format": 1,
        "base": plan["base"],
        "base_digest": plan["base_version"]["digest"],
        "weights_sha256": found.weights_sha256,
        "digest": found.digest,
        "summary": f"{card.id}, {told}; {counted(found.n_steps, 'step')}, seed {plan['seed']}",
        "licence": card.licence,
        "citation": card.citation,
        "family": card.family,
        "parameters": card.parameters,
        "untrained_twin": card.untrained_twin,
        "training": {
            "objective": told
            if before.is_trained is False
            else f"{before.objective or 'unknown'}; {told}",
            "datasets": list(dict.fromkeys((*before.datasets, plan["dataset"]))),
            "languages": list(dict.fromkeys((*before.languages, *languages))),
            "hours": (before.hours or 0.0) + hours
            if before.hours is not None or before.is_trained is False
            else None,
        },
        "seen": [
            *(dataclasses.asdict(each) for each in card.seen),
            {
                "dataset": plan["dataset"],
                "data_kind": plan["data_kind"],
                "subjects": [] if control in _WITHOUT_BRAIN else [plan["subject"]],
                "stimuli": list(heard),
                "sounds": [plan["sounds"][name] for name in heard],
                "chosen_on": plan["stories"]["validation"],
            },
        ],
        "plan": json.loads(canonical_json(plan)),
        "heschl": __version__,
        # JSON has no NaN, and strict readers of it refuse the whole card.
        "history": [
            {name: value if math.isfinite(value) else None for name, value in vars(each).items()}
            for each in found.history
        ],
        "best_epoch": found.best,
        "n_steps": found.n_steps,
        "n_units": found.n_units,
        "n_learned": found.n_learned,
        "n_weights": found.n_weights,
        "training_hours": sum(durations_s[name] for name in plan["stories"]["training"]) / 3600,
        "held_out_r2": None if found.r2 is None else float(np.mean(found.r2)),
        "seconds": found.seconds,
    }


_WITHOUT_BRAIN = ("random-head", "stimulus", "model")
