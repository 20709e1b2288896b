"""One TextGrid in all its formats, and what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from heschl.alignment import Interval
from heschl.textgrid import read_textgrid

# Written after the description of the format in Praat's manual ("TextGrid file formats").
LONG = """\
File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 2.3 
tiers? <exists> 
size = 3 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "phone" 
        xmin = 0 
        xmax = 2.3 
        intervals: size = 2 
        intervals [1]:
            xmin = 0 
            xmax = 1.5e-1 
            text = "SH" 
        intervals [2]:
            xmin = 0.15 
            xmax = 2.3 
            text = "" 
    item [2]:
        class = "IntervalTier" 
        name = "word" 
        xmin = 0 
        xmax = 2.3 
        intervals: size = 1 
        intervals [1]:
            xmin = 0 
            xmax = 2.3 
            text = "she said ""no!"" = 3
on two lines" 
    item [3]:
        class = "TextTier" 
        name = "bell" 
        xmin = 0 
        xmax = 2.3 
        points: size = 2 
        points [1]:
            number = 0.5 
            mark = "ping" 
        points [2]:
            number = 1 
            mark = "" 
"""  # noqa: W291 - Praat ends these lines with a blank

SHORT = """\
File type = "ooTextFile"
Object class = "TextGrid"

0
2.3
<exists>
3
"IntervalTier"
"phone"
0
2.3
2
0
1.5e-1
"SH"
0.15
2.3
""
"IntervalTier"
"word"
0
2.3
1
0
2.3
"she said ""no!"" = 3
on two lines"
"TextTier"
"bell"
0
2.3
2
0.5
"ping"
1
""
"""

OLD_SHORT = SHORT.replace('"ooTextFile"', '"ooTextFile short"', 1).replace("Object class = ", "")

CHRONOLOGICAL = """\
"Praat chronological TextGrid text file"
0 2.3   ! Time domain.
3   ! Number of tiers.
"IntervalTier" "phone" 0 2.3
"IntervalTier" "word" 0 2.3
"TextTier" "bell" 0 2.3

! phone:
1 0 1.5e-1
"SH"

! word: "quoted" 7 8
2 0 2.3
"she said ""no!"" = 3
on two lines"

! phone:
1 0.15 2.3
""

! bell:
3 0.5
"ping"

! bell:
3 1
""
"""

TIERS = {
    "phone": (Interval(0.0, 0.15, "SH"), Interval(0.15, 2.3, "")),
    "word": (Interval(0.0, 2.3, 'she said "no!" = 3\non two lines'),),
    "bell": (Interval(0.5, 0.5, "ping"), Interval(1.0, 1.0, "")),
}

FORMATS = {"long": LONG, "short": SHORT, "old_short": OLD_SHORT, "chronological": CHRONOLOGICAL}
by_format = pytest.mark.parametrize("text", FORMATS.values(), ids=FORMATS.keys())


def read(folder: Path, content: str | bytes) -> dict[str, tuple[Interval, ...]]:
    path = folder / "a.TextGrid"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_textgrid(path)
