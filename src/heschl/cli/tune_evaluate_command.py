"""Score tuned models and what they were tuned from on a whole suite, and report what changed.

Alignment, what of it is low-level, probes of sounds, phones, sentences and words, and whether words
lie nearer to their synonyms or to what sounds like them. What was scored before is read from the
store, so that the same command goes on where it was.
"""

from __future__ import annotations

import argparse

from heschl.braintuning.evaluation import SUITE
from heschl.cli.printing import print_text
from heschl.cli.scoring_arguments import add_seed_argument, add_store_argument
from heschl.cli.tune_report_command import tell
from heschl.disk import made_folder
from heschl.errors import InvalidInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="of tuned models")
    parser.add_argument(
        "--scores", required=True, metavar="FOLDER", help="below which the scores are written"
    )
    parser.add_argument(
        "--benchmarks", nargs="+", metavar="NAME", default=SUITE, help=f"default: {' '.join(SUITE)}"
    )
    parser.add_argument(
        "--data",
        nargs="+",
        metavar="DATASET=FOLDER",
        help="where datasets lie, or 'phantom' for the simulated twins of all",
    )
    parser.add_argument("--layers", nargs="+", metavar="NAME", help="only these layers")
    parser.add_argument("--device", default="auto", help="cpu, cuda, ...; default: auto")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help="write tables, curves and methods.txt"
    )
    add_seed_argument(parser)
    add_store_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Score all, and tell what changed."""
    from heschl.braintuning.evaluation import evaluate
    from heschl.braintuning.report_writing import require_figures

    if arguments.output:
        require_figures()  # before hours of scoring
        made_folder(arguments.output)
    written = evaluate(
        arguments.folders,
        arguments.scores,
        benchmarks=arguments.benchmarks,
        data=_places(arguments.data),
        layers=arguments.layers,
        device=arguments.device,
        seed=arguments.seed,
        store=arguments.store,
    )
    if not arguments.json:
        for path in written:
            print_text(f"scored {path}")
    return tell(arguments)


def _places(words: list[str] | None) -> str | dict[str, str] | None:
    """Return where each dataset lies."""
    if words is None:
        return None
    if len(words) == 1 and "=" not in words[0]:
        return words[0]
    found = {}
    for word in words:
        dataset, equals, folder = word.partition("=")
        if not equals or not folder or dataset in found:
            raise InvalidInput(
                f"--data {' '.join(words)}: expected one DATASET=FOLDER for each dataset, or one "
                "word for all, such as phantom"
            )
        found[dataset] = folder
    return found
