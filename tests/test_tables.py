"""Tables: every row and column is accounted for."""

from __future__ import annotations

import numpy as np
import pytest

from heschl.errors import CorruptData, MissingData
from heschl.tables import numbers, read_table


def read(tmp_path, content, required=("name", "size"), **settings):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path, read_table(path, required, **settings)


def test_columns_come_by_name_in_any_order_without_the_row_numbers(tmp_path):
    _, table = read(tmp_path, '"","size","name"\n"1","2"," a "\n\n"2","3.5","b, c"\n')

    assert table == {"size": ["2", "3.5"], "name": ["a", "b, c"]}


def test_tabs_byte_order_marks_and_windows_lines_are_read(tmp_path):
    content = b"\xef\xbb\xbfname\tsize\r\n\xc9\x91\t1\r\n"
    _, table = read(tmp_path, content, delimiter="\t")

    assert table == {"name": ["ɑ"], "size": ["1"]}  # noqa: RUF001  IPA


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name;size\na;1\n", "expected name, size among them, separated by ','"),
        ("name\na\n", "expected size among them"),
        ("name,size,size\na,1,2\n", "two columns 'size'"),
        ("name,size\na,1\nb\n", "row 3: 1 cells where the header has 2"),
        ("name,size\na,1,2\n", "row 2: 3 cells"),
        ("name,size\n", "no rows"),
        ("\n\n", "has the columns none"),
        (b"name,size\n\xff\xfe,1\n", "not UTF-8"),
        ("name,size\n" + "a" * 200_000 + ",1\n", "is no table: field larger"),
    ],
)
def test_faulty_table_is_refused(tmp_path, content, message):
    with pytest.raises(CorruptData, match=message):
        read(tmp_path, content)


def test_lost_file_and_pointer_are_missing(tmp_path):
    with pytest.raises(MissingData, match="does not exist"):
        read_table(tmp_path / "table.csv", ())
    with pytest.raises(MissingData, match="git-annex"):
        read(tmp_path, "../.git/annex/objects/xx/yy/MD5E-s1--0.csv")


def test_numbers_are_finite_or_told_with_their_row(tmp_path):
    path, table = read(tmp_path, "name,size\na,1\nb,2.5\n")
    np.testing.assert_array_equal(numbers(path, table, "size"), [1, 2.5])

    for cell in ("", "x", "nan", "inf"):
        path, table = read(tmp_path, f"name,size\na,1\nb,{cell}\n")
        with pytest.raises(CorruptData, match=f"row 3: size is '{cell}'"):
            numbers(path, table, "size")
