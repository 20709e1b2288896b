"""HDF5 files from elsewhere: their datasets, none of which lies anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from heschl.errors import CorruptData, HeschlError
from heschl.untrusted import check_file

__all__ = ["dataset_in", "opened"]

_MOST_COMPRESSED = 1100
"""How many bytes one byte of a file can stand for: deflate reaches 1,032."""
_FEW_BYTES = 2**20


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open a file; whatever damage does to its readers inside the context is one error."""
    check_file(path)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except HeschlError:
        raise
    except Exception as error:  # damaged files raise errors of any kind, wherever they are touched
        raise CorruptData(
            f"{path} cannot be read as HDF5 ({type(error).__name__}: {error}); fetch it again"
        ) from error


def dataset_in(file: h5py.File, name: str, kind: str) -> h5py.Dataset | None:
    """Return a dataset of NumPy's ``kind`` whose values lie in this very file, or None.

    Raises
    ------
    CorruptData
        It claims more values than its bytes in the file can stand for.
    """
    place: Any = file
    for part in name.split("/"):
        # Links, external storage and virtual datasets would read whatever file they name.
        link = place.get(part, getlink=True) if isinstance(place, h5py.Group) else None
        place = place[part] if isinstance(link, h5py.HardLink) else None
    if (
        not isinstance(place, h5py.Dataset)
        or place.external
        or place.is_virtual
        or place.dtype.kind != kind
    ):
        return None
    n_stored = place.id.get_storage_size()
    if place.nbytes > _FEW_BYTES + _MOST_COMPRESSED * n_stored:
        raise CorruptData(
            f"{file.filename} claims {place.nbytes:,} bytes of {name!r} and holds {n_stored:,} for "
            "them; it was cut short or damaged: fetch it again"
        )
    return place
