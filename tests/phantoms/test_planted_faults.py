"""Each fault that is planted into a benchmark is found on its phantom, and named."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from heschl import ceiling_verification, relation_verification, verification
from heschl.benchmarks.lebel_moth.ridge import benchmark
from heschl.ceilings import CorrelationCeiling, SplitHalf
from heschl.cli import main
from heschl.data_registry.lebel_moth import rois
from heschl.metrics.ridge import Bootstrap, Ridge
from heschl.models.phantom_oracles import model as oracles
from heschl.temporal import Lanczos

pytestmark = pytest.mark.slow

SPECTRUM = "phantom-spectrum bands"
WORDS = "phantom-words blend.2"
REGIONS = {(SPECTRUM, "Heschl"), (WORDS, "STS"), (WORDS, "IFG")}


@dataclass(frozen=True)
class Late:
    """Lanczos of features as they were a scan of 2 s ago."""

    lobes: int = 3

    def matrix(self, frame_times_s, target_times_s, frame_duration_s):
        return Lanczos(self.lobes).matrix(frame_times_s, target_times_s - 2.0, frame_duration_s)


class OtherPower(CorrelationCeiling):
    """CCmax that passes for a reliability."""

    power = "variance"


@pytest.fixture
def mismatches(monkeypatch, phantom_store):
    """Return what verifies a benchmark on one phantom, with the two quicker oracles alone."""
    read = verification.read_expectations
    monkeypatch.setattr(
        verification,
        "read_expectations",
        lambda folder: [each for each in read(folder) if each.model != "phantom-phones"],
    )
    monkeypatch.setattr(ceiling_verification, "verification", list)
    monkeypatch.setattr(relation_verification, "verification", list)
    monkeypatch.setattr(verification, "_of_metric", lambda _: [])

    def mismatches(faulty):
        found = verification.verify([faulty], seeds=[0], store=phantom_store)
        assert len(found.findings) > 10
        return {(each.about, each.roi, each.quantity) for each in found.mismatches}

    return mismatches


def of_quantity(quantity):
    return {(*place, quantity) for place in REGIONS}


def test_sound_benchmark_passes(mismatches):
    assert mismatches(benchmark()) == set()


def test_delays_shifted_by_one_are_found(mismatches):
    found = mismatches(replace(benchmark(), delays=(2, 3, 4, 5)))

    assert of_quantity("score") <= found
    assert of_quantity("normalised") <= found


def test_features_one_scan_late_are_found(mismatches):
    found = mismatches(replace(benchmark(), resampler=Late()))

    assert of_quantity("score") <= found
    assert of_quantity("normalised") <= found


def test_tiny_penalties_are_found(mismatches):
    estimator = Bootstrap(n_draws=3, chunk=20, fraction=0.25, alphas=(1e-6,))

    found = mismatches(replace(benchmark(), metric=Ridge(estimator)))

    assert of_quantity("score") <= found


def test_rows_left_in_are_found(mismatches):
    found = mismatches(replace(benchmark(), skipped_rows={}))

    assert of_quantity("score") <= found
    assert of_quantity("ceiling, 5 repeats") <= found


def test_reliability_that_stands_for_ccmax_is_found(mismatches):
    found = mismatches(replace(benchmark(), ceiling=SplitHalf(n_draws=20, minimum=0.16)))

    # Divided in the right power the ratios stay right.
    assert found == of_quantity("ceiling, 5 repeats") | of_quantity("ceiling, 10 repeats")


def test_ceiling_that_divides_in_the_other_power_is_found(mismatches):
    found = mismatches(replace(benchmark(), ceiling=OtherPower(minimum=0.4)))

    assert of_quantity("normalised") <= found
    assert not of_quantity("score") & found


def test_layers_under_each_others_names_are_found(mismatches, monkeypatch):
    swapped = oracles.ReadingOracle(
        oracles.words().card, oracles.features.lexical, width=4, planted_layer=3
    )
    monkeypatch.setattr(oracles, "words", lambda: swapped)

    found = mismatches(benchmark())

    assert {(WORDS, "STS", "nested_layer"), (WORDS, "IFG", "nested_layer")} <= found
    assert not {each for each in found if each[0] == SPECTRUM}


def test_regions_under_each_others_names_are_found(mismatches, monkeypatch):
    groups = dict(rois.GROUPS)
    groups["Motor"], groups["STS"] = groups["STS"], groups["Motor"]
    monkeypatch.setattr(rois, "GROUPS", groups)

    found = mismatches(benchmark())

    assert {(WORDS, "STS", "score"), (WORDS, "Motor", "null")} <= found
    assert not {each for each in found if each[1] in ("Heschl", "IFG")}


@pytest.mark.long
def test_command_finds_all_that_was_planted(phantom_store, capsys):
    """As a user runs it, on one phantom; `make verify` tries every benchmark on three."""
    store = str(phantom_store.folder)
    code = main(["verify", "lebel_moth-ridge", "--seeds", "1", "--quiet", "--store", store])

    printed = capsys.readouterr().out
    last = printed.splitlines()[-1].split()
    assert code == 0, printed
    assert last[0] == "verified:"
    assert last[1] == last[3]
    assert int(last[1]) >= 45
    assert "not verified" not in printed
