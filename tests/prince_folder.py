"""A folder of The Little Prince with one listener and one section, for tests to break."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import soundfile

from heschl.data_registry.little_prince.phantom_brain import N_PARCELS, write_run, write_surface

SOUND = "stimuli/task-lppFR_section_1.wav"
GRID = "annotation/FR/lppFR_section1.TextGrid"
TABLE = "annotation/FR/lppFR_word_information.csv"
FOLDER = "derivatives/sub-FR001/func"
RUN = f"{FOLDER}/sub-FR001_task-lppFR_run-01_space-MNIColin27_desc-preproc_bold.nii.gz"
N_ROWS, N_VOLUMES = 10, 13
"""Of a sound of 20.5 s: the last volume that it reaches is half full, and two follow."""


def write_folder(root: Path) -> Path:
    """Write the sound, one run of noise and the mesh."""
    for path in (SOUND, GRID, RUN):
        (root / path).parent.mkdir(parents=True)
    samples = np.random.default_rng(0).uniform(-0.1, 0.1, 20 * 8000 + 4000)
    soundfile.write(root / SOUND, samples, 8000)
    write_run(root / RUN, noise(N_VOLUMES))
    write_surface(root / "fsaverage6")
    (root / "truth.json").write_text("{}", encoding="utf-8")  # the mesh is the phantom's
    return root


def noise(n_volumes: int) -> np.ndarray:
    return np.random.default_rng(n_volumes).standard_normal((n_volumes, N_PARCELS))


def edit_run(root: Path, change) -> None:
    """Write the run anew after ``change(values, affine, header)`` had its way."""
    image = nibabel.load(root / RUN)
    values, affine, header = change(
        image.get_fdata(dtype=np.float32).copy(), image.affine.copy(), image.header.copy()
    )
    header.set_data_dtype(np.float32)
    nibabel.save(nibabel.Nifti1Image(values, affine, header), root / RUN)
