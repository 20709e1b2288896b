"""What two models share and do not: blocks of one fold, and nothing learned of its test rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from heschl.errors import InvalidInput
from heschl.metrics.cca import Moments
from heschl.metrics.cca.decomposition import SIDES, Decomposition, residual
from heschl.metrics.cca.similarity import shared_variance

N_TRAIN, N_ROWS, N_SHARED = 800, 1000, 3


def decomposed(seed=0, controls=None, **changes):
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((N_ROWS, N_SHARED))
    model, partner = (
        np.hstack([shared + 0.3 * generator.standard_normal(shared.shape), own])
        @ generator.standard_normal((width, width))
        for width in (8, 11)
        for own in [generator.standard_normal((N_ROWS, width - N_SHARED))]
    )
    given = {
        "model": model,
        "partner": partner,
        "words": partner[:, :4] @ generator.standard_normal((4, 5)),
        "controls": controls or {},
        "train": np.arange(N_TRAIN),
        "test": np.arange(N_TRAIN, N_ROWS),
        "n_shared": N_SHARED,
    } | changes
    moments = Moments.of(given["model"][:N_TRAIN], given["partner"][:N_TRAIN])
    return Decomposition(**given, moments=moments)


def test_blocks_of_a_side_are_all_of_it_without_overlap():
    division = decomposed()

    widths = {name: division.block(name).design.shape[1] for name in SIDES}
    assert widths == {
        "shared": 3,
        "rest": 5,
        "rest_full": 5,
        "partner_shared": 3,
        "partner_rest": 5,
        "partner_rest_full": 8,
    }
    whole = np.hstack(
        [division.block(name).design for name in ("partner_shared", "partner_rest_full")]
    )
    np.testing.assert_allclose(np.cov(whole[:N_TRAIN].T, bias=True), np.eye(11), atol=1e-8)
    regression = LinearRegression().fit(whole[:N_TRAIN], division.partner[:N_TRAIN])
    assert regression.score(whole, division.partner) > 1 - 1e-9


def test_shared_pairs_are_correlated_and_the_rest_is_not():
    division = decomposed()

    assert division.block("shared").correlation.min() > 0.85
    assert division.block("shared").held_out.min() > 0.8
    assert division.block("rest").correlation.max() < 0.25


def test_nothing_is_learned_of_the_test_rows():
    names = [*SIDES, "context", "mel"]
    generator = np.random.default_rng(1)
    mel = generator.standard_normal((N_ROWS, 6))
    first = decomposed(controls={"mel": mel})
    changed = {}
    for name in ("model", "partner", "words"):
        values = getattr(first, name).copy()
        values[N_TRAIN:] = generator.standard_normal((N_ROWS - N_TRAIN, values.shape[1])) * 50
        changed[name] = values
    other_mel = np.vstack([mel[:N_TRAIN], mel[N_TRAIN:] ** 3])

    again = decomposed(controls={"mel": other_mel}, **changed)

    for name in names:
        np.testing.assert_array_equal(
            again.block(name).design[:N_TRAIN], first.block(name).design[:N_TRAIN]
        )
        np.testing.assert_array_equal(again.block(name).correlation, first.block(name).correlation)


def test_controls_give_their_own_side():
    """The partner's side is one space, however many controls there are; theirs are their own."""
    generator = np.random.default_rng(2)
    base = decomposed()
    shared = base.block("partner_shared").design
    controls = {
        name: shared @ generator.standard_normal((3, width)) * size
        + generator.standard_normal((N_ROWS, width))
        for name, width, size in (("near", 6, 3.0), ("far", 9, 0.3))
    }

    division = decomposed(controls=controls)

    spaces = []
    for name, control in controls.items():
        found = division.block(name)
        assert found.design.shape == (N_ROWS, 3)
        own = LinearRegression().fit(control, found.design)
        assert own.score(control, found.design) == pytest.approx(1.0)
        spaces.append(np.linalg.qr(found.design[:N_TRAIN])[0])
    assert np.linalg.norm(spaces[0].T @ spaces[1], ord="fro") ** 2 < 2.9
    assert division.block("near").correlation.min() > division.block("far").correlation.max()


def test_a_control_that_never_changes_has_no_direction():
    division = decomposed(controls={"silence": np.full((N_ROWS, 3), 2.0)})

    assert division.block("silence").design.shape == (N_ROWS, 0)


def test_context_of_the_first_layer_is_nothing():
    partner = decomposed().partner

    division = decomposed(partner=partner, words=partner)

    assert division.block("context").design.shape == (N_ROWS, 0)


def test_predictions_that_are_not_finite_share_no_number():
    first = np.random.default_rng(0).standard_normal((9, 2))
    second = np.where(first == first[4, 0], np.nan, first)

    with pytest.raises(InvalidInput, match="not finite; mend the fit"):
        shared_variance(first, second)


def test_residual_is_that_of_least_squares():
    generator = np.random.default_rng(3)
    words = generator.standard_normal((N_ROWS, 4)) * [1, 10, 100, 1000] + 5
    layer = words @ generator.standard_normal((4, 6)) + generator.standard_normal((N_ROWS, 6))
    train = np.arange(N_TRAIN)

    expected = layer - LinearRegression().fit(words[train], layer[train]).predict(words)

    np.testing.assert_allclose(residual(layer, words, train), expected, atol=1e-8)
    unlearned = residual(layer, np.ones((N_ROWS, 2)), train)
    np.testing.assert_allclose(unlearned, layer - layer[train].mean(axis=0), atol=1e-9)
