"""`little_prince-ridge` on its phantom: what was planted is found, for those it is about."""

from __future__ import annotations

import json

import numpy as np
import pytest

import heschl
from heschl.comparison import specificity
from heschl.data_registry.little_prince.phantom import latents_of
from heschl.data_registry.little_prince.phantom_truth import LATENT_RATE_HZ, known_columns
from heschl.data_registry.little_prince.sections import SECTIONS
from heschl.errors import MissingData
from heschl.models.features_on_disk import write_features
from heschl.truth import read_expectations

WORST_OF_ONE_PHANTOM = 3**0.5
"""Tolerances are stated for the mean of three."""


@pytest.fixture(scope="module")
def scored(prince_phantom, tmp_path_factory):
    store = tmp_path_factory.mktemp("store")

    def score(model, benchmark="little_prince-ridge-fr", **settings):
        return heschl.score(model, benchmark, data=prince_phantom, store=store, **settings)

    return score


@pytest.mark.parametrize("model", ["phantom-spectrum", "phantom-words"])
def test_benchmark_finds_what_was_planted(scored, prince_phantom, model):
    score = scored(model)
    expected = [
        each
        for each in read_expectations(prince_phantom)
        if each.benchmark == "little_prince-ridge-fr" and each.model == model
    ]

    assert len(expected) >= 3
    for each in expected:
        for found in each.found_in(score):
            if isinstance(each.expected, str):
                assert found == each.expected
            else:
                assert abs(found - each.expected) < WORST_OF_ONE_PHANTOM * each.tolerance, each


def test_benchmark_of_a_language_is_of_its_listeners(scored):
    score = scored("phantom-spectrum")
    subjects = score.tree["summary"]["subject"].to_numpy().tolist()

    assert subjects == ["sub-FR001", "sub-FR002", "sub-FR003", "sub-FR004"]
    with pytest.raises(MissingData, match="sub-EN057 has no recording of the stimuli"):
        scored("phantom-spectrum", subjects=["sub-EN057"])


@pytest.mark.filterwarnings("ignore:.* divides by the mean ceiling of the 1 listeners")
def test_listeners_have_the_same_scores_whatever_the_benchmark_is_called(scored):
    of_all = scored("phantom-spectrum", "little_prince-ridge", subjects=["sub-FR002"])
    of_french = scored("phantom-spectrum", subjects=["sub-FR002"])

    np.testing.assert_array_equal(of_all.tree["units"]["score"], of_french.tree["units"]["score"])


def test_contrasts_of_nested_models_are_those_of_the_closed_form(scored, prince_phantom, tmp_path):
    """docs/protocols.md, S-millet.specificity: what each arm knows more shows in STG alone."""
    expected = json.loads((prince_phantom / "truth.json").read_text())["specificity"]["FR"]
    arms = []
    for name, columns in known_columns().items():
        frames = {f"FR-{section}": {"latent": _frames(section, columns)} for section in SECTIONS}
        write_features(tmp_path / name, name, frames, rates_hz={"latent": LATENT_RATE_HZ})
        arms.append(scored(f"features:{tmp_path / name}"))

    found = specificity(*arms)

    planted = np.diff(list(expected.values()))
    assert planted.min() > 0.03
    np.testing.assert_allclose(found["difference"].sel(roi="STG"), planted, atol=0.025)
    np.testing.assert_allclose(found["difference"].sel(roi="Motor"), 0, atol=0.05)


def _frames(section, columns):
    values = latents_of("FR", section, seed=0)[:, columns].astype(np.float32)
    return (np.arange(len(values)) + 0.5) / LATENT_RATE_HZ, values
