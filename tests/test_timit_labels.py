from __future__ import annotations

from pathlib import Path

import pytest

from heschl.alignment import Interval
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.timit_labels import read_timit_labels


def labels(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_phones_are_read_in_seconds(tmp_path: Path):
    path = labels(tmp_path / "SA1.PHN", "0 3050 h#\n3050 4559 sh\n4559 5723 ix\n5723 6642 hv\n")

    assert read_timit_labels(path) == (
        Interval(0.0, 0.190625, "h#"),
        Interval(0.190625, 0.2849375, "sh"),
        Interval(0.2849375, 0.3576875, "ix"),
        Interval(0.3576875, 0.415125, "hv"),
    )


def test_words_may_overlap(tmp_path: Path):
    path = labels(tmp_path / "SA1.WRD", "3050 5723 she\r\n5723 10337 had\r\n9190 11517 your\r\n")

    words = read_timit_labels(path)

    assert [word.label for word in words] == ["she", "had", "your"]
    assert words[1].offset_s == 10337 / 16000 > words[2].onset_s == 9190 / 16000


def test_sentence_is_one_label(tmp_path: Path):
    path = labels(tmp_path / "SA1.TXT", "0 46797 She had your dark suit, all year. \n")

    assert read_timit_labels(path) == (
        Interval(0, 46797 / 16000, "She had your dark suit, all year."),
    )


def test_other_rates_change_the_seconds(tmp_path: Path):
    path = labels(tmp_path / "a.phn", "0 8000 ax-h\n")

    assert read_timit_labels(path, 8000) == (Interval(0.0, 1.0, "ax-h"),)
    with pytest.raises(InvalidInput, match="sample_rate=0"):
        read_timit_labels(path, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 10 a\n10 x b\n", "line 2: '10 x b'"),
        ("0 10 a\n\n20 30\n", "line 3: '20 30'"),
        ("0 10\n", "line 1"),
        ("-5 10 a\n", "line 1"),
        ("0.5 10 a\n", "line 1"),
        ("0 1" + "0" * 5000 + " a\n", "line 1"),
        ("0 10 a\n30 20 b\n", "line 2: ends at 20, before its start at 30"),
        ("", "is empty"),
        ("\n \n", "blank lines alone"),
        ("0 10 a\n10 20 \x1f#\n", r"control character '\\x1f'"),
        ("0 10 a\n10 20 b\x1c20 30 c\n", r"control character '\\x1c'"),
        ("0 10 caf\u00e9\n", "not ASCII"),
        ("0 10 a\n" * 200_000, "at most"),
    ],
    ids=[
        "no_number", "no_label", "two_fields", "negative", "fraction", "giant", "backwards",
        "empty", "blank", "control", "separator", "not_ascii", "large",
    ],
)  # fmt: skip
def test_malformed_labels_name_the_line(tmp_path: Path, text: str, message: str):
    path = labels(tmp_path / "a.PHN", text)

    with pytest.raises(CorruptData, match=message):
        read_timit_labels(path)


def test_missing_labels_are_missing_data(tmp_path: Path):
    with pytest.raises(MissingData):
        read_timit_labels(tmp_path / "a.PHN")
