"""Damaged files of every kind are read as they say, or refused in one sentence that names them.

As many files are tried as `HESCHL_FUZZ` says, drawn anew each time; by default the same few.
"""

from __future__ import annotations

import itertools
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.security.binary_parsers import BINARIES
from tests.security.bounds import bounded
from tests.security.mutation import Step, damaged, steps
from tests.security.text_parsers import TEXTS, Parser

from heschl.errors import HeschlError

_ASKED = os.environ.get("HESCHL_FUZZ")
_PROFILE = settings(
    max_examples=int(_ASKED or 40),
    derandomize=_ASKED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_LONGEST_ERROR = 4000
_PARSERS = [pytest.param(each, id=each.name) for each in (*TEXTS, *BINARIES)]
_numbers = itertools.count()


def _read(parser: Parser, folder: Path, content: bytes) -> Any:
    # A folder each: some readers remember a file by its times, which have a coarse grain.
    place = folder / str(next(_numbers))
    place.mkdir()
    path = place / parser.name
    path.write_bytes(content)
    with bounded(parser.name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries, about what they then read
        return parser.read(path)


def _check(parser: Parser, folder: Path, content: bytes) -> None:
    told = None
    try:
        found = _read(parser, folder, content)
    except HeschlError as error:
        told = str(error)
    if told is not None:
        assert parser.name in told
        assert len(told) <= _LONGEST_ERROR
    elif parser.says is not None:
        np.testing.assert_equal(found, parser.says(content))


@pytest.mark.parametrize("parser", _PARSERS)
def test_whole_file_is_read(parser: Parser, tmp_path: Path):
    for content in parser.whole:
        found = _read(parser, tmp_path, content)
        if parser.says is not None:
            np.testing.assert_equal(found, parser.says(content))


@pytest.mark.parametrize("parser", _PARSERS)
def test_damaged_file_is_read_as_it_says_or_refused(parser: Parser, tmp_path: Path):
    @_PROFILE
    @given(st.integers(0, len(parser.whole) - 1), steps(parser.kind))
    def check(which: int, taken: list[Step]) -> None:
        _check(parser, tmp_path, damaged(parser.kind, parser.whole[which], taken))

    check()
