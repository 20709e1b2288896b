"""The phantom twin of NH2015: simulated listeners in exactly the files of the archive."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from heschl.data_registry.natural_sounds.phantom import write_sounds
from heschl.data_registry.natural_sounds.phantom_voxels import (
    N_SESSIONS,
    plant,
    write_frame,
    write_truth,
)
from heschl.data_registry.natural_sounds.sounds import categories
from heschl.data_registry.nh2015 import NH2015_CARD
from heschl.errors import InvalidInput

__all__ = ["write_phantom"]

_SUBJECTS = (1, 2, 4, 5, 6, 7, 9, 10)
_TWO_SESSIONS = (3, 8)
"""Listeners who lack the third session, and with it a place in the benchmark."""
_VOXELS_OF_TWO_SESSIONS = 9


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, which is made if need be.

    The same seed gives the same bytes. Takes some seconds and 5 MB.
    """
    place = Path(root)
    neural = place / "neural/NH2015"
    if (place / "neural").exists() or (place / "stimuli").exists():
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    neural.mkdir(parents=True)
    generator = np.random.default_rng([seed, 3])
    names = generator.permutation(sorted(categories())).tolist()
    levels = write_sounds(
        place / "stimuli/165_natural_sounds_16kHz", names, seed=seed, sample_rate=16000
    )
    ordered = np.stack([levels[name] for name in names])
    planted = plant(ordered, _SUBJECTS, seed=seed)

    n_more = _VOXELS_OF_TWO_SESSIONS * len(_TWO_SESSIONS)
    more = generator.standard_normal((len(names), n_more, N_SESSIONS))
    more[:, :, -1] = np.nan
    values = np.concatenate([more, planted.values], axis=1)
    meta = np.zeros(
        values.shape[1],
        dtype=[("voxel_id", "<i8"), ("subj_idx", "<i8"), ("n_reps", "<i8"), ("hemi", "S2")],
    )
    meta["voxel_id"] = np.concatenate([np.arange(n_more), planted.voxel_id])
    owners = np.repeat(_TWO_SESSIONS, _VOXELS_OF_TWO_SESSIONS)
    meta["subj_idx"] = np.concatenate([owners, planted.subject])
    meta["n_reps"] = np.repeat([2, N_SESSIONS], [n_more, len(planted.voxel_id)])
    meta["hemi"] = b"rh"
    sounds = np.array(
        [
            (f"{name}.wav".encode(), number, categories()[name].encode())
            for number, name in enumerate(names)
        ],
        dtype=[("filename", "S60"), ("id", "<i8"), ("cat_assignment", "S20")],
    )
    np.save(neural / "voxel_features_array.npy", values, allow_pickle=False)
    np.save(neural / "voxel_features_meta.npy", meta, allow_pickle=False)
    np.save(neural / "neural_stim_meta.npy", sounds, allow_pickle=False)
    write_frame(neural / "df_roi_meta.pkl", planted, seed=seed)
    version = NH2015_CARD.phantom_version
    write_truth(place / "truth.json", NH2015_CARD.id, version, ordered, planted, seed=seed)
