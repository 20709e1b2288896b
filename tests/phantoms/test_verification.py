"""How benchmarks are verified on phantoms, with a toy whose truth says what a test wants."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from phantoms.toy_phantom import EXPECTATION
from toy import toy_benchmark

import heschl
from heschl import ceiling_verification, registry, relation_verification
from heschl.cards import BenchmarkCard, DatasetCard, MetricCard
from heschl.cli import main
from heschl.errors import InvalidInput, UnknownName
from heschl.findings import Finding
from heschl.store import Store
from heschl.verification import verify


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch):
    monkeypatch.setattr(ceiling_verification, "verification", list)
    monkeypatch.setattr(relation_verification, "verification", list)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def scores(store, *seeds):
    return [
        float(
            heschl.score("toy-loudness", "toy-ridge", data=f"phantom:{seed}", store=store)
            .tree["summary"]["score_of_all_units"]
            .sel(roi="A1", layer="low")
            .mean()
        )
        for seed in seeds
    ]


def test_mean_over_seeds_is_compared(toy_phantom, store):
    toy_phantom.noises = (0.5, 1.0, 2.0)

    (finding,) = verify(["toy-ridge"], store=store).findings

    of_seeds = scores(store, 0, 1, 2)
    assert finding.benchmark == "toy-ridge"
    assert finding.about == "toy-loudness low"
    assert finding.found == pytest.approx(sum(of_seeds) / 3)
    assert max(of_seeds) - min(of_seeds) > 0.1
    assert finding.error > 0.01
    assert finding.tolerance == 0.2


def test_fewer_seeds_are_tolerated_by_the_root_of_their_number(toy_phantom, store):
    (of_one,) = verify(["toy-ridge"], seeds=[0], store=store).findings

    assert of_one.tolerance == pytest.approx(0.2 * 3**0.5)


def test_mismatch_is_reported_and_named(toy_phantom, store, capsys):
    toy_phantom.expectations = [
        EXPECTATION,
        EXPECTATION | {"layer": "high", "expected": 0.2, "tolerance": 0.01},
        EXPECTATION | {"quantity": "ceiling", "n_repeats": 4, "expected": 0.2},
        EXPECTATION | {"quantity": "nested_layer", "expected": "final"},
    ]

    code = main(["verify", "toy-ridge", "--seeds", "1", "--store", str(store.folder), "-q"])

    printed = capsys.readouterr().out
    assert code == 4
    assert "MISMATCH: toy-ridge: toy-loudness high in A1, score: planted 0.2000" in printed
    assert "MISMATCH: toy-ridge: toy-loudness low in A1, score" not in printed
    assert "toy-loudness low in A1, ceiling, 4 repeats: planted 0.2000" in printed
    assert "toy-loudness low in A1, nested_layer: planted final, found high" in printed
    assert printed.endswith("verified: 1 of 4\n")


def test_match_exits_with_zero_and_json_holds_every_finding(toy_phantom, store, capsys):
    code = main(["verify", "toy-ridge", "--seeds", "1", "--store", str(store.folder), "--json"])

    record = json.loads(capsys.readouterr().out)
    assert code == 0
    assert record["passed"] is True
    assert record["seeds"] == [0]
    (finding,) = record["findings"]
    assert finding["passed"] is True
    assert finding["found"] == pytest.approx(scores(store, 0)[0])
    assert finding["error"] is None


def test_region_that_was_not_scored_is_a_mismatch(toy_phantom, store):
    toy_phantom.expectations = [EXPECTATION | {"roi": "V1"}]

    assert not verify(["toy-ridge"], seeds=[0], store=store).passed


def test_what_is_expected_of_other_benchmarks_is_let_be(toy_phantom, store):
    toy_phantom.expectations.append(EXPECTATION | {"benchmark": "toy-rsa", "model": "unheard-of"})

    assert verify(["toy-ridge"], seeds=[0], store=store).passed


def test_live_benchmark_can_be_verified(toy_phantom, store):
    (finding,) = verify([toy_benchmark(delays=(1,))], seeds=[0], store=store).findings

    assert finding.found < scores(store, 0)[0] - 0.1  # the response comes two rows later


def test_what_breaks_is_a_mismatch_and_hides_nothing_else(toy_phantom, store):
    registry.datasets.register(
        DatasetCard("broken", load=list, summary="A toy", phantom=lambda *_: 1 / 0)
    )
    card = BenchmarkCard("broken-ridge", load="none:none", summary="A toy", dataset="broken")

    verification = verify([toy_benchmark(card=card), "toy-ridge"], seeds=[0], store=store)

    broken, good = verification.findings
    assert broken.benchmark == "broken-ridge"
    assert broken.found == "ZeroDivisionError: division by zero"
    assert good.passed
    assert not verification.passed


def test_phantom_that_expects_nothing_of_the_benchmark_is_a_mismatch(toy_phantom, store):
    toy_phantom.expectations = []

    (finding,) = verify(["toy-ridge"], seeds=[0], store=store).findings

    assert not finding.passed
    assert "expects nothing of toy-ridge" in str(finding.found)


def test_metric_of_the_benchmark_is_verified_once(toy_phantom, store):
    finding = Finding.of_numbers(
        [0.1], [0.1], 0.01, benchmark="engine", about="toy", quantity="r", source="a formula"
    )
    metric = MetricCard("toy", load=list, summary="A toy", verification=lambda: [finding])
    registry.metrics.register(metric)
    card = replace(toy_benchmark().card, metric="toy")
    benchmarks = [toy_benchmark(card=card), toy_benchmark(card=card, delays=(1, 2, 3))]

    findings = verify(benchmarks, seeds=[0], store=store).findings

    assert [each.about for each in findings] == ["toy", "toy-loudness low", "toy-loudness low"]


def test_everything_is_verified_but_what_cannot_be_run(toy_phantom, store, monkeypatch):
    registry.datasets.register(DatasetCard("real", load=list, summary="A toy"))
    for name, dataset in (("real-ridge", "real"), ("lost-ridge", "nowhere")):
        registry.benchmarks.register(
            BenchmarkCard(name, load=toy_benchmark, summary="A toy", dataset=dataset)
        )
    registry.benchmarks.register(
        BenchmarkCard("needy", load=list, summary="A toy", dataset="toy", requires=("no_such",))
    )
    monkeypatch.setattr(registry.benchmarks, "_claims", _session_alone(registry.benchmarks))
    monkeypatch.setattr(registry.metrics, "_claims", tuple)

    verification = verify(seeds=[0], store=store)

    assert [each.benchmark for each in verification.findings] == ["toy-ridge"]
    assert set(verification.unverified) == {"real-ridge", "lost-ridge", "needy"}
    assert "pip install no_such" in verification.unverified["needy"]


def _session_alone(plugins):
    """Return the claims without entry points, so that only the tests' own are verified."""
    mine = {name: each.claim for name, each in plugins._registrations.items()}
    return lambda: tuple(mine.values())


def test_dataset_without_phantom_is_refused_by_name(toy_phantom, store):
    registry.datasets.register(DatasetCard("real", load=list, summary="A toy"))
    card = BenchmarkCard("real-ridge", load="none:none", summary="A toy", dataset="real")

    with pytest.raises(InvalidInput, match="'real' has no phantom"):
        verify([toy_benchmark(card=card)], store=store)


def test_unknown_benchmark_gets_a_hint(toy_phantom, store):
    with pytest.raises(UnknownName, match="did you mean 'toy-ridge'"):
        verify(["toy-rigde"], store=store)


@pytest.mark.parametrize("seeds", [(), (-1,), (0, 0), (True,), (0.0,)])
def test_seeds_that_are_none_are_refused(store, seeds):
    with pytest.raises(InvalidInput, match="each once"):
        verify([], seeds=seeds, store=store)


def test_single_id_is_refused_with_the_list_that_was_meant(store):
    with pytest.raises(InvalidInput, match=r"\['lebel_moth-ridge'\]"):
        verify("lebel_moth-ridge", store=store)


def test_no_seed_is_refused_on_the_command_line(capsys):
    assert main(["verify", "--seeds", "0"]) == 1
    assert "expected at least 1" in capsys.readouterr().err
