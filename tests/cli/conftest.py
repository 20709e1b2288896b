"""What the tests of the commands share."""

from __future__ import annotations

import pytest

from heschl.cli import main


@pytest.fixture
def heschl(capsys):
    """Run the command in this process; return exit code, standard output and error."""

    def run(*words):
        capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as ending:  # argparse
            code = ending.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
