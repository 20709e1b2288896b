"""The suite for datasets finds what is wrong with them, and nothing wrong with a good one."""

from __future__ import annotations

import dataclasses

import faulty_datasets as faulty
import pytest
from toy import ToyDataset

from heschl.testing import dataset_checks, examine
from heschl.testing.folders import classes_of_files, copied, damaged, removed


def outcomes(plugin, **settings):
    return {check.name: examine(check) for check in dataset_checks(plugin, **settings)}


def failed(plugin, **settings):
    found = outcomes(plugin, **settings).values()
    return {outcome.check for outcome in found if outcome.verdict == "failed"}


def carded(**changes):
    return dataclasses.replace(faulty.CARD, **changes)


def opened_as(dataset):
    """Return the card of a dataset of another class over the same phantom."""
    return carded(load=dataset)


def test_good_dataset_keeps_every_promise():
    found = outcomes(faulty.CARD)

    assert {outcome.reason for outcome in found.values()} == {""}
    assert {outcome.verdict for outcome in found.values()} == {"passed"}


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (faulty.ForgettingRegions, {"fingerprint_sees_every_byte"}),
        (faulty.TrustingSizes, {"fingerprint_sees_every_byte"}),
        (faulty.KnowingItsPlace, {"fingerprint_sees_every_byte"}),
        (faulty.BlindFingerprint, {"fingerprint_is_stable", "fingerprint_sees_every_byte"}),
        (faulty.OnAnotherClock, {"recordings_are_labelled"}),
        (faulty.AfterTheEnd, {"clocks_lie_within_the_sounds"}),
        (faulty.WithoutAll, {"rois_are_masks"}),
        (faulty.CountingRegions, {"rois_are_masks"}),
        (faulty.RenumberingRegions, {"rois_are_masks"}),
        (faulty.ScaledOverAll, {"parts_equal_the_whole"}),
        (faulty.ReadingMore, {"parts_equal_the_whole"}),
        (faulty.FullOfHoles, {"recordings_are_labelled"}),
        (faulty.KeepingNotes, {"reading_leaves_the_folder_alone"}),
        (faulty.Unpickling, {"reading_leaves_the_folder_alone"}),
        (faulty.Crashing, {"lost_files_are_missing_data"}),
        (faulty.OffByOneListener, {"unknown_names_are_refused"}),
        (faulty.WithoutSounds, {"names_agree"}),
        (faulty.Patient, {"unknown_names_are_refused"}),
        (faulty.lost, {"loads"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_broken_promise_of_a_dataset_is_found(dataset, expected):
    found = failed(opened_as(dataset))

    assert expected <= found, found


@pytest.mark.parametrize(
    ("card", "check"),
    [
        (carded(phantom=faulty.unseeded), "phantom_is_deterministic"),
        (carded(phantom=faulty.telling(phantom_version=2)), "truth_is_well_formed"),
        (carded(phantom=faulty.telling(seed=1)), "truth_is_well_formed"),
        (carded(phantom=faulty.telling(expectations=[])), "truth_is_well_formed"),
        (carded(phantom=faulty.telling(tolerance=-1)), "truth_is_well_formed"),
        (carded(phantom=faulty.telling(expected=float("nan"))), "truth_is_well_formed"),
        (carded(phantom=faulty.telling(model="nobody")), "truth_is_well_formed"),
        (carded(phantom=faulty.telling(source="")), "truth_is_well_formed"),
        (carded(phantom=faulty.telling(benchmark="nothing")), "truth_is_well_formed"),
    ],
    ids=[
        "unseeded",
        "version",
        "seed",
        "empty",
        "tolerance",
        "nan",
        "model",
        "source",
        "benchmark",
    ],
)
def test_faulty_phantom_is_found(card, check):
    assert failed(card) == {check}


def test_dataset_in_memory_is_checked_but_for_files():
    found = outcomes(ToyDataset())

    assert found["recordings_are_labelled"].verdict == "passed"
    assert "in memory" in found["fingerprint_sees_every_byte"].reason
    assert found["phantom_is_deterministic"].verdict == "skipped"


def test_given_folder_is_read_and_never_copied(tmp_path):
    faulty.write_phantom(tmp_path)

    found = outcomes(faulty.CARD, root=tmp_path)

    assert failed(faulty.CARD, root=tmp_path) == set()
    assert "real data" in found["fingerprint_sees_every_byte"].reason
    assert "folder was given" in found["phantom_is_deterministic"].reason


def test_dataset_without_phantom_says_to_name_the_folder():
    found = outcomes(carded(phantom=None))

    assert found["loads"].verdict == "failed"
    assert "name the folder of the real data" in found["loads"].reason


def test_damage_stays_in_the_copy(tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    faulty.write_phantom(root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    with copied(root) as copy:
        classes = classes_of_files(copy, "A", {"B", "C"}, faulty.STORIES)
        for file in classes.values():
            with damaged(copy, file):
                differing = sum(
                    x != y
                    for x, y in zip((copy / file).read_bytes(), before[root / file], strict=True)
                )
                assert differing == 1
            with removed(copy, file):
                assert not (copy / file).exists()
            assert (copy / file).read_bytes() == before[root / file]

    assert before == {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert sorted(classes) == [
        "<subject>/<stimulus>.npy",
        "<subject>/A1.npy",
        "README",
        "clock.json",
        "sounds/<stimulus>.wav",
        "truth.json",
    ]
