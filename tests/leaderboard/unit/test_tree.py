"""The tree of benchmarks: where each stands, and what it weighs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from heschl import registry
from heschl.cards import BenchmarkCard
from heschl.leaderboard.board import Column
from heschl.leaderboard.columns import recording_of
from heschl.leaderboard.tree import NO_BETTER, NO_SHARE, path_of, tree_of


def column(slug: str, *path: str) -> Column:
    return Column(
        slug=slug,
        id=slug,
        label=slug,
        summary="",
        version=1,
        path=path,
        dataset="",
        metric="",
        protocol="",
        sample="listener",
        n=8,
        primary_roi="all",
        ceiling=1.0,
        ceiling_error=0.0,
        ceiling_kind="",
        citation="",
    )


COLUMNS = (
    column("moth", "Brain", "fMRI", "moth"),
    column("prince-en", "Brain", "fMRI", "prince", "ridge"),
    column("prince-fr", "Brain", "fMRI", "prince", "ridge"),
    column("prince-rsa", "Brain", "fMRI", "prince"),
    column("grid", "Brain", "ECoG", "grid"),
    column("abx", "Behaviour", "triplets"),
    replace(column("impact", "Descriptive", "moth"), in_overall=False),
)


def nested_mean(tree, key: str, values: dict[str, float]) -> float:
    """Return the mean of a group as its children say, one level at a time."""
    groups = {"/".join(group.path): group for group in tree.groups}
    found = [
        nested_mean(tree, child, values) if child in groups else values[child]
        for child in groups[key].children
    ]
    return sum(found) / len(found)


def test_a_group_is_the_mean_of_its_children_each_counted_once():
    tree = tree_of(COLUMNS)
    values = {each.slug: math.sqrt(place + 2) for place, each in enumerate(COLUMNS[:-1])}

    for group in tree.groups:
        if group.path[:1] != ("Descriptive",):
            below = {slug: np.array([values[slug]]) for slug in group.columns}
            (mean,) = tree.mean(below, group.path)
            assert mean == pytest.approx(nested_mean(tree, "/".join(group.path), values))


def test_weights_are_shares_of_the_whole():
    weights = tree_of(COLUMNS).weights([each.slug for each in COLUMNS])

    assert sum(weights.values()) == pytest.approx(1)
    assert weights["abx"] == 1 / 2
    assert weights["grid"] == 1 / 4
    assert weights["moth"] == 1 / 8
    assert weights["prince-en"] == weights["prince-fr"] == weights["prince-rsa"] / 2
    assert "impact" not in weights


def test_what_does_not_count_leaves_its_share_to_its_siblings():
    weights = tree_of(COLUMNS).weights(["moth", "prince-fr", "abx"])

    assert weights == {"moth": 1 / 4, "prince-fr": 1 / 4, "abx": 1 / 2}


def test_every_column_is_a_child_of_one_group():
    tree = tree_of(COLUMNS)
    children = [child for group in tree.groups for child in group.children]

    assert len(children) == len(set(children))
    assert {each.slug for each in COLUMNS} <= set(children)
    assert tree.groups[0].children == ("Brain", "Behaviour")
    assert all(group.words for group in tree.groups)


def test_equal_rows_have_equal_means_wherever_they_stand():
    row = np.random.default_rng(0).random(6)
    values = {each.slug: np.full(99, number) for each, number in zip(COLUMNS, row, strict=False)}

    assert len(set(tree_of(COLUMNS[:-1]).mean(values).tolist())) == 1


def test_registered_benchmarks_stand_where_their_datasets_say():
    names = registry.benchmarks.names()
    paths = {
        name: path_of(card, card.dataset, recording_of(card.dataset), names)
        for name in names
        for card in [registry.benchmarks.card(name)]
    }

    assert paths["lebel_moth-ridge"] == ("Brain", "fMRI", "lebel_moth")
    assert paths["little_prince-ridge-fr"] == ("Brain", "fMRI", "little_prince", "ridge")
    assert paths["nh2015-ridge_tuck"] == paths["nh2015-rsa"] == ("Brain", "fMRI", "nh2015")
    assert paths["timit_ecog-trf"] == ("Brain", "ECoG", "timit_ecog")
    assert paths["perceptimatic-abx"] == ("Behaviour", "perceptimatic")
    assert paths["crema_d-emotion"] == ("Probing", "crema_d")
    assert paths["lebel_moth-low_level_impact"] == ("Descriptive", "lebel_moth")
    assert {path[0] for path in paths.values()} == {"Brain", "Behaviour", "Probing", "Descriptive"}


def test_protocols_without_a_better_are_those_of_registered_benchmarks():
    known = {registry.benchmarks.card(name).protocol for name in registry.benchmarks.names()}
    assert NO_SHARE.keys() < NO_BETTER.keys() <= known


def test_names_of_strangers_make_no_other_groups():
    card = BenchmarkCard("lab/quiet", load="a:b", summary="", dataset="lab/tones")

    assert path_of(card, "lab/tones", "", ["lab/quiet"]) == ("Other", "lab:tones")
    assert path_of(None, "a/b", "", []) == ("Unregistered", "a:b")
