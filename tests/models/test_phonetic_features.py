"""The articulation table from a second derivation, and sequences against counting by hand."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from heschl.alignment import Alignment
from heschl.errors import InvalidInput
from heschl.extraction import extract_frames
from heschl.models import phonetic
from heschl.models.phonetic.articulation import COLUMNS, FIXED, ORIGINAL
from heschl.models.phonetic.labels import ARPABET
from heschl.models.phonetic.model import (
    PhoneSequences,
    articulation,
    articulation_original,
    diphone,
    triphone,
)
from heschl.models.phonetic.sequences import attested, sequences
from heschl.phantom import features
from heschl.phantom.corpus import compose, utterances
from heschl.sound import Stimulus
from heschl.windowing import WholeStimulus

# Written anew from phonetics: the consonant chart by place and manner, unvoiced before voiced.
CHART = {
    ("bilabial", "plosive"): "P B",
    ("bilabial", "nasal"): "- M",
    ("labiodental", "fricative"): "F V",
    ("dental", "fricative"): "TH DH",
    ("alveolar", "plosive"): "T D",
    ("alveolar", "fricative"): "S Z",
    ("alveolar", "nasal"): "- N",
    ("alveolar", "lateral"): "- L",
    ("alveolar", "approximant"): "- R",
    ("postalveolar", "fricative"): "SH ZH",
    ("postalveolar", "affricative"): "CH JH",
    ("palatal", "approximant"): "- Y",
    ("velar", "plosive"): "K G",
    ("velar", "nasal"): "- NG",
    ("velar", "approximant"): "- W",
    ("glottal", "fricative"): "HH -",
}
# Vowels by height (rows) and backness (columns); a diphthong is in two cells.
VOWELS = {
    "high": {"front": "IY OY", "back": "UH UW"},
    "mid": {"front": "IH EY EH AY", "central": "AH ER", "back": "AO OW AW OY"},
    "low": {"front": "AE", "central": "AW AY", "back": "AA"},
}
COUNTS = {
    "bilabial": 3, "postalveolar": 4, "alveolar": 7, "dental": 2, "labiodental": 2, "velar": 4,
    "glottal": 1, "palatal": 1, "plosive": 6, "affricative": 2, "fricative": 9, "nasal": 3,
    "lateral": 1, "approximant": 3, "voiced": 15, "unvoiced": 9, "low": 4, "mid": 10, "high": 4,
    "front": 7, "central": 4, "back": 7,
}  # fmt: skip


def marked(table, phone) -> set[str]:
    return {column for column, value in zip(COLUMNS, table[phone], strict=True) if value}


def column(table, name) -> set[str]:
    return {phone for phone in table if table[phone][COLUMNS.index(name)]}


def aligned(*labels, length_s=0.1) -> Alignment:
    return Alignment(
        phones=tuple((i * length_s, (i + 1) * length_s, label) for i, label in enumerate(labels))
    )


def test_columns_are_in_the_published_order():
    assert COLUMNS == (
        "bilabial", "postalveolar", "alveolar", "dental", "labiodental", "velar", "glottal",
        "palatal", "plosive", "affricative", "fricative", "nasal", "lateral", "approximant",
        "voiced", "unvoiced", "low", "mid", "high", "front", "central", "back",
    )  # fmt: skip


def test_consonants_equal_the_chart():
    expected: dict[str, set[str]] = {}
    for (place, manner), pair in CHART.items():
        for phone, voicing in zip(pair.split(), ("unvoiced", "voiced"), strict=True):
            if phone != "-":
                expected[phone] = {place, manner, voicing}

    assert len(expected) == 24
    assert {phone: marked(FIXED, phone) for phone in expected} == expected


def test_vowels_equal_the_quadrilateral():
    expected: dict[str, set[str]] = {}
    for height, row in VOWELS.items():
        for backness, phones in row.items():
            for phone in phones.split():
                expected.setdefault(phone, set()).update((height, backness))

    assert len(expected) == 15
    assert {phone: marked(FIXED, phone) for phone in expected} == expected


def test_every_phone_has_a_row_of_zeros_and_ones():
    assert sorted(FIXED) == sorted(ORIGINAL) == list(ARPABET)
    assert len(ARPABET) == 39
    assert set(np.unique(list(FIXED.values()))) == {0, 1}
    assert {name: len(column(FIXED, name)) for name in COLUMNS} == COUNTS


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ("B", "P", {"voiced", "unvoiced"}),
        ("B", "M", {"plosive", "nasal"}),
        ("B", "D", {"bilabial", "alveolar"}),
        ("S", "SH", {"alveolar", "postalveolar"}),
        ("SH", "CH", {"fricative", "affricative"}),
        ("CH", "JH", {"voiced", "unvoiced"}),
        ("L", "R", {"lateral", "approximant"}),
        ("TH", "F", {"dental", "labiodental"}),
        ("Y", "W", {"palatal", "velar"}),
        ("IY", "UW", {"front", "back"}),
        ("AE", "EH", {"low", "mid"}),
        ("AH", "AA", {"mid", "low", "central", "back"}),
        ("AW", "AY", {"back", "front"}),
        ("IH", "EH", set()),
    ],
)
def test_pairs_differ_as_they_should(one, other, difference):
    assert marked(FIXED, one) ^ marked(FIXED, other) == difference


def test_original_lacks_exactly_the_manner_of_affricates():
    differing = {
        (phone, name)
        for phone in FIXED
        for name in COLUMNS
        if FIXED[phone][COLUMNS.index(name)] != ORIGINAL[phone][COLUMNS.index(name)]
    }

    assert differing == {("CH", "affricative"), ("JH", "affricative")}
    live = np.array(list(ORIGINAL.values())).any(axis=0)
    assert live.sum() == 21
    assert COLUMNS[int(np.argmin(live))] == "affricative"
    assert np.array(list(FIXED.values())).any(axis=0).all()


def test_original_spans_what_fixed_does():
    fixed, original = (np.array([table[phone] for phone in ARPABET]) for table in (FIXED, ORIGINAL))

    ranks = [
        np.linalg.matrix_rank(each) for each in (fixed, original, np.hstack([fixed, original]))
    ]

    # All places are a consonant, and so are all manners.
    assert ranks == [ranks[0]] * 3
    places, manners = original[:, :8].sum(axis=1), original[:, 8:14].sum(axis=1)
    np.testing.assert_array_equal(places - manners, fixed[:, COLUMNS.index("affricative")])


def test_table_agrees_with_what_the_phantom_plants():
    said = [spoken.alignment for spoken in utterances("en")]
    for alignment in said:
        planted = features.phonetic(alignment).values
        values = articulation().read(alignment, ["articulation"])["articulation"].values
        read = {name: values[:, COLUMNS.index(name)] for name in COLUMNS}
        # The phantom counts affricates as plosive and fricative, and laterals as approximants.
        expected = {
            "plosive": read["plosive"] + read["affricative"],
            "fricative": read["fricative"] + read["affricative"],
            "nasal": read["nasal"],
            "approximant": read["approximant"] + read["lateral"],
            "voiced": read["voiced"],
            **{name: read[name] for name in ("low", "mid", "high", "front", "back")},
        }
        for name, values_expected in expected.items():
            at = features.PHONETIC_COLUMNS.index(name)
            np.testing.assert_array_equal(planted[:, at], values_expected)


def test_articulation_stands_where_the_phone_is_and_ignores_stress():
    spoken = Alignment(phones=((0.2, 0.3, "CH"), (0.25, 0.5, "IY2")))

    events = articulation().read(spoken, ["articulation"])["articulation"]
    original = articulation_original().read(spoken, ["articulation"])["articulation"]

    np.testing.assert_array_equal(events.values, [FIXED["CH"], FIXED["IY"]])
    np.testing.assert_array_equal(original.values, [ORIGINAL["CH"], ORIGINAL["IY"]])
    np.testing.assert_array_equal(events.onsets_s, [0.2, 0.25])
    np.testing.assert_array_equal(events.offsets_s, [0.3, 0.5])


@pytest.mark.parametrize(("make", "order"), [(diphone, 2), (triphone, 3)])
def test_sequences_equal_counting_by_hand(make, order):
    spoken = utterances("en")[0].alignment
    stretches: list[list[str]] = [[]]
    for number, phone in enumerate(spoken.phones):
        if number and phone.onset_s > spoken.phones[number - 1].offset_s + 1e-6:
            stretches.append([])
        stretches[-1].append(phone.label)
    expected = [s[i : i + order] for s in stretches for i in range(len(s) - order + 1)]

    (events,) = make().read(spoken, [make().card.id]).values()

    names = sorted(itertools.product(sorted(FIXED), repeat=order))
    assert events.values.shape == (len(expected), len(names)) == (len(expected), 39**order)
    values = events.values.toarray()
    assert (values.sum(axis=1) == 1).all()
    assert [list(names[column]) for column in values.argmax(axis=1)] == expected


def test_presence_in_scans_follows_from_the_midpoints():
    # The protocol's own form, presence in [t, t + TR), from a loop over all pairs of phones.
    story = compose("story", utterances("en"), 60, seed=1).alignment
    scan_s, n_scans = 2.0, 30
    expected = np.zeros((n_scans, 1521), bool)
    for first, second in zip(story.phones[:-1], story.phones[1:], strict=True):
        if second.onset_s - first.offset_s < 1e-3:
            scan = int((first.onset_s + second.offset_s) / 2 // scan_s)
            expected[scan, 39 * ARPABET.index(first.label) + ARPABET.index(second.label)] = True

    events = diphone().read(story, ["diphone"])["diphone"]

    counted = np.zeros((n_scans, 1521))
    np.add.at(counted, (events.onsets_s // scan_s).astype(int), events.values.toarray())
    np.testing.assert_array_equal(counted > 0, expected)
    assert expected.sum() > 300


@pytest.mark.parametrize("pause", ["sp", "sil", "{NS}", ""])
def test_no_sequence_spans_a_pause_labelled_or_not(pause):
    labelled = aligned("K", "AE1", pause, "T", "S")
    unlabelled = Alignment(phones=tuple(phone for phone in labelled.phones if phone.label != pause))

    for alignment in (labelled, unlabelled):
        assert [run for _, run in sequences("m", alignment, 2)] == [("K", "AE"), ("T", "S")]
        assert sequences("m", alignment, 3) == []


@pytest.mark.parametrize("length_s", [0.0, 0.004])
def test_labelled_pause_parts_phones_however_short(length_s):
    after = 0.1 + length_s
    spoken = Alignment(
        phones=((0.0, 0.1, "K"), (0.1, after, "sp"), (after, 0.2, "AE"), (0.2, 0.3, "T"))
    )

    assert [run for _, run in sequences("m", spoken, 2)] == [("AE", "T")]


def test_rounding_between_phones_is_no_pause():
    spoken = Alignment(phones=((0.0, 0.1, "K"), (0.104, 0.2, "AE"), (0.206, 0.3, "T")))

    assert [run for _, run in sequences("m", spoken, 2)] == [("K", "AE")]


def test_overlapping_phones_follow_each_other_by_onset():
    spoken = Alignment(
        phones=((0.0, 0.5, "K"), (0.1, 0.2, "AE"), (0.15, 0.9, "T"), (0.16, 0.17, "S"))
    )

    found = sequences("m", spoken, 2)

    # By their midpoints, which the long phone pushes back.
    assert found == [
        (pytest.approx(0.1), ("K", "AE")),
        (pytest.approx(0.16), ("T", "S")),
        (pytest.approx(0.5), ("AE", "T")),
    ]


def test_fewer_phones_than_a_sequence_give_none():
    assert triphone().read(aligned("K", "AE"), ["triphone"])["triphone"].values.shape == (0, 59319)


def test_vocabulary_of_training_ignores_what_it_lacks():
    training = [aligned("K", "AE1", "T"), aligned("AE0", "T", "S")]
    vocabulary = attested(training, order=2)
    model = PhoneSequences(phonetic.DIPHONE, 2, vocabulary)

    events = model.read(aligned("K", "AE", "S", "K", "AE", "T"), ["diphone"])["diphone"]

    assert vocabulary == (("AE", "T"), ("K", "AE"), ("T", "S"))
    assert model.layers[0].width == 3
    np.testing.assert_array_equal(events.values.toarray(), [[0, 1, 0], [0, 1, 0], [1, 0, 0]])
    np.testing.assert_allclose(events.onsets_s, [0.1, 0.4, 0.5])
    assert model.digest != diphone().digest


def test_all_columns_predict_what_the_attested_ones_do():
    # What the cards promise: a column that is zero in training has no weight.
    spoken = [utterance.alignment for utterance in utterances("en")]
    narrow = PhoneSequences(phonetic.DIPHONE, 2, attested(spoken[:40], order=2))

    def rows(model, alignments):
        return np.array(
            [model.read(each, ["diphone"])["diphone"].values.sum(axis=0) for each in alignments]
        )

    response = np.random.default_rng(0).standard_normal(40)
    predictions = [
        Ridge(alpha=2.0, fit_intercept=False)
        .fit(rows(model, spoken[:40]).astype(float), response)
        .predict(rows(model, spoken[40:]).astype(float))
        for model in (narrow, diphone())
    ]

    assert narrow.layers[0].width < 600
    assert (rows(diphone(), spoken[40:]).sum() > rows(narrow, spoken[40:]).sum()).all()
    np.testing.assert_allclose(predictions[0], predictions[1], rtol=1e-9, atol=1e-12)


def test_vocabulary_must_be_one():
    with pytest.raises(InvalidInput, match="expected different ones, at least one"):
        PhoneSequences(phonetic.DIPHONE, 2, [])
    with pytest.raises(InvalidInput, match="2 sequences, 1 of them different"):
        PhoneSequences(phonetic.DIPHONE, 2, [("K", "AE"), ("K", "AE")])
    with pytest.raises(InvalidInput, match=r"'K AE1'.*expected 2 phones"):
        PhoneSequences(phonetic.DIPHONE, 2, [("K", "AE1")])


def test_triples_of_a_long_story_take_no_more_memory_than_they_are():
    values = triphone().read(aligned(*("K", "AE") * 5000), ["triphone"])["triphone"].values
    assert values.shape == (9998, 59319)
    assert values.nnz == values.data.nbytes // 4 == 9998


@pytest.mark.parametrize("event_stamp", ["midpoint", "hold", "repeat"])
def test_sparse_values_are_extracted_as_written_out_ones(event_stamp):
    spoken = utterances("en")[0]
    stimulus = Stimulus(spoken.identifier, spoken.sound, spoken.alignment)
    model = diphone()

    class WrittenOut(PhoneSequences):
        def _events(self, alignment):
            events = super()._events(alignment)
            return dataclasses.replace(events, values=events.values.toarray())

    found, expected = (
        extract_frames(each, stimulus, ["diphone"], WholeStimulus(), event_stamp=event_stamp)[
            "diphone"
        ]
        for each in (model, WrittenOut(phonetic.DIPHONE, 2))
    )
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.times_s, expected.times_s)
