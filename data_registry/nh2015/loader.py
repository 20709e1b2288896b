"""The loader of NH2015: ten listeners, of whom eight were scanned in three sessions.

::

    neural/NH2015/neural_stim_meta.npy       structured, one row a sound: filename, cat_assignment
    neural/NH2015/voxel_features_array.npy   (sound, voxel, session), all voxels
    neural/NH2015/voxel_features_meta.npy    structured, one row a voxel: voxel_id, subj_idx, n_reps
    neural/NH2015/df_roi_meta.pkl            one row for each voxel with three sessions

In the published data 7,694 of 11,065 voxels have three sessions. Both tables of voxels are joined
by ``voxel_id``, and their listeners must agree.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from heschl.data_registry.natural_sounds.sounds import checked_names
from heschl.data_registry.natural_sounds.tables import read_array
from heschl.data_registry.natural_sounds.voxels import NaturalSoundVoxels, Voxels
from heschl.data_registry.nh2015 import NH2015_CARD
from heschl.errors import CorruptData

__all__ = ["NH2015"]

N_SESSIONS = 3


class NH2015(NaturalSoundVoxels):
    """Norman-Haignere, Kanwisher and McDermott (2015), as Tuckute et al. (2023) packed it.

    Examples
    --------
    >>> NH2015("data").recording("S01")  # doctest: +SKIP
    """

    card = NH2015_CARD
    name = "NH2015"

    def _described_by(self) -> tuple[Path, ...]:
        return self._path("neural_stim_meta.npy"), self._path("voxel_features_meta.npy")

    def _sounds(self) -> tuple[str, ...]:
        path = self._path("neural_stim_meta.npy")
        names = self._structured(path, ("filename",))["filename"]
        if names.dtype.kind not in "SU":
            raise CorruptData(f"{path} has {names.dtype} as 'filename'; expected names")
        texts = [
            each.decode("latin1") if isinstance(each, bytes) else each for each in names.tolist()
        ]
        return checked_names(texts, path)

    def _voxels(self) -> Voxels:
        path = self._path("voxel_features_meta.npy")
        listed = self._structured(path, ("voxel_id", "subj_idx", "n_reps"))
        if listed.shape != (self._array.shape[1],):
            raise CorruptData(
                f"{path} lists {listed.shape} voxels, but the array has {self._array.shape[1]}; "
                f"{self._remedy}"
            )
        if self._array.shape[2] != N_SESSIONS:
            raise CorruptData(
                f"the array of {self.name} has {self._array.shape[2]} sessions; expected "
                f"{N_SESSIONS}"
            )
        columns = np.flatnonzero(listed["n_reps"] == N_SESSIONS)
        ids, subjects = (
            self._whole(listed[name][columns], path) for name in ("voxel_id", "subj_idx")
        )
        table = self._regions()
        place_of = {number: place for place, number in enumerate(table["voxel_id"].tolist())}
        if len(ids) != len(np.unique(ids)) or set(ids.tolist()) != set(place_of):
            raise CorruptData(
                f"{path} has {len(ids)} voxels with {N_SESSIONS} sessions and {self._table} has "
                f"{len(place_of)}, not the same by voxel_id; {self._remedy}"
            )
        places = np.array([place_of[number] for number in ids.tolist()], dtype=np.intp)
        if not np.array_equal(table["subj_idx"][places], subjects):
            raise CorruptData(
                f"{path} and {self._table} give voxels to different listeners; {self._remedy}"
            )
        return Voxels(columns, subjects, table["roi_label_general"][places])

    def _structured(self, path: Path, fields: tuple[str, ...]) -> np.ndarray:
        self._check_on_disk(path)
        array = read_array(path)
        held = array.dtype.names or ()
        missing = [name for name in fields if name not in held]
        if array.ndim != 1 or missing:
            raise CorruptData(
                f"{path} holds the fields {', '.join(held) or 'none'} in shape {array.shape}; "
                f"expected one row each, with {', '.join(fields)}"
            )
        return array

    @staticmethod
    def _whole(values: np.ndarray, path: Path) -> np.ndarray:
        if values.dtype.kind not in "iuf" or not np.array_equal(values, np.rint(values)):
            raise CorruptData(
                f"{path} numbers voxels or listeners by {values.dtype}; expected whole"
            )
        return values.astype(np.int64)
