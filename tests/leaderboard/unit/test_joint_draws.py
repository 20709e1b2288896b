"""Samples that several benchmarks of a dataset share are drawn once for all of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from made_board import score_file, submissions

from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.joint_draws import counts_of_draws, seed_of
from heschl.leaderboard.overall import overall_of
from heschl.leaderboard.paired import Paired, pair
from heschl.leaderboard.separability import N_DRAWS
from heschl.leaderboard.tree import tree_of

ONE, TWO = "nh2015-ridge", "nh2015-rsa"
NAMES = tuple(f"S{number}" for number in range(1, 31))


def files_of(benchmark: str, numbers: np.ndarray, names=NAMES, **changes) -> list:
    """Return the files of models whose numbers (model, sample) these are."""
    return [
        score_file(f"m{model}", benchmark, dict(zip(names, row.tolist(), strict=True)), **changes)
        for model, row in enumerate(numbers)
    ]


def drawn_files(benchmark: str, numbers: np.ndarray, drawn_from: str | None) -> list:
    """Return the files of models of which draws (model, draw) are known."""
    extra = {} if drawn_from is None else {"drawn_from": drawn_from}
    return [
        score_file(f"m{model}", benchmark, tuple(row), noun="stimulus", extra=extra)
        for model, row in enumerate(numbers)
    ]


def error_of(*files) -> np.ndarray:
    """Return the errors of the overall numbers, in the order of the models."""
    board = assemble(submissions(files), "real")
    by_model = dict(
        zip([row.slug for row in board.rows], board.overall["error"].tolist(), strict=True)
    )
    found = np.array([by_model[name] for name in sorted(by_model)])
    return found[np.isfinite(found)]  # rows of papers have none


def random_numbers(seed: int, n_models: int = 2, n: int = len(NAMES)) -> np.ndarray:
    return 0.5 + 0.1 * np.random.default_rng(seed).standard_normal((n_models, n))


def test_what_correlates_perfectly_has_the_error_of_one_benchmark():
    numbers = random_numbers(0)

    found = error_of(*files_of(ONE, numbers), *files_of(TWO, numbers - 0.2))

    # That of independent draws would be smaller by the square root of two.
    np.testing.assert_allclose(found, numbers.std(axis=1) / np.sqrt(len(NAMES)), rtol=0.05)


def test_what_cancels_between_benchmarks_has_no_error():
    numbers = random_numbers(1)

    found = error_of(*files_of(ONE, numbers), *files_of(TWO, 1 - numbers))

    np.testing.assert_allclose(found, 0, atol=1e-9)


def test_what_does_not_correlate_has_half_the_variance():
    one, other = random_numbers(2), random_numbers(3)
    for k, row in enumerate(one):
        centred = row - row.mean()
        slope = ((other[k] - other[k].mean()) @ centred) / (centred @ centred)
        other[k] -= slope * centred

    found = error_of(*files_of(ONE, one), *files_of(TWO, other))

    expected = np.sqrt((one.var(axis=1) + other.var(axis=1)) / len(NAMES)) / 2
    np.testing.assert_allclose(found, expected, rtol=0.05)


def test_listeners_of_another_dataset_are_others():
    numbers = random_numbers(0)

    found = error_of(*files_of(ONE, numbers), *files_of("timit_ecog-trf", numbers))

    np.testing.assert_allclose(found, numbers.std(axis=1) / np.sqrt(2 * len(NAMES)), rtol=0.05)


def test_draws_equal_a_written_out_loop_by_name():
    members = {"a": NAMES[:20], "b": NAMES[10:][::-1], "c": NAMES[12:19]}
    everybody = sorted(NAMES)

    found = counts_of_draws("made", "listener", members)

    generator = np.random.default_rng(seed_of("made", "listener", *everybody))
    size = (N_DRAWS, len(everybody))
    turns = np.concatenate(
        [generator.integers(len(everybody), size=size, dtype=np.int32) for _ in range(9)], axis=1
    )
    for draw in range(N_DRAWS):
        for benchmark, names in members.items():
            kept: list[str] = []
            for turn in turns[draw]:
                if len(kept) == len(names):
                    break
                if everybody[turn] in names:
                    kept.append(everybody[turn])
            counted = Counter(kept)
            assert found[benchmark][draw].tolist() == [counted[name] for name in names]


def test_every_benchmark_has_an_ordinary_bootstrap_and_covaries_by_what_it_shares():
    members = {"a": NAMES[:20], "b": NAMES[10:]}
    numbers = dict(zip(NAMES, random_numbers(5, 1)[0], strict=True))
    centred = {name: value - np.mean(list(numbers.values())) for name, value in numbers.items()}
    # Whoever is shared has the same number in both; means over repetitions of the planted.
    values = {key: np.array([centred[name] for name in names]) for key, names in members.items()}

    drawn = {key: [] for key in members}
    for seed in range(8):
        for key, counts in counts_of_draws(f"made {seed}", "listener", members).items():
            drawn[key].append(counts @ values[key] / 20)

    one, other = (np.concatenate(drawn[key]) for key in members)
    for key, found in (("a", one), ("b", other)):
        assert found.mean() == pytest.approx(values[key].mean(), abs=1e-3)
        assert found.std() == pytest.approx(values[key].std() / np.sqrt(20), rel=0.03)
    shared = np.array([centred[name] for name in NAMES[10:20]])
    of_shared = np.mean((shared - values["a"].mean()) * (shared - values["b"].mean()))
    # 10 of 20 samples in common: half the covariance of one and the same bootstrap.
    assert np.cov(one, other)[0, 1] == pytest.approx(of_shared * 10 / 20 / 20, rel=0.2)


def test_draws_that_come_with_scores_pair_only_where_they_are_of_the_same_samples():
    numbers = 0.5 + 0.1 * np.random.default_rng(6).standard_normal((2, 1000))
    one, other = "nh2015_components-ridge", "nh2015_components-rsa"

    def error(first: str | None, second: str | None) -> np.ndarray:
        return error_of(*drawn_files(one, numbers, first), *drawn_files(other, numbers, second))

    whole = numbers.std(axis=1)
    np.testing.assert_allclose(error("these", "these"), whole, rtol=0.05)
    for pair_of_drawings in (("these", "those"), ("these", None), (None, None)):
        np.testing.assert_allclose(error(*pair_of_drawings), whole / np.sqrt(2), rtol=0.05)


def test_a_column_alone_is_drawn_as_in_the_overall_number():
    numbers = random_numbers(7, 3)
    files = {file.model: file for file in files_of(ONE, numbers)}
    paired = pair(ONE, "nh2015", files, 1, "all")
    assert isinstance(paired, Paired)
    tree = tree_of(assemble(submissions(files.values()), "real").columns)

    found = overall_of(tree, list(files), {ONE: numbers.mean(axis=1)}, {ONE: paired})

    np.testing.assert_allclose(found.error, paired.draws.std(axis=1, ddof=1), rtol=1e-9)
