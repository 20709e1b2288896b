"""Label files: the name of the label that each vertex of one hemisphere carries.

Two formats are read, FreeSurfer's annotations and GIFTI's label files. The same label goes by many
spellings (``L_A1_ROI``, ``A1_ROI``, ``A1``; ``lh.G_precentral``); all are brought to the plainest.
A hemisphere that a spelling names must be the one that is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import nibabel
import numpy as np

from heschl.data_registry.atlases.annotations import read_annotation
from heschl.errors import CorruptData, HeschlError
from heschl.packed import check_gifti
from heschl.untrusted import check_file

__all__ = ["HEMISPHERES", "Labels", "read_labels", "require_labels"]

HEMISPHERES = {"L": "lh", "R": "rh"}
"""The hemispheres in the order of units, and what FreeSurfer calls them."""

_LARGEST_BYTES = 64 * 2**20
_MOST_VERTICES = 2_000_000
_SPELLING = re.compile(
    r"(?:ctx[-_.])?(?:(?P<side>[LR]|[lr]h|left|right)[-_. ])?"
    r"(?P<name>.+?)(?:_ROI)?(?:-(?P<end>[lr]h))?",
    re.IGNORECASE,
)


class Labels(NamedTuple):
    """The labels of one hemisphere, in their plainest spelling."""

    of_vertex: np.ndarray
    """The label (vertex,) of each vertex, empty where it has none."""
    known: frozenset[str]
    """Every label that the file names, be it on a vertex or not."""


def read_labels(path: Path, hemisphere: str) -> Labels:
    """Return what a file ``.annot`` or ``.label.gii`` says of one hemisphere, ``L`` or ``R``."""
    if check_file(path).st_size > _LARGEST_BYTES:
        raise CorruptData(
            f"{path} has more than {_LARGEST_BYTES:,} bytes; this is no file of labels"
        )
    kind, read = (
        ("GIFTI", _read_gifti)
        if path.suffix == ".gii"
        else ("a FreeSurfer annotation", _read_annotation)
    )
    try:
        numbers, names = read(path)
    except HeschlError:
        raise
    except Exception as error:
        raise CorruptData(
            f"{path} cannot be read as {kind} ({type(error).__name__}: {error}); fetch it again"
        ) from error
    used, position = np.unique(numbers, return_inverse=True)
    plain = [_plain(names.get(int(number), ""), hemisphere) for number in used]
    for number, name in zip(used, plain, strict=True):
        if name is None:
            raise CorruptData(
                f"{path} labels vertices {names[int(number)]!r}, but was taken for hemisphere "
                f"{hemisphere}; the files of left and right are mixed up"
            )
    known = {_plain(name, hemisphere) for name in names.values()}
    return Labels(np.array(plain)[position], frozenset(name for name in known if name))


def require_labels(
    known: Collection[str], groups: Mapping[str, Iterable[str]], path: Path, atlas: str
) -> None:
    """Refuse a file that lacks a label of which a region is made."""
    lacking = sorted({part for parts in groups.values() for part in parts} - set(known))
    if lacking:
        raise CorruptData(
            f"{path} lacks the labels {', '.join(lacking)}; expected the {atlas} atlas"
        )


def _read_annotation(path: Path) -> tuple[np.ndarray, dict[int, str]]:
    """Return the number (vertex,) of each vertex's label, and the names by number."""
    numbers, names = read_annotation(path)
    _check_numbers(numbers, path)
    return numbers, names


def _read_gifti(path: Path) -> tuple[np.ndarray, dict[int, str]]:
    check_gifti(path, at_most=4 * _LARGEST_BYTES)
    gifti: Any = nibabel.gifti  # untyped
    image = gifti.GiftiImage.from_filename(path)
    if len(image.darrays) != 1:
        raise CorruptData(f"{path} holds {len(image.darrays)} arrays; expected one of labels")
    numbers = np.asarray(image.darrays[0].data)
    _check_numbers(numbers, path)
    names = {int(key): str(name) for key, name in image.labeltable.get_labels_as_dict().items()}
    if not names:
        raise CorruptData(
            f"{path} has numbers without a table of names, which tell nothing; give a label file"
        )
    return numbers.astype(np.int64), names


def _check_numbers(numbers: np.ndarray, path: Path) -> None:
    if (
        numbers.ndim != 1
        or not 0 < len(numbers) <= _MOST_VERTICES
        or numbers.dtype.kind not in "iu"
    ):
        raise CorruptData(
            f"{path} holds {numbers.dtype} of shape {numbers.shape}; expected a whole number for "
            f"each of at most {_MOST_VERTICES:,} vertices"
        )


def _plain(name: str, hemisphere: str) -> str | None:
    """Return a label without hemisphere and suffix, or None if it is of the other hemisphere."""
    match = _SPELLING.fullmatch(name.strip())
    if match is None:
        return ""
    sides = {side[0].upper() for side in (match["side"], match["end"]) if side}
    return match["name"] if sides <= {hemisphere} else None
