from __future__ import annotations

import pickle

import numpy as np
import pytest

from heschl.alignment import Alignment, Interval
from heschl.errors import InvalidInput, UnknownName

HAD = Interval(0.1, 0.4, "had")
YOUR = Interval(0.35, 0.6, "your")


def test_alignment_takes_any_triples_and_keeps_plain_numbers():
    alignment = Alignment(words=[(np.float64(0.1), np.float32(0.5), "had")])

    assert alignment.words == ((0.1, 0.5, "had"),)
    assert type(alignment.words[0]) is Interval
    assert [type(value) for value in alignment.words[0]] == [float, float, str]
    assert alignment.phones == ()


def test_overlaps_gaps_ties_and_points_are_allowed():
    words = (HAD, YOUR, Interval(0.35, 0.35, "click"), Interval(9.0, 9.5, "late"))

    assert Alignment(words=words).words == words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([YOUR, HAD], "word 1.*starts before"),
        ([Interval(0.2, 0.1, "x")], "word 0.*ends before it starts"),
        ([HAD, Interval(float("nan"), 1.0, "x")], "word 1.*not finite"),
        ([Interval(0.0, float("inf"), "x")], "not finite"),
        ([Interval(0.0, 1.0, 7)], "no text"),
    ],
    ids=["unsorted", "backwards", "nan", "infinite", "label"],
)
def test_malformed_intervals_are_refused(words: list[Interval], message: str):
    with pytest.raises(InvalidInput, match=message):
        Alignment(words=words)
    with pytest.raises(InvalidInput, match=message.replace("word", "phone")):
        Alignment(phones=words)


def test_digest_follows_every_time_label_and_tier():
    alignments = [
        Alignment(words=(HAD, YOUR)),
        Alignment(words=(HAD, YOUR._replace(label="yours"))),
        Alignment(words=(HAD, YOUR._replace(offset_s=0.6000001))),
        Alignment(words=(HAD,)),
        Alignment(phones=(HAD, YOUR)),
        Alignment(),
    ]

    assert len({alignment.digest for alignment in alignments}) == len(alignments)
    again = pickle.loads(pickle.dumps(alignments[0]))  # noqa: S301
    assert again == alignments[0]
    assert again.digest == Alignment(words=[list(HAD), list(YOUR)]).digest == alignments[0].digest


def test_tiers_are_found_by_name_sorted_and_freed_of_blanks():
    tiers = {
        "Phones ": [Interval(0.2, 0.3, "AE"), Interval(0.0, 0.2, "HH"), Interval(0.3, 0.4, " ")],
        "word": [HAD, Interval(0.4, 0.5, "")],
        "breath": [Interval(0.0, 0.1, "x")],
    }

    alignment = Alignment.from_tiers(tiers)

    assert alignment.words == (HAD,)
    assert [phone.label for phone in alignment.phones] == ["HH", "AE"]
    assert Alignment.from_tiers(tiers, words=["breath"], phones=None) == Alignment(
        words=(Interval(0.0, 0.1, "x"),)
    )


def test_tiers_of_one_onset_keep_their_order():
    points = [Interval(0.1, 0.1, label) for label in "zab"]

    assert Alignment.from_tiers({"words": points}, phones=None).words == tuple(points)


def test_missing_and_ambiguous_tiers_are_named():
    with pytest.raises(UnknownName, match="'word' or 'words', got none; known: 'phone'"):
        Alignment.from_tiers({"phone": []})
    with pytest.raises(UnknownName, match="got 'word' and 'Words'"):
        Alignment.from_tiers({"word": [], "Words": []}, phones=None)
