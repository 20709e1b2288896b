"""MATLAB files against SciPy's reader."""

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from heschl.errors import CorruptData
from heschl.matlab import read_matlab

_MOST = 2**20


def _cell(*values):
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return held


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    "kind", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">f8", "bool"]
)
def test_numbers_are_those_of_scipy(tmp_path, kind, is_packed):
    values = (np.arange(24).reshape(2, 3, 4) % 7).astype(kind)
    path = tmp_path / "a.mat"
    scipy.io.savemat(
        path, {"long_name_of_values": values, "b": values[0]}, do_compression=is_packed
    )
    found, expected = read_matlab(path, at_most=_MOST), scipy.io.loadmat(path)
    for name in ("long_name_of_values", "b"):
        np.testing.assert_array_equal(found[name], expected[name])
        assert found[name].dtype.kind == expected[name].dtype.kind


def test_doubles_that_are_stored_as_bytes_are_doubles(tmp_path):
    # As MATLAB writes whole numbers: the class is double, what is stored is one byte each.
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"x": np.array([[1, 2, 3, 4]], dtype="u1")})
    content = bytearray(path.read_bytes())
    assert content[128 + 16] == 9
    content[128 + 16] = 6
    path.write_bytes(content)
    found = read_matlab(path, at_most=_MOST)["x"]
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, scipy.io.loadmat(path)["x"])


def test_texts_and_cells_are_read_however_nested(tmp_path):
    path = tmp_path / "a.mat"
    names = _cell("stim1_ä.wav", "", _cell("x", np.arange(3.0)))
    scipy.io.savemat(path, {"names": names, "rows": ["ab", "cde"], "empty": _cell()})
    found = read_matlab(path, at_most=_MOST)
    assert found["names"][:2] == ["stim1_ä.wav", ""]
    assert found["names"][2][0] == "x"
    np.testing.assert_array_equal(found["names"][2][1], [[0, 1, 2]])
    assert found["rows"] == list(scipy.io.loadmat(path)["rows"])
    assert found["empty"] == []


def test_a_structure_is_its_fields(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"info": {"rate": 2.0, "names": _cell("a", "b")}})
    found = read_matlab(path, at_most=_MOST)["info"]
    assert found["names"] == ["a", "b"]
    np.testing.assert_array_equal(found["rate"], scipy.io.loadmat(path)["info"]["rate"].item())


def test_what_is_not_read_is_left_out(tmp_path):
    path = tmp_path / "a.mat"
    several = np.zeros(2, dtype=[("rate", object)])
    held = {"several": several, "sparse": scipy.sparse.eye_array(3).tocsc(), "x": np.eye(2)}
    scipy.io.savemat(path, held)
    assert list(read_matlab(path, at_most=_MOST)) == ["x"]


def test_complex_numbers_are_refused(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"x": np.array([[1j]])})
    with pytest.raises(CorruptData, match="complex"):
        read_matlab(path, at_most=_MOST)


def test_a_file_of_another_version_says_so(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"x": np.eye(2)})
    content = bytearray(path.read_bytes())
    content[125] = 2
    path.write_bytes(content)
    with pytest.raises(CorruptData, match=r"version 7\.3.*not 5"):
        read_matlab(path, at_most=_MOST)


def test_no_more_is_unpacked_than_was_allowed(tmp_path):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"x": np.zeros((512, 512))}, do_compression=True)
    with pytest.raises(CorruptData, match="unpacks to more than"):
        read_matlab(path, at_most=2**16)


@pytest.mark.parametrize(("is_packed", "every"), [(False, 1), (True, 7)])
def test_a_file_in_which_any_bit_is_wrong_is_read_or_refused(tmp_path, is_packed, every):
    path = tmp_path / "a.mat"
    scipy.io.savemat(
        path, {"R": np.eye(3), "s": {"names": _cell("a", "b")}}, do_compression=is_packed
    )
    whole = path.read_bytes()
    n_refused = 0
    for place in range(124, len(whole), every):
        for bit in range(8):
            content = bytearray(whole)
            content[place] ^= 1 << bit
            path.write_bytes(content)
            try:
                read_matlab(path, at_most=_MOST)
            except CorruptData:
                n_refused += 1
    assert n_refused > 100
