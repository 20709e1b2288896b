"""Reproducing submissions: which difference is told first, and what is none."""

from __future__ import annotations

import dataclasses
import math

import pytest
from made_board import listeners, score_file

from heschl.errors import InvalidInput, UnknownName
from heschl.leaderboard.reproduction import data_of, first_difference, reproduce, settings_of

PROVENANCE = {
    "model_digest": "m1",
    "data_digests": {
        "sounds": {"n": 1, "sha256": "s1"},
        "recordings": {"n": 1, "sha256": "r1"},
        "cells": {"n": 9, "sha256": "c1"},
    },
    "configuration": {
        "benchmark": {"metric": {"alphas": [1.0, 10.0]}},
        "layers": ["a"],
        "subjects": ["S1"],
        "seed": 3,
    },
    "seed": 3,
    "command": "heschl score net nh2015-ridge",
}


def file(provenance=None, numbers=(0.5, 0.6, 0.7), **changes):
    return score_file(
        "net",
        "nh2015-ridge",
        listeners(*numbers),
        provenance=PROVENANCE | (provenance or {}),
        **changes,
    )


def with_data(**parts):
    digests = {name: {"n": 1, "sha256": sha256} for name, sha256 in parts.items()}
    return {"data_digests": PROVENANCE["data_digests"] | digests}


def with_alphas(*alphas):
    benchmark = {"metric": {"alphas": list(alphas)}}
    return {"configuration": PROVENANCE["configuration"] | {"benchmark": benchmark}}


ALL_AT_ONCE = {**with_data(sounds="s2", recordings="r2"), **with_alphas(1.0, 20.0)}
FIRST = {
    "version": (
        file({"model_digest": "m2", **ALL_AT_ONCE}, benchmark_version=2),
        ("benchmark_version", 1, 2),
    ),
    "model": (file({"model_digest": "m2", **ALL_AT_ONCE}), ("model_digest", "m1", "m2")),
    "data": (file(ALL_AT_ONCE), ("data_digests.recordings.sha256", "r1", "r2")),
    "configuration": (
        file(with_alphas(1.0, 20.0), numbers=(0.1, 0.2, 0.3)),
        ("configuration.benchmark.metric.alphas[1]", 10.0, 20.0),
    ),
}


@pytest.mark.parametrize("name", FIRST)
def test_the_first_difference_is_told(name):
    found, expected = FIRST[name]
    difference = first_difference(file(), found)
    assert (difference.where, difference.submitted, difference.found) == expected


def test_numbers_are_compared_last_and_within_a_tolerance():
    again = file(numbers=(0.5, 0.6, 0.7 + 3e-7))
    assert first_difference(file(), again) is None
    difference = first_difference(file(), again, tolerance=1e-8)
    assert difference.where == "normalised value in all"
    assert (difference.submitted, difference.found) == pytest.approx((0.6, 0.6 + 1e-7))
    assert first_difference(file(), file(numbers=(0.5, 0.6, 0.7 + 3e-5))) is not None


def test_no_number_equals_no_number_alone():
    empty = file(numbers=(math.nan,))
    assert first_difference(empty, empty) is None
    assert first_difference(empty, file()).where == "normalised value in all"


def test_regions_that_come_or_go_differ():
    one = file()
    two = dataclasses.replace(
        one, regions=(*one.regions, dataclasses.replace(one.primary, name="A1"))
    )
    assert first_difference(one, two).where == "regions: A1"
    assert first_difference(two, one).submitted == "there"


def test_keys_of_cells_alone_are_no_difference():
    assert first_difference(file(), file(with_data(cells="c2"))) is None


def test_simulated_recordings_may_be_rounded_otherwise():
    rounded = with_data(recordings="r2")
    phantom, again = file(data_kind="phantom"), file(rounded, data_kind="phantom")
    assert first_difference(phantom, again) is None
    other = file(rounded, numbers=(0.5, 0.6, 0.8), data_kind="phantom")
    assert first_difference(phantom, other).where == "data_digests.recordings.sha256"
    assert first_difference(file(), file(rounded)).where == "data_digests.recordings.sha256"


@pytest.mark.parametrize(
    ("kind", "command", "data"),
    [
        ("real", "heschl score net b --data /data/phantom:7", None),
        ("phantom", "heschl score net b --data phantom", "phantom"),
        ("phantom", "heschl score net b --data phantom:7 -q", "phantom:7"),
        ("phantom", "heschl score net b --data=phantom:7", "phantom:7"),
        ("phantom", "python run.py", "phantom"),
    ],
)
def test_data_are_those_that_were_named(kind, command, data):
    assert data_of(file({"command": command}, data_kind=kind)) == data


def test_data_of_the_seed_that_the_provenance_has_are_asked_for():
    asked = {"command": "python run.py", "phantom_seed": "3"}
    assert data_of(file(asked, data_kind="phantom")) == "phantom:3"
    assert data_of(file(asked)) is None


def test_numbers_that_models_are_ranked_by_are_compared():
    one = file(numbers=(0.5, 0.6, 0.7))
    swapped = dataclasses.replace(
        one, samples=dataclasses.replace(one.samples, normalised=one.samples.normalised[::-1])
    )

    difference = first_difference(one, swapped)

    assert difference.where == f"samples: normalised of {one.samples.names[0]}"
    assert first_difference(one, dataclasses.replace(one)) is None
    fewer = dataclasses.replace(one.samples, names=(), score=(), normalised=())
    assert first_difference(one, dataclasses.replace(one, samples=fewer)).where == "samples"


def test_a_model_that_nobody_registered_is_asked_for(tmp_path):
    unknown = dataclasses.replace(file(), model="my-net", benchmark="nh2015_components-ridge")
    with pytest.raises(UnknownName, match=r"'my-net'; say where it is.*--model file:"):
        reproduce(unknown, tmp_path)


def test_settings_are_those_of_the_provenance():
    assert settings_of(file()) == {"data": None, "layers": ["a"], "subjects": ["S1"], "seed": 3}


def test_what_a_paper_prints_is_not_run(tmp_path):
    published = file(status="published", citation="A et al., Table 1")
    with pytest.raises(InvalidInput, match=r"what a paper prints \(A et al., Table 1\)"):
        reproduce(published, tmp_path)
