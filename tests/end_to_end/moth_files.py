"""The files of a folder laid out as ds003020, read by their libraries alone.

Written from the description of the dataset and importing nothing of Heschl: the oracle of its
loader.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import h5py
import nibabel
import numpy as np
import soundfile
import soxr

RATE = 16_000

REGIONS = {
    "Heschl": {"G_temp_sup-G_T_transv", "S_temporal_transverse"},
    "STG": {"G_temp_sup-Lateral"},
    "STS": {"S_temporal_sup"},
    "IFG": {"G_front_inf-Opercular", "G_front_inf-Triangul", "G_front_inf-Orbital"},
    "Motor": {"G_precentral", "S_precentral-inf-part", "S_precentral-sup-part"},
}
ARPABET = """
AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
"""


def waveform(root: Path, story: str) -> np.ndarray:
    """Return the mean of the channels at 16 kHz, (sample,)."""
    samples, rate = soundfile.read(
        root / "stimuli" / f"{story}.wav", dtype="float32", always_2d=True
    )
    return soxr.resample(samples.mean(axis=1), rate, RATE, quality="HQ")


def row_times(root: Path, story: str) -> np.ndarray:
    """Return when the middle of each row's scan was, in seconds of the sound.

    The sound began with the sixth scan of 2 s, and the first and last ten scans were cut.
    """
    n_scans = json.loads((root / "derivative/respdict.json").read_text())[story]
    middles = [2.0 * (scan - 5) + 1.0 for scan in range(n_scans)]
    return np.array(middles[10:-10])


def responses(root: Path, subject: str, story: str) -> np.ndarray:
    """Return the presentations (repeat, row, voxel), one for all stories but the test's."""
    path = root / "derivative/preprocessed_data" / subject / f"{story}.hf5"
    with h5py.File(path) as file:
        return (
            file["individual_repeats"][:] if "individual_repeats" in file else file["data"][:][None]
        )


def heard(root: Path, subject: str) -> set[str]:
    """Return the stories that a listener heard."""
    folder = root / "derivative/preprocessed_data" / subject
    return {path.stem for path in folder.glob("*.hf5")}


def phones(root: Path, story: str) -> list[tuple[float, float, str]]:
    """Return onset, offset and label of each phone, without stress.

    Whatever the style, Praat reads numbers and quoted texts that stand alone.
    """
    text = (root / "derivative/TextGrids" / f"{story}.TextGrid").read_text("utf-8-sig")
    text = re.sub(r"!.*", "", text)
    found = re.findall(r'"((?:[^"]|"")*)"|(?:^|\s)(-?\d[\d.e-]*)(?=\s|$)', text)
    tokens = [float(number) if number else label for label, number in found]
    kind = tokens.index("IntervalTier")
    if "chronological" in tokens[0]:  # after the tiers: number of the tier, onset, offset, label
        begin = len(tokens) - 1 - tokens[::-1].index("IntervalTier") + 4
        body = tokens[begin:]
        rows = [body[at + 1 : at + 4] for at in range(0, len(body), 4) if body[at] == 1]
    else:  # the first tier's name, span and count, then onset, offset, label
        count = int(tokens[kind + 4])
        body = tokens[kind + 5 : kind + 5 + 3 * count]
        rows = [body[at : at + 3] for at in range(0, len(body), 3)]
    named = [(onset, offset, label.upper().rstrip("012")) for onset, offset, label in rows]
    return [phone for phone in named if phone[2] in ARPABET.split()]


def regions(root: Path, subject: str) -> dict[str, np.ndarray]:
    """Return for each region which voxels lie in it: within 5 mm of a vertex of its label."""
    pycortex = root / "derivative/pycortex-db" / subject
    transform = pycortex / "transforms" / f"{subject}_auto"
    mask = nibabel.load(transform / "mask_thick.nii.gz").get_fdata()
    n_x, n_y, n_z = mask.shape
    voxels = [
        (x, y, z) for z in range(n_z) for y in range(n_y) for x in range(n_x) if mask[x, y, z]
    ]
    to_voxel = np.array(json.loads((transform / "matrices.xfm").read_text())["coord"])
    centres = np.array([np.linalg.solve(to_voxel, [*voxel, 1.0])[:3] for voxel in voxels])
    vertices, names = [], []
    for side in ("lh", "rh"):
        folder = pycortex / "surfaces"
        vertices.append((_points(folder, f"wm_{side}") + _points(folder, f"pia_{side}")) / 2)
        annotation = root / "derivative/freesurfer_subjdir" / subject / "label"
        numbers, _, labels = nibabel.freesurfer.read_annot(
            annotation / f"{side}.aparc.a2009s.annot"
        )
        names += [labels[number].decode() if number >= 0 else "" for number in numbers]
    distances = np.linalg.norm(centres[:, None] - np.concatenate(vertices), axis=2)
    nearest = distances.argmin(axis=1)
    label = [
        names[vertex] if distances[voxel, vertex] <= 5 else ""
        for voxel, vertex in enumerate(nearest)
    ]
    members = {name: np.array([each in parts for each in label]) for name, parts in REGIONS.items()}
    return {"all": np.ones(len(voxels), dtype=bool), **members}


def _points(folder: Path, name: str) -> np.ndarray:
    if (folder / f"{name}.npz").exists():
        return np.load(folder / f"{name}.npz")["pts"]
    return nibabel.load(folder / f"{name}.gii").agg_data("pointset").astype(np.float64)
