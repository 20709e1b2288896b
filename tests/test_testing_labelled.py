"""The suite for labelled datasets finds what is wrong with them; encoding refuses them."""

from __future__ import annotations

import dataclasses

import faulty_labelled as faulty
import pytest
from toy import Loudness, ToyDataset, toy_benchmark

from heschl.contracts import Dataset, LabelledDataset
from heschl.errors import InvalidInput
from heschl.registry import resolve_dataset
from heschl.scoring import plan
from heschl.testing import dataset_checks, examine, kind_of
from heschl.testing.labelled_datasets import is_labelled


def outcomes(plugin, **settings):
    return {check.name: examine(check) for check in dataset_checks(plugin, **settings)}


def failed(plugin, **settings):
    found = outcomes(plugin, **settings).values()
    return {outcome.check for outcome in found if outcome.verdict == "failed"}


def test_good_dataset_of_labels_keeps_every_promise():
    found = outcomes(faulty.CARD)

    assert {outcome.reason for outcome in found.values()} == {""}
    assert {outcome.verdict for outcome in found.values()} == {"passed"}
    assert "rois_are_masks" not in found


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (faulty.Anonymous, {"tasks_are_named"}),
        (faulty.Twofold, {"tasks_are_named"}),
        (faulty.Restless, {"tasks_are_named"}),
        (faulty.NumberingBySplit, {"items_are_of_their_task"}),
        (faulty.Patient, {"unknown_tasks_are_refused"}),
        (faulty.TooLate, {"sounds_have_their_items"}),
        (faulty.OneSpeaker, {"splits_and_groups_can_be_used"}),
        (faulty.WithoutTest, {"splits_and_groups_can_be_used"}),
        (faulty.WithoutSounds, {"sounds_have_their_items"}),
        (faulty.Drawing, {"items_are_stable"}),
        (faulty.Crashing, {"lost_files_are_missing_data"}),
        (faulty.KeepingNotes, {"reading_leaves_the_folder_alone"}),
        (faulty.Strangers, {"triplets_and_answers_agree"}),
        (faulty.Undecided, {"triplets_and_answers_agree"}),
        (faulty.Misplaced, {"triplets_and_answers_agree"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_broken_promise_of_labels_is_found(dataset, expected):
    found = failed(dataclasses.replace(faulty.CARD, load=dataset))

    assert expected <= found, found


def test_phantom_that_tells_nothing_is_found():
    assert failed(dataclasses.replace(faulty.CARD, phantom=faulty.untold)) == {
        "planted_truth_is_told"
    }


def test_labels_in_memory_and_made_by_a_function_are_known(tmp_path):
    faulty.write_phantom(tmp_path)
    labels = faulty.Labels(tmp_path)

    def opened(root):
        return faulty.Labels(root)

    assert is_labelled(labels, None)
    assert is_labelled(faulty.Labels, None)
    assert is_labelled(opened, tmp_path)
    assert not is_labelled(ToyDataset(), None)
    assert not is_labelled("lebel_moth", None)
    assert not is_labelled("nothing-such", None)
    assert kind_of(labels) == "dataset"
    assert failed(labels) == failed(faulty.CARD, root=tmp_path) == set()


def test_both_kinds_of_datasets_are_resolved(tmp_path):
    labels = resolve_dataset(faulty.CARD, tmp_path).object

    assert isinstance(labels, LabelledDataset)
    assert not isinstance(labels, Dataset)
    assert not isinstance(ToyDataset(), LabelledDataset)
    with pytest.raises(InvalidInput, match="lacks 'items'; the LabelledDataset"):
        resolve_dataset(_WithoutItems())


class _WithoutItems:
    card = faulty.CARD

    def stimuli(self):
        return {}

    def tasks(self):
        return ()


def test_encoding_benchmark_on_labels_is_refused(tmp_path):
    faulty.write_phantom(tmp_path)

    with pytest.raises(InvalidInput, match=r"toy-ridge predicts recordings, and small-labels"):
        plan(Loudness(), toy_benchmark(), data=faulty.Labels(tmp_path), store=tmp_path / "store")
