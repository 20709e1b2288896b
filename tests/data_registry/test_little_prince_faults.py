"""Folders of The Little Prince that are broken, damaged or not as published, one fault each."""

from __future__ import annotations

import gzip
import shutil

import nibabel
import numpy as np
import pytest
import soundfile
from prince_folder import (
    FOLDER,
    GRID,
    N_VOLUMES,
    RUN,
    SOUND,
    TABLE,
    edit_run,
    noise,
    write_folder,
)

from heschl.alignment import Interval
from heschl.data_registry.little_prince.loader import LittlePrince
from heschl.data_registry.little_prince.phantom_brain import write_run
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.textgrid import write_textgrid

POINTER = "../../.git/annex/objects/Xx/yY/MD5E-s1832--0123456789abcdef0123456789abcdef.nii.gz"


@pytest.fixture
def small_prince(tmp_path):
    return write_folder(tmp_path)


def record(root, **settings):
    return LittlePrince(root, **settings).recording("sub-FR001", ["FR-1"])


def named(label, subject="sub-FR001"):
    return f"{FOLDER}/{subject}_task-lppFR_run-{label}_space-MNIColin27_desc-preproc_bold.nii.gz"


def test_loader_refuses_folders_of_another_kind(tmp_path, small_prince):
    with pytest.raises(MissingData, match="holds no folder 'derivatives'; expected the layout"):
        LittlePrince(tmp_path / "stimuli")
    with pytest.raises(InvalidInput, match="dtype=int32; responses are floats"):
        LittlePrince(small_prince, dtype=np.int32)


# --- runs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_volumes", "complaint"),
    [
        (N_VOLUMES - 1, r"12 volumes, one volume too few for FR-1, which lasts 20\.5 s; .* 13\. "),
        (N_VOLUMES + 2, "15 volumes, 2 volumes too many"),
    ],
)
def test_run_must_have_the_volumes_of_its_section(small_prince, n_volumes, complaint):
    write_run(small_prince / RUN, noise(n_volumes))
    with pytest.raises(CorruptData, match=complaint):
        record(small_prince)


def test_run_of_another_section_is_suspected(small_prince):
    samples, rate = soundfile.read(small_prince / SOUND)
    longer = np.concatenate([samples, samples])
    soundfile.write(small_prince / "stimuli/task-lppFR_section_2.wav", longer, rate)
    write_run(small_prince / RUN, noise(23))
    with pytest.raises(CorruptData, match="FR-2 would have as many: are runs mixed up"):
        record(small_prince)


def test_run_that_is_there_twice_is_refused(small_prince):
    shutil.copy(small_prince / RUN, small_prince / named("1"))
    with pytest.raises(CorruptData, match="has the run 1 twice"):
        record(small_prince)


def test_run_that_was_not_published_is_refused(small_prince):
    shutil.copy(small_prince / RUN, small_prince / named("10"))
    with pytest.raises(CorruptData, match="run 10 in derivatives, which was not published"):
        record(small_prince)


def test_listener_who_was_not_published_needs_nine_runs(small_prince):
    folder = small_prince / "derivatives/sub-FR099/func"
    folder.mkdir(parents=True)
    assert LittlePrince(small_prince).subjects() == ("sub-FR001",)
    name = "sub-FR099_task-lppFR_run-{:02d}_space-MNIColin27_desc-preproc_bold.nii.gz"
    for label in range(2, 10):
        shutil.copy(small_prince / RUN, folder / name.format(label))
    with pytest.raises(CorruptData, match=r"sub-FR099 has 8 runs .* a run's section is its rank"):
        LittlePrince(small_prince).stimuli_of("sub-FR099")
    shutil.copy(small_prince / RUN, folder / name.format(14))
    prince = LittlePrince(small_prince)
    assert prince.stimuli_of("sub-FR099")[-1] == "FR-9"
    # Another listener's file in a folder is none of this listener's runs.
    shutil.copy(small_prince / RUN, folder / RUN.rpartition("/")[2])
    assert len(prince.stimuli_of("sub-FR099")) == 9


@pytest.mark.parametrize("path", [RUN, SOUND])
def test_pointers_in_place_of_content_are_told_as_such(small_prince, path):
    (small_prince / path).write_text(POINTER, encoding="utf-8")
    with pytest.raises(MissingData, match="pointer of git-annex"):
        record(small_prince)
    (small_prince / path).unlink()
    (small_prince / path).symlink_to(POINTER)
    with pytest.raises(MissingData, match="content that was not fetched"):
        record(small_prince)


def test_sound_that_is_not_there_is_named_with_the_command(small_prince):
    (small_prince / SOUND).unlink()
    with pytest.raises(MissingData, match=rf"{SOUND} is not in .* `heschl fetch little_prince`"):
        record(small_prince)


def unplaced(values, affine, header):
    header.set_sform(None, 0)
    header.set_qform(None, 0)
    return values, None, header


FAULTS = {
    "volume-of-zeros": (
        lambda values, affine, header: (values * (np.arange(13) != 4), affine, header),
        "has 1 volumes that are all zeros, the first is volume 4 of 13",
    ),
    "volume-of-nan": (
        lambda values, affine, header: (
            np.where(np.arange(13) == 12, np.nan, values).astype(np.float32),
            affine,
            header,
        ),
        "1 volumes that are without a finite number, the first is volume 12",
    ),
    "flat": (
        lambda values, affine, header: (np.ones_like(values), affine, header),
        "the same mean in every voxel",
    ),
    "elsewhere": (
        lambda values, affine, header: (values, np.diag([2.0, 2, 2, 1]), header),
        "of the vertices lie within the brain .* another space than MNI",
    ),
    "nowhere": (unplaced, "does not say where its voxels are"),
    "volume": (
        lambda values, affine, header: (values[..., 0], affine, header),
        r"has the shape \(28, 35, 27\); expected \(x, y, z, volume\)",
    ),
    "time-first": (
        lambda values, affine, header: (np.moveaxis(values, -1, 0).copy(), affine, header),
        "has 27 volumes, 14 volumes too many",
    ),
    "empty": (
        lambda values, affine, header: (values[..., :0], affine, header),
        "has the shape",
    ),
}


@pytest.mark.parametrize(("change", "complaint"), FAULTS.values(), ids=FAULTS)
def test_run_with_a_fault_is_refused(small_prince, change, complaint):
    edit_run(small_prince, change)
    with pytest.raises(CorruptData, match=complaint):
        record(small_prince)


@pytest.mark.parametrize("damage", ["cut", "text", "claims"])
def test_run_that_is_damaged_is_refused(small_prince, damage):
    content = gzip.decompress((small_prince / RUN).read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "text":
        content = b"no NIfTI" * 100
    else:
        claimed = np.frombuffer(content[:348], np.uint8).copy()
        claimed[40:56] = np.array([4, 30_000, 30_000, 300, 13, 1, 1, 1], "<i2").view(np.uint8)
        content = claimed.tobytes() + content[348:]
    (small_prince / RUN).write_bytes(gzip.compress(content))
    with pytest.raises(CorruptData, match=r"cannot be read as NIfTI|claims the shape"):
        record(small_prince)


def test_compressed_stream_that_is_cut_is_refused(small_prince):
    content = (small_prince / RUN).read_bytes()
    (small_prince / RUN).write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptData, match="cannot be read as NIfTI"):
        record(small_prince)


# --- meshes, labels and masks ----------------------------------------------------------------


def test_mesh_that_is_not_there_is_told_how_to_get(small_prince):
    shutil.rmtree(small_prince / "fsaverage6")
    with pytest.raises(MissingData, match=r"no meshes of fsaverage6 .* fetch_surf_fsaverage"):
        record(small_prince)


def test_hemispheres_that_are_swapped_are_refused(small_prince):
    surfaces = small_prince / "fsaverage6/surf"
    (surfaces / "lh.pial").rename(surfaces / "other")
    (surfaces / "rh.pial").rename(surfaces / "lh.pial")
    (surfaces / "other").rename(surfaces / "rh.pial")
    with pytest.raises(CorruptData, match="they are swapped"):
        record(small_prince)


def test_real_mesh_must_have_its_number_of_vertices(small_prince):
    (small_prince / "truth.json").unlink()
    with pytest.raises(CorruptData, match=r"642 vertices; expected the 40,962 of fsaverage6"):
        LittlePrince(small_prince).rois("sub-FR001")
    (small_prince / "fsaverage6").rename(small_prince / "mine")
    rois = LittlePrince(small_prince, surface=small_prince / "mine").rois("sub-FR001")
    assert rois.sel(roi="Heschl").sum() > 40


@pytest.mark.parametrize(
    ("shape", "shift", "complaint"),
    [((28, 35, 26), 0.0, "expected .28, 35, 27."), ((28, 35, 27), 2.0, "in the space of the runs")],
)
def test_mask_of_another_grid_is_refused(small_prince, shape, shift, complaint):
    affine = nibabel.load(small_prince / RUN).affine + shift * np.eye(4)[:, ::-1]
    nibabel.save(nibabel.Nifti1Image(np.ones(shape, np.uint8), affine), small_prince / "mask.nii")
    with pytest.raises(CorruptData, match=complaint):
        record(small_prince, mask=small_prince / "mask.nii")


# --- words -----------------------------------------------------------------------------------


def words(root):
    return LittlePrince(root).stimuli()["FR-1"].alignment


def test_stimulus_without_transcript_has_no_alignment(small_prince):
    assert words(small_prince) is None
    (small_prince / GRID).symlink_to(POINTER)
    with pytest.raises(MissingData, match="content that was not fetched"):
        words(small_prince)


def test_grid_must_have_one_tier(small_prince):
    tier = [Interval(0.1, 0.2, "sil"), Interval(0.2, 0.3, " oui "), Interval(0.3, 0.4, "#")]
    write_textgrid(small_prince / GRID, {"any name": tier})
    assert words(small_prince).words == (Interval(0.2, 0.3, "oui"),)
    write_textgrid(small_prince / GRID, {"word": tier, "phone": tier})
    with pytest.raises(CorruptData, match=r"2 tiers \(word, phone\); expected one"):
        words(small_prince)


def test_table_is_read_whatever_the_order_of_its_columns(small_prince):
    (small_prince / TABLE).write_text(
        "\ufeffSection,offset, Onset,word,pos\r\n1.0,0.9,0.5,nan,X\r\n"
        '2,1,0.5,elle,X\r\n1,0.4,0.1,"na\\i""ve, non",X\r\n,,,,\r\n1,2,1,,X\r\n',
        encoding="utf-8",
    )
    assert words(small_prince).words == (
        Interval(0.1, 0.4, 'na\\i"ve, non'),
        Interval(0.5, 0.9, "nan"),
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param("", "has the columns none", id="empty"),
        pytest.param("word,onset,section\n", "expected word, onset, offset, section", id="column"),
        pytest.param("word,onset,offset,section,word\n", "each once", id="twice"),
        pytest.param("word,onset,offset,section\na,x,1,1\n", "row 2, has onset='x'", id="text"),
        pytest.param("word,onset,offset,section\na,0,inf,1\n", "offset='inf'", id="infinite"),
        pytest.param("word,onset,offset,section\na,2,1,1\n", "end after the beginning", id="order"),
        pytest.param("word,onset,offset,section\na,0,1,1.5\n", "whole number", id="section"),
        pytest.param("word,onset,offset,section\na,0,1\n", "has 3 cells; expected 4", id="short"),
        pytest.param("word,onset,offset,section\na,0,1,2\n", "sections 2; expected some", id="no"),
        pytest.param(b"word,onset,offset,section\n\xff,0,1,1\n", "is not UTF-8", id="bytes"),
        pytest.param(POINTER, "pointer of git-annex", id="pointer"),
    ],
)
def test_table_with_a_fault_is_refused(small_prince, content, complaint):
    data = content if isinstance(content, bytes) else content.encode()
    (small_prince / TABLE).write_bytes(data)
    with pytest.raises((CorruptData, MissingData), match=complaint if data else "is empty"):
        words(small_prince)


# --- participants ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("age\tsex\n", "columns age, sex; expected participant_id"),
        ("participant_id\tage\nsub-FR001\n", "row 2, has 1 cells; expected 2"),
        ("participant_id\tage\nsub-FR001\t1\nsub-FR001\t2\n", "lists sub-FR001 twice"),
    ],
)
def test_participants_with_a_fault_are_refused(small_prince, content, complaint):
    (small_prince / "participants.tsv").write_text(content, encoding="utf-8-sig")
    with pytest.raises(CorruptData, match=complaint):
        LittlePrince(small_prince).participants()
