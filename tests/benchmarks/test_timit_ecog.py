"""`timit_ecog-trf`: its declaration against the protocol, and what it finds on the phantom."""

from __future__ import annotations

import json

import numpy as np
import pytest

import heschl
from heschl.benchmarks.timit_ecog.trf import benchmark
from heschl.data_folders import phantom_folder
from heschl.dimensions import FOLD, LAYER, ROI, UNIT
from heschl.registry import resolve_dataset

LAYERS = ("blend.2", "blend.3")


@pytest.fixture(scope="module")
def store(ecog_store):
    return ecog_store


@pytest.fixture(scope="module")
def score(store):
    """Return the score of a reader of phones, by whom one listener's electrodes were driven."""
    return heschl.score(
        "phantom-phones",
        "timit_ecog-trf",
        layers=LAYERS,
        subjects=["ec03"],
        data="phantom",
        store=store,
    )


@pytest.fixture(scope="module")
def expected(store):
    truth = json.loads((phantom_folder("timit_ecog", 0, store) / "truth.json").read_text())
    return {
        (each["roi"], each["quantity"]): each["expected"]
        for each in truth["expectations"]
        if each["model"] == "phantom-phones"
    }


def of(score, name, roi, layer="blend.3"):
    values = score.tree["summary"].to_dataset()[name].sel({ROI: roi})
    return float((values.sel({LAYER: layer}) if LAYER in values.dims else values).item())


def test_declaration_is_that_of_the_protocol():
    declared = benchmark()

    assert declared.resampler.width_s == 0.02
    assert declared.metric.lags == tuple(range(20))
    assert declared.metric.score == "r2"
    np.testing.assert_allclose(declared.metric.estimator.alphas, np.logspace(0, 8, 17))
    assert (declared.splitter.n, declared.splitter.by) == (5, "sentence")
    assert (declared.ceiling.kind, declared.ceiling.minimum) == ("NC-EV", 0.05)
    assert (declared.layer_rule, declared.units) == ("inner", "responsive")
    assert not declared.standardise
    assert declared.delays == ()


def test_texts_are_not_shared_by_training_and_test(store):
    ecog = resolve_dataset("timit_ecog", phantom_folder("timit_ecog", 0, store)).object
    texts = np.array([ecog.row_labels(name)["sentence"] for name in ecog.stimuli()])

    folds = benchmark().splitter.folds({"sentence": texts})

    assert len(set(texts)) == len(texts) - 1
    for fold in folds:
        assert not set(texts[fold.train]) & set(texts[fold.test])


@pytest.mark.parametrize("roi", ["STG", "MTG"])
def test_planted_scores_are_found(score, expected, roi):
    """Within the noise of one listener on one phantom, nine times that of the mean in variance."""
    assert of(score, "score_of_all_units", roi) == pytest.approx(expected[roi, "score"], abs=0.03)
    assert of(score, "ceiling", roi) == pytest.approx(expected[roi, "ceiling"], abs=0.045)
    assert of(score, "normalised", roi) == pytest.approx(expected[roi, "normalised"], abs=0.09)


def test_nothing_is_found_where_nothing_was_planted(score):
    assert abs(of(score, "score_of_all_units", "SMC")) < 0.006
    assert of(score, "n_units", "SMC") < 3


def test_only_responsive_electrodes_are_scored(score):
    assert score.tree["units"].sizes[UNIT] == of(score, "n_units_of_region", "responsive") == 56


def test_ceilings_take_the_repeats_that_most_sentences_have(score):
    assert score.tree["summary"]["n_repeats"].item() == 7


def test_layers_are_chosen_within_the_training_rows(score):
    units = score.tree["units"].to_dataset()
    in_stg = units["in_roi"].sel({ROI: "STG"}).to_numpy().astype(bool)

    chosen = units["inner_layer"].transpose(FOLD, UNIT).to_numpy()[:, in_stg]

    assert (np.array(LAYERS)[chosen] == "blend.3").mean() > 0.95
    board = of(score, "inner_score_of_all_units", "STG")
    assert board == pytest.approx(of(score, "score_of_all_units", "STG"), abs=0.005)
