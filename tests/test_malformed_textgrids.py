"""Each malformed TextGrid gives one clear error, soon."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from grids import CHRONOLOGICAL, LONG, SHORT, by_format, read

from heschl.errors import CorruptData, MissingData
from heschl.textgrid import read_textgrid

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
