"""Draws that a Score keeps: two models' can be compared one by one."""

from __future__ import annotations

import itertools
import json
import re

import numpy as np
import pytest
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr

import heschl
from heschl.cli import main
from heschl.comparison import compare
from heschl.data_folders import phantom_folder
from heschl.data_registry.nh2015_components.loader import NH2015Components
from heschl.errors import CorruptData
from heschl.leaderboard.assembly import assemble
from heschl.leaderboard.differences import Differences
from heschl.leaderboard.submissions import read_submissions, slug_of
from heschl.leaderboard.submitting import submit
from heschl.scores import Score, open_score
from heschl.store import Store

BENCHMARK = "nh2015_components-ridge"
MODELS = ("mel-128", "phantom-tones")


def scored(model: str, seed: int = 0) -> Score:
    return heschl.score(model, BENCHMARK, data="phantom", seed=seed)


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return [scored(model) for model in MODELS]


def board_draws(score: Score) -> np.ndarray:
    """Return the draws of the board's number (draw,)."""
    kept = score.tree["population"]["rule_draws"]
    return kept.sel(quantity="normalised", roi="all").to_numpy()


def digest_of(score: Score) -> str:
    return score.tree["population"].attrs["draws_digest"]


def predictions(score: Score, store: Store) -> np.ndarray:
    """Return what the model's only layer predicts of every sound (sound, component)."""
    (key,) = json.loads(score.provenance["data_digests"])["cells"]["scores"]
    return np.asarray(store.read(key)["prediction"], dtype=np.float64)


def squared(prediction: np.ndarray, measured: np.ndarray) -> float:
    """Return the board's number: the median over components of the squared correlation."""
    r = [np.corrcoef(*pair)[0, 1] for pair in zip(prediction.T, measured.T, strict=True)]
    return float(np.median(np.maximum(np.nan_to_num(r), 0) ** 2))


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide")
def test_differences_of_draws_are_a_paired_bootstrap_over_sounds(scores, store_folder):
    store = Store(store_folder)
    dataset = NH2015Components(phantom_folder("nh2015_components", 0, store))
    (listener,) = dataset.subjects()
    recording = dataset.recording(listener)
    names = dataset.stimuli_of(listener)
    # Sounds are drawn by the order of their names.
    rows = {name: row for row, name in enumerate(names)}
    of_drawn = np.array([rows[name] for name in sorted(names)])
    measured = np.concatenate([recording.responses[name].to_numpy() for name in names])
    one, other = (predictions(score, store) for score in scores)

    generator = np.random.default_rng(0)
    expected = []
    for _ in range(200):
        drawn = of_drawn[generator.integers(len(names), size=len(names))]
        expected.append(
            squared(one[drawn], measured[drawn]) - squared(other[drawn], measured[drawn])
        )

    found = board_draws(scores[0]) - board_draws(scores[1])
    # Predictions and draws are kept in float32.
    np.testing.assert_allclose(found[:200], expected, atol=2e-6)
    assert digest_of(scores[0]) == digest_of(scores[1])


def test_errors_are_those_of_the_draws_that_are_kept(scores, tmp_path):
    score = open_score(scores[0].save(tmp_path / "score.nc"))

    draws = board_draws(score)
    assert score.error == pytest.approx(draws.std(ddof=1), rel=1e-12)
    assert score.interval == pytest.approx(np.quantile(draws, [0.025, 0.975]), rel=1e-12)
    assert digest_of(score) == digest_of(scores[0])


def test_similarities_are_drawn_of_the_same_sounds(scores):
    similar = heschl.score(MODELS[0], "nh2015_components-rsa", data="phantom")

    geometries = similar.tree["geometries"].to_dataset()
    one, other = (
        squareform(geometries[name].to_numpy().reshape(-1).astype(np.float64))
        for name in ("model", "listener")
    )
    names = geometries["stimulus"].to_numpy().tolist()
    assert names != sorted(names)
    place = {name: number for number, name in enumerate(names)}
    generator = np.random.default_rng(0)
    expected = []
    for _ in range(20):
        drawn = [sorted(names)[each] for each in generator.integers(len(names), size=len(names))]
        pairs = [(place[a], place[b]) for a, b in itertools.combinations(drawn, 2) if a != b]
        rows, columns = np.array(pairs).T
        expected.append(spearmanr(one[rows, columns], other[rows, columns]).statistic)
    np.testing.assert_allclose(board_draws(similar)[:20], expected, atol=2e-6)

    (drawn_from,) = {each.tree["population"].attrs["drawn_from"] for each in (similar, *scores)}
    assert drawn_from
    assert {each.provenance["phantom_seed"] for each in (similar, *scores)} == {"0"}


def test_draws_of_another_seed_have_another_digest(scores):
    other = scored(MODELS[0], seed=1)

    assert digest_of(other) != digest_of(scores[0])
    drawn_from = {each.tree["population"].attrs["drawn_from"] for each in (other, scores[0])}
    assert len(drawn_from) == 2
    assert not np.array_equal(board_draws(other), board_draws(scores[0]))


def test_comparison_is_that_of_draws_and_the_boards(scores, tmp_path):
    found = compare(*scores)

    ordered = sorted(board_draws(scores[0]).astype(float) - board_draws(scores[1]))
    here = found.regions.sel(roi="all")
    assert (found.sample, found.n_draws, found.unpaired) == ("stimulus", 1000, "")
    assert float(here["difference"]) == pytest.approx(scores[0].value - scores[1].value, rel=1e-12)
    assert float(here["error"]) == pytest.approx(np.std(ordered, ddof=1), rel=1e-9)
    # 24 of 1,000 draws are less than 2.5 % of them.
    assert float(here["low"]) == pytest.approx(ordered[24], rel=1e-12)
    assert float(here["high"]) == pytest.approx(ordered[-25], rel=1e-12)
    assert np.isnan(here["p"])
    assert np.isfinite(found.regions["low"]).all()
    paths = [score.save(tmp_path / f"{score.model}.nc") for score in scores]
    submit(paths, tmp_path / "submissions")
    board = assemble(read_submissions(tmp_path / "submissions"), "phantom")
    rows = [row.slug for row in board.rows]
    places = [rows.index(slug_of(score.model)) for score in scores]
    told = Differences(board, 0, places).between(*places)
    # Files of submissions hold draws in steps of 2 ** -16.
    for name, value in (("value", "difference"), ("error",) * 2, ("low",) * 2, ("high",) * 2):
        assert getattr(told, name) == pytest.approx(float(here[value]), abs=2**-15)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("seed", r"stimuli of mel-128 and of phantom-tones were not drawn alike \(seed 0 and 1\)"),
        ("rule", "for the benchmark's own rule alone, 'inner'"),
        ("old", "the score of phantom-tones keeps no draws"),
    ],
)
def test_draws_that_do_not_pair_are_said_not_to(scores, change, why):
    first, second = scores
    rule = "mean" if change == "rule" else None
    if change == "seed":
        second = scored(MODELS[1], seed=1)
    if change == "old":
        tree = second.tree.copy(deep=True)
        tree["population"] = tree["population"].to_dataset().drop_vars("rule_draws")
        second = Score(tree)

    found = compare(first, second, rule=rule)

    assert re.search(why, found.unpaired)
    assert (found.sample, found.n_draws) == ("listener", 0)
    assert np.isnan(found.regions["low"]).all()


def test_command_says_what_the_interval_is_over(scores, tmp_path, capsys):
    files = [str(score.save(tmp_path / f"{score.model}.nc")) for score in scores]
    other = str(scored(MODELS[1], seed=1).save(tmp_path / "other.nc"))

    assert main(["compare", *files]) == 0
    told = capsys.readouterr().out
    assert "over 1000 draws of stimuli, the same ones for both models" in told
    assert "Wilcoxon" not in told
    assert main(["compare", files[0], other]) == 0
    assert "not paired: the stimuli of mel-128" in capsys.readouterr().out
    assert main(["compare", *files, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["sample"], record["n_draws"], record["unpaired"]) == ("stimulus", 1000, "")
    assert record["regions"][0]["low"] < record["regions"][0]["high"]


def test_draws_of_other_dims_are_no_score(scores):
    tree = scores[0].tree.copy(deep=True)
    population = tree["population"].to_dataset()
    tree["population"] = population.assign(rule_draws=population["rule_draws"].isel(quantity=0))
    with pytest.raises(CorruptData, match="/population/rule_draws has dims"):
        Score(tree)
