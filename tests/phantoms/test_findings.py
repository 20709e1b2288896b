from __future__ import annotations

import math

import pytest

from heschl.findings import Finding, Verification

LABELS = {"benchmark": "b", "about": "a model", "quantity": "score", "source": "a formula"}


def numbers(planted, found, tolerance, **settings):
    return Finding.of_numbers(planted, found, tolerance, **LABELS, **settings)


@pytest.mark.parametrize(
    ("found", "bound", "passed"),
    [
        (0.59, "within", True),
        (0.61, "within", False),
        (0.39, "within", False),
        (0.39, "at most", True),
        (0.61, "at most", False),
        (0.39, "at least", False),
        (0.61, "at least", True),
    ],
)
def test_tolerance_bounds_the_sides_that_it_says(found, bound, passed):
    assert numbers([0.5], [found], 0.1, bound=bound).passed is passed


def test_means_over_simulations_are_compared_and_their_error_stated():
    finding = numbers([0.1, 0.3, 0.5], [0.2, 0.3, 0.4], 0.01)

    assert finding.planted == pytest.approx(0.3)
    assert finding.found == pytest.approx(0.3)
    # The differences are .1, 0 and -.1: standard deviation .1, over three.
    assert finding.error == pytest.approx(0.1 / 3**0.5)
    assert finding.passed


@pytest.mark.parametrize("bound", ["within", "at most", "at least"])
def test_what_was_not_found_is_not_as_planted(bound):
    finding = numbers([0.1, 0.1], [0.1, math.nan], 10.0, bound=bound)

    assert not finding.passed
    assert math.isnan(finding.error)


def test_words_pass_if_all_are_the_planted_one():
    assert Finding.of_words("block.3", ["block.3", "block.3"], **LABELS).passed


def test_other_words_are_counted():
    finding = Finding.of_words("block.3", ["block.3", "", "block.2", "block.3"], **LABELS)

    assert not finding.passed
    assert finding.found == "block.3 (2 of 4), none (1 of 4), block.2 (1 of 4)"


def test_all_wrong_alike_is_wrong():
    assert not Finding.of_words("block.3", ["block.2", "block.2"], **LABELS).passed


def test_verification_passes_if_every_finding_does():
    good, bad = numbers([0.1], [0.1], 0.01), numbers([0.1], [0.2], 0.01)

    assert Verification((good,), (0,), {}).passed
    assert not Verification((good, bad), (0,), {}).passed
    assert Verification((good, bad), (0,), {}).mismatches == (bad,)


def test_verification_of_nothing_proves_nothing():
    assert not Verification((), (0,), {}).passed
