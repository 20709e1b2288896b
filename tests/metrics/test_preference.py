"""Distances of words, by brute force and closed form; which words are related."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import cdist

from heschl.data_registry.librispeech.phantom_truth import edits
from heschl.errors import InvalidInput
from heschl.metrics.preference import (
    Relations,
    SemanticPhonetic,
    mean_distances,
    near_pairs,
    phone_distances,
    related_words,
)
from heschl.metrics.preference.verification import planted_words, verification

PHONES = ["AA", "B", "D", "EH", "K", "S"]


def invented(n, seed=0, longest=7):
    generator = np.random.default_rng(seed)
    return [
        generator.choice(PHONES, size=generator.integers(1, longest + 1)).tolist() for _ in range(n)
    ]


def test_phone_distances_are_those_of_the_textbook():
    first, second = invented(400, 1), invented(400, 2)

    found = phone_distances(first, second)

    expected = [edits(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert len(set(expected)) > 10


def test_phone_distances_of_known_words():
    pairs = {("kitten", "sitting"): 3 / 7, ("saturday", "sunday"): 3 / 8, ("a", "a"): 0.0}

    found = phone_distances([list(a) for a, _ in pairs], [list(b) for _, b in pairs])

    assert found.tolist() == pytest.approx([*pairs.values()])


def test_phone_distances_are_symmetric_and_many_pairs_are_taken_in_turn(monkeypatch):
    first, second = invented(50, 3), invented(50, 4)
    whole = phone_distances(first, second)

    monkeypatch.setattr("heschl.metrics.preference.phones._PAIRS_AT_ONCE", 7)

    np.testing.assert_array_equal(phone_distances(second, first), whole)


def test_near_pairs_are_all_that_there_are(monkeypatch):
    words = invented(120, 5)
    monkeypatch.setattr("heschl.metrics.preference.phones._WORDS_AT_ONCE", 13)

    pairs, distances = near_pairs(words, 0.4)

    expected = {
        (a, b): edits(words[a], words[b])
        for a, b in itertools.combinations(range(len(words)), 2)
        if 0 < edits(words[a], words[b]) <= 0.4
    }
    assert dict(zip(map(tuple, pairs.tolist()), distances.tolist(), strict=True)) == pytest.approx(
        expected
    )
    assert len(expected) > 20


def test_words_on_the_threshold_are_near():
    five = [list("abcde"), list("abcxy"), list("abpqr")]

    assert near_pairs(five, 0.4)[0].tolist() == [[0, 1]]  # two of five


def test_words_without_phones_are_refused():
    with pytest.raises(InvalidInput, match="no phones"):
        near_pairs([["AA"], []], 0.4)
    with pytest.raises(InvalidInput, match="paired"):
        phone_distances([["AA"]], [])


def spoken(*words):
    return {word: list(word) for word in words}


def named(relations, pairs):
    return {tuple(relations.words[number] for number in pair) for pair in pairs.tolist()}


def test_relations_go_both_ways_and_synonyms_do_not_sound_alike():
    relations = related_words(
        spoken("cat", "hat", "feline", "cart"),
        [("feline", "cat"), ("cat", "cart"), ("cat", "cat"), ("cat", "tiger")],
    )

    # A synonym that sounds alike is neither of the two.
    assert named(relations, relations.synonyms) == {("cat", "feline"), ("feline", "cat")}
    assert named(relations, relations.homophones) == {("cat", "hat"), ("hat", "cat")}
    assert [relations.words[number] for number in relations.targets] == ["cat"]


def test_no_synonym_leaves_no_target():
    relations = related_words(spoken("cat", "hat"), [])

    assert relations.synonyms.shape == (0, 2)
    assert len(relations.targets) == 0


def test_homophones_that_are_the_same_are_no_pair():
    relations = related_words({"two": ["T", "UW"], "too": ["T", "UW"]}, [("too", "two")])

    assert len(relations.homophones) == len(relations.synonyms) == 0


@pytest.mark.parametrize("threshold", [0, 1, -0.2])
def test_thresholds_that_are_none_are_refused(threshold):
    with pytest.raises(InvalidInput, match="threshold"):
        related_words(spoken("cat"), [], threshold)


def tokens(seed=0, n=90, n_words=9, n_speakers=4, width=6):
    generator = np.random.default_rng(seed)
    word, speaker = generator.integers(n_words, size=n), generator.integers(n_speakers, size=n)
    return generator.standard_normal((n, width)) + 0.5 * word[:, None], word, speaker


def by_brute_force(values, word, speaker, distance, n_words):
    """Return the mean over every pair of tokens by different speakers, and their number."""
    table = cdist(values, values, distance)
    sums, counts = np.zeros((n_words, n_words)), np.zeros((n_words, n_words))
    for a, b in itertools.product(range(len(values)), repeat=2):
        if speaker[a] != speaker[b]:
            sums[word[a], word[b]] += table[a, b]
            counts[word[a], word[b]] += 1
    with np.errstate(invalid="ignore"):
        return sums / counts, counts


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mean_distances_are_those_of_every_pair(distance, seed, monkeypatch):
    monkeypatch.setattr("heschl.metrics.preference.distances._NUMBERS_AT_ONCE", 1000)
    values, word, speaker = tokens(seed)
    speaker[word == 3] = 2  # a word that one speaker alone says

    means, counts = mean_distances(values, word, speaker, distance, n_words=11)
    expected, expected_counts = by_brute_force(values, word, speaker, distance, 11)

    np.testing.assert_array_equal(counts, expected_counts)
    np.testing.assert_allclose(means, expected, atol=1e-9)
    assert np.isnan(means[3, 3])
    assert np.isnan(means[:, 9:]).all()


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_distances_do_not_depend_on_order_or_rotation_of_the_space(distance):
    values, word, speaker = tokens()
    order = np.random.default_rng(1).permutation(len(values))
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((6, 6)))[0]
    found, _ = mean_distances(values, word, speaker, distance, n_words=9)

    for changed in (
        mean_distances(values[order], word[order], speaker[order], distance, n_words=9)[0],
        mean_distances(values @ turn, word, speaker, distance, n_words=9)[0],
    ):
        np.testing.assert_allclose(changed, found, atol=1e-9)


def test_shifting_the_space_is_an_invariance_of_euclidean_distances_alone():
    values, word, speaker = tokens()

    for distance, is_same in (("euclidean", True), ("cosine", False)):
        one, other = (
            mean_distances(each, word, speaker, distance, n_words=9)[0]
            for each in (values, values + 3.0)
        )
        assert np.allclose(one, other, atol=1e-9) is is_same


def test_tokens_of_zeros_are_at_one_from_all_others():
    values = np.array([[0.0, 0.0], [1.0, 0.0]])

    means, _ = mean_distances(values, np.array([0, 1]), np.array([0, 1]), "cosine", n_words=2)

    assert means[0, 1] == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"distance": "manhattan"}, "cosine, euclidean"),
        ({"values": np.ones((3, 2))}, "3 tokens"),
        ({"values": np.full((90, 2), np.inf)}, "not finite"),
        ({"values": np.ones((90, 0))}, "shape"),
        ({"n_words": 4}, "0 to 3"),
    ],
)
def test_tokens_that_cannot_be_compared_are_refused(changes, message):
    values, word, speaker = tokens()
    given = {"values": values, "word": word, "speaker": speaker, "distance": "cosine"}

    with pytest.raises(InvalidInput, match=message):
        mean_distances(**{**given, "n_words": 9, **changes})


def test_preference_is_the_mean_over_pairs_and_not_over_tokens():
    # The word a is paired with b (one token) and c (two tokens).
    values = xr.DataArray(
        [[0.0], [1.0], [4.0], [6.0], [10.0]],
        dims=("token", "unit"),
        coords={
            "word": ("token", ["a", "b", "c", "c", "d"]),
            "speaker": ("token", ["1", "2", "2", "3", "4"]),
        },
    )
    relations = Relations(("a", "b", "c", "d"), np.array([[0, 1], [0, 2]]), np.array([[0, 3]]))

    found = SemanticPhonetic("euclidean")(values, relations).sel(word="a")

    assert float(found["synonym"]) == (1 + 5) / 2
    assert float(found["homophone"]) == 10
    assert float(found["other"]) == (1 + 4 + 6 + 10) / 4
    assert float(found["preference"]) == 3 - 10
    assert float(found["relative"]) == pytest.approx((3 - 10) / 5.25)


def test_a_word_whose_partner_has_the_same_speaker_alone_is_undefined():
    values, relations = planted_words(1.0, 0.5, 0)
    one_speaker = values.assign_coords(speaker=("token", ["ann"] * values.sizes["token"]))

    found = SemanticPhonetic()(one_speaker, relations)

    assert found["preference"].isnull().all()


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("is_rounded", [False, True])
def test_no_share_is_taken_of_distances_that_are_rounding(distance, is_rounded):
    values, relations = planted_words(1.0, 0.5, 0)
    row = np.random.default_rng(0).standard_normal(64).astype(np.float32)
    same = np.tile(row, (values.sizes["token"], 1))
    if is_rounded:
        same[::3] = np.nextafter(same[::3], np.float32(9))
    flat = xr.DataArray(same, dims=("token", "unit"), coords=values.coords)

    found = SemanticPhonetic(distance)(flat, relations)

    assert found["relative"].isnull().all()
    np.testing.assert_allclose(found["preference"], 0, atol=1e-6)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_words_that_lie_close_together_keep_their_shares(distance):
    values, relations = planted_words(1.0, 0.5, 0)
    apart = SemanticPhonetic("euclidean")(values, relations)["relative"]

    near = SemanticPhonetic(distance)(1e-4 * values, relations)["relative"]
    far_off = SemanticPhonetic(distance)(values + 1e4, relations)["relative"]

    assert near.notnull().all()
    assert far_off.notnull().all()
    if distance == "euclidean":
        np.testing.assert_allclose(near, apart, rtol=1e-6)
        np.testing.assert_allclose(far_off, apart, rtol=1e-6)


def test_words_that_are_not_related_count_among_the_others():
    values, relations = planted_words(1.0, 0.5, 0)
    fewer = Relations(relations.words[1:], relations.synonyms - 1, relations.homophones - 1)

    xr.testing.assert_allclose(
        SemanticPhonetic()(values, fewer), SemanticPhonetic()(values, relations)
    )


def test_metric_refuses_what_has_no_words():
    values, relations = planted_words(1.0, 0.5, 0)

    with pytest.raises(InvalidInput, match="speaker"):
        SemanticPhonetic()(values.drop_vars("speaker"), relations)
    with pytest.raises(InvalidInput, match="cosine, euclidean"):
        SemanticPhonetic("manhattan")


def test_verification_finds_what_was_planted():
    findings = verification()

    assert [finding for finding in findings if not finding.passed] == []
    assert len(findings) == 13
