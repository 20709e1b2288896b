"""The command `heschl`.

Exit codes: 0 done; 1 something was wrong with what was asked (the message says
what); 2 the words of the command; 3 some cells of a run failed; 4 a check or a
verification found a mismatch; 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from heschl._version import __version__
from heschl.cli.printing import json_alone, print_json
from heschl.cli.streams import finish_output, prepare_streams
from heschl.errors import CellsFailed, HeschlError, near_names

__all__ = ["main"]

_COMMANDS = {
    "list": "what is registered: models, benchmarks, metrics, datasets",
    "info": "everything that a card says",
    "score": "score a model on a benchmark",
    "tune": "tune a model on a listener's recordings, with its controls",
    "run": "score the models of a suite on its benchmarks",
    "show": "print a score's file",
    "compare": "what sets two models apart, listener by listener",
    "relate": "whether models that do better at one thing do better at another",
    "plan": "what a score would take, before anything starts",
    "status": "how far the runs are, and what failed",
    "retry-failed": "run the failed cells of runs again, and no others",
    "verify": "run benchmarks on their phantoms: planted against found",
    "check": "hold a plugin against its contract",
    "doctor": "what is installed, what is broken and what to do",
    "fetch": "download a dataset, or part of it",
    "data": "check a dataset's folder against its manifest",
    "board": "build the leaderboard's site, or serve it",
    "cache": "what the store holds, why two entries differ, what can go",
    "submit": "put scores on the leaderboard",
    "submissions": "check the leaderboard's submissions, and say which ranks change",
    "reproduce": "run a submission again and report the first difference",
    "cite": "the BibTeX of what a score uses",
}

_WITHIN = (("tune", "report"), ("tune", "evaluate"), ("tune", "scaling"))
"""Commands of two words, which have little in common with that of the first."""

_DONE, _REFUSED, _USAGE, _CELLS_FAILED, _INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    prepare_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_help())
        return _DONE if words else _USAGE
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"heschl {__version__}\n")
        return _DONE
    if words[0] not in _COMMANDS:
        hint = near_names(words[0], _COMMANDS)
        sys.stderr.write(f"heschl: there is no command {words[0]!r}; {hint}\n")
        return _USAGE
    length = 2 if tuple(words[:2]) in _WITHIN else 1
    try:
        return _run(" ".join(words[:length]), words[length:])
    except KeyboardInterrupt:
        sys.stderr.write("heschl: interrupted; what is finished is kept, run the same again\n")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has read enough (`heschl list | head`).
        sys.stderr.close()
        return _DONE


def _run(name: str, words: Sequence[str]) -> int:
    # One command's module is imported, so that none pays for another one's libraries.
    command = importlib.import_module(f"heschl.cli.{re.sub('[- ]', '_', name)}_command")
    parser = argparse.ArgumentParser(
        prog=f"heschl {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    if not any("--json" in action.option_strings for action in parser._actions):  # noqa: SLF001
        parser.add_argument("--json", action="store_true", help="print JSON")
    parsed = parser.parse_args(words)
    try:
        with json_alone() if parsed.json else nullcontext():
            code = int(command.run(parsed))
        finish_output()
    except HeschlError as error:
        if parsed.json:
            print_json({"error": type(error).__name__, "message": str(error)})
        sys.stderr.write(f"heschl: {error}\n")
        return _CELLS_FAILED if isinstance(error, CellsFailed) else _REFUSED
    return code


def _help() -> str:
    width = max(map(len, _COMMANDS)) + 2
    lines = [
        "heschl: score speech models against human brains and human behaviour",
        "",
        "usage: heschl COMMAND [...]      heschl COMMAND --help for its options",
        "",
        *(f"  {name:<{width}}{summary}" for name, summary in _COMMANDS.items()),
        "",
        "first steps:",
        "  heschl list",
        "  heschl score logmel lebel_moth-ridge --data phantom",
        "",
        "exit codes: 0 done, 1 refused (the message says why), 2 usage, 3 cells failed,",
        "            4 a check found a mismatch, 130 interrupted",
    ]
    return "\n".join(lines) + "\n"
