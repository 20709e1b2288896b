"""TextGrids of all formats and encodings, read and written."""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np
import pytest
from grids import CHRONOLOGICAL, LONG, OLD_SHORT, SHORT, TIERS, by_format, read
from hypothesis import given, settings
from hypothesis import strategies as st

from heschl.alignment import Interval
from heschl.errors import InvalidInput
from heschl.textgrid import read_textgrid, write_textgrid

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
