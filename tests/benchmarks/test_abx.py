"""ABX benchmarks on their phantoms: what the file of a score holds, and two models together."""

from __future__ import annotations

import json

import numpy as np
import pytest

import heschl
from heschl.benchmarks.perceptimatic.abx import benchmark
from heschl.data_folders import phantom_folder
from heschl.data_registry.crema_d.loader import CremaD
from heschl.data_registry.perceptimatic.native import Perceptimatic
from heschl.data_registry.perceptimatic.phantom import write_phantom
from heschl.errors import CellsFailed, InvalidInput, UnknownName
from heschl.metrics.abx import GivenTriplets, native_effect
from heschl.store import Store
from heschl.truth import Expectation


@pytest.fixture(scope="module")
def store(new_store):
    return Store(new_store("store"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("perceptimatic")
    write_phantom(root, 5)
    return Perceptimatic(root)


@pytest.fixture(scope="module")
def score(data, store):
    return heschl.score("spectrogram", benchmark(), data=data, store=store)


def summary(score):
    return score.tree["summary"].to_dataset()


def test_pairs_of_audible_phones_are_told_apart_and_others_are_not(score, data):
    planted = json.loads((data.root / "truth.json").read_text(encoding="utf-8"))["planted"]
    of = summary(score)["score"].sel(layer="spectrogram")

    for contrast in planted["contrasts"]:
        name = f"{contrast['language']}: {'–'.join(sorted(contrast['phones']))}"
        found = float(of.sel(subject=name, roi=contrast["language"]))
        assert float(of.sel(subject=name, roi="all")) == found
        other = {"EN": "FR", "FR": "EN"}[contrast["language"]]
        assert np.isnan(float(of.sel(subject=name, roi=other)))
        if contrast["audible"]:
            # One of twelve triplets of one contrast has an X of the other phone.
            assert found == 1 or found == pytest.approx(11 / 12)
    assert np.isclose(of.sel(roi="all"), 11 / 12).sum() >= 1


def test_score_is_the_mean_over_triplets_contexts_orders_and_pairs(score):
    of = summary(score)
    mean = float(of["score"].sel(roi="all").mean())

    assert score.value == pytest.approx(2 * mean - 1)
    assert score.error == pytest.approx(
        2 * float(of["score"].sel(roi="all").std(ddof=1)) / np.sqrt(12)
    )
    assert int(of["n_units"].sel(roi="all").sum()) == 288
    assert "288 items in 12 phone pairs" in score.explain()


def test_listeners_stand_beside_the_model(score):
    of = summary(score)
    native = of["human_accuracy_of_part"].sel(listeners="native", roi="all")
    nonnative = of["human_accuracy_of_part"].sel(listeners="nonnative", roi="all")

    assert float(native) == pytest.approx(0.85, abs=3 * 0.36 / np.sqrt(3456))
    assert float(nonnative) == pytest.approx(0.55, abs=3 * 0.5 / np.sqrt(3456))
    assert float(of["human_accuracy"].sel(listeners="native").mean()) == pytest.approx(
        float(native)
    )
    assert of["spearman"].dims == ("layer", "listeners", "roi")
    assert np.isfinite(of["spearman"]).all()
    gain = of["probit_gain"]
    assert (gain > 0).all()
    np.testing.assert_allclose(
        gain, of["probit_log_likelihood"] - of["probit_log_likelihood_without"]
    )


def test_a_phantom_may_expect_what_only_this_summary_has(score):
    def found(quantity):
        expectation = Expectation(
            "b", "m", "spectrogram", "EN", quantity, expected=0.0, tolerance=1.0, source="s"
        )
        return expectation.found_in(score)[0]

    of = summary(score)["human_accuracy_of_part"]
    assert found("summary:human_accuracy_of_part:native") == float(
        of.sel(listeners="native", roi="EN")
    )
    assert np.isnan(found("summary:human_accuracy_of_part:nobody"))
    assert np.isnan(found("summary:nothing:native"))


def test_two_models_differ_as_listeners_do_or_not(score, data, store):
    other = heschl.score("mfcc", benchmark(), data=data, store=store)

    found = native_effect({"FR": score, "EN": other}, layer=None)

    models = [summary(each)["delta"].to_numpy()[0] for each in (score, other)]
    if len(summary(other)["layer"]) > 1:
        chosen = other.tree["population"]["nested_layer"].isel(roi=0).to_numpy().astype(str)
        names, counts = np.unique(chosen, return_counts=True)
        models[1] = summary(other)["delta"].sel(layer=names[counts.argmax()]).to_numpy()
    answers = summary(score)["answer_by_language"]
    listeners = [answers.sel(listener_language=each).to_numpy() for each in ("FR", "EN")]
    scaled = [a / a.std() - b / b.std() for a, b in (models, listeners)]
    assert found.r == pytest.approx(np.corrcoef(*scaled)[0, 1])
    assert found.n == 12
    with pytest.raises(UnknownName, match="no listener is of 'DE'"):
        native_effect({"DE": score, "EN": other})
    with pytest.raises(UnknownName, match="no layer 'nine'"):
        native_effect({"FR": score, "EN": other}, layer="nine")
    with pytest.raises(InvalidInput, match="two models"):
        native_effect({"FR": score})


def test_the_same_again_comes_from_the_store(score, data, store):
    plan = heschl.plan("spectrogram", benchmark(), data=data, store=store)

    assert plan.n_cached == len(plan.cells)
    assert [cell.stage for cell in plan.cells][-2:] == ["abx", "likeness"]


def test_data_without_triplets_or_parts_are_refused(store, data):
    with pytest.raises(InvalidInput, match="no triplet of language 'DE'"):
        GivenTriplets(parts=("all", "DE")).comparisons(data)
    crema_d = CremaD(phantom_folder("crema_d", 0, store))
    with pytest.raises(InvalidInput, match="lists no triplets"):
        GivenTriplets().comparisons(crema_d)


def test_nan_features_fail_the_comparison_with_a_reason(data, store):
    from heschl.testing.toy_model import Loudness

    class Silent(Loudness):
        digest = "nan"

        def forward(self, waveforms, taps):
            found = super().forward(waveforms, taps)
            return {name: np.full_like(values, np.nan) for name, values in found.items()}

    with pytest.raises(CellsFailed, match="NaN"):
        heschl.score(Silent(), benchmark(), data=data, store=store)
