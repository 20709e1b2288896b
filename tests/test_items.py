"""Items: every column is checked, and an answer has one number whatever is selected."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from heschl.errors import InvalidInput, UnknownName
from heschl.items import Items, Task, chosen_task
from heschl.splits import GroupKFold

TASK = Task("word", "word", vocabulary=("yes", "no", "up"), groups=("speaker",))
LABELS = {
    "word": ["up", "no", "up", "yes"],
    "speaker": ["ann", "ann", "bob", "cid"],
    "split": ["train", "train", "validation", "test"],
}


def items(task=TASK, identifiers=("1", "2", "3", "4"), **changes):
    """Return four items in two sounds, changed in some columns."""
    columns = {
        "stimulus": ["a", "a", "b", "b"],
        "onset_s": [0.0, 0.5, 0.0, 0.2],
        "offset_s": [0.5, 1.0, np.inf, 0.3],
        "known": {"a", "b", "c"},
    }
    labels = LABELS | changes.pop("labels", {})
    labels = {name: values for name, values in labels.items() if values is not None}
    return Items.from_columns(task, list(identifiers), labels=labels, **(columns | changes))


def test_answer_has_one_number_whatever_is_selected():
    whole = items()

    assert whole.codes().tolist() == [2, 1, 2, 0]
    for split in ("train", "validation", "test"):
        part = whole.select(split=split)
        kept = np.isin(whole.identifiers, part.identifiers)
        assert part.codes().tolist() == whole.codes()[kept].tolist()
        assert part.task is whole.task


def test_number_of_an_answer_is_its_place_in_the_vocabulary_not_among_those_that_occur():
    only_last = items().select(word="up")

    assert only_last.codes().tolist() == [2, 2]


def test_open_answers_have_no_numbers():
    with pytest.raises(InvalidInput, match="open"):
        items(Task("word", "word")).codes()


def test_select_takes_several_labels_and_values():
    chosen = items().select(split=["train", "test"], speaker="ann")

    assert chosen.identifiers.tolist() == ["1", "2"]
    assert chosen.stimuli == ("a",)
    with pytest.raises(UnknownName, match="no label 'spliit'; did you mean 'split'"):
        items().select(spliit="train")
    with pytest.raises(UnknownName, match="no item has split 'dev'"):
        items().select(split="dev")
    with pytest.raises(InvalidInput, match="no item has all"):
        items().select(split="test", speaker="ann")


def test_labels_are_what_splitters_take():
    folds = GroupKFold(3, by="speaker").folds(items().labels)

    speakers = items().labels["speaker"]
    for fold in folds:
        assert not set(speakers[fold.train]) & set(speakers[fold.test])


def test_times_default_to_the_whole_sound():
    whole = items(onset_s=None, offset_s=None)

    assert (whole.onsets_s == 0).all()
    assert np.isinf(whole.offsets_s).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"onset_s": [0.0, 0.5, -0.1, 0.2]}, "3 from -0.1"),
        ({"onset_s": [0.0, np.nan, 0.0, 0.2]}, "2 from nan"),
        ({"offset_s": [0.5, 1.0, 1.0, np.nan]}, "4 from 0.2 to nan"),
        ({"offset_s": [0.5, 0.5, 1.0, 0.3]}, "2 from 0.5 to 0.5"),
        ({"onset_s": [0.0, np.inf, 0.0, 0.2]}, "2 from inf"),
        ({"onset_s": [0.0, 0.5]}, r"'onset_s' .* has shape \(2,\)"),
        ({"labels": {"speaker": ["ann", None, "bob", "cid"]}}, "speaker=nan in row 1"),
        ({"labels": {"speaker": ["ann", float("nan"), "bob", "cid"]}}, "speaker=nan in row 1"),
        ({"labels": {"speaker": ["ann", " ", "bob", "cid"]}}, "speaker=' ' in row 1"),
        ({"labels": {"speaker": np.array([1, 2, 3, 4])}}, "speaker=1 in row 0"),
        ({"labels": {"speaker": None}}, "no column 'speaker'"),
        ({"labels": {"word": None}}, "no column 'word'"),
        ({"labels": {"word": ["up", "no", "up", "maybe"]}}, "'maybe', which is not among the task"),
        ({"labels": {"split": ["train", "train", "dev", "test"]}}, "'dev', which is not among the"),
        ({"labels": {"speaker": "ann"}}, "one text"),
        ({"labels": {"onset_s": ["a", "b", "c", "d"]}}, "a label is called 'onset_s'"),
        ({"identifiers": ("1", "2", "2", "4")}, "'2' twice"),
        ({"identifiers": ("1", "", "3", "4")}, "item=''"),
        ({"stimulus": ["a", "a", "b", None]}, "stimulus"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_column_is_refused(changes, message):
    with pytest.raises((InvalidInput, UnknownName), match=message):
        items(**({"known": {"a", "b", None}} | changes))


def test_unknown_stimulus_is_refused():
    with pytest.raises(UnknownName, match=r"1 stimuli of the task 'word' are not there.*'b'"):
        items(known={"a"})


def test_no_items_are_refused():
    with pytest.raises(InvalidInput, match="are none"):
        Items.from_columns(TASK, [], stimulus=[], labels={}, known=())
    with pytest.raises(InvalidInput, match="no column 'stimulus'"):
        Items(TASK, xr.Dataset(coords={"item": ["1"]}))


def test_digest_depends_on_every_cell_and_on_the_task_but_not_on_what_else_was_read():
    first = items().digest
    changed = [
        items(onset_s=[0.0, 0.5, 0.0, 0.1]),
        items(stimulus=["a", "a", "b", "c"]),
        items(identifiers=("1", "2", "3", "5")),
        items(labels={"speaker": ["ann", "ann", "bob", "cida"]}),
        items(Task("word", "word", vocabulary=("no", "yes", "up"), groups=("speaker",))),
        items().select(split="train"),
    ]

    assert items().digest == first
    assert len({each.digest for each in changed} | {first}) == len(changed) + 1
    # The long name widens the column of all, not what is said of the others.
    long = items(labels={"speaker": ["ann", "ann", "bob", "c" * 50]})
    assert long.select(split="train").digest == items().select(split="train").digest


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": ""}, "name"),
        ({"vocabulary": ("yes", "yes")}, "each once"),
        ({"vocabulary": ("yes",)}, "two answers"),
        ({"vocabulary": ["yes", "no"]}, "expected texts"),
        ({"vocabulary": ("yes", 1)}, "expected texts"),
        ({"groups": ("word",)}, "no answer could be learned"),
        ({"groups": "speaker"}, "expected texts"),
    ],
)
def test_faulty_task_is_refused(settings, message):
    with pytest.raises(InvalidInput, match=message):
        Task(**({"name": "word", "target": "word"} | settings))


def test_chosen_task_names_near_ones():
    assert chosen_task("toy", (TASK,), "word") is TASK
    with pytest.raises(UnknownName, match="toy has no task 'words'; did you mean 'word'"):
        chosen_task("toy", (TASK,), "words")
