"""What is packed in files from elsewhere: how much it unpacks to, before any library unpacks it.

A thousandth of what they unpack to is enough to pack zeros, and libraries ask for no limit.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import mmap
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from heschl.errors import CorruptData
from heschl.untrusted import check_file

__all__ = ["check_gifti", "check_gzip", "check_zip", "is_zip"]

_BLOCK = 2**20

_DATA = re.compile(rb"<Data\b")
_PLAIN_DATA = re.compile(rb"<Data>([A-Za-z0-9+/=\s.,eE-]*)</Data>")
_ELSEWHERE = b"ExternalFileBinary"
_NO_GIFTI = re.compile(rb"<!ENTITY|\A..?\0", re.DOTALL)  # the latter: UTF-16
_DIMENSIONS = re.compile(rb"Dimensionality(?!\s*=\s*[\"'][0-6][\"'])")
"""Which nibabel would count up to."""
_ZIP = b"PK\x03\x04"
_PACKED = b"GZipBase64Binary"


def check_gzip(path: Path, *, at_most: int) -> None:
    """Refuse a file of gzip that is damaged anywhere, or unpacks to more than ``at_most`` bytes.

    Readers stop where they have what they came for, before the checksum at the end.
    """
    check_file(path)
    n_bytes = 0
    try:
        with gzip.open(path) as stream:
            while block := stream.read(_BLOCK):
                n_bytes += len(block)
                if n_bytes > at_most:
                    break
    except (OSError, EOFError, zlib.error) as error:
        raise CorruptData(f"{path} is no whole file of gzip ({error}); fetch it again") from error
    if n_bytes > at_most:
        _refuse(path, at_most)


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a zip does, which is what torch goes by."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def check_zip(path: Path, *, at_most: int) -> None:
    """Refuse a zip, such as ``.npz``, whose members unpack to more than ``at_most`` bytes."""
    check_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(member.file_size for member in archive.infolist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise CorruptData(f"{path} is no whole zip ({error}); fetch it again") from error
    if n_bytes > at_most:
        _refuse(path, at_most)


def check_gifti(path: Path, *, at_most: int) -> None:
    """Refuse a file of GIFTI that unpacks to more than ``at_most`` bytes, or reads other files."""
    check_file(path)
    if path.suffix == ".gz":
        check_gzip(path, at_most=at_most)
        _check_gifti(path, gzip.decompress(path.read_bytes()), at_most)
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        _check_gifti(path, content, at_most)


def _check_gifti(path: Path, content: bytes | mmap.mmap, at_most: int) -> None:
    if content.find(_ELSEWHERE) >= 0:
        raise CorruptData(f"{path} keeps its values in another file; give one that holds them")
    if _NO_GIFTI.search(content) or _DIMENSIONS.search(content):
        raise CorruptData(
            f"{path} cannot be read as GIFTI: it has entities, more dimensions than "
            "six, or is not in UTF-8; write it anew"
        )
    is_packed = content.find(_PACKED) >= 0
    n_plain, room = 0, at_most
    for found in _PLAIN_DATA.finditer(content):
        n_plain += 1
        room -= sum(map(len, _inflated(path, found[1], room))) if is_packed else len(found[1])
        if room < 0:
            _refuse(path, at_most)
    # What is not written plainly, an XML parser would read, and the search above pass over.
    if n_plain != sum(1 for _ in _DATA.finditer(content)):
        raise CorruptData(f"{path} has values that are no numbers and no base64; fetch it again")


def _inflated(path: Path, text: bytes, at_most: int) -> Iterator[bytes]:
    """Yield blocks of what base64 of zlib holds, until it is too much; nothing if it is neither."""
    unpacking = zlib.decompressobj()
    try:
        packed = base64.b64decode(text)
        while packed and at_most >= 0 and not unpacking.eof:
            block = unpacking.decompress(packed, _BLOCK)
            packed = unpacking.unconsumed_tail
            at_most -= len(block)
            yield block
    except (binascii.Error, zlib.error) as error:
        raise CorruptData(f"{path} holds damaged values ({error}); fetch it again") from error


def _refuse(path: Path, at_most: int) -> NoReturn:
    raise CorruptData(
        f"{path} unpacks to more than {at_most:,} bytes; a file of its kind holds less, so this is "
        "something else"
    )
