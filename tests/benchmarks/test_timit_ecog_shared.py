"""`timit_ecog-shared_cca` and `-prediction_similarity`: declarations, and one listener's phantom.

What a control's block must reach is computed here by least squares, orthonormal bases and the
slowest engine of ridge; what was planted is the business of ``heschl verify``.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import xarray as xr

import heschl
from heschl.benchmarks.timit_ecog import prediction_similarity, shared_cca, trf
from heschl.data_folders import phantom_folder
from heschl.data_registry.timit_ecog.loader import TimitEcog
from heschl.dimensions import FEATURE, STIMULUS, TIME
from heschl.errors import HeschlError, InvalidInput
from heschl.extraction import extract
from heschl.metrics.cca.company import Features
from heschl.metrics.ridge import Ridge
from heschl.models.phantom_oracles.model import phones, spectrum
from heschl.scoring import plan
from heschl.temporal import stacked
from heschl.truth import Expectation

LISTENER = "ec03"


@pytest.fixture(scope="module")
def settings(ecog_store):
    return {"subjects": [LISTENER], "data": "phantom", "store": ecog_store}


@pytest.fixture(scope="module")
def score(settings):
    return heschl.score("phantom-spectrum", "timit_ecog-shared_cca", **settings)


@pytest.fixture(scope="module")
def similarity(settings, score):
    """Return the other benchmark's score, of what the first has left in the store."""
    return heschl.score("phantom-spectrum", "timit_ecog-prediction_similarity", **settings)


@pytest.fixture(scope="module")
def rows(settings):
    """Return oracles' features and the responses of the listener's electrodes, row for row."""
    ecog = TimitEcog(phantom_folder("timit_ecog", 0, settings["store"]))
    declared = trf.benchmark()
    stimuli, recording = ecog.stimuli(), ecog.recording(LISTENER)
    kept = recording.finite_units() & ecog.rois(LISTENER).sel(roi="responsive").to_numpy()

    def features(model, layer):
        found = {}
        for name in ecog.stimuli_of(LISTENER):
            clock = ecog.clock(name)
            values = extract(
                model,
                stimuli[name],
                [layer],
                declared.windowing,
                declared.resampler,
                clock,
                event_stamp="repeat",
            )[layer].astype(np.float64)
            found[name] = xr.DataArray(values, dims=(TIME, FEATURE), coords={TIME: clock})
        return stacked(found, standardise=False)

    texts = {name: ecog.row_labels(name)["sentence"] for name in ecog.stimuli_of(LISTENER)}
    responses = stacked(recording.responses, kept=kept, standardise=False)
    of_rows = np.array([texts[name] for name in responses[STIMULUS].to_numpy().tolist()])
    folds = declared.splitter.folds({"sentence": of_rows})
    return features, responses, folds


def block_scores(score, block):
    return score.tree["units"]["block_score"].sel(block=block).to_numpy()


def test_declarations_are_those_of_the_protocol():
    shared, similar = shared_cca.benchmark(), prediction_similarity.benchmark()

    for declared in (shared, similar):
        assert declared.trf.configuration() == trf.benchmark().configuration()
        assert declared.company.partner == "gpt2-xl"
        assert declared.company.baseline == Features("logmel", "logmel")
        assert declared.rois[0] == "responsive"
    assert shared.company.n_shared == 50
    assert shared.company.controls == {
        "semantic": Features("vectors:glove.6B.300d.txt", "vector"),
        "acoustic": Features("logmel", "logmel"),
    }
    assert similar.minimum == 0.05


def test_controls_are_layers_that_their_models_have():
    (mel,) = heschl.registry.resolve_model("logmel").object.layers

    assert (mel.name, mel.width) == ("logmel", 80)


def test_a_control_reaches_what_its_own_variates_do(score, rows):
    """The block ``context`` from oracles alone: regressed, correlated and scored by other means."""
    features, responses, folds = rows
    heard, words, partner = (
        features(model, layer).to_numpy()
        for model, layer in (
            (spectrum(), "bands"),
            (phones(), "blend.0"),
            (phones(), "blend.3"),
        )
    )
    expected = []
    for number, fold in enumerate(folds):
        train = fold.train

        def variates(one, other, train=train):
            bases = [
                scipy.linalg.orth(each[train] - each[train].mean(axis=0)) for each in (one, other)
            ]
            left, _, right = np.linalg.svd(bases[0].T @ bases[1])
            found = []
            for each, basis, rotation in zip((one, other), bases, (left, right.T), strict=True):
                centred = each - each[train].mean(axis=0)
                weights = np.linalg.lstsq(centred[train], basis @ rotation, rcond=None)[0]
                found.append(centred @ weights * np.sqrt(len(train)))
            return found

        columns = np.column_stack([words, np.ones(len(words))])
        left = partner - columns @ np.linalg.lstsq(columns[train], partner[train], rcond=None)[0]
        shared = variates(heard, partner)[1][:, :4]
        control = variates(shared, left)[1][:, :4]
        design = responses[:, :4].copy(data=control).rename(unit=FEATURE)
        slow = replace(trf.benchmark().metric, engine="reference")
        expected.append(slow.score_fold(design, responses, folds, number, seed=0)["score"][0])

    np.testing.assert_allclose(block_scores(score, "context"), np.mean(expected, axis=0), atol=2e-5)


def test_controls_are_not_the_shared_space_in_other_words(score):
    """The rotation trap: kept on the partner's side, all three would be the same 4 dimensions."""
    blocks = [block_scores(score, name) for name in ("semantic", "acoustic", "context")]

    for number, one in enumerate(blocks):
        for other in [*blocks[:number], block_scores(score, "partner_shared")]:
            assert np.abs(one - other).max() > 0.02


def test_whole_layers_are_those_of_the_encoding_benchmark(settings, score):
    whole = heschl.score("phantom-spectrum", "timit_ecog-trf", **settings)

    of_trf = whole.tree["units"]["score"].sel(layer="bands").to_numpy()
    np.testing.assert_array_equal(block_scores(score, "original").astype(np.float32), of_trf)
    np.testing.assert_array_equal(block_scores(score, "baseline"), block_scores(score, "original"))
    again = plan("phantom-spectrum", "timit_ecog-shared_cca", **settings)
    assert again.n_cached == len(again.cells)


def test_nothing_is_computed_twice(settings, score):
    """The phantom's baseline and one control are the model itself, and all share the ceiling."""
    planned = plan("phantom-spectrum", "timit_ecog-shared_cca", **settings)

    keys = [key for cell in planned.cells for key in cell.keys]
    assert len(set(keys)) == len(keys)
    stages = [cell.stage for cell in planned.cells]
    assert [stages.count(stage) for stage in ("ceiling", "scores", "blocks")] == [1, 2, 1]
    n_heard = sum(len(cell.heard) for cell in planned.cells)
    assert n_heard == 21  # those of the partner are no windows of the model's


def test_score_says_what_it_is(score):
    words = score.explain()

    assert "what the model shares with its partner" in words
    assert "best within the training rows" in words
    assert "chosen: chosen" not in words
    summary = score.tree["summary"].to_dataset()
    assert set(summary["layer_of_partner"].to_numpy().ravel()) == {"blend.3"}
    assert summary["canonical_correlation"].shape == (1, 5, 4)
    correlations = summary["canonical_correlation"].to_numpy()
    assert (np.diff(correlations, axis=2) <= 0).all()
    assert abs(summary["held_out_correlation"].to_numpy() - correlations).mean() < 0.1
    configuration = json.loads(score.provenance["configuration"])["benchmark"]
    assert configuration["on_phantom"]["partner"] == "phantom-phones"
    assert score.provenance["metric_ran_on"].startswith("cpu: NumPy")


def test_the_shared_part_is_the_score(score):
    units = score.tree["units"]

    np.testing.assert_array_equal(
        units["score"][0], block_scores(score, "shared").astype(np.float32)
    )
    population = score.tree["population"]
    chosen = {"quantity": "normalised", "roi": "responsive"}
    assert float(population["block_value"].sel(block="shared", **chosen)) == score.value


def test_a_part_can_be_expected_by_its_name(score, similarity):
    def found(of, part, roi="STG"):
        return Expectation("", "", part, roi, "part", 0.0, 0.0, "").found_in(of)[0]

    in_stg = score.tree["units"]["in_roi"].sel(roi="STG").to_numpy().astype(bool)
    for part in ("shared", "partner_rest"):
        expected = block_scores(score, part)[in_stg].mean()
        assert found(score, part) == pytest.approx(expected, abs=1e-6)
    assert found(similarity, "model-baseline") == pytest.approx(1.0)
    assert np.isnan(found(score, "model-baseline"))
    assert np.isnan(found(score, "shared", roi="V1"))


def test_similarity_is_that_of_out_of_fold_predictions(similarity, rows):
    """Predicted with lags written out and scikit-learn's ridge, as the penalties were chosen."""
    from sklearn import linear_model

    features, responses, folds = rows
    declared = trf.benchmark()
    predicted = []
    for model, layer in ((spectrum(), "bands"), (phones(), "blend.3")):
        design = features(model, layer)
        stories = {
            name: part.drop_vars(STIMULUS).assign_coords({TIME: 0.02 * np.arange(len(part))})
            for name, part in design.groupby(STIMULUS)
        }
        order = dict.fromkeys(design[STIMULUS].to_numpy().tolist())
        lagged = stacked(
            {name: stories[name] for name in order}, delays=declared.metric.lags, standardise=False
        ).to_numpy()
        alpha = declared.metric(design, responses, folds, seed=0)["alpha"].to_numpy()
        parts = []
        for fold, of_fold in zip(folds, alpha, strict=True):
            ridge = linear_model.Ridge(of_fold).fit(lagged[fold.train], responses[fold.train])
            parts.append(ridge.predict(lagged[fold.test]))
        predicted.append(np.concatenate(parts))
    expected = [
        np.corrcoef(predicted[0][:, unit], predicted[1][:, unit])[0, 1] ** 2
        for unit in range(responses.shape[1])
    ]

    found = similarity.tree["units"]["score"][0].to_numpy()

    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_electrodes_count_where_both_models_predict(similarity, score):
    summary = similarity.tree["summary"].to_dataset().isel(subject=0)
    units = score.tree["units"].to_dataset()
    both = units["block_normalised"].sel(block=["original", "partner_original"]).min("block")
    in_stg = units["in_roi"].sel(roi="STG").to_numpy().astype(bool)
    counted = in_stg & (both.to_numpy() > 0.05)

    assert 0 < int(summary["n_units"].sel(roi="STG")) == counted.sum()
    value = summary["score"].sel(roi="STG", layer="chosen")
    shared = similarity.tree["units"]["pair_score"].sel(pair="model-partner").to_numpy()
    assert float(value) == pytest.approx(shared[counted].mean(), abs=1e-6)
    assert similarity.tree["ceiling"].attrs["kind"] == "none"


def test_one_model_predicts_as_it_does_itself(similarity):
    same = similarity.tree["units"]["pair_score"].sel(pair="model-baseline").to_numpy()
    flags = similarity.tree["units"]["flag_constant"][0].to_numpy().astype(bool)

    np.testing.assert_allclose(same[~flags], 1.0, atol=1e-6)


@pytest.mark.parametrize("missing", ["vectors:./nowhere.txt", "no-such-model"])
def test_a_partner_that_is_not_there_is_told_before_any_work(settings, missing):
    declared = shared_cca.benchmark()
    company = replace(declared.on_phantom, partner=missing)

    with pytest.raises(HeschlError, match=r"nowhere|no-such-model"):
        plan("phantom-spectrum", replace(declared, on_phantom=company), **settings)


def test_real_data_have_the_company_of_the_paper(settings, tmp_path):
    """Recordings without a truth beside them are no phantom; the word vectors lie nowhere here."""
    root = phantom_folder("timit_ecog", 0, settings["store"])
    for path in [*root.glob("*.h5"), root / "TIMIT"]:
        (tmp_path / path.name).symlink_to(path)
    declared = shared_cca.benchmark()
    company = replace(declared.company, partner="phantom-phones")

    with pytest.raises(HeschlError, match=r"glove\.6B\.300d\.txt"):
        plan(
            "phantom-spectrum",
            replace(declared, company=company),
            **(settings | {"data": tmp_path}),
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"layer_rule": "nested"}, "layer_rule='nested'"),
        ({"delays": (0, 1)}, r"delays=\(0, 1\)"),
        ({"metric": Ridge()}, "metric=Ridge"),
    ],
)
@pytest.mark.parametrize("module", [shared_cca, prediction_similarity])
def test_benchmarks_that_cannot_be_divided_are_refused(module, changes, words):
    declared = module.benchmark()

    with pytest.raises(InvalidInput, match=words):
        replace(declared, trf=replace(declared.trf, **changes))


def test_as_many_pairs_as_none_are_refused():
    declared = shared_cca.benchmark()

    with pytest.raises(InvalidInput, match="n_pairs=0"):
        replace(declared, company=replace(declared.company, n_shared=0))
