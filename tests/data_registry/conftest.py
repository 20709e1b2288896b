from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from heschl.alignment import Interval
from heschl.data_registry.lebel_moth.phantom_anatomy import draw_anatomy, write_anatomy
from heschl.textgrid import write_textgrid


@pytest.fixture
def small_moth(tmp_path) -> Path:
    """Return the folder of two noise stories heard by one listener, for a test to break."""
    root = tmp_path / "ds003020"
    derivative = root / "derivative"
    scans = {"souls": 45, "wheretheressmoke": 80}
    generator = np.random.default_rng(0)
    for folder in ("TextGrids", "preprocessed_data/UTS01"):
        (derivative / folder).mkdir(parents=True)
    (root / "stimuli").mkdir()
    (derivative / "respdict.json").write_text(json.dumps(scans), encoding="utf-8")
    (derivative / "subject_xfms.json").write_text('{"UTS01": "UTS01_auto"}', encoding="utf-8")
    n_voxels = len(draw_anatomy().regions)
    for story, count in scans.items():
        noise = generator.uniform(-0.1, 0.1, (2 * count - 20) * 8000)
        soundfile.write(root / "stimuli" / f"{story}.wav", noise, 8000)
        write_textgrid(
            derivative / "TextGrids" / f"{story}.TextGrid",
            {"phone": [Interval(0.1, 0.2, "S")], "word": [Interval(0.1, 0.2, "so")]},
        )
        with h5py.File(derivative / "preprocessed_data/UTS01" / f"{story}.hf5", "w") as file:
            file["data"] = generator.standard_normal((count - 20, n_voxels))
    write_anatomy(derivative, "UTS01", seed=0)
    return root


@pytest.fixture
def timit_of_one_sentence(tmp_path) -> Path:
    """Return a folder with one sentence of TIMIT, of one second."""
    folder = tmp_path / "disc/TRAIN/DR1/FCJF0"
    folder.mkdir(parents=True)
    soundfile.write(folder / "SA1.WAV", np.zeros(16000), 16000, subtype="PCM_16", format="WAV")
    return tmp_path / "disc"
