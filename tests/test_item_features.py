"""Features of items: the right frames, each sound heard once, whatever the blocks."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from faulty_labelled import TASK, Labels, write_phantom
from toy import Loudness

from heschl import item_features
from heschl.cells import run_cell
from heschl.errors import InvalidInput
from heschl.extraction import extract_frames
from heschl.handles import Handle
from heschl.item_features import item_cells, read_items
from heschl.items import Items
from heschl.session import open_session
from heschl.store import Store
from heschl.windowing import WholeStimulus

# Out of the order of stimuli; the third is shorter than a frame of 100 ms, and between two.
ITEMS = [
    ("a", 0.2, 0.5),
    ("b", 0.0, np.inf),
    ("a", 0.41, 0.44),
    ("c", 0.95, 1.0),
    ("a", 0.0, 0.35),
]


@pytest.fixture
def session(tmp_path):
    write_phantom(tmp_path)
    return open_session(
        Loudness(),
        "small-labels",
        layers=None,
        subjects=None,
        data=Labels(tmp_path),
        device="cpu",
        seed=0,
        store=Store(tmp_path / "store"),
    )


def items_of(rows, **labels):
    stimulus, onset_s, offset_s = zip(*rows, strict=True)
    return Items.from_columns(
        TASK,
        [f"item {k}" for k in range(len(rows))],
        stimulus=stimulus,
        onset_s=onset_s,
        offset_s=offset_s,
        labels={"word": ["yes"] * len(rows), "speaker": ["ann"] * len(rows), **labels},
        known="abc",
    )


def features(session, items, pooling, layer="low"):
    cells = item_cells(session, items, windowing=WholeStimulus(), pooling=pooling)
    for cell in cells:
        outcome = run_cell(cell, session.store)
        assert outcome.failure is None, outcome.failure
    return read_items(session, items, cells, layer)


def expected_rows(session, rows):
    """Return the frames of each stretch by comparing every frame with its ends."""
    model, stimuli = session.model.get(), session.dataset.get().stimuli()
    found = []
    for stimulus, onset_s, offset_s in rows:
        frames = extract_frames(model, stimuli[stimulus], ["low"], WholeStimulus())["low"]
        inside = [onset_s - 1e-9 <= t < offset_s - 1e-9 for t in frames.times_s]
        if not any(inside):
            away = np.abs(frames.times_s - (onset_s + offset_s) / 2)
            inside = away == away.min()
        found.append(frames.values[inside])
    return found


@pytest.mark.parametrize("in_block", [1, 2, 64])
def test_items_have_the_frames_within_them(session, monkeypatch, in_block):
    monkeypatch.setattr(item_features, "_STIMULI_IN_BLOCK", in_block)
    items, expected = items_of(ITEMS), expected_rows(session, ITEMS)

    frames = features(session, items, "frames")
    means = features(session, items, "mean")

    assert [len(rows) for rows in expected] == [3, 10, 1, 1, 3]
    np.testing.assert_array_equal(np.diff(frames.first), [len(rows) for rows in expected])
    np.testing.assert_array_equal(frames.values, np.concatenate(expected))
    np.testing.assert_array_equal(means.first, np.arange(len(ITEMS) + 1))
    np.testing.assert_allclose(means.values, [rows.mean(axis=0) for rows in expected], rtol=1e-6)


def test_a_sound_is_heard_once_for_all_its_items(session):
    features(session, items_of(ITEMS), "mean")
    assert session.model.get().n_calls == 3


def test_labels_are_no_part_of_what_is_heard(session):
    one, other = items_of(ITEMS), items_of(ITEMS, speaker=["bob"] * len(ITEMS))
    cells = [
        item_cells(session, i, windowing=WholeStimulus(), pooling="mean") for i in (one, other)
    ]
    assert [cell.keys for cell in cells[0]] == [cell.keys for cell in cells[1]]


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "frames"},
        {"precision": "bfloat16"},
        {"rows": [*ITEMS[:-1], ("a", 0.0, 0.34)]},
        {"rows": [*ITEMS[:-1], ("c", 0.0, 0.35)]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_keys_change_with_what_is_kept(session, change):
    settings = {"windowing": WholeStimulus(), "pooling": "mean", "rows": ITEMS}
    changed = settings | change
    first, second = (
        item_cells(session, items_of(given.pop("rows")), **given) for given in (settings, changed)
    )
    assert not {key for c in first for key in c.keys} & {key for c in second for key in c.keys}


def test_an_item_after_the_end_of_its_sound_is_refused(session):
    items = items_of([("a", 0.0, 0.3), ("b", 1.0, 1.2)])
    cells = item_cells(session, items, windowing=WholeStimulus(), pooling="mean")
    failure = run_cell(cells[0], session.store).failure
    assert "item 1 begins at 1 s of 'b', which lasts 1 s" in failure.message


def test_a_sound_that_the_model_cannot_take_is_refused_when_work_is_planned(session):
    model = session.model.get()
    model.traits = dataclasses.replace(model.traits, maximum_s=0.5)
    with pytest.raises(InvalidInput, match=r"0\.5 s"):
        item_cells(session, items_of(ITEMS), windowing=WholeStimulus(), pooling="mean")


def test_a_sound_without_words_is_refused_to_a_reader_when_work_is_planned(session):
    reader = SimpleNamespace(card=session.model.get().card, layers=(), digest="r", read=None)
    reading = dataclasses.replace(session, model=Handle(reader), layers=())
    with pytest.raises(InvalidInput, match="'a' has no alignment"):
        item_cells(reading, items_of(ITEMS), windowing=WholeStimulus(), pooling="mean")


def test_a_pooling_that_nothing_goes_by_is_refused(session):
    with pytest.raises(InvalidInput, match="pooling='max'; expected one of mean, frames"):
        item_cells(session, items_of(ITEMS), windowing=WholeStimulus(), pooling="max")


def test_cells_say_what_is_heard_and_how_much_it_takes(session):
    narrow = dataclasses.replace(session, layers=("high",))
    (cell,) = item_cells(narrow, items_of(ITEMS), windowing=WholeStimulus(), pooling="mean")
    assert cell.heard == ("a", "b", "c")
    assert cell.n_bytes == 4 * len(ITEMS)
