"""Label files, as their makers write them, for tests that read or break them."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nibabel.freesurfer.io
import numpy as np

from heschl.data_registry.atlases.groups import DESTRIEUX, GLASSER

DESTRIEUX_LABELS = ["Unknown", *(label for parts in DESTRIEUX.values() for label in parts)]
GLASSER_AREAS = sorted({area for parts in GLASSER.values() for area in parts})


def glasser_names(side: str) -> list[str]:
    """Return the names in a file of the left (L) or right (R) hemisphere, the first of none."""
    return ["???", *(f"{side}_{area}_ROI" for area in GLASSER_AREAS)]


def write_annotation(path: Path, numbers: np.ndarray, names: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    colours = np.zeros((len(names), 5), int)
    colours[:, 0] = 1 + np.arange(len(names))
    nibabel.freesurfer.io.write_annot(path, numbers, colours, names, fill_ctab=True)


def write_gifti_labels(path: Path, numbers: np.ndarray, names: dict[int, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = nibabel.gifti.GiftiLabelTable()
    for key, name in names.items():
        label = nibabel.gifti.GiftiLabel(key)
        label.label = name
        table.labels.append(label)
    array = nibabel.gifti.GiftiDataArray(np.asarray(numbers, np.int32), intent="NIFTI_INTENT_LABEL")
    nibabel.save(nibabel.gifti.GiftiImage(labeltable=table, darrays=[array]), path)


def cycled(n_vertices: int, n_names: int, start: int = 0) -> np.ndarray:
    """Return numbers (vertex,) that run through all names again and again."""
    return (start + np.arange(n_vertices)) % n_names
