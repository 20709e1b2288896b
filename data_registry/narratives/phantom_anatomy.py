"""The phantom's cortex: 43 vertices a hemisphere, labelled in both atlases.

The regions lie in one order on the left and in the opposite one on the right, so that hemispheres
under each other's names put vertices into the wrong region.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import nibabel.freesurfer.io
import numpy as np

from heschl.data_registry.atlases.groups import DESTRIEUX, GLASSER
from heschl.data_registry.atlases.label_files import HEMISPHERES

__all__ = ["N_VERTICES", "REGIONS", "WALL", "columns", "write_labels"]

REGIONS = ("Heschl", "STG", "STS", "IFG", "Motor")
WALL = "wall"
"""What the vertices that were not measured are called here."""
_PER_REGION, _N_WALL = 8, 3
N_VERTICES = len(REGIONS) * _PER_REGION + _N_WALL
"""Of one hemisphere."""
_LEFT = np.array([*np.repeat(REGIONS, _PER_REGION), *[WALL] * _N_WALL])
_REGION_OF = {"L": _LEFT, "R": _LEFT[::-1]}
_WALL_LABELS = ("Medial_wall", *DESTRIEUX["PT"], *DESTRIEUX["PP"])
# Glasser's areas are more than the vertices of a region: what matters is which are together.
_AREAS_OF = {
    "Heschl": GLASSER["early_auditory"],
    "STG": GLASSER["late_language"][:8],
    "STS": GLASSER["late_language"][8:16],
    "IFG": GLASSER["late_language"][16:],
}


def columns(region: str) -> np.ndarray:
    """Return the units of a region: vertices of the left hemisphere, then of the right.

    >>> columns("Heschl").tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 78, 79, 80, 81, 82, 83, 84, 85]
    """
    return np.flatnonzero(np.concatenate(list(_REGION_OF.values())) == region)


def write_labels(root: Path) -> None:
    """Write Destrieux's labels as FreeSurfer does, and Glasser's as the derivative has them."""
    atlases = root / "atlases"
    template = root / "derivatives/afni-nosmooth/tpl-fsaverage6"
    for folder in (atlases, template):
        folder.mkdir(parents=True)
    for hemisphere, side in HEMISPHERES.items():
        regions = _REGION_OF[hemisphere]
        _write_annotation(
            atlases / f"{side}.aparc.a2009s.annot",
            _cycled(
                regions,
                {region: DESTRIEUX.get(region, _WALL_LABELS) for region in (*REGIONS, WALL)},
            ),
        )
        areas = _cycled(regions, _AREAS_OF)
        _write_gifti(
            template / f"tpl-fsaverage6_hemi-{hemisphere}_desc-MMP_dseg.label.gii",
            np.array([f"{hemisphere}_{area}_ROI" if area else "???" for area in areas]),
        )


def _cycled(regions: np.ndarray, labels_of: dict[str, tuple[str, ...]]) -> np.ndarray:
    """Return a label for each vertex, those of its region in turn; empty without one."""
    labels = np.full(len(regions), "", dtype="<U40")
    for region, of_region in labels_of.items():
        where = np.flatnonzero(regions == region)
        labels[where] = np.resize(of_region, len(where))
    return labels


def _write_annotation(path: Path, labels: np.ndarray) -> None:
    names = sorted(set(labels.tolist()))
    colours = np.zeros((len(names), 5), np.int64)
    colours[:, 0] = 20 + np.arange(len(names))  # any, but different: they identify the labels
    write_annotation: Any = nibabel.freesurfer.io.write_annot  # untyped
    write_annotation(path, np.searchsorted(names, labels), colours, names, fill_ctab=True)


def _write_gifti(path: Path, labels: np.ndarray) -> None:
    gifti: Any = nibabel.gifti  # untyped
    names = ["???", *sorted(set(labels.tolist()) - {"???"})]
    table = gifti.GiftiLabelTable()
    for key, name in enumerate(names):
        label = gifti.GiftiLabel(key)
        label.label = name
        table.labels.append(label)
    numbers = np.array([names.index(label) for label in labels.tolist()], np.int32)
    array = gifti.GiftiDataArray(numbers, intent="NIFTI_INTENT_LABEL")
    nibabel.save(gifti.GiftiImage(labeltable=table, darrays=[array]), path)
