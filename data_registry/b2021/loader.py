"""The loader of B2021: twenty listeners, three sessions each.

::

    neural/B2021/stim_info_v4.mat            stim_info.stim_names, one a row of the array
    neural/B2021/voxel_features_array.npy    (sound, voxel, session)
    neural/B2021/voxel_features_meta.npy     (voxel,) voxel_id
    neural/B2021/df_roi_meta.pkl             one row a voxel: voxel_id, subj_idx

The published array has 192 sounds and 26,792 voxels. 27 of the sounds are none of the 165 and are
left out, wherever they stand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from heschl.data_registry.b2021 import B2021_CARD
from heschl.data_registry.natural_sounds.mat_files import names_in, read_mat
from heschl.data_registry.natural_sounds.sounds import categories, checked_names
from heschl.data_registry.natural_sounds.tables import read_array
from heschl.data_registry.natural_sounds.voxels import NaturalSoundVoxels, Voxels
from heschl.errors import CorruptData

__all__ = ["B2021"]


class B2021(NaturalSoundVoxels):
    """Boebinger, Norman-Haignere, McDermott and Kanwisher (2021), as Tuckute et al. packed it.

    Examples
    --------
    >>> B2021("data").recording("S01")  # doctest: +SKIP
    """

    card = B2021_CARD
    name = "B2021"

    def _described_by(self) -> tuple[Path, ...]:
        return self._path("stim_info_v4.mat"), self._path("voxel_features_meta.npy")

    def _sounds(self) -> tuple[str, ...]:
        path = self._path("stim_info_v4.mat")
        self._check_on_disk(path)
        info = read_mat(path).get("stim_info")
        if not isinstance(info, dict):
            raise CorruptData(f"{path} holds no structure 'stim_info'; {self._remedy}")
        names = [name.strip().removesuffix(".wav") for name in names_in(info, "stim_names", path)]
        ours = [name for name in names if name in categories()]
        checked_names(ours, path)
        if len(ours) < len(categories()):
            raise CorruptData(
                f"{path} names {len(ours)} of the {len(categories())} natural sounds; "
                f"{self._remedy}"
            )
        return tuple(name if name in categories() else "" for name in names)

    def _voxels(self) -> Voxels:
        path = self._path("voxel_features_meta.npy")
        self._check_on_disk(path)
        ids, n_voxels = read_array(path), self._array.shape[1]
        if ids.dtype.kind not in "iuf" or ids.size != n_voxels or len(np.unique(ids)) < n_voxels:
            raise CorruptData(
                f"{path} holds {ids.dtype} of shape {ids.shape}; expected a number for each of the "
                f"{n_voxels} voxels of the array, each once"
            )
        table = self._regions()
        place_of = {number: place for place, number in enumerate(table["voxel_id"].tolist())}
        if set(ids.ravel().tolist()) != set(place_of):
            raise CorruptData(f"{path} and {self._table} list other voxels; {self._remedy}")
        places = np.array([place_of[number] for number in ids.ravel().tolist()], dtype=np.intp)
        return Voxels(
            np.arange(n_voxels), table["subj_idx"][places], table["roi_label_general"][places]
        )
