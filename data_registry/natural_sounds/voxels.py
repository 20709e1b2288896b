"""Voxels that heard the natural sounds in several sessions, in the layout of auditory_brain_dnn.

::

    stimuli/165_natural_sounds_16kHz/<sound>.wav
    neural/<dataset>/voxel_features_array.npy   (sound, voxel, session)
    neural/<dataset>/df_roi_meta.pkl            a row a voxel: voxel_id, subj_idx, roi_label_general

Where the sounds and the numbers of the voxels stand differs between the datasets.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from heschl.cards import DatasetCard
from heschl.data_registry.natural_sounds.sounds import SoundsOnDisk, categories
from heschl.data_registry.natural_sounds.tables import read_array, read_table, table_file
from heschl.dimensions import REPEAT, ROI, TIME, UNIT
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName, near_names
from heschl.fingerprints import files_digest
from heschl.recording import Recording

__all__ = ["REGIONS", "NaturalSoundVoxels", "Voxels"]

REGIONS = ("Primary", "Lateral", "Posterior", "Anterior")
"""What ``roi_label_general`` may say; a voxel without a label is in no region."""

_NUMERICS = 1
"""Raised whenever a recording would hold other numbers for the same files."""
_DIMS = ("sound", "voxel", "session")
_LEAST_REPEATS, _MOST_REPEATS = 2, 100
_SOUNDS_FOLDER = "stimuli/165_natural_sounds_16kHz"


@dataclass(frozen=True)
class Voxels:
    """The voxels that count, one entry each."""

    column: np.ndarray
    """Where it stands in the array, which is its number."""
    subject: np.ndarray
    """The number of its listener."""
    region: np.ndarray
    """Its region, empty where it has no label."""


class NaturalSoundVoxels:
    """One of the two voxel datasets, read from the archive's folder ``data``.

    Parameters
    ----------
    root
        The folder with ``neural`` and ``stimuli`` in it, or the one that holds it as ``data``.
    dtype
        Of the responses; the files hold float64.
    """

    card: ClassVar[DatasetCard]
    name: ClassVar[str]
    """Of the folder below ``neural``."""

    def __init__(self, root: str | Path, *, dtype: npt.DTypeLike = np.float32) -> None:
        given = Path(root).absolute()
        self.root = given if (given / "neural").is_dir() else given / "data"
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise InvalidInput(f"dtype={self.dtype}; responses are floats, float32 or float64")
        if not (self.root / "neural").is_dir():
            raise MissingData(
                f"{given} holds no folder 'neural'; expected the folder 'data' of the archive of "
                f"Tuckute et al. (2023): {self.card.how_to_get}"
            )

    @abstractmethod
    def _sounds(self) -> tuple[str, ...]:
        """Return the sound of each row of the array, in order; empty for one that is left out."""

    @abstractmethod
    def _voxels(self) -> Voxels:
        """Return the voxels that count."""

    @abstractmethod
    def _described_by(self) -> tuple[Path, ...]:
        """Return the files, beside array and table, that sounds and voxels are known from."""

    # --- the contract ------------------------------------------------------------------------

    def stimuli(self) -> SoundsOnDisk:
        """Return the sounds in the order of the neural data; each is opened when asked for."""
        return self._on_disk

    def subjects(self) -> tuple[str, ...]:
        """Return the listeners of whom there are voxels that count."""
        return tuple(f"S{number:02d}" for number in np.unique(self._known.subject))

    def stimuli_of(self, subject: str) -> tuple[str, ...]:
        """Return the sounds; every listener heard all."""
        self._places(subject)
        return tuple(self._row_of)

    def clock(self, stimulus: str) -> np.ndarray:
        """Return the one time (row,) of a sound, its middle in seconds."""
        return self.stimuli().middle_s(stimulus)

    def row_labels(self, stimulus: str) -> Mapping[str, str]:
        """Return the ``category`` of a sound."""
        self._row(stimulus)
        return {"category": categories()[stimulus]}

    def recording(self, subject: str, stimuli: Sequence[str] | None = None) -> Recording:
        """Return one listener's responses to those sounds (default: all).

        A response is the mean over sessions, which are the repeats. Voxels are numbered by their
        columns in the file, and one with NaN is kept as it is. Memory: some megabytes.
        """
        places = self._places(subject)
        columns = self._known.column[places]
        array = self._array
        responses, repeats = {}, {}
        for stimulus in self.stimuli_of(subject) if stimuli is None else stimuli:
            sessions = np.asarray(array[self._row(stimulus)])[columns].T.astype(np.float64)
            coordinates = {TIME: self.clock(stimulus), UNIT: columns}
            responses[stimulus] = xr.DataArray(
                sessions.mean(axis=0)[None].astype(self.dtype),
                dims=(TIME, UNIT),
                coords=coordinates,
            )
            repeats[stimulus] = xr.DataArray(
                sessions[:, None].astype(self.dtype), dims=(REPEAT, TIME, UNIT), coords=coordinates
            )
        return Recording(subject, responses, repeats)

    def rois(self, subject: str) -> xr.DataArray:
        """Return membership, a boolean array (roi, unit); the first row is ``all``."""
        places = self._places(subject)
        labels = self._known.region[places]
        return xr.DataArray(
            np.stack([np.ones(len(labels), dtype=bool), *(labels == name for name in REGIONS)]),
            dims=(ROI, UNIT),
            coords={ROI: ["all", *REGIONS], UNIT: self._known.column[places]},
        )

    def fingerprint(self, subject: str, stimuli: Sequence[str]) -> str:
        """Return a digest of every byte that `recording` and `rois` would read."""
        self._places(subject)
        paths = [self._path("voxel_features_array.npy"), self._table, *self._described_by()]
        for path in paths:
            self._check_on_disk(path)
        # All listeners share the files, and a sound gives its response no more than a time.
        heard = [f"{name} at {self.clock(name)[0]:.9g} s" for name in sorted(stimuli)]
        also = (subject, f"responses as {self.dtype.name}, reading {_NUMERICS}", *heard)
        return files_digest(self.root, paths, also=also)

    # --- the files ---------------------------------------------------------------------------

    @cached_property
    def _on_disk(self) -> SoundsOnDisk:
        return SoundsOnDisk(self.root / _SOUNDS_FOLDER, [*self._row_of], self._remedy)

    def _path(self, file: str) -> Path:
        return self.root / "neural" / self.name / file

    @property
    def _table(self) -> Path:
        return table_file(self._path("df_roi_meta.pkl"))

    @property
    def _remedy(self) -> str:
        return f"unpack the archive again: {self.card.how_to_get}"

    def _check_on_disk(self, path: Path) -> None:
        if not path.exists():
            raise MissingData(
                f"{path.relative_to(self.root).as_posix()} is not in {self.root}; {self._remedy}"
            )

    @cached_property
    def _array(self) -> np.ndarray:
        """Return the responses (sound, voxel, session), of which nothing is read yet."""
        path = self._path("voxel_features_array.npy")
        self._check_on_disk(path)
        array = read_array(path)
        is_whole = array.ndim == len(_DIMS) and array.dtype.kind == "f"
        if not is_whole or not _LEAST_REPEATS <= array.shape[2] <= _MOST_REPEATS:
            raise CorruptData(
                f"{path} holds {array.dtype} of shape {array.shape}; expected floats "
                "(sound, voxel, session), two sessions at least"
            )
        return array

    @cached_property
    def _row_of(self) -> dict[str, int]:
        """Return the row of each sound, in the order of the rows."""
        names = self._sounds()
        if len(names) != len(self._array):
            raise CorruptData(
                f"{self.name} names {len(names)} sounds, but its array has {len(self._array)} "
                f"rows; {self._remedy}"
            )
        return {name: row for row, name in enumerate(names) if name}

    @cached_property
    def _known(self) -> Voxels:
        voxels = self._voxels()
        if not len(voxels.column):
            raise CorruptData(f"no voxel of {self.name} counts; {self._remedy}")
        return voxels

    def _row(self, stimulus: str) -> int:
        if stimulus not in self._row_of:
            raise UnknownName(
                f"{self.card.id} has no sound {stimulus!r}; {near_names(stimulus, self._row_of)}"
            )
        return self._row_of[stimulus]

    def _places(self, subject: str) -> np.ndarray:
        """Return where a listener's voxels stand among those that count."""
        if subject not in self.subjects():
            raise UnknownName(
                f"{self.card.id} has no listener {subject!r}; "
                f"{near_names(subject, self.subjects())}"
            )
        return np.flatnonzero(self._known.subject == int(subject[1:]))

    def _regions(self) -> dict[str, np.ndarray]:
        """Return the table's voxel_id, subj_idx and, where it is there, roi_label_general."""
        self._check_on_disk(self._table)
        asked = {"voxel_id": "number", "subj_idx": "number", "roi_label_general": "text?"}
        table = read_table(self._path("df_roi_meta.pkl"), asked)
        ids = table["voxel_id"]
        if len(np.unique(ids)) < len(ids):
            raise CorruptData(f"{self._table} numbers two voxels alike; {self._remedy}")
        labels = table.setdefault("roi_label_general", np.full(len(ids), "", dtype="<U1"))
        strange = sorted(set(labels.tolist()) - {"", *REGIONS})
        if strange:
            raise CorruptData(
                f"{self._table} has the regions {strange}; expected {', '.join(REGIONS)} or nothing"
            )
        return table
