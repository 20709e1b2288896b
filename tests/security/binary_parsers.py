"""Every reader of what is no text from outside: a whole file, how it is read, what it says."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nibabel
import nibabel.freesurfer.io
import numpy as np
import scipy.io
import soundfile
import torch
from label_files import write_annotation, write_gifti_labels
from sounds import sphere
from tests.security.text_parsers import Parser

from heschl.braintuning.checkpoints import read_tensors, write_tensors
from heschl.data_registry.atlases.label_files import read_labels
from heschl.data_registry.lebel_moth import responses as moth_responses
from heschl.data_registry.lebel_moth import rois
from heschl.data_registry.little_prince import surfaces, volumes
from heschl.data_registry.little_prince.brain_mask import read_mask
from heschl.data_registry.narratives import responses as narratives_responses
from heschl.data_registry.natural_sounds import mat_files, tables
from heschl.data_registry.nh2015_components import surface_maps
from heschl.data_registry.timit_ecog.interchange import write_subject
from heschl.data_registry.timit_ecog.reading import read_subject, read_timing, read_trials
from heschl.models.features_on_disk.layout import open_array
from heschl.models.pretrained_audio.checkpoints import read_checkpoint
from heschl.scores import open_score
from heschl.sound import Sound

__all__ = ["BINARIES"]

_SPHERE = b"NIST_1A"
_GENERATOR = np.random.default_rng(0)
_SAMPLES = (_GENERATOR.standard_normal((1500, 2)) * 3000).astype(np.int16)


def _written(name: str, write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def _sound(name: str, **how: Any) -> bytes:
    return _written(name, lambda path: soundfile.write(path, _SAMPLES, 16000, **how))


def _hear(path: Path) -> Any:
    sound = Sound.from_file(path)
    return sound.sample_rate, [block.copy() for block in sound._source.mono(4096)]


def _heard(content: bytes) -> Any:
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    mono = samples[:, 0].copy()
    for channel in samples.T[1:]:
        mono += channel
    return rate, [
        (mono / np.float32(samples.shape[1]))[at : at + 4096] for at in range(0, len(mono), 4096)
    ]


# What has lost its first bytes may pass for a stream of MPEG, of which decoders tell less or more.
def _hear_sphere(path: Path) -> Any:
    found = _hear(path)
    return found if path.read_bytes().startswith(_SPHERE) else None


def _heard_sphere(content: bytes) -> Any:
    return _heard(content) if content.startswith(_SPHERE) else None


def _moth_file(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=_GENERATOR.standard_normal((12, 20)))
        file.create_dataset(
            "individual_repeats", data=_GENERATOR.standard_normal((2, 12, 20)), compression="gzip"
        )


def _subject_file(path: Path) -> None:
    write_subject(
        path,
        {"fcjf0_sa1": _GENERATOR.standard_normal((2, 60, 2)).astype(np.float32)},
        names=["e1", "e2"],
        areas=["STG", "A1"],
        rate_hz=100.0,
        pre_s=0.5,
        post_s=0.05,
    )


def _read_ecog(path: Path) -> Any:
    subject = read_subject(path)
    return [(read_timing(subject, s), read_trials(subject, s)) for s in subject.sentences]


_GRID = volumes.Grid((6, 5, 4), tuple(np.diag([2.0, 2.0, 2.0, 1.0]).ravel().tolist()))


def _volume(shape: tuple[int, ...]) -> bytes:
    values = (_GENERATOR.random(shape) * 900 + 1).astype(np.int16)
    image = nibabel.Nifti1Image(values, _GRID.matrix)
    image.set_sform(_GRID.matrix, 1)
    return _written("run.nii", lambda path: nibabel.save(image, path))


def _read_run(path: Path) -> Any:
    header = volumes.read_header(path)
    n = min(header.grid.n_voxels, 50)
    return volumes.read_run(path, header, np.arange(n)).values


def _run(content: bytes) -> Any:
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    image = nibabel.Nifti1Image.from_bytes(content)
    values = np.asarray(image.dataobj)
    flat = values.reshape(-1, values.shape[3], order="F")
    return flat[:50].astype(np.float32)


def _surface(path: Path) -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    faces = np.array([[0, 1, 2], [0, 2, 3], [0, 1, 3]], dtype=np.int32)
    if path.suffix == ".gii":
        gifti = nibabel.gifti
        arrays = [
            gifti.GiftiDataArray(corners, intent="NIFTI_INTENT_POINTSET"),
            gifti.GiftiDataArray(faces, intent="NIFTI_INTENT_TRIANGLE"),
        ]
        nibabel.save(gifti.GiftiImage(darrays=arrays), path)
    else:
        nibabel.freesurfer.io.write_geometry(path, corners, faces)


def _scan(path: Path) -> None:
    gifti = nibabel.gifti
    arrays = [gifti.GiftiDataArray(_GENERATOR.random(10).astype(np.float32)) for _ in range(4)]
    nibabel.save(gifti.GiftiImage(darrays=arrays), path)


def _map(path: Path) -> None:
    values = np.zeros((surface_maps._FSAVERAGE, 1, 1), np.float32)
    nibabel.save(nibabel.MGHImage(values, np.eye(4)), path)


def _mat(path: Path) -> None:
    names = np.empty(2, dtype=object)
    names[:] = ["stim1", "stim2"]
    scipy.io.savemat(
        path,
        {"R": np.arange(12.0).reshape(2, 6), "stim_names": names},
        do_compression=len(path.stem) > 3,
    )


def _read_mat(path: Path) -> Any:
    held = mat_files.read_mat(path)
    return mat_files.numbers_in(held, "R", path), mat_files.names_in(held, "stim_names", path)


def _frame(path: Path) -> None:
    import pandas as pd

    pd.DataFrame(
        {"voxel_id": np.arange(5), "hemi": pd.Series(list("llrrr"), dtype=object)},
        columns=pd.Index(["voxel_id", "hemi"], dtype=object),
    ).to_pickle(path, protocol=4)


def _npy(values: np.ndarray) -> bytes:
    return _written("a.npy", lambda path: np.save(path, values))


def _npz(path: Path) -> None:
    np.savez_compressed(path, pts=_GENERATOR.random((9, 3)))


_TENSORS = {"layer.weight": torch.arange(12.0).reshape(3, 4), "step": torch.tensor([3])}


def _read_tensors(path: Path) -> Any:
    tensors, _ = read_tensors(path)
    return {
        name: (list(each.shape), each.reshape(-1).view(torch.uint8).numpy().tobytes())
        for name, each in tensors.items()
    }


def _tensors(content: bytes) -> Any:
    """Read the format as it is published: the header's length, the header, the numbers."""
    n = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + n])
    header.pop("__metadata__", None)
    return {
        name: (each["shape"], content[8 + n :][slice(*each["data_offsets"])])
        for name, each in header.items()
    }


_HIDDEN = {"weight": torch.arange(12.0).reshape(3, 4), "step": 3, "settings": {"width": 4}}

BINARIES = (
    Parser(
        "a.wav",
        (_sound("a.wav"), _sound("a.wav", subtype="FLOAT"), _sound("a.wav", format="RF64")),
        _hear,
        _heard,
        "binary",
    ),
    Parser("a.flac", (_sound("a.flac"),), _hear, _heard, "binary"),
    Parser("a.ogg", (_sound("a.ogg"),), _hear, None, "binary"),
    Parser("a.mp3", (_sound("a.mp3"),), _hear, None, "binary"),
    Parser("a.sph", (sphere(_SAMPLES, "01"),), _hear_sphere, _heard_sphere, "binary"),
    Parser(
        "story.hf5",
        (_written("s.hf5", _moth_file),),
        lambda path: moth_responses.read_responses(path, 12, np.dtype("f4")),
        None,
        "binary",
    ),
    Parser("EC1.h5", (_written("EC1.h5", _subject_file),), _read_ecog, None, "binary"),
    Parser("run.nii", (_volume((6, 5, 4, 3)),), _read_run, _run, "binary"),
    Parser(
        "run.nii.gz", (gzip.compress(_volume((6, 5, 4, 3)), 1, mtime=0),), _read_run, _run, "gzip"
    ),
    Parser(
        "mask.nii.gz",
        (gzip.compress(_volume((6, 5, 4)), 1, mtime=0),),
        lambda path: read_mask(path, _GRID),
        None,
        "gzip",
    ),
    Parser(
        "mask_thick.nii.gz",
        (gzip.compress(_volume((6, 5, 4)), 1, mtime=0),),
        rois._voxels,
        None,
        "gzip",
    ),
    Parser("lh.pial", (_written("lh.pial", _surface),), surfaces.read_mesh, None, "binary"),
    Parser("pial_left.gii", (_written("a.gii", _surface),), surfaces.read_mesh, None, "text"),
    Parser(
        "pial_left.gii.gz",
        (gzip.compress(_written("a.gii", _surface), 1, mtime=0),),
        surfaces.read_mesh,
        None,
        "gzip",
    ),
    Parser("wm_lh.gii", (_written("a.gii", _surface),), rois._vertices, None, "text"),
    Parser("wm_lh.npz", (_written("a.npz", _npz),), rois._vertices, None, "binary"),
    Parser(
        "lh.aparc.annot",
        (_written("a.annot", lambda p: write_annotation(p, np.arange(9) % 3, ["a", "b", "c"])),),
        lambda path: read_labels(path, "L"),
        None,
        "binary",
    ),
    Parser(
        "lh.label.gii",
        (_written("a.gii", lambda p: write_gifti_labels(p, np.arange(9) % 2, {0: "a", 1: "b"})),),
        lambda path: read_labels(path, "L"),
        None,
        "text",
    ),
    Parser(
        "scan.func.gii",
        (_written("a.gii", _scan),),
        lambda path: narratives_responses.read_responses({"L": path}, 1, 2, 10),
        None,
        "text",
    ),
    Parser("lh.comp1.mgz", (_written("a.mgz", _map),), surface_maps._read, None, "gzip"),
    Parser(
        "components.mat",
        (_written("a.mat", _mat), _written("long.mat", _mat)),
        _read_mat,
        None,
        "binary",
    ),
    Parser(
        "regions.pkl",
        (_written("a.pkl", _frame),),
        lambda path: tables.read_table(path, {"voxel_id": "number", "hemi": "text"}),
        None,
        "binary",
    ),
    Parser(
        "voxels.npy",
        (_npy(np.arange(12.0).reshape(3, 4)), _npy(np.array([b"ab", b"c"]))),
        lambda path: np.array(tables.read_array(path)),
        lambda c: np.load(io.BytesIO(c)),
        "binary",
    ),
    Parser(
        "layer.npy",
        (_npy(np.arange(12.0).reshape(3, 4)),),
        lambda path: np.array(open_array(path)),
        lambda c: np.load(io.BytesIO(c)),
        "binary",
    ),
    Parser(
        "weights.pt",
        (
            _written("w.pt", lambda path: torch.save(_HIDDEN, path)),
            _written(
                "w.pt", lambda p: torch.save(_HIDDEN, p, _use_new_zipfile_serialization=False)
            ),
        ),
        read_checkpoint,
        None,
        "binary",
    ),
    Parser(
        "weights.safetensors",
        (_written("w.safetensors", lambda path: write_tensors(path, _TENSORS, {"width": 4})),),
        _read_tensors,
        _tensors,
        "binary",
    ),
    Parser(
        "score.nc",
        ((Path(__file__).parents[1] / "golden" / "score-v1.nc").read_bytes(),),
        open_score,
        None,
        "binary",
    ),
)
