"""Every registered plugin keeps its contract: a new card is held against it, no test written."""

from __future__ import annotations

import json

import pytest

from heschl import registry
from heschl.store import Store
from heschl.testing import (
    benchmark_checks,
    benchmarks,
    dataset_checks,
    metric_checks,
    model_checks,
    models,
)
from heschl.testing.loading import seen_from_another_process

HEAVY = {"wav2vec2-base-random"}
"""Loading these alone takes seconds. They are `NETWORKS` of another size, held to what is quick."""

LARGEST = 5_000_000
"""Parameters. What loads larger networks, from a hub, a file or a seed, is held to the contract
with small networks of the same kinds: ``tests/models/test_text_language_models.py``,
``test_huggingface_contract.py``, ``test_pretrained_audio_contract.py``."""

NETWORKS = {
    "ast-narrow-random",
    "hubert-narrow-random",
    "wav2vec2-random",
    "wavlm-narrow-random",
    "whisper-narrow-random",
}
QUICK_FOR_NETWORKS = {"loads", "card_is_complete", "layers_are_named", "unknown_taps_are_refused"}

DEAR_PHANTOMS = {"b2021", "lebel_moth", "little_prince", "narratives", "nh2015", "timit_ecog"}
"""Writing one a second time, to compare, takes seconds: `make test-long` does."""

DEAR_SCORES = {
    "b2021-ridge",
    "b2021-ridge_tuck",
    "b2021-rsa",
    "b2021-rsa_tuck",
    "lebel_moth-low_level_impact",
    "lebel_moth-low_level_impact-oota10",
    "little_prince-ridge-compat",
    "little_prince-ridge-en",
    "little_prince-ridge-fr",
    "little_prince-ridge-zh",
    "narratives-ridge-compat",
    "nh2015-rsa_tuck",
    "timit-abx",
    "timit_ecog-prediction_similarity",
    "timit_ecog-shared_cca",
}
"""Scores that take seconds and are made as another's is, which stays; `make test-long` has them.
Of impacts and of the last two, which score three models, ``tests/benchmarks`` has the scores."""


def held(plugins, checks_of):
    """Return a parameter for each check of each plugin that is registered and not broken."""
    return [
        pytest.param(
            check,
            id=f"{name}-{check}",
            marks=marks_of(name, check.name),
        )
        for name in plugins.names()
        if not is_large(plugins.card(name))
        for check in checks_of(name)
        if name not in HEAVY or check.name in QUICK_FOR_NETWORKS
    ]


def marks_of(name, check):
    is_dear_phantom = check == "phantom_is_deterministic" and name in DEAR_PHANTOMS
    is_dear_score = check == "a_score_is_whole" and name in DEAR_SCORES
    if is_dear_phantom or is_dear_score:
        return [pytest.mark.long]
    return [pytest.mark.slow] if is_slow(name, check) else []


def is_large(card):
    return (getattr(card, "parameters", None) or 0) > LARGEST and card.id not in HEAVY


def is_slow(name, check):
    is_slow_network = name in NETWORKS and check not in QUICK_FOR_NETWORKS
    return name in HEAVY or is_slow_network


DIGESTS = """
import json
from heschl.registry import resolve_model
print(json.dumps({name: resolve_model(name).object.digest for name in plugin}))
"""


@pytest.fixture(scope="module")
def elsewhere():
    """Return the digests of all models that are held, as one other process sees them."""
    names = [
        name
        for name in registry.models.names()
        if not is_large(registry.models.card(name)) and name not in HEAVY
    ]
    return json.loads(seen_from_another_process(names, is_named=True, program=DIGESTS))


@pytest.mark.parametrize("check", held(registry.models, model_checks))
def test_model(check, request, monkeypatch):
    if check.name == "loads_in_another_process":
        seen = request.getfixturevalue("elsewhere")
        monkeypatch.setattr(models, "seen_from_another_process", lambda name, **_: seen[name])
    check()


@pytest.mark.parametrize("check", held(registry.metrics, metric_checks))
def test_metric(check):
    check()


@pytest.mark.parametrize("check", held(registry.datasets, dataset_checks))
def test_dataset(check):
    check()


@pytest.fixture(scope="module")
def company(new_store):
    """Return a store that all benchmarks share, so that what several need is computed once."""
    return Store(new_store("company"))


@pytest.mark.parametrize("check", held(registry.benchmarks, benchmark_checks))
def test_benchmark(check, company, monkeypatch):
    if check.name == "a_score_is_whole":
        monkeypatch.setattr(benchmarks, "Store", lambda _: company)
    check()


def test_every_kind_has_a_plugin_to_hold():
    kinds = (registry.models, registry.metrics, registry.datasets, registry.benchmarks)

    assert all(plugins.names() for plugins in kinds)
    assert registry.broken() == ()
