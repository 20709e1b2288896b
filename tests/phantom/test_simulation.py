from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from sklearn.linear_model import Ridge

from heschl.errors import InvalidInput
from heschl.phantom.simulation import (
    at_rows,
    delayed_design,
    expected_ceiling,
    expected_pearson,
    simulate,
)
from heschl.temporal import Lanczos, delayed, zscore

TR_S = 2.0045


def rows_and_frames() -> tuple[np.ndarray, np.ndarray]:
    """Return 150 row times and the times of 0.1 s frames around them."""
    row_times_s = (np.arange(150) + 0.5) * TR_S
    return row_times_s, np.arange(0, 150 * TR_S, 0.1)


def autoregressive(n_rows: int, n_columns: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((n_rows + 100, n_columns))
    return lfilter([1], [1, -0.8], noise, axis=0)[100:]


def pearson(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.mean(zscore(one) * zscore(other), axis=0)


def test_at_rows_has_the_gain_of_the_protocol():
    row_times_s, frame_times_s = rows_and_frames()

    constant = at_rows(np.ones((len(frame_times_s), 1)), frame_times_s, row_times_s)

    np.testing.assert_allclose(constant[10:-10], 19.986, atol=0.01)


@pytest.mark.parametrize(("frequency_hz", "gain"), [(0.02, 1.01), (0.1, 1.01), (0.2, 0.82)])
def test_at_rows_passes_slow_waves(frequency_hz, gain):
    row_times_s, frame_times_s = rows_and_frames()
    wave = np.exp(2j * np.pi * frequency_hz * frame_times_s)[:, None]

    found = np.abs(at_rows(wave, frame_times_s, row_times_s))[10:-10].mean() / 19.986

    assert found == pytest.approx(gain, abs=0.02)


def test_at_rows_equals_the_engine_that_it_must_catch_out():
    row_times_s = 11 + 2.0 * np.arange(60)
    times_s = np.sort(np.random.default_rng(0).uniform(0, 140, 400))
    values = np.random.default_rng(1).standard_normal((400, 3))

    engine = Lanczos(lobes=3).matrix(times_s, row_times_s, 0.0) @ values

    np.testing.assert_allclose(at_rows(values, times_s, row_times_s), engine, atol=1e-10)


def test_at_rows_needs_a_spacing():
    with pytest.raises(InvalidInput, match="at least two"):
        at_rows(np.ones((3, 1)), np.arange(3.0), np.array([1.0]))


def test_delayed_design_equals_the_engine():
    features = np.random.default_rng(0).standard_normal((30, 3)) + 5

    found = delayed_design(features)

    np.testing.assert_allclose(found, delayed(zscore(features), (1, 2, 3, 4)), atol=1e-12)


def test_delayed_design_of_a_short_story_and_of_a_constant():
    features = np.column_stack([[1.0, 2.0, 4.0], [0.1, 0.1, 0.1]])

    design = delayed_design(features, delays=(0, 5))

    assert design.shape == (3, 4)
    assert not design[:, 1:].any()
    with pytest.raises(InvalidInput, match="precede"):
        delayed_design(features, delays=(-1, 1))


def test_simulate_keeps_the_share_and_unit_variance():
    designs = {"a": autoregressive(400, 12, 0), "b": autoregressive(300, 12, 1)}
    share = np.linspace(0, 1, 60)

    planted = simulate(designs, 60, share, seed=0)

    signal = np.concatenate(list(planted.signals.values()))
    responses = np.concatenate([trials[0] for trials in planted.trials.values()])
    np.testing.assert_allclose(signal.var(axis=0), share, atol=1e-12)
    assert responses.var(axis=0).mean() == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(planted.noise_variance, 1 - share)
    np.testing.assert_allclose(designs["b"] @ planted.weights, planted.signals["b"])


def test_simulate_repeats_share_the_signal_and_not_the_noise():
    designs = {"train": autoregressive(200, 5, 0), "test": autoregressive(2000, 5, 1)}

    planted = simulate(designs, 20, 0.3, seed=4, repeats={"test": 5})
    once = simulate(designs, 20, 0.3, seed=4)

    assert planted.trials["train"].shape == (1, 200, 20)
    assert planted.trials["test"].shape == (5, 2000, 20)
    noise = (planted.trials["test"] - planted.signals["test"]).transpose(1, 2, 0).reshape(-1, 5)
    assert np.abs(np.corrcoef(noise.T) - np.eye(5)).max() < 0.03
    np.testing.assert_array_equal(planted.weights, once.weights)


def test_simulate_depends_on_the_seed_alone():
    designs = {"a": autoregressive(50, 4, 0)}

    one, same, other = (simulate(designs, 3, 0.5, seed=seed).trials["a"] for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


def test_simulate_refuses_what_cannot_be_planted():
    designs = {"a": autoregressive(50, 4, 0)}

    with pytest.raises(InvalidInput, match="from 0 to 1"):
        simulate(designs, 3, 1.2, seed=0)
    with pytest.raises(InvalidInput, match="from 0 to 1"):
        simulate(designs, 3, float("nan"), seed=0)
    with pytest.raises(InvalidInput, match=r"repeats name \['b'\]"):
        simulate(designs, 3, 0.5, seed=0, repeats={"b": 2})
    with pytest.raises(InvalidInput, match="no signal"):
        simulate({"a": np.zeros((50, 4))}, 3, 0.5, seed=0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", [0.05, 1.0, 20.0])
def test_expected_pearson_agrees_with_monte_carlo(seed, factor):
    train = delayed_design(autoregressive(300, 6, seed))
    test = delayed_design(autoregressive(200, 6, 100 + seed))
    found, expected = [], []

    for share in (0.1, 0.3):
        planted = simulate(
            {"train": train, "test": test}, 400, share, seed=seed, repeats={"test": 5}
        )
        alpha = factor * planted.best_alpha
        ridge = Ridge(alpha=alpha, fit_intercept=False).fit(train, planted.trials["train"][0])
        found.append(pearson(ridge.predict(test), planted.trials["test"].mean(axis=0)))
        expected.append(
            expected_pearson(
                train, planted.signals["train"], test, planted.signals["test"],
                planted.noise_variance, alpha=alpha, n_repeats=5,
            )
        )  # fmt: skip

    np.testing.assert_allclose(np.mean(found, axis=1), np.mean(expected, axis=1), atol=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_expected_pearson_holds_for_a_design_that_is_not_the_planted_one(seed):
    planted_train, planted_test = autoregressive(300, 5, seed), autoregressive(200, 5, 50 + seed)
    blend_train = 0.8 * planted_train + 0.6 * autoregressive(300, 5, 60 + seed)
    blend_test = 0.8 * planted_test + 0.6 * autoregressive(200, 5, 70 + seed)
    planted = simulate({"train": planted_train, "test": planted_test}, 500, 0.4, seed=seed)

    ridge = Ridge(alpha=50, fit_intercept=False).fit(blend_train, planted.trials["train"][0])
    found = pearson(ridge.predict(blend_test), planted.trials["test"][0])
    expected, best = (
        expected_pearson(
            train, planted.signals["train"], test, planted.signals["test"],
            planted.noise_variance, alpha=50,
        )
        for train, test in ((blend_train, blend_test), (planted_train, planted_test))
    )  # fmt: skip

    assert found.mean() == pytest.approx(expected.mean(), abs=0.01)
    assert expected.mean() < best.mean() - 0.05


def test_expected_pearson_agrees_with_the_closed_form_for_random_designs():
    # T=1500, p=200, share .25: least squares must reach .4127.
    generator = np.random.default_rng(0)
    train, test = generator.standard_normal((1500, 200)), generator.standard_normal((1500, 200))
    planted = simulate({"train": train, "test": test}, 300, 0.25, seed=0)

    expected = expected_pearson(
        train, planted.signals["train"], test, planted.signals["test"],
        planted.noise_variance, alpha=1e-6,
    )  # fmt: skip

    assert expected.mean() == pytest.approx(0.4127, abs=0.01)


def test_expected_pearson_is_highest_at_the_best_alpha():
    train, test = autoregressive(200, 20, 0), autoregressive(4000, 20, 1)
    planted = simulate({"train": train, "test": test}, 200, 0.1, seed=0)

    by_factor = [
        expected_pearson(
            train, planted.signals["train"], test, planted.signals["test"],
            planted.noise_variance, alpha=factor * planted.best_alpha,
        ).mean()
        for factor in (0.1, 0.3, 1.0, 3.0, 10.0)
    ]  # fmt: skip

    assert np.argmax(by_factor) == 2


def test_expected_pearson_without_noise_or_without_signal():
    train, test = autoregressive(200, 3, 0), autoregressive(100, 3, 1)
    planted = simulate({"train": train, "test": test}, 2, np.array([0.0, 1.0]), seed=0)

    expected = expected_pearson(
        train, planted.signals["train"], test, planted.signals["test"],
        planted.noise_variance, alpha=1e-9,
    )  # fmt: skip

    np.testing.assert_allclose(expected, [0, 1], atol=1e-9)
    assert np.isinf(planted.best_alpha[0])
    with pytest.raises(InvalidInput, match="positive"):
        expected_pearson(
            train, planted.signals["train"], test, planted.signals["test"],
            planted.noise_variance, alpha=0,
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("share", "expected"), [(0.0187, 0.4), (0.05, 0.587), (0.3, 0.9)])
def test_expected_ceiling_is_the_correlation_of_signal_and_mean(seed, share, expected):
    design = {"test": autoregressive(1000, 6, seed)}

    planted = simulate(design, 300, share, seed=seed, repeats={"test": 10})

    found = pearson(planted.signals["test"], planted.trials["test"].mean(axis=0))
    assert expected_ceiling(share, 10) == pytest.approx(expected, abs=0.001)
    assert found.mean() == pytest.approx(expected, abs=0.01)


def test_expected_ceiling_refuses_impossible_settings():
    with pytest.raises(InvalidInput, match="n_repeats=0"):
        expected_ceiling(0.5, 0)
    with pytest.raises(InvalidInput, match="from 0 to 1"):
        expected_ceiling(np.array([0.5, -0.1]), 3)
