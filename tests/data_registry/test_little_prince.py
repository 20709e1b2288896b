"""The loader of The Little Prince: sections, clock, words, fingerprints, on phantom and tables."""

from __future__ import annotations

import math
import os
import re

import nibabel
import numpy as np
import pytest
from prince_folder import GRID, N_ROWS, RUN, TABLE, edit_run, write_folder

from heschl.alignment import Interval
from heschl.contracts import Dataset
from heschl.data_registry.little_prince import LITTLE_PRINCE
from heschl.data_registry.little_prince.loader import LittlePrince
from heschl.data_registry.little_prince.sections import EXTRA_VOLUMES, SECTIONS, section_runs
from heschl.errors import MissingData, UnknownName
from heschl.manifest import Manifest
from heschl.phantom.corpus import compose, utterances
from heschl.textgrid import write_textgrid

PUBLISHED_VOLUMES = {
    "CN": (283, 322, 322, 307, 293, 392, 364, 293, 401),
    "EN": (282, 298, 340, 303, 265, 343, 325, 292, 368),
    "FR": (309, 326, 354, 315, 293, 378, 332, 294, 336),
}
"""Of the dataset's README."""


@pytest.fixture(scope="module")
def prince(prince_phantom) -> LittlePrince:
    return LittlePrince(prince_phantom)


@pytest.fixture
def small_prince(tmp_path):
    return write_folder(tmp_path)


# --- sections and runs -----------------------------------------------------------------------


def test_volumes_of_the_sounds_and_after_them_are_those_of_the_readme():
    sizes = {file.path: file.size for file in Manifest.read(LITTLE_PRINCE.manifest).files}
    for language, volumes in PUBLISHED_VOLUMES.items():
        for section, published in zip(SECTIONS, volumes, strict=True):
            between = "-" if language == "EN" else "_"
            size = sizes[f"stimuli/task-lpp{language}_section{between}{section}.wav"]
            duration_s = (size - 44) / 88_200  # 16 bits at 44.1 kHz behind a header of 44 bytes
            expected = math.ceil(duration_s / 2) + EXTRA_VOLUMES[language][section - 1]
            assert expected == published, (language, section)


def test_every_published_listener_has_nine_sections_by_rank_of_run():
    runs: dict[str, list[str]] = {}
    for file in Manifest.read(LITTLE_PRINCE.manifest).files:
        if match := re.match(r"derivatives/(sub-\w+)/func/(.*)", file.path):
            runs.setdefault(match[1], []).append(match[2])

    assert len(runs) == 112
    for subject, names in runs.items():
        # Ranks do not depend on the order in which a folder is listed.
        found = section_runs(subject, reversed(names))
        assert list(found) == list(SECTIONS)
        labels = [int(re.search(r"run-(\d+)", name)[1]) for name in found.values()]
        assert labels == sorted(labels)
    gapped = section_runs("sub-EN061", runs["sub-EN061"])
    assert "run-11" in gapped[2]
    assert "run-19" in gapped[6]


def test_sections_of_a_listener_of_whom_some_runs_are_there_keep_their_numbers():
    name = "sub-EN061_task-lppEN_run-{}_space-MNIColin27_desc-preproc_bold.nii.gz"

    assert section_runs("sub-EN061", [name.format(22), name.format("09")]) == {
        1: name.format("09"),
        9: name.format(22),
    }


# --- the contract, on the phantom ------------------------------------------------------------


def test_loader_keeps_the_contract_of_datasets(prince):
    assert isinstance(prince, Dataset)
    assert LITTLE_PRINCE.target() is LittlePrince
    assert len(prince.subjects()) == 13
    assert len(prince.stimuli()) == 27
    assert prince.stimuli_of("sub-EN061") == tuple(f"EN-{k}" for k in SECTIONS)
    assert prince.row_labels("CN-3") == {"language": "zh", "section": "3"}


def test_participants_are_read_behind_a_byte_order_mark(prince, prince_phantom):
    assert (prince_phantom / "participants.tsv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert set(prince.participants()) == set(prince.subjects())
    assert prince.participants()["sub-CN001"]["sex"] == "F"


def test_clock_has_the_middles_of_the_volumes_that_the_sound_reaches(prince):
    for stimulus, sound in ((each, prince.stimuli()[each].sound) for each in ("EN-1", "CN-9")):
        clock = prince.clock(stimulus)
        np.testing.assert_array_equal(clock, 1.0 + 2.0 * np.arange(len(clock)))
        assert clock[-1] <= sound.duration_s < clock[-1] + 2


def test_words_come_from_textgrids_else_from_the_table(prince, prince_phantom, tmp_path):
    told = compose(
        "FR-2", utterances("fr"), 54.2, seed=2 * 3 + 1, sample_rate=12000, mean_gap_s=1.0
    )
    from_grid = prince.stimuli()["FR-2"].alignment

    assert from_grid.words == told.alignment.words
    assert not from_grid.phones

    write_folder(tmp_path)
    (tmp_path / TABLE).write_bytes((prince_phantom / TABLE).read_bytes())
    from_table = LittlePrince(tmp_path).stimuli()["FR-1"].alignment
    assert from_table.words == prince.stimuli()["FR-1"].alignment.words


def test_header_with_another_repetition_time_is_noted_and_not_followed(prince):
    response = prince.recording("sub-FR001", ["FR-1"]).responses["FR-1"]

    assert response.attrs == {"repetition_time": "the header has 1 s; 2 s is so"}
    np.testing.assert_array_equal(np.diff(response["time"]), 2.0)


def test_names_that_are_not_there_are_told_with_near_ones(prince):
    with pytest.raises(UnknownName, match="no listener 'sub-XX061'; did you mean"):
        prince.recording("sub-XX061")
    with pytest.raises(UnknownName, match="no section 'EN-10'; did you mean 'EN-1'"):
        prince.clock("EN-10")
    with pytest.raises(UnknownName, match="no stimulus is named 'ZH-1'"):
        prince.stimuli()["ZH-1"]


def test_published_listeners_who_are_not_there_are_told_with_the_command(prince):
    with pytest.raises(MissingData, match="heschl fetch little_prince --subjects sub-EN058`"):
        prince.recording("sub-EN058")
    with pytest.raises(MissingData, match="no run of sub-EN057 for FR-1"):
        prince.recording("sub-EN057", ["FR-1"])


# --- fingerprints ----------------------------------------------------------------------------


def test_fingerprint_depends_on_every_file_that_is_read_and_no_other(small_prince):
    write_textgrid(small_prince / GRID, {"words": [Interval(0.1, 0.2, "so")]})
    prince = LittlePrince(small_prince)
    before = prince.fingerprint("sub-FR001", ["FR-1"])
    differs = set()
    for path in sorted(each for each in small_prince.rglob("*") if each.is_file()):
        content, status = path.read_bytes(), path.stat()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        if path.suffix != ".annot" and prince.fingerprint("sub-FR001", ["FR-1"]) != before:
            differs.add(path.relative_to(small_prince).as_posix())
        path.write_bytes(content)

    assert differs == {RUN, "fsaverage6/surf/lh.pial", "fsaverage6/surf/rh.pial"}
    assert prince.fingerprint("sub-FR001", ["FR-1"]) == before


def test_fingerprint_depends_on_settings_and_labels(small_prince):
    before = LittlePrince(small_prince).fingerprint("sub-FR001", ["FR-1"])
    others = [
        LittlePrince(small_prince, dtype=float).fingerprint("sub-FR001", ["FR-1"]),
        LittlePrince(small_prince, mask=small_prince / RUN).fingerprint("sub-FR001", ["FR-1"]),
    ]
    for label in (small_prince / "fsaverage6/label").iterdir():
        label.unlink()
    others.append(LittlePrince(small_prince).fingerprint("sub-FR001", ["FR-1"]))

    assert len({before, *others}) == 4


# --- what a recording holds ------------------------------------------------------------------


def test_volumes_after_the_sound_are_left_out_of_responses(small_prince):
    before = LittlePrince(small_prince, dtype=float).recording("sub-FR001").responses["FR-1"]

    def disturb(values, affine, header):
        # The mask is of the mean over all volumes, which must stay what it is.
        values[..., N_ROWS:] *= 1 + 1e-3
        return values, affine, header

    edit_run(small_prince, disturb)
    after = LittlePrince(small_prince, dtype=float).recording("sub-FR001").responses["FR-1"]

    assert len(before) == N_ROWS
    np.testing.assert_allclose(after, before, rtol=0, atol=0.05)  # 16 bits against 32


def test_voxels_without_a_number_concern_the_vertices_beside_them_alone(small_prince):
    whole = LittlePrince(small_prince).recording("sub-FR001").responses["FR-1"]

    def spoil(values, affine, header):
        values[14, 17, 13, 4] = np.nan
        values[9:13, 16:20, 12:16, 4] = np.nan
        return values, affine, header

    edit_run(small_prince, spoil)
    spoilt = LittlePrince(small_prince).recording("sub-FR001")

    lost = np.isnan(spoilt.responses["FR-1"].to_numpy()).any(0) & ~np.isnan(whole).any("time")
    assert 0 < int(lost.sum()) < 60
    assert (~spoilt.finite_units()).sum() < 100
    assert np.isfinite(spoilt.responses["FR-1"][5]).sum() == np.isfinite(whole[5]).sum()


def test_mask_of_the_user_takes_the_place_of_each_runs_own(small_prince):
    image = nibabel.load(small_prince / RUN)
    kept = np.zeros(image.shape[:3], np.uint8)
    kept[: 2 * image.shape[0] // 3] = 1  # x runs from right to left
    nibabel.save(nibabel.Nifti1Image(kept, image.affine), small_prince / "mask.nii.gz")
    prince = LittlePrince(small_prince, mask=small_prince / "mask.nii.gz")

    responses = prince.recording("sub-FR001").responses["FR-1"].to_numpy()
    left, right = np.split(np.isfinite(responses).all(axis=0), 2)

    assert right.all()
    assert 0.1 < left.mean() < 0.9
