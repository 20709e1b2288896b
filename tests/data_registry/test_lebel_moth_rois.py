"""Regions of LeBel et al. 2023: the order of voxels, the nearest label, and broken anatomies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pytest
from label_files import GLASSER_AREAS, cycled, glasser_names, write_annotation

from heschl.data_registry.atlases.groups import GLASSER
from heschl.data_registry.lebel_moth.loader import LebelMoth
from heschl.data_registry.lebel_moth.phantom_anatomy import draw_anatomy
from heschl.data_registry.lebel_moth.rois import GROUPS
from heschl.errors import CorruptData, MissingData

PYCORTEX = "derivative/pycortex-db/UTS01"
TRANSFORM = f"{PYCORTEX}/transforms/UTS01_auto"
LABELS = "derivative/freesurfer_subjdir/UTS01/label"


def shift_outwards(surfaces: Path, by_mm: dict[str, float]) -> None:
    for name, distance in by_mm.items():
        for kind in ("wm", "pia"):
            path = surfaces / f"{kind}_{name}.gii"
            image = nibabel.load(path)
            step = np.float32([-distance if name == "lh" else distance, 0, 0])
            image.darrays[0].data = image.darrays[0].data + step
            nibabel.save(image, path)


@pytest.mark.parametrize("subject", ["UTS01", "UTS02"], ids=["gii", "npz"])
def test_rois_find_the_regions_that_were_drawn(moth_phantom, subject):
    anatomy = draw_anatomy()

    rois = LebelMoth(moth_phantom).rois(subject)

    assert rois.dims == ("roi", "unit")
    assert rois.dtype == bool
    assert rois["roi"].to_numpy().tolist() == ["all", *GROUPS]
    assert rois.sel(roi="all").all()
    for region in GROUPS:
        np.testing.assert_array_equal(
            np.flatnonzero(rois.sel(roi=region)), anatomy.columns(region), err_msg=region
        )
    np.testing.assert_array_equal(rois["hemi"], anatomy.hemispheres)
    assert rois.sel(roi=list(GROUPS)).sum("roi").max() == 1


def test_rois_take_voxels_in_the_order_of_pycortex(small_moth):
    """Its masks are (z, y, x) arrays, so that the first columns share z and y."""
    mask = nibabel.load(small_moth / TRANSFORM / "mask_thick.nii.gz")
    volume = np.asarray(mask.dataobj).astype(bool)
    # What pycortex does: load, transpose, mask.
    x_of_column = np.broadcast_to(np.arange(volume.shape[0]), volume.T.shape)[volume.T]
    transform = np.array(json.loads((small_moth / TRANSFORM / "matrices.xfm").read_text())["coord"])
    is_left = (x_of_column - transform[0, 3]) / transform[0, 0] < 0

    rois = LebelMoth(small_moth).rois("UTS01")

    np.testing.assert_array_equal(rois["hemi"] == "L", is_left)
    np.testing.assert_array_equal(x_of_column[:6], [3, 13, 3, 13, 3, 13])


def test_voxels_far_from_every_vertex_belong_to_no_region(small_moth):
    moth = LebelMoth(small_moth)

    # With at most 0.6 mm of jitter along each axis 4 mm is near, 6 mm is not.
    shift_outwards(small_moth / PYCORTEX / "surfaces", {"lh": 4.0, "rh": 6.0})
    stg = moth.rois("UTS01").sel(roi="STG")
    shift_outwards(small_moth / PYCORTEX / "surfaces", {"lh": 2.0, "rh": 0.0})

    # On the left, only voxels at the border may now be nearer to a vertex of another region.
    assert 16 <= stg[stg["hemi"] == "L"].sum() <= 24
    assert stg[stg["hemi"] == "R"].sum() == 0
    with pytest.raises(CorruptData, match=r"no voxel of .* is within 5\.0 mm"):
        moth.rois("UTS01")


def test_listener_without_published_labels_has_all_alone(small_moth):
    derivative = small_moth / "derivative"
    for folder in ("preprocessed_data", "pycortex-db"):
        shutil.copytree(derivative / folder / "UTS01", derivative / folder / "UTS09")
    transforms = derivative / "pycortex-db/UTS09/transforms"
    (transforms / "UTS01_auto").rename(transforms / "UTS09_auto")
    moth = LebelMoth(small_moth)

    rois = moth.rois("UTS09")

    assert rois["roi"].to_numpy().tolist() == ["all"]
    np.testing.assert_array_equal(rois["hemi"], draw_anatomy().hemispheres)
    assert moth.fingerprint("UTS09", ["souls"]) != moth.fingerprint("UTS01", ["souls"])


@pytest.mark.parametrize(
    "path",
    [
        f"{LABELS}/rh.aparc.a2009s.annot",
        f"{PYCORTEX}/surfaces/pia_rh.gii",
        f"{TRANSFORM}/mask_thick.nii.gz",
        f"{TRANSFORM}/matrices.xfm",
    ],
)
def test_published_files_that_are_missing_are_told_with_the_command(small_moth, path):
    (small_moth / path).unlink()
    moth = LebelMoth(small_moth)

    for read in (lambda: moth.rois("UTS01"), lambda: moth.fingerprint("UTS01", ["souls"])):
        with pytest.raises(MissingData, match="`heschl fetch lebel_moth --subjects UTS01`"):
            read()


@pytest.mark.parametrize(
    "path",
    [
        f"{LABELS}/rh.aparc.a2009s.annot",
        f"{PYCORTEX}/surfaces/pia_rh.gii",
        f"{TRANSFORM}/mask_thick.nii.gz",
        f"{TRANSFORM}/matrices.xfm",
    ],
)
def test_damaged_files_are_named(small_moth, path):
    file = small_moth / path
    file.write_bytes(b"\x00" * 20 + file.read_bytes()[20 : file.stat().st_size // 2])

    with pytest.raises(CorruptData, match=file.name):
        LebelMoth(small_moth).rois("UTS01")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"magnet": np.eye(4).tolist()}, "KeyError: 'coord'"),
        ({"coord": np.eye(3).tolist()}, r"shape \(3, 3\); expected 4 x 4"),
        ({"coord": np.zeros((4, 4)).tolist()}, "Singular matrix"),
        ({"coord": [["a"] * 4] * 4}, "could not convert"),
        (["coord"], "TypeError"),
        ({"coord": (100 * np.eye(4)).tolist()}, r"no voxel of .* is within 5\.0 mm"),
    ],
)
def test_transforms_must_place_voxels_at_the_surfaces(small_moth, content, complaint):
    (small_moth / TRANSFORM / "matrices.xfm").write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(CorruptData, match=complaint):
        LebelMoth(small_moth).rois("UTS01")


@pytest.mark.parametrize("name", ["../UTS02_auto", 3, "a\\b"])
def test_transform_names_stay_within_their_folder(small_moth, name):
    path = small_moth / "derivative/subject_xfms.json"
    path.write_text(json.dumps({"UTS01": name}), encoding="utf-8")

    with pytest.raises(CorruptData, match="names the transform"):
        LebelMoth(small_moth).rois("UTS01")


def test_parts_that_do_not_fit_together_are_refused(small_moth):
    moth = LebelMoth(small_moth)
    annotation = small_moth / LABELS / "lh.aparc.a2009s.annot"
    numbers, _, names = nibabel.freesurfer.io.read_annot(annotation)
    names = [name.decode() for name in names]

    write_annotation(annotation, numbers[:-1], names)
    with pytest.raises(CorruptData, match=r"labels 287 vertices where the surface .* has 288"):
        moth.rois("UTS01")

    write_annotation(annotation, np.minimum(numbers, 3), names[:4])
    with pytest.raises(CorruptData, match=r"lacks the labels .*G_front_inf-Opercular"):
        moth.rois("UTS01")

    np.savez(small_moth / PYCORTEX / "surfaces/wm_lh.npz", pts=np.zeros((5, 3)))
    with pytest.raises(CorruptData, match="5 white and 288 pial vertices of hemisphere L"):
        moth.rois("UTS01")

    with h5py.File(small_moth / "derivative/preprocessed_data/UTS01/souls.hf5", "w") as file:
        file["data"] = np.zeros((25, 17))
    with pytest.raises(CorruptData, match="keeps 281 voxels where the responses have 17"):
        moth.rois("UTS01")


def test_surfaces_with_pickles_are_not_unpickled(small_moth):
    payload = np.array([print], dtype=object)
    np.savez(small_moth / PYCORTEX / "surfaces/wm_lh.npz", pts=payload)

    with pytest.raises(CorruptData, match="allow_pickle=False"):
        LebelMoth(small_moth).rois("UTS01")


def test_groups_of_labels_do_not_overlap():
    labels = [label for parts in GROUPS.values() for label in parts]

    assert len(labels) == len(set(labels))


# --- Glasser's atlas, which a user may add ---------------------------------------------------


def test_glasser_labels_beside_the_published_ones_add_their_regions(small_moth):
    moth = LebelMoth(small_moth)
    before = moth.fingerprint("UTS01", ["souls"])
    n_vertices = 288
    for side, name in (("L", "lh"), ("R", "rh")):
        names = glasser_names(side)
        # Every vertex of the left is A1, and of the right the areas in turn.
        numbers = np.full(n_vertices, 1 + GLASSER_AREAS.index("A1"))
        write_annotation(
            small_moth / LABELS / f"{name}.HCPMMP1.annot",
            numbers if side == "L" else cycled(n_vertices, len(names)),
            names,
        )

    rois = moth.rois("UTS01")

    assert rois["roi"].to_numpy().tolist() == ["all", *GROUPS, *GLASSER]
    is_left = rois["hemi"] == "L"
    # But for the one voxel that is far from either sheet.
    assert (rois.sel(roi="A1") & is_left).sum() == is_left.sum() - 1
    assert 0 < (rois.sel(roi="late_language") & ~is_left).sum() < (~is_left).sum()
    assert not (rois.sel(roi="late_language") & is_left).any()
    assert moth.fingerprint("UTS01", ["souls"]) != before

    (small_moth / LABELS / "rh.HCPMMP1.annot").unlink()
    with pytest.raises(MissingData, match=r"rh\.HCPMMP1\.annot is not there, but the other"):
        moth.rois("UTS01")
