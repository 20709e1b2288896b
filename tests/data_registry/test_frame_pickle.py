"""Pickled tables: read as pandas reads them, by releases old and new, and never executed."""

from __future__ import annotations

import base64
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heschl.data_registry.natural_sounds.frame_pickle import read_pickled_frame
from heschl.data_registry.natural_sounds.tables import read_table
from heschl.errors import CorruptData, MissingData

# Written by pandas 1.5.3 (numpy 1.26.4), protocol 4: two rows of subj_idx and roi_label_general.
FROM_PANDAS_1_5 = """\
gASV9gIAAAAAAACMEXBhbmRhcy5jb3JlLmZyYW1llIwJRGF0YUZyYW1llJOUKYGUfZQojARfbWdylIwecGFuZGFzLmNvcmUu
aW50ZXJuYWxzLm1hbmFnZXJzlIwMQmxvY2tNYW5hZ2VylJOUjBZwYW5kYXMuX2xpYnMuaW50ZXJuYWxzlIwPX3VucGlja2xl
X2Jsb2NrlJOUjBVudW1weS5jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsA
hZRDAWKUh5RSlChLAUsBSwKGlGgPjAVkdHlwZZSTlIwCaTiUiYiHlFKUKEsDjAE8lE5OTkr/////Sv////9LAHSUYolDEAMA
AAAAAAAABAAAAAAAAACUdJRijAhidWlsdGluc5SMBXNsaWNllJOUSwBLAUsBh5RSlEsCh5RSlGgLaA5oEUsAhZRoE4eUUpQo
SwFLAUsChpRoGIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlCiMB1ByaW1hcnmUR3/4AAAAAAAAZXSU
YmgiSwFLAksBh5RSlEsCh5RSlIaUXZQojBhwYW5kYXMuY29yZS5pbmRleGVzLmJhc2WUjApfbmV3X0luZGV4lJOUaDmMBUlu
ZGV4lJOUfZQojARkYXRhlGgOaBFLAIWUaBOHlFKUKEsBSwKFlGgtiV2UKIwIc3Vial9pZHiUjBFyb2lfbGFiZWxfZ2VuZXJh
bJRldJRijARuYW1llE51hpRSlGg7jBlwYW5kYXMuY29yZS5pbmRleGVzLnJhbmdllIwKUmFuZ2VJbmRleJSTlH2UKGhITowF
c3RhcnSUSwCMBHN0b3CUSwKMBHN0ZXCUSwF1hpRSlGWGlFKUjARfdHlwlIwJZGF0YWZyYW1llIwJX21ldGFkYXRhlF2UjAVh
dHRyc5R9lIwGX2ZsYWdzlH2UjBdhbGxvd3NfZHVwbGljYXRlX2xhYmVsc5SIc3ViLg==
"""


def table() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "subj_idx": np.array([1, 1, 2, 7], dtype=np.uint8),
            "x_ras": [0.5, -1.0, np.nan, 3.0],
            "voxel_id": [40, 10, 30, 20],
            "hemi": pd.Series(["lh", "rh", "lh", "rh"], dtype=object),
            "roi_label_general": pd.Series(["Primary", np.nan, None, "Anterior"], dtype=object),
            "any_roi": [True, False, True, True],
        }
    )
    frame.columns = pd.Index([*frame.columns], dtype=object)
    return frame


def assert_equal(found: dict[str, np.ndarray], frame: pd.DataFrame) -> None:
    assert [*found] == [*frame.columns]
    for name, values in found.items():
        expected = frame[name].to_numpy()
        is_missing = pd.isna(expected)
        np.testing.assert_array_equal(pd.isna(values), is_missing)
        np.testing.assert_array_equal(values[~is_missing], expected[~is_missing])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_tables_are_read_as_pandas_reads_them(tmp_path, protocol):
    path = tmp_path / "df_roi_meta.pkl"
    for frame in (table(), table()[table().voxel_id > 15], table().iloc[:, [2]]):
        frame.to_pickle(path, protocol=protocol)

        assert_equal(read_pickled_frame(path), frame)


def test_tables_of_an_older_release_are_read(tmp_path):
    path = tmp_path / "df_roi_meta.pkl"
    path.write_bytes(base64.b64decode(FROM_PANDAS_1_5))

    found = read_pickled_frame(path)

    assert found["subj_idx"].tolist() == [3, 4]
    assert found["roi_label_general"].tolist()[0] == "Primary"


class _Written(pickle._Pickler):
    """Writes classes by name without looking whether they exist."""

    def save_global(self, obj, name=None):
        self.write(f"c{obj.__module__}\n{obj.__qualname__}\n".encode())
        self.memoize(obj)

    dispatch = {**pickle._Pickler.dispatch, type: save_global}  # noqa: RUF012


def named(module: str, name: str) -> type:
    return type(name, (), {"__module__": module, "__qualname__": name})


def test_tables_of_releases_before_1_3_are_read(tmp_path):
    """They kept the blocks in the manager's state, under the key 0.14.1."""
    index = named("pandas.core.indexes.base", "Index")
    make = named("pandas.core.indexes.base", "_new_Index")

    class Axis:
        def __init__(self, values):
            self.values = values

        def __reduce__(self):
            return make, (index, {"data": self.values, "name": None})

    columns, rows = Axis(np.array(["voxel_id", "hemi"], dtype=object)), Axis(np.arange(3))
    blocks = [
        {"values": np.array([[5, 6, 7]]), "mgr_locs": slice(0, 1, 1)},
        {"values": np.array([["lh", "rh", None]], dtype=object), "mgr_locs": np.array([1])},
    ]

    manager = named("pandas.core.internals.managers", "BlockManager")()
    frame = named("pandas.core.frame", "DataFrame")()
    type(manager).__getstate__ = lambda _: (
        [columns, rows],
        [],
        [],
        {"0.14.1": {"axes": [columns, rows], "blocks": blocks}},
    )
    type(frame).__getstate__ = lambda _: {"_data": manager, "_typ": "dataframe"}
    path = tmp_path / "df_roi_meta.pkl"
    with path.open("wb") as stream:
        _Written(stream, protocol=3).dump(frame)

    found = read_pickled_frame(path)

    assert found["voxel_id"].tolist() == [5, 6, 7]
    assert found["hemi"].tolist() == ["lh", "rh", None]


class Payload:
    """Touches a file when it is unpickled as pickles are meant to be."""

    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("place", ["alone", "in a column", "as the axis", "as a state"])
def test_nothing_that_a_pickle_names_is_called(tmp_path, place):
    mark = tmp_path / "was here"
    payload = Payload(Path.touch, mark)
    frame = table()
    thing: object = payload
    if place == "in a column":
        frame["hemi"] = pd.Series([payload] * 4, dtype=object)
        thing = frame
    if place == "as the axis":
        frame.index = pd.Index([payload] * 4, dtype=object)
        thing = frame
    if place == "as a state":
        frame.attrs["more"] = payload
        thing = frame
    path = tmp_path / "df_roi_meta.pkl"
    path.write_bytes(pickle.dumps(thing))

    with pytest.raises(CorruptData, match="no table of numbers and texts needs"):
        read_pickled_frame(path)
    assert not mark.exists()
    pickle.loads(path.read_bytes())  # noqa: S301
    assert mark.exists()  # it would have been


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (pickle.dumps({"voxel_id": [1]}), "holds a dict"),
        (pickle.dumps(np.arange(3)), "holds a _reconstruct"),
        (pickle.dumps(table())[:200], "no pickled table"),
        (b"not a pickle at all", "no pickled table"),
        (b"cos\nsystem\n(S'true'\ntR.", "names 'os.system'"),
        (b"c__builtin__\neval\n(S'1'\ntR.", "names 'builtins.eval'"),
        (b"Psomewhere\n.", "outside of itself"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "names 'os.system'"),
    ],
)
def test_what_is_no_table_is_refused_with_the_way_out(tmp_path, content, complaint):
    path = tmp_path / "df_roi_meta.pkl"
    path.write_bytes(content)

    with pytest.raises(CorruptData, match=complaint) as raised:
        read_pickled_frame(path)
    assert ".csv" in str(raised.value)


def test_columns_of_dates_are_left_out_and_missed_by_name(tmp_path):
    path = tmp_path / "df_roi_meta.pkl"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(CorruptData):
        read_table(path, {"voxel_id": "number"})
    table().to_pickle(path)

    with pytest.raises(CorruptData, match="no 'subject'"):
        read_table(path, {"subject": "number"})
    with pytest.raises(CorruptData, match="fractions or gaps"):
        read_table(path, {"x_ras": "number"})
    with pytest.raises(CorruptData, match="no number"):
        read_table(path, {"hemi": "number"})


def test_csv_beside_the_pickle_is_read_in_its_place(tmp_path):
    path = tmp_path / "df_roi_meta.pkl"
    table().to_pickle(path)
    path.with_suffix(".csv").write_text(
        "\ufeffvoxel_id,subj_idx,roi_label_general\n4,1,Primary\n5,2,\n", encoding="utf-8"
    )

    found = read_table(path, {"voxel_id": "number", "roi_label_general": "text?", "hemi": "text?"})

    assert found["voxel_id"].tolist() == [4, 5]
    assert found["roi_label_general"].tolist() == ["Primary", ""]
    assert "hemi" not in found
    path.with_suffix(".csv").write_text("voxel_id,subj_idx\n4\n")
    with pytest.raises(CorruptData, match="1 cells in line 2; expected 2"):
        read_table(path, {"voxel_id": "number"})


def test_pointer_of_git_annex_is_missing_data(tmp_path):
    path = tmp_path / "df_roi_meta.pkl"
    path.write_text("/annex/objects/MD5E-s1--00.pkl\n")

    with pytest.raises(MissingData, match="pointer of git-annex"):
        read_pickled_frame(path)
