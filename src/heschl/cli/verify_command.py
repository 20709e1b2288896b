"""Verify that what was planted is found: engines on simulations, benchmarks on their phantoms.

Exits with 4 if anything differs by more than its tolerance.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from heschl.cli.printing import print_json, print_table, print_text
from heschl.cli.scoring_arguments import add_store_argument
from heschl.cli.watching import watching
from heschl.errors import InvalidInput
from heschl.findings import Finding, Verification
from heschl.truth import N_SEEDS
from heschl.verification import verify
from heschl.wording import number

_MISMATCH = 4
_SIGNS = {"within": "±", "at most": "+", "at least": "−"}
"""Into which direction what is found may depart, where the other one is free."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's words."""
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help="ids; default: all")
    parser.add_argument(
        "--seeds",
        type=int,
        default=N_SEEDS,
        metavar="N",
        help=f"how many phantoms of each dataset; with fewer than {N_SEEDS} the tolerances are "
        f"larger by the root of {N_SEEDS} / N; default: {N_SEEDS}",
    )
    add_store_argument(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> int:
    """Verify and print; exit 4 on a mismatch."""
    if arguments.seeds < 1:
        raise InvalidInput(f"--seeds {arguments.seeds}; expected at least 1")
    with watching(is_quiet=arguments.quiet) as watcher:
        verification = verify(
            arguments.benchmarks or None, range(arguments.seeds), arguments.store, watcher
        )
    if arguments.json:
        print_json(
            {
                "passed": verification.passed,
                "n_passed": len(verification.findings) - len(verification.mismatches),
                "seeds": list(verification.seeds),
                "unverified": dict(verification.unverified),
                "findings": [
                    {**asdict(each), "passed": each.passed} for each in verification.findings
                ],
            }
        )
    else:
        _print(verification)
    return 0 if verification.passed else _MISMATCH


def _print(verification: Verification) -> None:
    for benchmark, findings in groupby(verification.findings, key=lambda each: each.benchmark):
        _print_table(benchmark, tuple(findings))
    for benchmark, reason in verification.unverified.items():
        print_text(f"not verified: {benchmark}: {reason}")
    for each in verification.mismatches:
        print_text(
            f"MISMATCH: {each.benchmark}: {_place(each)}, {each.quantity}: planted "
            f"{_value(each.planted)}, found {_value(each.found)} ({each.source})"
        )
    n_findings = len(verification.findings)
    print_text(f"verified: {n_findings - len(verification.mismatches)} of {n_findings}")


def _print_table(benchmark: str, findings: Sequence[Finding]) -> None:
    print_table(
        ["of", "quantity", "planted", "found", "error", "tolerance", ""],
        [
            [
                _place(each),
                each.quantity,
                _value(each.planted),
                _value(each.found),
                number(each.error, 4),
                _tolerance(each),
                "ok" if each.passed else "MISMATCH",
            ]
            for each in findings
        ],
        title=benchmark,
    )
    print_text(f"after {'; '.join(sorted({each.source for each in findings}))}")
    print_text()


def _place(finding: Finding) -> str:
    return f"{finding.about} in {finding.roi}" if finding.roi else finding.about


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else number(value, 4)


def _tolerance(finding: Finding) -> str:
    if isinstance(finding.planted, str):
        return "the same"
    return f"{_SIGNS[finding.bound]}{number(finding.tolerance, 4)}"
