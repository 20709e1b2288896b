"""The six components: read by name, faults one by one, and their maps on the surface."""

from __future__ import annotations

import os
from pathlib import Path

import nibabel
import numpy as np
import pytest
import scipy.io
import xarray as xr
from tests.data_registry.natural_sound_folders import cells, changed_mat, linked_copy, replaced

from heschl.contracts import Dataset
from heschl.data_folders import phantom_folder
from heschl.data_registry.natural_sounds.sounds import categories
from heschl.data_registry.nh2015_components import NH2015_COMPONENTS
from heschl.data_registry.nh2015_components.loader import COMPONENTS, SUBJECT, NH2015Components
from heschl.data_registry.nh2015_components.surface_maps import read_group_maps, write_gifti
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.manifest import Manifest
from heschl.store import Store

MIRROR = os.environ.get("HESCHL_MIRROR", "")
MANIFEST = Manifest.read(NH2015_COMPONENTS.manifest)
REAL = Path(MIRROR) / MANIFEST.dataset
with_mirror = pytest.mark.skipif(
    not MIRROR or not REAL.is_dir(),
    reason=f"set HESCHL_MIRROR to a folder that holds {MANIFEST.dataset}",
)


@pytest.fixture(scope="module")
def phantom(store_folder) -> Path:
    return phantom_folder("nh2015_components", 0, Store(store_folder))


@pytest.fixture(scope="module", params=["phantom", pytest.param("real", marks=with_mirror)])
def folder(request, phantom) -> Path:
    return phantom if request.param == "phantom" else REAL


@pytest.fixture
def broken(phantom, tmp_path) -> Path:
    return linked_copy(phantom, tmp_path / "copy")


def test_loader_keeps_the_contract(folder):
    data = NH2015Components(folder)

    assert isinstance(data, Dataset)
    assert NH2015_COMPONENTS.target() is NH2015Components
    assert data.subjects() == (SUBJECT,)
    assert len(data.stimuli()) == 165
    assert data.stimuli_of(SUBJECT) == tuple(data.stimuli())
    assert {name: data.row_labels(name)["category"] for name in data.stimuli()} == categories()
    duration_s = data.stimuli()["stim91_coughing"].sound.duration_s
    np.testing.assert_allclose(data.clock("stim91_coughing"), [duration_s / 2])


def test_responses_are_those_of_the_name_whatever_the_order_of_the_file(folder):
    held = scipy.io.loadmat(folder / "data/components.mat")
    names = [str(each[0]) for each in held["stim_names"].ravel()]
    components = [str(each[0]) for each in held["component_names"].ravel()]
    data = NH2015Components(folder, dtype=np.float64)

    recording, rois = data.recording(SUBJECT), data.rois(SUBJECT)

    assert not recording.repeats
    for sound in ("stim91_coughing", "stim5_alarm_clock", "stim505_chinese"):
        for component in COMPONENTS:
            expected = held["R"][names.index(sound), components.index(component)]
            found = recording.responses[sound].to_numpy()[:, rois.sel(roi=component)]
            assert found.tolist() == [[expected]]
    assert rois["roi"].to_numpy().tolist() == ["all", *COMPONENTS]
    assert rois[1:].sum("unit").to_numpy().tolist() == [1] * 6


def test_phantom_names_sounds_and_components_in_orders_of_their_own(phantom):
    held = scipy.io.loadmat(phantom / "data/components.mat")

    assert [str(each[0]) for each in held["component_names"].ravel()] != [*COMPONENTS]
    assert [str(each[0]) for each in held["stim_names"].ravel()] != [*categories()]


@with_mirror
def test_real_files_are_those_of_the_manifest():
    missing = MANIFEST.missing(REAL, verify=True)

    assert not missing.files
    assert len(MANIFEST.files) == 180


@with_mirror
def test_real_components_are_in_the_published_order_and_range():
    data = NH2015Components(REAL)

    recording = data.recording(SUBJECT)
    values = np.concatenate([each.to_numpy() for each in recording.responses.values()])

    assert values.shape == (165, 6)
    assert -0.0053 < values.min() < values.max() < 0.0192
    labels = np.array([data.row_labels(name)["category"] for name in recording.responses])
    speech = values[:, COMPONENTS.index("speech")]
    music = values[:, COMPONENTS.index("music")]
    assert speech[labels == "EngSpeech"].mean() > 5 * speech[labels == "Mechanical"].mean()
    assert music[labels == "Music"].mean() > 2 * music[labels == "EngSpeech"].mean()


@with_mirror
def test_real_sounds_last_two_seconds():
    stimuli = NH2015Components(REAL).stimuli()

    assert {each.sound.duration_s for each in stimuli.values()} == {2.0}
    assert {each.sound.sample_rate for each in stimuli.values()} == {44100}


MAT, TABLE = "data/components.mat", "sounds/category_labels.csv"


def in_mat(**variables):
    return lambda folder: changed_mat(folder / MAT, **variables)


def in_table(content):
    return lambda folder: replaced(folder / TABLE, content.encode())


def all_sounds(names) -> str:
    return "".join(f"{name},{categories()[name]}\n" for name in names)


NAMES = [*categories()]
FAULTS = {
    "a sound too few in the table": (in_table(all_sounds(NAMES[1:])), "name other sounds"),
    "a sound twice": (in_table(all_sounds([*NAMES, NAMES[0]])), "twice"),
    "a stranger": (in_table(all_sounds(NAMES) + "stim1_unheard,Music\n"), "none of the 165"),
    "a category that is none": (in_table(all_sounds(NAMES[1:]) + f"{NAMES[0]},Noise\n"), "Noise"),
    "three cells": (in_table("stim5_alarm_clock,Mechanical,1\n"), "other than two cells"),
    "an empty table": (in_table("\n"), "names no sound"),
    "a row of numbers too few": (in_mat(R=np.zeros((164, 6))), "of shape .164, 6."),
    "no responses": (in_mat(R=None), "no 'R'"),
    "responses that are texts": (in_mat(R=cells("a")), "expected a matrix of numbers"),
    "a component that is none": (
        in_mat(component_names=cells(*COMPONENTS[:5], "noise")),
        "names the components",
    ),
    "names that are numbers": (in_mat(stim_names=np.arange(165.0)), "expected a cell of names"),
    "a truncated file": (
        lambda folder: replaced(folder / MAT, (folder / MAT).read_bytes()[:2000]),
        "as a MATLAB file",
    ),
    "a file of version 7.3": (
        lambda folder: replaced(folder / MAT, b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"),
        "version 7.3",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_gives_its_error(broken, fault):
    change, complaint = FAULTS[fault]
    change(broken)
    data = NH2015Components(broken)

    with pytest.raises(CorruptData, match=complaint):
        data.recording(SUBJECT)


def test_table_with_byte_order_mark_and_windows_lines_is_read(broken):
    before = NH2015Components(broken).recording(SUBJECT, NAMES[:3])
    replaced(broken / TABLE, b"\xef\xbb\xbf" + all_sounds(NAMES).replace("\n", "\r\n").encode())

    after = NH2015Components(broken).recording(SUBJECT, NAMES[:3])

    assert all(after.responses[name].identical(before.responses[name]) for name in NAMES[:3])


@pytest.mark.parametrize("file", [MAT, TABLE, "sounds/wav/stim91_coughing.wav"])
def test_lost_file_is_missing_data_with_the_command_that_fetches_it(broken, file):
    (broken / file).unlink()
    data = NH2015Components(broken)

    with pytest.raises(MissingData, match="heschl fetch nh2015_components"):
        data.recording(SUBJECT)


def test_pointer_in_the_place_of_the_file_is_missing_data(broken):
    replaced(broken / MAT, b"version https://git-lfs.github.com/spec/v1\n")

    with pytest.raises(MissingData, match="git-lfs"):
        NH2015Components(broken).recording(SUBJECT)


def test_names_folders_and_types_that_are_not_there_are_refused(phantom, tmp_path):
    data = NH2015Components(phantom)

    with pytest.raises(UnknownName, match="did you mean 'components'"):
        data.recording("component")
    with pytest.raises(UnknownName, match="did you mean 'stim91_coughing'"):
        data.recording(SUBJECT, ["stim91_cough"])
    with pytest.raises(MissingData, match="no folders 'data' and 'sounds'"):
        NH2015Components(tmp_path)
    with pytest.raises(InvalidInput, match="responses are floats"):
        NH2015Components(phantom, dtype=int)


# --- the maps --------------------------------------------------------------------------------

MAPS = "data/component-weight-significances/group"


@pytest.fixture
def maps_folder(tmp_path) -> Path:
    """Return a folder of maps whose values are vertex numbers, and ten for each component."""
    (tmp_path / MAPS).mkdir(parents=True)
    for number in range(1, 7):
        for side, hemi in enumerate(("lh", "rh")):
            values = np.arange(163_842, dtype=np.float32) + 10 * number + 5 * side
            image = nibabel.MGHImage(values[:, None, None], np.eye(4))
            nibabel.save(image, tmp_path / MAPS / f"{hemi}.comp{number}.mgz")
    return tmp_path


def test_maps_are_the_first_vertices_and_survive_gifti(maps_folder, tmp_path):
    maps = read_group_maps(maps_folder)

    assert dict(maps.sizes) == {"component": 6, "hemi": 2, "vertex": 10_242}
    np.testing.assert_array_equal(maps.sel(component="pitch", hemi="rh"), np.arange(10_242) + 45)
    written = write_gifti(maps[3:4], tmp_path / "gifti")
    assert [path.name for path in written] == [
        "pitch_space-fsaverage5_hemi-L.func.gii",
        "pitch_space-fsaverage5_hemi-R.func.gii",
    ]
    np.testing.assert_array_equal(
        nibabel.load(written[1]).darrays[0].data, maps.sel(component="pitch", hemi="rh")
    )


def test_faulty_maps_are_refused(maps_folder, tmp_path):
    path = maps_folder / MAPS / "lh.comp2.mgz"
    nibabel.save(nibabel.MGHImage(np.zeros((9, 1, 1), np.float32), np.eye(4)), path)
    with pytest.raises(CorruptData, match="163,842 vertices"):
        read_group_maps(maps_folder)
    replaced(path, b"no map")
    with pytest.raises(CorruptData, match="no whole file of gzip"):
        read_group_maps(maps_folder)
    path.unlink()
    with pytest.raises(MissingData, match="heschl fetch nh2015_components"):
        read_group_maps(maps_folder)
    dims = ("component", "hemi", "vertex")
    with pytest.raises(InvalidInput, match="on fsaverage5"):
        write_gifti(xr.DataArray(np.zeros((1, 2, 5)), dims=dims), tmp_path)


@with_mirror
def test_real_maps_lie_on_auditory_cortex():
    """If the meshes were not nested, values would be strewn over the hemisphere."""
    from nilearn.datasets import fetch_surf_fsaverage
    from nilearn.surface import load_surf_mesh

    maps = read_group_maps(REAL)
    surfaces = fetch_surf_fsaverage("fsaverage5")

    for hemi, side in (("lh", "left"), ("rh", "right")):
        coordinates, faces = load_surf_mesh(surfaces[f"pial_{side}"])
        measured = np.isfinite(maps.sel(component="speech", hemi=hemi).to_numpy())
        values = maps.sel(component="speech", hemi=hemi).to_numpy()
        assert 0.03 < measured.mean() < 0.15
        # Most neighbours of a vertex that was measured were measured, too.
        assert measured[faces[measured[faces[:, 0]]]].mean() > 0.9
        strongest = coordinates[np.nan_to_num(values, nan=-np.inf).argsort()[-20:]]
        x, y, z = np.median(strongest, axis=0)
        assert 45 < abs(x) < 75
        assert -50 < y < 15
        assert -20 < z < 25
