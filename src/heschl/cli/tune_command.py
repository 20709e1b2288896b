"""Tune a model on one listener's recordings, and make its controls.

The folder that is printed is a model: `heschl score tuned:<folder> <benchmark>`. Interrupted, the
same command goes on where it was. On several graphics cards:
`torchrun --nproc-per-node 4 --no-python heschl tune ...`.
"""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from typing import TYPE_CHECKING, Any, get_args

from heschl.braintuning.controls import Control
from heschl.braintuning.recipe import Recipe, Window
from heschl.braintuning.worlds import is_first
from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.scoring_arguments import add_seed_argument, add_store_argument
from heschl.cli.tune_watching import TuneLines
from heschl.wording import number

if TYPE_CHECKING:
    from heschl.braintuning.tune import Tuned

_RECIPE = {
    "epochs": ("n_epochs", int, "at most so many passes over the stories"),
    "batch-size": ("batch_size", int, "rows (scans) in one step"),
    "rows-at-once": ("rows_at_once", int, "pass so many at a time, to save memory"),
    "network-rate": ("network_rate", float, "the learning rate of the network"),
    "head-rate": ("head_rate", float, "that of the layer onto units"),
    "patience": ("patience", int, "epochs to wait for a lower validation loss"),
    "lora": ("lora_rank", int, "learn adapters of this rank in place of whole matrices"),
    "lora-alpha": ("lora_alpha", float, "their scale, times the rank"),
    "skipped-rows": ("skipped_rows", int, "rows that the test story loses at its start"),
    "checkpoint-steps": ("checkpoint_steps", int, "steps between checkpoints"),
}
"""For each option the setting of the recipe, its kind and what it says."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    default = Recipe()
    parser.add_argument("model", help="an id or URI of a network, such as hf:./folder")
    parser.add_argument("dataset", help="recordings of listeners, such as lebel_moth")
    parser.add_argument("--subject", required=True, metavar="NAME", help="the listener")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="default: below the store")
    parser.add_argument("--data", metavar="FOLDER", help="the dataset's folder, or 'phantom'")
    group = parser.add_argument_group("controls").add_mutually_exclusive_group()
    names = [name for name in get_args(Control) if name not in ("none", "model")]
    group.add_argument(
        "--control",
        choices=names,
        help="permuted responses (local, all), a random head, or the model's own loss (stimulus)",
    )
    group.add_argument("--targets-from", metavar="MODEL", help="learn another model's layers")
    group.add_argument(
        "--with-controls", action="store_true", help="the tuned model and its family of controls"
    )
    parser.add_argument("--target-layers", nargs="+", metavar="NAME", help="of that other model")
    parser.add_argument("--layer", help="whose mean is taken; default: the last")
    for part in ("stories", "validation", "test"):
        parser.add_argument(f"--{part}", nargs="+", metavar="NAME", help=f"the {part} to take")
    parser.add_argument("--fraction", type=float, help="of the training stories, nested")
    recipe = parser.add_argument_group("recipe")
    for option, (name, kind, words) in _RECIPE.items():
        was = getattr(default, name)
        recipe.add_argument(
            f"--{option}", dest=name, type=kind, default=was, help=f"{words}; default: {was}"
        )
    recipe.add_argument(
        "--lora-layers",
        nargs="+",
        metavar="NAME",
        default=default.lora_layers,
        help=f"linear layers to adapt; default: {' '.join(default.lora_layers)}",
    )
    recipe.add_argument(
        "--window",
        choices=get_args(Window),
        default=default.window,
        help="10 s of sound as in the published code, or 16 s as in the paper",
    )
    recipe.add_argument(
        "--minimum-ceiling",
        type=_ceiling,
        default=default.minimum_ceiling,
        metavar="R",
        help=f"units above it learn, 'all' takes all; default: {default.minimum_ceiling}",
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, ...; default: auto")
    add_seed_argument(parser)
    add_store_argument(parser)
    parser.add_argument(
        "--plan",
        nargs="?",
        const="H200",
        metavar="CARD",
        help="only say what an epoch would take on a graphics card: A100, H100, H200 (default)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> int:
    """Tune, and say what became of it."""
    from heschl.braintuning.family import tune_family
    from heschl.braintuning.tune import tune

    settings = {
        name: getattr(arguments, name)
        for name in (
            *("output", "data", "layer", "stories", "validation", "test", "fraction"),
            *("device", "seed", "store", "subject"),
        )
    }
    if not arguments.quiet:
        settings["watch"] = TuneLines()
    chosen = {name: getattr(arguments, name) for name, _, _ in _RECIPE.values()}
    settings["recipe"] = dataclasses.replace(
        Recipe(),
        window=arguments.window,
        minimum_ceiling=arguments.minimum_ceiling,
        lora_layers=tuple(arguments.lora_layers),
        **chosen,
    )
    if arguments.plan:
        return _plan(arguments, settings)
    if arguments.with_controls:
        found = tune_family(arguments.model, arguments.dataset, **settings)
    else:
        control: Control = "model" if arguments.targets_from else arguments.control or "none"
        found = {
            control: tune(
                arguments.model,
                arguments.dataset,
                control=control,
                targets_from=arguments.targets_from,
                target_layers=arguments.target_layers,
                **settings,
            )
        }
    if not is_first():
        return 0
    if arguments.json:
        print_json({name: _record(tuned) for name, tuned in found.items()})
        return 0
    print_table(
        ["", "best epoch", "loss", "validation", "held-out R²", "units"],
        [_row(name, tuned) for name, tuned in found.items()],
    )
    for tuned in found.values():
        uri = shlex.quote(tuned.uri)
        print_text(f"heschl score {uri} <benchmark> --subjects {arguments.subject}")
    return 0


def _plan(arguments: argparse.Namespace, settings: dict[str, Any]) -> int:
    from heschl.braintuning.planning import plan_tuning

    names = (
        *("data", "layer", "stories", "validation", "test", "fraction"),
        *("seed", "store", "subject", "recipe"),
    )
    chosen = {name: settings[name] for name in names}
    found = plan_tuning(arguments.model, arguments.dataset, card=arguments.plan, **chosen)
    if arguments.json:
        print_json(dataclasses.asdict(found) | {"share_of_peak": found.share_of_peak})
        return 0
    for line in found.lines():
        print_text(line)
    return 0


def _row(name: str, tuned: Tuned) -> list[str]:
    kept = tuned.history[tuned.record["best_epoch"]]
    r2 = tuned.record["held_out_r2"]
    return [
        "tuned" if name == "none" else name,
        f"{tuned.record['best_epoch'] + 1} of {len(tuned.history)}",
        number(kept["loss"]),
        number(kept["validation_loss"]),
        "–" if r2 is None else number(r2),
        str(tuned.record["n_units"]),
    ]


def _record(tuned: Tuned) -> dict[str, Any]:
    names = ("best_epoch", "n_steps", "n_units", "held_out_r2", "history")
    return {"model": tuned.uri, **{name: tuned.record[name] for name in names}}


def _ceiling(text: str) -> float | None:
    """Return a least ceiling; argparse makes its refusal a usage error."""
    try:
        return None if text == "all" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no ceiling; give a correlation such as 0.4, or 'all' for all units"
        ) from None
