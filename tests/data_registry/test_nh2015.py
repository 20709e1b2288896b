"""NH2015 and B2021: voxels joined by number, sounds by name, and faults one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.data_registry.natural_sound_folders import (
    changed_mat,
    linked_copy,
    replaced,
    rewritten,
)

from heschl.contracts import Dataset
from heschl.data_folders import phantom_folder
from heschl.data_registry.b2021.loader import B2021
from heschl.data_registry.natural_sounds.sounds import categories
from heschl.data_registry.natural_sounds.splits import RandomSplits
from heschl.data_registry.natural_sounds.voxels import REGIONS
from heschl.data_registry.nh2015.loader import NH2015
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.store import Store

LOADERS = {"nh2015": NH2015, "b2021": B2021}
NEURAL = {"nh2015": "neural/NH2015", "b2021": "neural/B2021"}


@pytest.fixture(scope="module", params=["nh2015", "b2021"])
def phantom(request, store_folder):
    name = request.param
    return name, phantom_folder(name, 0, Store(store_folder))


@pytest.fixture
def broken(phantom, tmp_path):
    name, folder = phantom
    return name, linked_copy(folder, tmp_path / "copy")


def numbers_of(name, folder):
    """Return the array, and the subject, region and column of voxels, joined by pandas."""
    neural = folder / NEURAL[name]
    array = np.load(neural / "voxel_features_array.npy")
    meta = np.load(neural / "voxel_features_meta.npy")
    columns = pd.DataFrame(
        {"voxel_id": meta["voxel_id"], "n_reps": meta["n_reps"]}
        if meta.dtype.names
        else {"voxel_id": meta}
    )
    columns["column"] = np.arange(len(columns))
    table = pd.read_pickle(neural / "df_roi_meta.pkl")  # noqa: S301
    table = table.merge(columns, on="voxel_id")
    return array, table.sort_values("column")


def test_loader_keeps_the_contract_and_finds_listeners_and_sounds(phantom):
    name, folder = phantom
    data = LOADERS[name](folder)

    assert isinstance(data, Dataset)
    assert data.card.target() is LOADERS[name]
    assert len(data.subjects()) == data.card.n_subjects
    assert set(data.stimuli()) == set(categories())
    assert data.stimuli_of("S01") == tuple(data.stimuli())
    first = data.stimuli_of("S01")[0]
    np.testing.assert_allclose(data.clock(first), [0.25])
    assert data.row_labels(first) == {"category": categories()[first]}


def test_recording_holds_the_sessions_of_the_listener_in_the_order_of_names(phantom):
    name, folder = phantom
    data = LOADERS[name](folder, dtype=np.float64)
    array, table = numbers_of(name, folder)
    subject = data.subjects()[2]
    own = table[table.subj_idx == int(subject[1:])]
    if name == "nh2015":
        meta = np.load(folder / NEURAL[name] / "neural_stim_meta.npy")
        names = [each.decode().removesuffix(".wav") for each in meta["filename"]]
        assert data.stimuli_of(subject) == tuple(names)
    row = 100
    sound = data.stimuli_of(subject)[row]

    recording = data.recording(subject, [sound])

    np.testing.assert_array_equal(recording.units, own.column)
    sessions = array[row][own.column].T
    np.testing.assert_array_equal(recording.repeats[sound].to_numpy()[:, 0], sessions)
    np.testing.assert_allclose(recording.responses[sound].to_numpy()[0], sessions.mean(axis=0))
    assert recording.repeats[sound].sizes["repeat"] == 3
    assert data.stimuli()[sound].sound.sample_rate == 16000


def test_regions_are_joined_by_voxel_id_and_voxels_without_label_are_in_none(phantom):
    name, folder = phantom
    data = LOADERS[name](folder)
    _, table = numbers_of(name, folder)
    subject = data.subjects()[-1]
    own = table[table.subj_idx == int(subject[1:])]

    rois = data.rois(subject)

    assert rois["roi"].to_numpy().tolist() == ["all", *REGIONS]
    for region in REGIONS:
        np.testing.assert_array_equal(rois.sel(roi=region), own.roi_label_general == region)
    assert rois.sel(roi="all").all()
    assert int(rois[1:].any("roi").sum()) == int(own.roi_label_general.notna().sum()) < len(own)


def test_voxel_with_nan_is_kept_and_told(phantom):
    name, folder = phantom
    data = LOADERS[name](folder)

    (first, *_) = data.stimuli()
    recordings = [data.recording(each, [first]) for each in data.subjects()]
    lost = [int((~each.finite_units()).sum()) for each in recordings]

    assert sum(lost) == 1


def test_voxels_of_two_sessions_are_left_out(store_folder):
    folder = phantom_folder("nh2015", 0, Store(store_folder))
    meta = np.load(folder / "neural/NH2015/voxel_features_meta.npy")
    data = NH2015(folder)

    (first, *_) = data.stimuli()
    units = np.concatenate([data.recording(each, [first]).units for each in data.subjects()])

    np.testing.assert_array_equal(np.sort(units), np.flatnonzero(meta["n_reps"] == 3))
    assert {"S03", "S08"}.isdisjoint(data.subjects())


def test_further_sounds_of_b2021_are_left_out_wherever_they_stand(store_folder, tmp_path):
    folder = phantom_folder("b2021", 0, Store(store_folder))
    copy = linked_copy(folder, tmp_path / "copy")
    neural = copy / NEURAL["b2021"]
    array = np.load(neural / "voxel_features_array.npy")
    order = np.random.default_rng(0).permutation(len(array))
    from heschl.data_registry.natural_sounds.mat_files import names_in, read_mat

    info = read_mat(neural / "stim_info_v4.mat")["stim_info"]
    names = names_in({"stim_names": info["stim_names"]}, "stim_names", neural)
    shuffled = np.empty((len(order), 1), dtype=object)
    shuffled[:, 0] = [names[row] for row in order]
    changed_mat(neural / "stim_info_v4.mat", stim_info={"stim_names": shuffled})
    rewritten(neural / "voxel_features_array.npy", array[order])

    sounds = sorted(categories())[::20]
    before, after = (B2021(each).recording("S07", sounds) for each in (folder, copy))

    assert len(array) == 192
    for sound in sounds:
        assert before.responses[sound].identical(after.responses[sound])


def test_fingerprint_knows_listener_table_and_csv(broken):
    name, folder = broken
    data = LOADERS[name](folder)
    sounds = data.stimuli_of("S01")[:4]
    before = data.fingerprint("S01", sounds)

    assert before == LOADERS[name](folder).fingerprint("S01", sounds)
    assert before != data.fingerprint("S02", sounds)
    assert before != data.fingerprint("S01", sounds[:3])
    assert before != LOADERS[name](folder, dtype=np.float64).fingerprint("S01", sounds)
    table = folder / NEURAL[name] / "df_roi_meta.pkl"
    frame = pd.read_pickle(table)  # noqa: S301
    frame.to_csv(table.with_suffix(".csv"), index=False)
    beside = LOADERS[name](folder)
    assert before != beside.fingerprint("S01", sounds)
    assert beside.rois("S01").identical(data.rois("S01"))


def edit_table(folder, change):
    path = folder / "df_roi_meta.pkl"
    frame = change(pd.read_pickle(path))  # noqa: S301
    path.unlink()
    frame.to_pickle(path)


def edit_array(path, change):
    rewritten(path, change(np.load(path)))


def drop_field(array):
    return array[[name for name in array.dtype.names if name != "n_reps"]]


def rename_sound(array):
    array = array.copy()
    array["filename"][3] = b"stim1_unheard.wav"
    return array


def repeat_sound(array):
    array = array.copy()
    array["filename"][3] = array["filename"][4]
    return array


ARRAY, META, TABLE = "voxel_features_array.npy", "voxel_features_meta.npy", "df_roi_meta.pkl"
SOUNDS = "neural_stim_meta.npy"


def in_array(change):
    return lambda folder: edit_array(folder / ARRAY, change)


def in_table(change):
    return lambda folder: edit_table(folder, change)


def as_array(content):
    return lambda folder: replaced(folder / ARRAY, content)


def with_strange_region(table):
    labels = table.roi_label_general.where(table.index > 0, "Insula")
    return table.assign(roi_label_general=labels)


FAULTS = {
    "a row too few": (in_array(lambda a: a[:-1]), "sounds, but its array"),
    "two dimensions": (in_array(lambda a: a[:, :, 0]), "expected floats"),
    "whole numbers": (in_array(lambda a: np.nan_to_num(a).astype(int)), "expected floats"),
    "Python objects": (in_array(lambda a: a[:2].astype(object)), "Python objects"),
    "a truncated array": (as_array(b"\x93NUMPY\x01\x00v\x00{'descr'"), "as an array"),
    "an archive of arrays": (as_array(b"PK\x03\x04nothing"), "as an array"),
    "an empty array file": (as_array(b""), "is empty"),
    "a number too few": (lambda f: edit_array(f / META, lambda a: a[:-1]), "voxels"),
    "a voxel too few in the table": (in_table(lambda t: t.iloc[1:]), "other voxels|not the same"),
    "a voxel twice": (in_table(lambda t: pd.concat([t, t[:1]])), "two voxels alike"),
    "a region that is none": (in_table(with_strange_region), "the regions .'Insula'"),
    "no listeners": (in_table(lambda t: t.drop(columns="subj_idx")), "no 'subj_idx'"),
    "a table that runs code": (
        lambda f: replaced(f / TABLE, b"cos\nsystem\n(S'true'\ntR."),
        "names 'os.system'",
    ),
}


def recording_of_s01(name, folder):
    return LOADERS[name](folder).recording("S01", ["stim91_coughing"])


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_gives_its_error(broken, fault):
    name, folder = broken
    change, complaint = FAULTS[fault]
    change(folder / NEURAL[name])

    with pytest.raises(CorruptData, match=complaint):
        recording_of_s01(name, folder)


SOUND_FAULTS = {
    "a sound that is none of the 165": (rename_sound, "none of the 165 natural sounds"),
    "a sound twice": (repeat_sound, "twice"),
    "no names": (lambda a: a[["id"]], "expected one row each, with filename"),
}


@pytest.mark.parametrize("fault", SOUND_FAULTS)
def test_fault_in_the_sounds_of_nh2015_gives_its_error(store_folder, tmp_path, fault):
    folder = linked_copy(phantom_folder("nh2015", 0, Store(store_folder)), tmp_path / "copy")
    change, complaint = SOUND_FAULTS[fault]
    edit_array(folder / "neural/NH2015" / SOUNDS, change)

    with pytest.raises(CorruptData, match=complaint):
        NH2015(folder).recording("S01")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (drop_field, "with voxel_id, subj_idx, n_reps"),
        (lambda a: np.where(a["n_reps"] == 3, 2, 2), "expected one row each"),
    ],
)
def test_fault_in_the_voxels_of_nh2015_gives_its_error(store_folder, tmp_path, change, complaint):
    folder = linked_copy(phantom_folder("nh2015", 0, Store(store_folder)), tmp_path / "copy")
    edit_array(folder / "neural/NH2015" / META, change)

    with pytest.raises(CorruptData, match=complaint):
        NH2015(folder).subjects()


def test_tables_that_give_voxels_to_other_listeners_are_refused(store_folder, tmp_path):
    folder = linked_copy(phantom_folder("nh2015", 0, Store(store_folder)), tmp_path / "copy")
    edit_table(folder / "neural/NH2015", lambda t: t.assign(subj_idx=t.subj_idx.to_numpy()[::-1]))

    with pytest.raises(CorruptData, match="different listeners"):
        NH2015(folder).subjects()


@pytest.mark.parametrize("stim_names", [None, "fewer", "duplicate"])
def test_fault_in_the_sounds_of_b2021_gives_its_error(store_folder, tmp_path, stim_names):
    folder = linked_copy(phantom_folder("b2021", 0, Store(store_folder)), tmp_path / "copy")
    path = folder / "neural/B2021/stim_info_v4.mat"
    names = sorted(categories())
    column = np.empty((164 if stim_names == "fewer" else 166, 1), dtype=object)
    column[:, 0] = (names * 2)[: len(column)]
    info = None if stim_names is None else {"stim_names": column}
    changed_mat(path, stim_info=info)
    complaint = {None: "no structure 'stim_info'", "fewer": "164 of the 165", "duplicate": "twice"}

    with pytest.raises(CorruptData, match=complaint[stim_names]):
        B2021(folder).recording("S01")


@pytest.mark.parametrize("file", [ARRAY, META, TABLE])
def test_lost_file_is_missing_data_with_the_way_to_get_it(broken, file):
    name, folder = broken
    (folder / NEURAL[name] / file).unlink()

    with pytest.raises(MissingData, match=r"data\.tar"):
        LOADERS[name](folder).recording("S01")


def test_names_folders_and_types_that_are_not_there_are_refused(phantom, tmp_path):
    name, folder = phantom
    data = LOADERS[name](folder)

    with pytest.raises(UnknownName, match="did you mean"):
        data.recording("S1")
    with pytest.raises(UnknownName, match="did you mean 'stim91_coughing'"):
        data.clock("stim91_cough")
    with pytest.raises(UnknownName, match="no sound 'stim91_cough'"):
        data.row_labels("stim91_cough")
    with pytest.raises(MissingData, match="holds no folder 'neural'"):
        LOADERS[name](tmp_path)
    with pytest.raises(InvalidInput, match="responses are floats"):
        LOADERS[name](folder, dtype=int)


def test_sound_without_a_file_is_missing_data(broken):
    name, folder = broken
    (folder / "stimuli/165_natural_sounds_16kHz/stim91_coughing.wav").unlink()

    with pytest.raises(MissingData, match=r"stim91_coughing\.wav is not in"):
        LOADERS[name](folder).recording("S01")


# --- what the datasets share -----------------------------------------------------------------


def test_categories_are_those_of_the_paper():
    counts = pd.Series(categories()).value_counts().to_dict()

    assert counts == {
        "Music": 24, "Song": 11, "EngSpeech": 10, "ForSpeech": 7, "HumVoc": 13, "AniVoc": 10,
        "HumNonVoc": 15, "AniNonVoc": 5, "Nature": 4, "Mechanical": 39, "EnvSound": 27,
    }  # fmt: skip


def test_random_splits_are_the_published_ones():
    folds = RandomSplits().folds({"stimulus": np.arange(165).astype(str)})

    assert len(folds) == 10
    assert folds[0].train[:6].tolist() == [45, 51, 108, 7, 73, 62]
    assert folds[0].test[:6].tolist() == [124, 67, 49, 91, 28, 35]
    assert folds[1].train[:6].tolist() == [27, 46, 21, 122, 154, 158]
    assert {(len(fold.train), len(fold.test)) for fold in folds} == {(83, 82)}
    with pytest.raises(InvalidInput, match="fetch the missing sounds"):
        RandomSplits().folds({"stimulus": np.arange(164).astype(str)})
