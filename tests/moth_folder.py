"""Files of the small dataset, and how tests write others in their place."""

from __future__ import annotations

from pathlib import Path

import h5py

HF5 = "derivative/preprocessed_data/UTS01/souls.hf5"
SMOKE = "derivative/preprocessed_data/UTS01/wheretheressmoke.hf5"
RESPDICT = "derivative/respdict.json"


def rewrite(path: Path, **datasets: object) -> None:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
