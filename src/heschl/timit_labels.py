"""The label files of TIMIT: ``.PHN``, ``.WRD`` and ``.TXT``."""

from __future__ import annotations

import os
import re

from heschl.alignment import Interval
from heschl.errors import CorruptData, InvalidInput
from heschl.untrusted import read_bytes

__all__ = ["read_timit_labels"]

_AT_MOST_BYTES = 1 << 20
_LINE = re.compile(r"\s*([0-9]{1,12})\s+([0-9]{1,12})\s+(\S.*)", re.ASCII)
_STRANGE = re.compile(r"[^\t\n\r -~]")


def read_timit_labels(
    path: str | os.PathLike[str], sample_rate: int = 16000
) -> tuple[Interval, ...]:
    """Return the labels of a file with lines of ``start end label``, in its order.

    Parameters
    ----------
    path
        The file. Its times are samples, the end exclusive; words may overlap.
        The label is the rest of the line, so that of a ``.TXT`` is a sentence.
    sample_rate
        What turns the times into seconds, in Hz.
    """
    if sample_rate <= 0:
        raise InvalidInput(f"sample_rate={sample_rate}; expected a positive rate in Hz")
    try:
        text = read_bytes(path, at_most=_AT_MOST_BYTES).decode("ascii")
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path} is not ASCII text, as TIMIT's labels are ({error})") from None
    if strange := _STRANGE.search(text):
        raise CorruptData(
            f"{path} has the control character {strange[0]!r}, which no label has; fetch it again"
        )
    intervals = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise CorruptData(
                f"{path}, line {number}: {line[:60]!r}; expected 'start end label' with whole "
                "numbers of samples"
            )
        start, end = int(match[1]), int(match[2])
        if end < start:
            raise CorruptData(f"{path}, line {number}: ends at {end}, before its start at {start}")
        intervals.append(Interval(start / sample_rate, end / sample_rate, match[3].rstrip()))
    if not intervals:
        raise CorruptData(f"{path} holds blank lines alone; fetch it again")
    return tuple(intervals)
