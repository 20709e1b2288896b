"""Scores without listeners: samples and parts in the places of listeners and regions."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from faulty_labelled import TASK, Labels, write_phantom
from scipy import stats
from toy import Loudness

import heschl
from heschl.cards import BenchmarkCard
from heschl.cli.result import print_score
from heschl.errors import InvalidInput
from heschl.item_features import item_cells, read_items
from heschl.samples import sample_groups
from heschl.scores import open_score
from heschl.windowing import WholeStimulus

LAYERS, PAIRS = ["low", "high"], [f"p-{n}" for n in range(8)]


def accuracy(seed=0):
    values = np.random.default_rng(seed).uniform(0.5, 1.0, (2, len(PAIRS), 2))
    values[:, 3:, 1] = np.nan  # the second language lacks them
    return xr.DataArray(
        values,
        dims=("layer", "subject", "roi"),
        coords={"layer": LAYERS, "subject": PAIRS, "roi": ["en", "fr"]},
    )


def groups_of(score, **settings):
    counts = xr.full_like(score.isel(layer=0, drop=True), 5.0)
    given = {"chance": 0.5, "ceiling": 1.0, "kind": "perfect", "power": "variance", "seed": 0}
    return sample_groups(score, n_items=counts, **(given | settings))


def test_normalised_is_the_share_of_what_chance_leaves():
    score = accuracy()
    population = groups_of(score)["population"].sel(roi="en")

    raw = score.sel(roi="en").to_numpy()
    np.testing.assert_allclose(population["value"].sel(quantity="score"), raw.mean(axis=1))
    np.testing.assert_allclose(
        population["value"].sel(quantity="normalised"), 2 * raw.mean(axis=1) - 1
    )
    expected = [stats.wilcoxon(of_layer - 0.5, method="exact").pvalue for of_layer in raw]
    np.testing.assert_allclose(population["p"].sel(quantity="normalised"), expected)


def test_samples_without_a_part_do_not_count_in_it():
    groups = groups_of(accuracy())

    assert groups["population"]["n"].to_numpy().tolist() == [8, 3]
    assert groups["summary"]["n_units"].sum("subject").to_numpy().tolist() == [40, 15]
    assert groups["units"].sizes["unit"] == 11
    in_roi = groups["units"]["in_roi"].to_numpy().astype(bool)
    np.testing.assert_allclose(
        groups["units"]["score"].to_numpy()[:, in_roi[1]].mean(),
        np.nanmean(accuracy().sel(roi="fr")),
        rtol=1e-6,
    )


def test_levels_may_differ_between_parts():
    score = accuracy()
    ceiling = xr.DataArray([0.9, 0.8], dims="roi", coords={"roi": ["en", "fr"]})
    summary = groups_of(score, ceiling=ceiling)["summary"]
    np.testing.assert_allclose(
        summary["normalised"].sel(roi="fr"), (score.sel(roi="fr") - 0.5) / 0.3
    )


def test_draws_give_the_error_on_the_scale_of_each_quantity():
    score = accuracy().isel(subject=[0])
    draws = xr.DataArray(
        np.random.default_rng(1).normal(0.7, 0.05, (2, 500, 2)),
        dims=("layer", "draw", "roi"),
        coords={"layer": LAYERS, "roi": ["en", "fr"]},
    )
    chosen = xr.DataArray([[1, 0]], dims=("subject", "roi"))

    population = groups_of(score, draws=draws, drawn_items="these", chosen=chosen)["population"]

    board = population.sel(layer_rule="inner", roi="en")
    of_layer = draws.sel(layer="high", roi="en").to_numpy()
    np.testing.assert_allclose(board["rule_error"].sel(quantity="score"), of_layer.std(ddof=1))
    np.testing.assert_allclose(
        board["rule_error"].sel(quantity="normalised"), 2 * of_layer.std(ddof=1)
    )
    np.testing.assert_allclose(
        board["rule_low"].sel(quantity="normalised"), 2 * np.quantile(of_layer, 0.025) - 1
    )
    np.testing.assert_allclose(
        board["rule_value"].sel(quantity="score"), score.sel(layer="high", roi="en").item()
    )
    assert np.isnan(board["rule_p"]).all()
    kept = population["rule_draws"].sel(roi="en")
    np.testing.assert_array_equal(kept.sel(quantity="score"), of_layer)
    np.testing.assert_allclose(kept.sel(quantity="normalised"), 2 * of_layer - 1)


def test_draws_of_many_samples_are_refused():
    draws = xr.DataArray(np.zeros((2, 5, 2)), dims=("layer", "draw", "roi"))
    with pytest.raises(InvalidInput, match="there are 8"):
        groups_of(accuracy(), draws=draws, drawn_items="these")


def test_draws_of_who_knows_what_are_refused():
    draws = xr.DataArray(np.zeros((2, 5, 2)), dims=("layer", "draw", "roi"))
    with pytest.raises(InvalidInput, match="could be of any items"):
        groups_of(accuracy().isel(subject=[0]), draws=draws)


def test_a_ceiling_that_chance_reaches_is_refused():
    with pytest.raises(InvalidInput, match=r"a ceiling of 0.5 is not above a chance of 0.5"):
        groups_of(accuracy(), ceiling=0.5)


def test_a_sample_with_half_of_its_layers_is_refused():
    score = accuracy()
    score[0, 0, 0] = np.nan
    with pytest.raises(InvalidInput, match="p-0 has a score of en in some layers and none"):
        groups_of(score)


WORDS = BenchmarkCard(
    "small-labels-loudness",
    load="none:none",
    summary="A toy",
    dataset="small-labels",
    protocol="toy.loudness",
    unit_of_uncertainty="word",
)


@dataclass(frozen=True)
class LoudWords:
    """Scores how loud each word is: a test as small as can be."""

    card: BenchmarkCard = WORDS
    rois: tuple[str, ...] = ("all",)

    def configuration(self):
        return {"kind": "LoudWords"}

    def description(self):
        return {
            "score_meaning": "loudness",
            "normalisation": "(score - chance) / (ceiling - chance)",
            "score_power": "variance",
            "layer_rule": "nested",
        }

    def cells(self, session):
        items = session.dataset.get().items(TASK.name)
        return item_cells(session, items, windowing=WholeStimulus(), pooling="mean")

    def gather(self, session, cells):
        items = session.dataset.get().items(TASK.name)
        means = [
            read_items(session, items, cells, layer).values.mean(axis=1) for layer in session.layers
        ]
        score = xr.DataArray(
            np.array(means, dtype=float)[..., np.newaxis],
            dims=("layer", "subject", "roi"),
            coords={"layer": list(session.layers), "subject": items.identifiers, "roi": ["all"]},
        )
        return groups_of(score, chance=0.0)


def test_a_test_without_listeners_goes_the_whole_way(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    write_phantom(tmp_path / "data")

    found = heschl.score(
        Loudness(), LoudWords(), data=Labels(tmp_path / "data"), store=tmp_path / "store"
    )

    reopened = open_score(found.save(tmp_path / "score.nc"))
    assert reopened.tree.identical(found.tree)
    assert set(json.loads(found.provenance["data_digests"])["sounds"]) == {"a", "b", "c"}
    words = found.explain()
    assert "of 15 items in 3 words" in words
    assert "the best mean over the other words" in words
    assert "listener" not in words
    print_score(found)
    assert "listener" not in capsys.readouterr().out
