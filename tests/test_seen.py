"""What a model was tuned on it is not tested on: refused, left out, or branded."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from toy import MODEL_CARD, Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.cards import Seen
from heschl.ceilings import NoCeiling
from heschl.cli.result import score_record
from heschl.comparison import compare
from heschl.errors import InvalidInput
from heschl.score_words import fairness_in_words
from heschl.scores import open_score
from heschl.scoring import plan
from heschl.seen import UnseenFolds, fair_cells
from heschl.splits import GroupKFold, HeldOutStimuli


def having_seen(*stimuli, dataset="toy", data_kind="phantom", sounds=(), chosen_on=()):
    seen = Seen(dataset, data_kind, ("S1",), stimuli, sounds, chosen_on)
    return Loudness(card=dataclasses.replace(MODEL_CARD, seen=(seen,)))


def scored(model, tmp_path, benchmark=None, **settings):
    return heschl.score(
        model, benchmark or toy_benchmark(), data=ToyDataset(), store=tmp_path, **settings
    )


def test_training_on_what_it_was_tuned_on_is_fair(tmp_path):
    tuned = scored(having_seen("one", "two"), tmp_path, layers=["low"])

    assert tuned.value == scored(Loudness(), tmp_path, layers=["low"]).value
    assert not fairness_in_words(tuned)


@pytest.mark.parametrize("listeners", [["S1"], ["S2", "S3"]], ids=["same", "others"])
def test_testing_on_it_is_refused_whoever_listened(tmp_path, listeners):
    with pytest.raises(InvalidInput, match=r"tuned on test of toy, .* allow_seen=True"):
        plan(
            having_seen("test"), toy_benchmark(), data=ToyDataset(), store=tmp_path,
            subjects=listeners,
        )  # fmt: skip


def test_it_is_known_by_its_sound_in_other_datasets(tmp_path):
    digest = ToyDataset().stimuli()["test"].sound.digest

    with pytest.raises(InvalidInput, match="tuned on test"):
        scored(having_seen("fable", dataset="other", sounds=(digest,)), tmp_path)
    plan(having_seen("test", dataset="other"), toy_benchmark(), data=ToyDataset(), store=tmp_path)
    plan(having_seen("test", data_kind="real"), toy_benchmark(), data=ToyDataset(), store=tmp_path)


def test_allowed_it_is_branded(tmp_path):
    score = scored(having_seen("test"), tmp_path, layers=["low"], allow_seen=True)

    again = open_score(score.save(tmp_path / "score.nc"))

    assert again.tree.attrs["trained_on_test_data"] == "test"
    held = json.loads(again.provenance["configuration"])  # of which the provenance has a digest
    assert held["fairness"] == {"trained_on_test_data": "test"}
    assert held["seen"][0]["stimuli"] == ["test"]
    assert score_record(again)["trained_on_test_data"] == "test"
    (words,) = fairness_in_words(again)
    assert words.startswith("TRAINED ON THE TEST DATA: it was tuned on test")


def test_where_other_folds_stay_its_rows_are_left_out(tmp_path):
    by_story = GroupKFold(3, by="stimulus")
    benchmark = toy_benchmark(splitter=by_story, ceiling=NoCeiling())

    masked = scored(having_seen("one"), tmp_path, benchmark, layers=["low"])

    expected = dataclasses.replace(benchmark, splitter=UnseenFolds(by_story, ("one",)))
    assert masked.value == scored(Loudness(), tmp_path, expected, layers=["low"]).value
    assert masked.value != scored(Loudness(), tmp_path, benchmark, layers=["low"]).value
    assert fairness_in_words(masked) == ["Left out of its tests, since it was tuned on them: one."]
    with pytest.raises(InvalidInput, match="every fold tests on"):
        scored(having_seen("one", "two", "test"), tmp_path, benchmark)


@pytest.mark.parametrize("is_known_by_sound", [False, True])
def test_no_readout_is_fitted_on_what_said_when_to_stop(tmp_path, is_known_by_sound):
    if is_known_by_sound:
        digest = ToyDataset().stimuli()["two"].sound.digest
        model = having_seen("fable", dataset="other", sounds=(digest,), chosen_on=("fable",))
    else:
        model = having_seen("one", "two", chosen_on=("two",))

    tuned = scored(model, tmp_path, layers=["low"])

    by_hand = toy_benchmark(splitter=HeldOutStimuli(test=("test",), train=("one",)))
    assert tuned.value == scored(Loudness(), tmp_path, by_hand, layers=["low"]).value
    assert tuned.value != scored(Loudness(), tmp_path, layers=["low"]).value
    assert tuned.tree.attrs["left_out_of_training"] == "two"
    assert fairness_in_words(tuned) == [
        "Its readouts are fitted without what said when its tuning was to stop: two."
    ]


def test_base_is_fitted_as_the_tuned_model_beside_it(tmp_path):
    tuned = having_seen("one", "two", chosen_on=("two",))

    before = scored(Loudness(), tmp_path, layers=["low"], beside=tuned)

    after = scored(tuned, tmp_path, layers=["low"])
    assert before.value == after.value  # one model, two cards
    assert compare(after, before).regions["difference"].to_numpy().tolist() == [0.0, 0.0]
    with pytest.raises(InvalidInput, match="differ in n_train"):
        compare(after, scored(Loudness(), tmp_path, layers=["low"]))


def test_no_readout_can_be_fitted_on_that_alone(tmp_path):
    benchmark = toy_benchmark(splitter=HeldOutStimuli(test=("test",), train=("two",)))

    with pytest.raises(InvalidInput, match=r"on two alone, which said when .* fetch other stimuli"):
        scored(having_seen("two", chosen_on=("two",)), tmp_path, benchmark)
    with pytest.raises(InvalidInput, match="chosen_on names 'two'"):
        having_seen("one", chosen_on=("two",))


def test_unseen_folds_test_on_nothing_seen_and_train_as_before():
    rows = {"stimulus": np.array(["a", "a", "b", "c"])}
    base = GroupKFold(3, by="stimulus")

    folds = UnseenFolds(base, ("a",)).folds(rows)

    before = {fold.name: fold for fold in base.folds(rows)}
    assert sorted(row for fold in folds for row in fold.test) == [2, 3]
    for fold in folds:
        assert fold.train.tolist() == before[fold.name].train.tolist()


def test_benchmarks_without_folds_are_refused_what_they_hear():
    session = SimpleNamespace(
        model=SimpleNamespace(get=lambda: having_seen("one")),
        model_id="tuned",
        data_kind="phantom",
        dataset=SimpleNamespace(get=ToyDataset),
    )
    cells = (SimpleNamespace(heard=("one", "two")),)
    benchmark = SimpleNamespace(card=SimpleNamespace(id="toy-abx"))

    with pytest.raises(InvalidInput, match="tuned on one of toy, on which toy-abx"):
        fair_cells(benchmark, session, cells, is_allowed=False)
    assert fair_cells(benchmark, session, cells, is_allowed=True).seen == "one"
    assert not fair_cells(benchmark, session, cells[:0], is_allowed=False).attributes
