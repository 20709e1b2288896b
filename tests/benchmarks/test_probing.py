"""The probing kind: one hearing for all parts, what every score stands beside, what may lack."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import heschl
from heschl.cards import BenchmarkCard
from heschl.data_folders import phantom_folder
from heschl.data_registry.timit.loader import Timit
from heschl.errors import InvalidInput, MissingData
from heschl.metrics.probing import (
    FramesOf,
    LabelOf,
    LabelsOf,
    LogisticHead,
    OfficialSplit,
    Probing,
    ProbingBenchmark,
    VectorOf,
)
from heschl.metrics.probing.asked import groups_of
from heschl.published import Published
from heschl.scoring import plan
from heschl.store import Store

CARD = BenchmarkCard(
    "timit-toy",
    load="none:none",
    summary="A toy",
    dataset="timit",
    metric="probing",
    protocol="toy.probing",
    unit_of_uncertainty="speaker",
)
KIND = LabelOf("kind", "sentence-type", "macro_f1")
PHONES = LabelsOf("phones", "phone-brain-tuning", "macro_f1", not_counted=("h#",))
CEPSTRUM = FramesOf("cepstrum", "sentence-type", "r2", "mfcc", "mfcc", every=8)
BANK = FramesOf("bank", "sentence-type", "r2", "fbank-40", "fbank", every=8)


@pytest.fixture(scope="module")
def store(new_store):
    return Store(new_store("store"))


@pytest.fixture(scope="module")
def timit(store):
    return Timit(phantom_folder("timit", 0, store))


def toy(*parts):
    return ProbingBenchmark(CARD, parts, OfficialSplit(), Probing(of_labels=LogisticHead()))


@pytest.fixture(scope="module")
def score(store):
    return heschl.score("phantom-tones", toy(KIND, PHONES), data="phantom", store=store)


def test_every_score_stands_beside_what_needs_no_hearing(score):
    summary = score.tree["summary"].to_dataset().squeeze("subject").squeeze("layer")
    kind = summary.sel(roi="kind")

    assert float(kind["score"]) == float(kind["macro_f1"]) == 1.0
    assert float(kind["chance"]) == pytest.approx(2 * 0.4 / 1.4 / 3)
    assert float(kind["permuted"]) < 0.8
    assert float(kind["balanced_accuracy"]) == float(kind["accuracy"]) == 1.0
    assert np.isnan(float(kind["r"]))
    assert float(kind["n_train"]) == 20
    assert float(kind["best_layer"]) == 1
    assert Published("theirs", "kind", "best_layer", 2.0, np.nan, "").ours(score) == 1
    assert score.value == 1.0
    assert score.error == 0.0  # right whoever is drawn
    assert "chance is 0.1905" in score.explain()


def test_draws_of_speakers_give_the_error(score):
    population = score.tree["population"].to_dataset()
    phones = population.sel(roi="phones", layer_rule="inner", quantity="score")

    assert float(phones["rule_error"]) > 0
    assert float(phones["rule_low"]) <= float(phones["rule_value"]) <= float(phones["rule_high"])
    assert np.isnan(phones["rule_p"])


def test_benchmarks_that_draw_the_same_speakers_say_so(score, store):
    def drawn_from(found):
        return found.tree["population"].attrs["drawn_from"]

    other = heschl.score("envelope", toy(CEPSTRUM), data="phantom", store=store)
    reseeded = heschl.score("envelope", toy(KIND), data="phantom", store=store, seed=1)

    # Of another task and other items, but of the same speakers, who are drawn alike.
    assert drawn_from(other) == drawn_from(score)
    assert digest_of(other) != digest_of(score)
    assert drawn_from(reseeded) != drawn_from(score)


def digest_of(found):
    return found.tree["population"].attrs["draws_digest"]


def test_sounds_are_heard_once_for_all_parts(store):
    parts = LabelOf("sex", "sex", "macro_f1"), LabelOf("phone", "phone-all", "macro_f1")

    cells = plan("phantom-tones", toy(*parts), data="phantom", store=store).cells

    features = [cell for cell in cells if cell.stage == "features"]
    heard = [name for cell in features for name in cell.heard]
    assert len(heard) == len(set(heard)) == 68
    assert [cell.about for cell in cells if cell.stage == "probes"] == ["sex", "phone"]


def test_parts_of_the_same_stretches_share_their_features(store):
    planned = plan("phantom-tones", toy(CEPSTRUM, BANK), data="phantom", store=store)
    by_one = plan("phantom-tones", toy(CEPSTRUM), data="phantom", store=store)

    def of_tones(made):
        return [cell.keys for cell in made.cells if cell.label.startswith("phantom-tones × parts")]

    assert of_tones(planned) == of_tones(by_one)


def test_a_model_that_is_its_own_reference_is_heard_once(store):
    planned = plan("mfcc", toy(CEPSTRUM), layers=["mfcc"], data="phantom", store=store)
    keys = [key for cell in planned.cells for key in cell.keys]

    found = heschl.score("mfcc", toy(CEPSTRUM), layers=["mfcc"], data="phantom", store=store)

    assert len(set(keys)) == len(keys) == 2
    assert found.value == pytest.approx(1.0, abs=0.02)


def test_frames_are_asked_for_where_the_reference_has_them(timit):
    items = CEPSTRUM.items(timit)

    middles = (items.onsets_s + items.offsets_s) / 2
    first = items.labels["stimulus"] == items.labels["stimulus"][0]
    np.testing.assert_allclose(middles[first][:3], [0.0125, 0.0925, 0.1725])
    duration_s = timit.stimuli()[str(items.labels["stimulus"][0])].sound.duration_s
    assert duration_s - 0.08 < middles[first][-1] + 0.0125 <= duration_s
    assert set(items.labels["speaker"][first].tolist()) == {items.labels["stimulus"][0][:5]}


def test_sets_hold_the_phones_of_a_sound(timit):
    items = PHONES.items(timit)
    target = PHONES.target(SimpleNamespace(dataset=SimpleNamespace(get=lambda: timit)), items, ())
    phones = timit.items("phone-brain-tuning")

    for row in (0, 5, 11):
        name = items.identifiers[row]
        expected = set(phones.select(stimulus=str(name)).labels["phone"].tolist())
        assert {target.vocabulary[k] for k in np.flatnonzero(target.present[row])} == expected
    np.testing.assert_array_equal(groups_of(items), items.labels["speaker"])


def test_items_may_be_cut(timit):
    cut = LabelOf("kind", "sentence-type", "macro_f1", longest_s=2.0).items(timit)

    assert set(cut.offsets_s.tolist()) == {2.0}


def test_parts_without_labels_are_left_out_with_a_word(store, timit, tmp_path):
    shutil.copytree(timit.root / "TIMIT", tmp_path / "TIMIT")
    (tmp_path / "truth.json").write_text("{}")
    lacking = LabelOf("classes", "part_of_speech", "accuracy", is_optional=True)
    benchmark = toy(KIND, lacking, VectorOf("vectors", "word", "r"))

    with pytest.warns(UserWarning, match="does without classes, vectors, for which timit holds"):
        found = heschl.score("phantom-tones", benchmark, data=tmp_path, store=store)

    summary = found.tree["summary"].to_dataset()
    assert found.value == 1.0
    assert summary["roi"].to_numpy().tolist() == ["kind"]


def test_a_primary_part_without_labels_is_refused(store, timit, tmp_path):
    shutil.copytree(timit.root / "TIMIT", tmp_path / "TIMIT")
    (tmp_path / "truth.json").write_text("{}")
    with pytest.raises(MissingData, match="holds no labels for 'vectors', the primary part"):
        plan("phantom-tones", toy(VectorOf("vectors", "word", "r")), data=tmp_path, store=store)


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        pytest.param((), "expected each once", id="none"),
        pytest.param((KIND, KIND), r"\['kind', 'kind'\]; expected each once", id="twice"),
        pytest.param((LabelOf("kind", "sex", "f1"),), "reports 'f1'; expected one of", id="score"),
    ],
)
def test_parts_that_are_none_are_refused(parts, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        toy(*parts)


def test_recordings_have_no_labels():
    dataset = SimpleNamespace(card=SimpleNamespace(id="recordings"))
    session = SimpleNamespace(dataset=SimpleNamespace(get=lambda: dataset))
    with pytest.raises(InvalidInput, match="timit-toy asks for labels of sounds, and recordings"):
        toy(KIND).cells(session)


def test_open_answers_cannot_be_chosen_among(store):
    with pytest.raises(InvalidInput, match="the answers of the task 'word' are open"):
        plan("phantom-tones", toy(LabelOf("word", "word", "accuracy")), data="phantom", store=store)
