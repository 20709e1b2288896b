"""What unpacks to more than any file of its kind holds is refused before it is unpacked."""

from __future__ import annotations

import base64
import functools
import gzip
import io
import pickle
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from tests.security.binary_parsers import BINARIES
from tests.security.bounds import bounded
from tests.security.text_parsers import TEXTS

from heschl.errors import CorruptData, HeschlError
from heschl.leaderboard.submission_base import _unpack

_PARSERS = {each.name: each for each in (*TEXTS, *BINARIES)}
_ZEROS = 264 * 2**20
"""A little more than any reader below allows."""


@functools.cache
def _gzipped_zeros() -> bytes:
    packed = io.BytesIO()
    with gzip.open(packed, "wb", 9) as stream:
        for _ in range(_ZEROS // 2**22):
            stream.write(bytes(2**22))
    return packed.getvalue()


@functools.cache
def _deflated_zeros() -> bytes:
    packing = zlib.compressobj(9)
    packed = b"".join(packing.compress(bytes(2**22)) for _ in range(_ZEROS // 2**22))
    return packed + packing.flush()


def _zip_of_zeros(name: str) -> bytes:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(_ZEROS // 2**22):
            member.write(bytes(2**22))
    return packed.getvalue()


def _mat_of_zeros() -> bytes:
    packed = _deflated_zeros()
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    return header + (15).to_bytes(4, "little") + len(packed).to_bytes(4, "little") + packed


def _gifti_of_zeros() -> bytes:
    whole = _PARSERS["wm_lh.gii"].whole[0]
    bomb = base64.b64encode(_deflated_zeros())
    return re.sub(rb"<Data>[^<]*</Data>", b"<Data>" + bomb + b"</Data>", whole, count=1)


def _numbered_pickle() -> bytes:
    return b"\x80\x04Nr" + (2**31 - 1).to_bytes(4, "little") + b"."


def _frame_of_many_rows() -> bytes:
    content = _PARSERS["regions.pkl"].whole[0]
    assert pickle.dumps(5, 4)[-3:-1] in content  # the five rows
    return content.replace(b"\x8c\x04stop\x94K\x05", b"\x8c\x04stop\x94J\xff\xff\xff\x7f")


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("mask.nii.gz", _gzipped_zeros),
        ("mask_thick.nii.gz", _gzipped_zeros),
        ("lh.comp1.mgz", _gzipped_zeros),
        ("pial_left.gii.gz", _gzipped_zeros),
        ("wm_lh.npz", lambda: _zip_of_zeros("pts.npy")),
        ("weights.pt", lambda: _zip_of_zeros("archive/data.pkl")),
        ("components.mat", _mat_of_zeros),
        ("wm_lh.gii", _gifti_of_zeros),
        ("lh.label.gii", _gifti_of_zeros),
        ("regions.pkl", _numbered_pickle),
        ("regions.pkl", _frame_of_many_rows),
    ],
)
def test_bomb_is_refused(tmp_path: Path, name: str, make: Callable[[], bytes]):
    path = tmp_path / name
    path.write_bytes(make())
    assert path.stat().st_size < 2**20
    with bounded(name), pytest.raises(CorruptData, match=re.escape(name)):
        _PARSERS[name].read(path)


def test_suite_of_aliases_is_refused(tmp_path: Path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]
    path = tmp_path / "suite.yaml"
    path.write_text("\n".join([*lines, "models: *a11", "benchmarks: [b]"]))
    with bounded("suite.yaml"), pytest.raises(CorruptData, match="alias"):
        _PARSERS["suite.yaml"].read(path)


@pytest.mark.parametrize("attribute", ["Encoding", "Dimensionality"])
def test_gifti_that_reads_another_file_or_counts_for_ever_is_refused(
    tmp_path: Path, attribute: str
):
    foreign = {"Encoding": b"ExternalFileBinary", "Dimensionality": b"4000000000"}[attribute]
    for name in ("pial_left.gii", "wm_lh.gii", "lh.label.gii", "scan.func.gii"):
        path = tmp_path / name
        pattern = attribute.encode() + rb'="[^"]*"'
        replaced = attribute.encode() + b'="' + foreign + b'"'
        path.write_bytes(re.sub(pattern, replaced, _PARSERS[name].whole[0]))
        with bounded(name), pytest.raises(CorruptData, match=name):
            _PARSERS[name].read(path)


@pytest.mark.parametrize("name", ["EC1.h5", "score.nc"])
def test_heap_that_libhdf5_would_walk_for_ever_is_refused(tmp_path: Path, name: str):
    whole = _PARSERS[name].whole[0]
    heap = whole.index(b"GCOL\x01")
    path = tmp_path / name
    # The first text: number 0, which is the free space, of no length.
    path.write_bytes(whole[: heap + 16] + bytes(16) + whole[heap + 32 :])
    with bounded(name), pytest.raises(CorruptData, match=f"{name} cannot be read as HDF5"):
        _PARSERS[name].read(path)


def test_checkpoint_that_would_run_code_is_refused(tmp_path: Path):
    class Code:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "has_run",))

    path = tmp_path / "weights.pt"
    torch.save({"weight": Code()}, path)
    with pytest.raises(HeschlError, match="could run code"):
        _PARSERS["weights.pt"].read(path)
    assert not (tmp_path / "has_run").exists()


def test_archive_of_submissions_stays_below_its_folder(tmp_path: Path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in (
            "inside/card.toml",
            "../escaped",
            str(tmp_path / "absolute"),
            "a/../../escaped",
        ):
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"text"))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo(f"special{kind.decode()}")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    folder = tmp_path / "unpacked"
    folder.mkdir()
    _unpack(packed.getvalue(), folder)
    found = [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))]
    assert found == ["unpacked", "unpacked/inside", "unpacked/inside/card.toml"]


def test_mat_file_that_was_compressed_is_read(tmp_path: Path):
    path = tmp_path / "components.mat"
    scipy.io.savemat(path, {"R": np.zeros((400, 400)), "stim_names": ["a"]}, do_compression=True)
    values, names = _PARSERS["components.mat"].read(path)
    assert (values.shape, names) == ((400, 400), ("a",))
