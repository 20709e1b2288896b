"""The leaderboard: `heschl board build` writes its site, `heschl board serve` shows it.

`heschl board build [SUBMISSIONS] [FOLDER]` makes of the folder `submissions` the folder `site`,
which opens from disk and from any host. `heschl board serve` shows it on this machine and builds
it again whenever a submission changes.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from heschl.cli.printing import print_json, print_text
from heschl.errors import InvalidInput, MissingExtra
from heschl.wording import counted

_SITE_EXTRA = {"jinja2", "markupsafe", "tomli", "tomli_w"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("action", choices=["build", "serve"], help="what to do")
    parser.add_argument(
        "submissions", nargs="?", default="submissions", help="default: ./submissions"
    )
    parser.add_argument("folder", nargs="?", help="of build: where to; default: ./site")
    parser.add_argument(
        "--port", type=int, help="of serve: where to listen; default: the first free from 8000 on"
    )
    parser.add_argument(
        "--address",
        default="",
        help="of build: where on the web the site will be, for a picture beside links to it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Build the site, or build and show it."""
    try:
        from heschl.leaderboard.build import build, first_page
        from heschl.leaderboard.serve import serve
    except ModuleNotFoundError as error:
        if error.name not in _SITE_EXTRA:
            raise
        raise MissingExtra(
            f'the leaderboard needs {error.name}; run: pip install "heschl[site]"'
        ) from error
    submissions = Path(arguments.submissions)
    if arguments.action == "serve":
        if arguments.folder is not None:
            raise InvalidInput(
                f"serve writes no folder, and got {arguments.folder!r}; leave it out, or build"
            )
        if arguments.address:
            raise InvalidInput(
                f"serve is for this machine alone, and got --address {arguments.address}; try build"
            )
        _begin(submissions)
        # Ctrl-C is how it ends.
        with suppress(KeyboardInterrupt):
            serve(submissions, arguments.port, announce=_announce)
        return 0
    if arguments.port is not None:
        raise InvalidInput(f"build listens nowhere, and got --port {arguments.port}; try serve")
    _begin(submissions)
    folder = build(submissions, Path(arguments.folder or "site"), arguments.address)
    if arguments.json:
        print_json({"folder": str(folder), "open": first_page(folder)})
        return 0
    print_text(f"wrote {folder}")
    print_text(f"open  {first_page(folder)}")
    print_text(f"or    heschl board serve {arguments.submissions}")
    return 0


def _begin(submissions: Path) -> None:
    """Say that it has begun: it takes some seconds, more with every model, without a word."""
    n_models = sum(1 for _ in submissions.glob("*/card.toml"))
    if n_models:
        sys.stderr.write(f"building the site of {counted(n_models, 'model')}\n")
        sys.stderr.flush()


def _announce(address: str) -> None:
    print_text(f"{address}  (Ctrl-C ends it)")
    sys.stdout.flush()
