from __future__ import annotations

import json

import numpy as np
import pytest
from phantoms.toy_phantom import EXPECTATION
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.errors import CorruptData, MissingData
from heschl.store import Store
from heschl.truth import Expectation, read_expectations


@pytest.fixture(scope="module")
def score(tmp_path_factory):
    """Return a score in which region ``all`` has units without a signal, below the minimum."""
    store = Store(tmp_path_factory.mktemp("store"))
    return heschl.score(Loudness(), toy_benchmark(), data=ToyDataset(), store=store)


def found(score, **changes):
    return Expectation(**(EXPECTATION | changes)).found_in(score)


def of_units(score, group, name, *, above=None):
    """Return the mean over listeners of the mean over units of region ``all``, from the units."""
    values = score.tree[group][name]
    values = values.sel(layer="low") if "layer" in values.dims else values
    ceiling = score.tree["ceiling"]["ceiling"].to_numpy()
    counts = ceiling > above if above is not None else np.ones(len(ceiling), bool)
    owners = score.tree["units"]["subject"].to_numpy()
    return np.mean([values.to_numpy()[counts & (owners == s)].mean() for s in np.unique(owners)])


@pytest.mark.parametrize("quantity", ["score", "null"])
def test_scores_are_means_over_all_units_of_the_region(score, quantity):
    expected = of_units(score, "units", "score")

    assert found(score, quantity=quantity, roi="all") == (pytest.approx(expected, abs=1e-6),)
    assert expected < of_units(score, "units", "score", above=0.4) - 0.1


@pytest.mark.parametrize(("quantity", "group"), [("normalised", "units"), ("ceiling", "ceiling")])
def test_ceilings_and_ratios_are_means_over_reliable_units(score, quantity, group):
    expected = of_units(score, group, quantity, above=0.4)

    assert found(score, quantity=quantity, roi="all") == (pytest.approx(expected, abs=1e-6),)


def test_ceiling_is_that_of_listeners_with_so_many_repeats(score):
    (of_four,) = found(score, quantity="ceiling", n_repeats=4)
    (of_five,) = found(score, quantity="ceiling", n_repeats=5)

    assert of_four == found(score, quantity="ceiling")[0]
    assert np.isnan(of_five)


def test_layer_is_chosen_by_each_listener(score):
    chosen = found(score, quantity="nested_layer", expected="low")

    assert len(chosen) == 3
    assert set(chosen) <= {"low", "high"}


@pytest.mark.parametrize("label", [{"roi": "V1"}, {"layer": "final"}])
def test_absent_label_has_no_number(score, label):
    assert np.isnan(found(score, **label)).all()


def test_absent_region_has_no_layer(score):
    assert found(score, quantity="nested_layer", roi="V1") == ("no region V1",)


def write(folder, content):
    (folder / "truth.json").write_text(
        content if isinstance(content, str) else json.dumps({"expectations": content})
    )


def test_expectations_are_read_once_each_and_other_fields_are_let_be(tmp_path):
    write(tmp_path, [EXPECTATION, EXPECTATION | {"note": "of no concern"}])

    assert read_expectations(tmp_path) == (Expectation(**EXPECTATION),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("{}", "does not hold a list"),
        ('{"expectations": 3}', "does not hold a list"),
        ([7], "does not hold a list"),
        ([{"model": "a"}], "missing 7 required"),
        ([EXPECTATION | {"quantity": "scroe"}], "did you mean 'score'"),
        ([EXPECTATION | {"quantity": ["score"]}], "does not hold a list"),
        ([EXPECTATION | {"expected": "high"}], "expected finite numbers"),
        ([EXPECTATION | {"expected": float("nan")}], "expected finite numbers"),
        ([EXPECTATION | {"tolerance": None}], "expected finite numbers"),
        ([EXPECTATION | {"tolerance": -0.1}], "expected finite numbers"),
        ([EXPECTATION, EXPECTATION | {"expected": 0.8}], "two things of one quantity"),
        ([EXPECTATION | {"quantity": "nested_layer"}], "expected the name of a layer"),
    ],
)
def test_malformed_truth_is_refused(tmp_path, content, message):
    write(tmp_path, content)

    with pytest.raises(CorruptData, match=message):
        read_expectations(tmp_path)


def test_phantom_without_truth_is_refused(tmp_path):
    with pytest.raises(MissingData, match=r"truth\.json does not exist"):
        read_expectations(tmp_path)
