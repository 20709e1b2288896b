"""The phantom twin of B2021: simulated listeners in exactly the files of the archive."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from heschl.data_registry.b2021 import B2021_CARD
from heschl.data_registry.natural_sounds.mat_files import write_mat
from heschl.data_registry.natural_sounds.phantom import write_sounds
from heschl.data_registry.natural_sounds.phantom_voxels import (
    N_SESSIONS,
    plant,
    write_frame,
    write_truth,
)
from heschl.data_registry.natural_sounds.sounds import categories
from heschl.errors import InvalidInput

__all__ = ["write_phantom"]

_SUBJECTS = tuple(range(1, 21))
_N_MORE_SOUNDS = 27
"""Further sounds that were played, which are none of the 165."""


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, which is made if need be.

    The same seed gives the same bytes. Takes some seconds and 9 MB.
    """
    place = Path(root)
    neural = place / "neural/B2021"
    if (place / "neural").exists() or (place / "stimuli").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    neural.mkdir(parents=True)
    generator = np.random.default_rng([seed, 4])
    names = generator.permutation(sorted(categories())).tolist()
    levels = write_sounds(
        place / "stimuli/165_natural_sounds_16kHz", names, seed=seed, sample_rate=16000
    )
    ordered = np.stack([levels[name] for name in names])
    planted = plant(ordered, _SUBJECTS, seed=seed)

    more = generator.standard_normal((_N_MORE_SOUNDS, planted.values.shape[1], N_SESSIONS))
    np.save(
        neural / "voxel_features_array.npy",
        np.concatenate([planted.values, more]),
        allow_pickle=False,
    )
    np.save(neural / "voxel_features_meta.npy", planted.voxel_id, allow_pickle=False)
    played = [*names, *(f"stim{900 + number}_more_music" for number in range(_N_MORE_SOUNDS))]
    cells = np.empty((len(played), 1), dtype=object)
    cells[:, 0] = played
    write_mat(neural / "stim_info_v4.mat", {"stim_info": {"stim_names": cells}})
    write_frame(neural / "df_roi_meta.pkl", planted, seed=seed)
    version = B2021_CARD.phantom_version
    write_truth(place / "truth.json", B2021_CARD.id, version, ordered, planted, seed=seed)
