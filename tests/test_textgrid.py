from __future__ import annotations

import codecs
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl.alignment import Interval
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.textgrid import read_textgrid, write_textgrid

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


# Formats and encodings


@by_format
def test_format_is_read(tmp_path: Path, text: str):
    tiers = read(tmp_path, text)

    assert tiers == TIERS
    assert list(tiers) == list(TIERS)


@by_format
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "latin-1"),
    ],
    ids=["utf8", "utf8_mark", "utf16_le", "utf16_be", "latin1"],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_encoding_and_line_ends_do_not_matter(
    tmp_path: Path, text: str, mark: bytes, encoding: str, line_end: str
):
    text = text.replace("ping", "café").replace("\n", line_end)

    tiers = read(tmp_path, mark + text.encode(encoding))

    assert tiers == {**TIERS, "bell": (Interval(0.5, 0.5, "café"), Interval(1.0, 1.0, ""))}


def test_text_beyond_latin_1_is_read(tmp_path: Path):
    label = "ʃi 小王子 🦊"

    for encoding in ("utf-8", "utf-16"):
        tiers = read(tmp_path, LONG.replace("ping", label).encode(encoding))
        assert tiers["bell"][0].label == label


def test_overlapping_and_unsorted_intervals_keep_the_order_of_the_file(tmp_path: Path):
    text = LONG.replace("xmin = 0.15", "xmin = 0.1").replace("number = 0.5", "number = 1.5")

    tiers = read(tmp_path, text)

    assert tiers["phone"] == (Interval(0.0, 0.15, "SH"), Interval(0.1, 2.3, ""))
    assert [point.onset_s for point in tiers["bell"]] == [1.5, 1.0]


def test_comments_are_passed_over(tmp_path: Path):
    text = SHORT.replace('"SH"\n', '"SH" ! the "label" 5 6\n! 7 "eight\n')

    assert read(tmp_path, text) == TIERS


def test_grid_without_tiers_is_empty(tmp_path: Path):
    header = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n'

    assert read(tmp_path, header + "<absent>\n") == {}
    assert read(tmp_path, header + "<exists>\n0\n") == {}
    assert read(tmp_path, '"Praat chronological TextGrid text file"\n0 1\n0\n') == {}


def test_tier_without_intervals_is_kept(tmp_path: Path):
    text = 'File type = "ooTextFile"\n"TextGrid"\n0\n1\n<exists>\n1\n"IntervalTier"\n"a"\n0\n1\n0\n'

    assert read(tmp_path, text) == {"a": ()}


# Writing


@pytest.mark.parametrize("style", ["long", "short", "chronological"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
@given(
    tiers=st.dictionaries(
        st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=5),
        st.lists(
            st.tuples(
                st.floats(-10, 1e4),
                st.floats(0, 1e3),
                st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters='"\n!<')),
            ),
            max_size=4,
        ),
        max_size=4,
    )
)
@settings(max_examples=12, deadline=None)
def test_written_grid_is_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory,
    style: str,
    encoding: str,
    tiers: dict[str, list[tuple[float, float, str]]],
):
    path = tmp_path_factory.mktemp("grid") / "a.TextGrid"
    original = {
        name: tuple(
            sorted(
                (Interval(onset, onset + length, label) for onset, length, label in tier),
                key=lambda interval: interval.onset_s,
            )
        )
        for name, tier in tiers.items()
    }

    write_textgrid(path, original, style=style, encoding=encoding)

    found = read_textgrid(path)
    assert found == original
    assert list(found) == list(original)


def test_written_long_and_chronological_grids_are_the_published_layout(tmp_path: Path):
    path = tmp_path / "a.TextGrid"

    def without_spelling(text: str) -> list[str]:
        # Praat writes 0 where we write 0.0, and comments that name the tier of each row.
        lines = text.replace("1.5e-1", "0.15").replace(".0 ", " ").replace(".0\n", "\n")
        return [line for line in lines.splitlines() if line and not line.startswith("! ")]

    for style, text in (("long", LONG), ("short", OLD_SHORT), ("chronological", CHRONOLOGICAL)):
        write_textgrid(path, TIERS, style=style)
        expected = without_spelling(text.replace(" short", ""))
        if style == "chronological":
            # Rows come by time.
            assert sorted(without_spelling(path.read_text())) == sorted(expected)
        else:
            assert without_spelling(path.read_text()) == expected


def test_numbers_of_numpy_are_written_as_numbers(tmp_path: Path):
    path = tmp_path / "a.TextGrid"

    write_textgrid(path, {"word": [(np.float64(0.1), np.float32(0.5), "a")]})

    assert read_textgrid(path) == {"word": (Interval(0.1, 0.5, "a"),)}


@pytest.mark.parametrize(
    "tier",
    [
        [Interval(0.5, 0.1, "a")],
        [Interval(float("nan"), 1.0, "a")],
        [Interval(0.0, float("inf"), "a")],
        [Interval(0.0, 1.0, "a\x00")],
        [Interval(0.0, 1.0, "a\rb")],
    ],
    ids=["backwards", "nan", "infinite", "nul", "carriage_return"],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, tier: list[Interval]):
    path = tmp_path / "a.TextGrid"

    with pytest.raises(InvalidInput, match="in tier 'word'"):
        write_textgrid(path, {"word": tier})
    assert not path.exists()


# Malformed files

PHONE_COUNT = '"phone"\n0\n2.3\n2\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is no TextGrid"),
        ("some text\n", "is no TextGrid"),
        ('File type = "ooTextFileX"\n', "is no TextGrid"),
        (LONG.replace('"TextGrid"', '"PitchTier"'), "line 2: an object of the class 'PitchTier'"),
        (np.random.default_rng(0).bytes(3000), "is no text"),
        (struct.pack("<f", 1.5) * 200, "is no text"),
        (LONG.encode("utf-16-le"), "is no text"),
        (LONG.encode("utf-16")[:-1], "is no text"),
        (LONG.encode("utf-32"), "is no text"),
        (LONG.replace("ping", "\x92").encode("latin-1"), "is no text"),
        (SHORT.replace("\n1\n0\n2.3\n", "\n2\n0\n2.3\n"), "expected a number"),
        (SHORT.replace(PHONE_COUNT, '"phone"\n0\n2.3\n1\n'), "expected a text, the class"),
        (SHORT.replace(PHONE_COUNT, '"phone"\n0\n2.3\n-1\n'), "line 12: -1 as the number"),
        (SHORT.replace(PHONE_COUNT, '"phone"\n0\n2.3\n1.5\n'), "line 12: 1.5 as the number"),
        (SHORT.replace(PHONE_COUNT, '"phone"\n0\n2.3\n99999999999\n'), "cannot hold"),
        (SHORT.replace(PHONE_COUNT, '"phone"\n0\n2.3\n1e999\n'), "beyond all bounds"),
        (SHORT.replace("<exists>\n3", "<exists>\n2"), "every tier that was announced"),
        (SHORT.replace("<exists>\n3", "<exists>\n4"), "the class of a tier"),
        (SHORT.replace("<exists>\n", ""), "whether there are tiers"),
        (SHORT.replace("TextTier", "SoundTier"), "line 28: a tier of the class 'SoundTier'"),
        (SHORT.replace('"word"', '"phone"'), "line 20: a second tier named 'phone'"),
        (LONG.replace("xmax = 1.5e-1", "xmax = soon"), "line 17: 'soon' where a number"),
        (LONG.replace("xmax = 1.5e-1", "xmax = 0,15"), "line 17: '0,15' where a number"),
        (LONG.replace("xmax = 1.5e-1", "xmax = --undefined--"), "line 17: '--undefined--'"),
        (LONG.replace("xmax = 1.5e-1", "xmax = nan"), "line 17: 'nan'"),
        (LONG.replace("xmax = 1.5e-1 \n", ""), "expected a number"),
        (SHORT.replace("1.5e-1", "soon"), "expected a number"),
        (LONG.replace("xmin = 0.15", "xmin = 3"), "an interval ends at 2.3 s, before its start"),
        (LONG.replace("xmax = 2.3", "xmax = -1", 1), "the grid ends at -1.0 s, before its start"),
        (LONG.replace('"SH"', '"SH'), "line 18: a text without its closing quote"),
        (SHORT.rstrip()[:-1], "closing quote"),
        (LONG.replace('"SH"', "SH"), "line 18: 'SH' where a number or a text stands"),
        (CHRONOLOGICAL.replace("3 0.5\n", "4 0.5\n"), "line 22: tier number 4, of 3 tiers"),
        (CHRONOLOGICAL.replace("3 0.5\n", "0 0.5\n"), "tier number 0, of 3 tiers"),
        (CHRONOLOGICAL.replace("3 0.5\n", "1.5 0.5\n"), "tier number 1.5, of 3 tiers"),
        (CHRONOLOGICAL.replace("3 0.5\n", "3 0.5 0.6\n"), "expected a text"),
        (CHRONOLOGICAL[: CHRONOLOGICAL.index("! word")], "before the end of every tier"),
        (CHRONOLOGICAL[: CHRONOLOGICAL.index("! phone")], "before the end of every tier"),
        (CHRONOLOGICAL.replace("3   ! N", "999999999   ! N"), "cannot hold"),
    ],
)
def test_malformed_grid_is_one_clear_error(tmp_path: Path, content: str | bytes, message: str):
    with pytest.raises(CorruptData, match=message) as caught:
        read(tmp_path, content)
    assert "a.TextGrid" in str(caught.value)
    assert len(str(caught.value)) < 400


@by_format
def test_grid_cut_anywhere_is_refused(tmp_path: Path, text: str):
    text = text.split('"bell"', maxsplit=1)[0].replace("3   ! N", "2   ! N")  # ends within a tier
    for length in range(1, len(text)):
        with pytest.raises(CorruptData):
            read(tmp_path, text[:length])


@by_format
def test_grid_with_a_character_lost_is_refused_or_keeps_its_tiers_count(tmp_path: Path, text: str):
    n_read = 0
    for place in range(len(text)):
        try:
            tiers = read(tmp_path, text[:place] + text[place + 1 :])
        except CorruptData:
            continue
        n_read += 1
        assert [len(tier) for tier in tiers.values()] == [2, 1, 2]
    assert 0 < n_read < len(text)


def test_pointer_and_absent_file_are_missing_data(tmp_path: Path):
    with pytest.raises(MissingData, match="not fetched"):
        read(tmp_path, "../../.git/annex/objects/ab/cd/MD5E-s1--00.TextGrid\n")
    with pytest.raises(MissingData, match="does not exist"):
        read_textgrid(tmp_path / "none.TextGrid")


def test_file_beyond_any_grid_is_not_read(tmp_path: Path):
    path = tmp_path / "a.TextGrid"
    with path.open("wb") as stream:
        stream.truncate((64 << 20) + 1)

    with pytest.raises(CorruptData, match="something else"):
        read_textgrid(path)


@pytest.mark.parametrize(
    "filler", ['""', "a ", "!\n", "1", "1.", " ", "<", '"a', "=", "[ "], ids=repr
)
def test_long_runs_of_anything_end_soon_in_an_error(tmp_path: Path, filler: str):
    start = 'File type = "ooTextFile"\n"TextGrid"\n0 '

    with pytest.raises(CorruptData):
        read(tmp_path, start + filler * 100_000 + "x")
