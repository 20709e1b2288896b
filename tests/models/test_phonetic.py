"""The phonetic baselines: what each says of an alignment, and that it keeps its contract."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from heschl.alignment import Alignment
from heschl.clocks import Lanczos
from heschl.contracts import TextModel
from heschl.errors import BrokenPlugin, InvalidInput
from heschl.extraction import WholeStimulus, extract
from heschl.models import phonetic
from heschl.models.phonetic.model import (
    articulation,
    articulation_original,
    diphone,
    phone_rate,
    word_rate,
)
from heschl.phantom.corpus import compose, utterances
from heschl.sound import Sound, Stimulus

NEED_ARPABET = [articulation, articulation_original, diphone]
SAID = Alignment(
    words=((0.0, 0.3, "had"), (0.3, 0.5, "{BR}"), (0.5, 0.8, "YOUR")),
    phones=(
        (0.0, 0.1, "HH"), (0.1, 0.2, "AE1"), (0.2, 0.3, "D"), (0.3, 0.5, "sp"),
        (0.5, 0.6, "Y"), (0.6, 0.7, "AO0"), (0.7, 0.8, "R"),
    ),
)  # fmt: skip


def only(outputs):
    (events,) = outputs.values()
    return events


def read(model, alignment):
    return only(model.read(alignment, [layer.name for layer in model.layers]))


@pytest.mark.parametrize("card", phonetic.CARDS, ids=lambda card: card.id)
def test_card_loads_its_model_and_cites(card):
    model = card.target()()

    assert model.card is card
    assert isinstance(model, TextModel)
    assert card.citation.count("@article") >= 1
    assert str(model.layers[0].width) in card.summary


def test_cards_are_light():
    code = "import sys, heschl.models.phonetic; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"numpy", "scipy", "torch", "xarray"} & set(loaded)


def test_digests_differ():
    digests = {card.target()().digest for card in phonetic.CARDS}

    assert len(digests) == len(phonetic.CARDS)


def test_pauses_and_noises_are_neither_phones_nor_words():
    np.testing.assert_array_equal(read(phone_rate(), SAID).onsets_s, [0, 0.1, 0.2, 0.5, 0.6, 0.7])
    np.testing.assert_array_equal(read(word_rate(), SAID).onsets_s, [0, 0.5])
    assert len(read(articulation(), SAID).onsets_s) == 6


@pytest.mark.parametrize("label", ["", "sp", "SIL", "{NS}", "<sil>", "spn", "h#", "[br]", "pau"])
def test_pause_labels_of_aligners_are_dropped(label):
    phones = Alignment(phones=((0.0, 0.1, "AA1"), (0.1, 0.2, label), (0.2, 0.3, "B")))

    assert len(read(phone_rate(), phones).onsets_s) == 2
    assert len(read(articulation(), phones).onsets_s) == 2
    assert len(read(diphone(), phones).onsets_s) == 0


def test_words_that_are_labels_of_pauses_of_phones_are_words():
    words = Alignment(words=((0.0, 0.1, "spn"), (0.1, 0.2, "pau"), (0.2, 0.3, "<unk>")))

    assert len(read(word_rate(), words).onsets_s) == 3


@pytest.mark.parametrize("make", NEED_ARPABET)
@pytest.mark.parametrize(
    "label", ["ah", "AH3", "B1", "AX", "QQ", "ʁ", "y", "j", "tɕʰ", "AA B", "É", "bcl"]
)
def test_phones_beyond_arpabet_are_refused_by_name_and_time(make, label):
    phones = Alignment(phones=((0.0, 0.25, "AA"), (0.25, 0.3, label)))

    with pytest.raises(InvalidInput, match=rf"{label!r} at 0\.250 s is none of the 39.*phone-rate"):
        read(make(), phones)


@pytest.mark.parametrize("make", NEED_ARPABET)
@pytest.mark.parametrize("language", ["fr", "zh"])
def test_every_french_and_chinese_utterance_is_refused(make, language):
    for spoken in utterances(language):
        with pytest.raises(InvalidInput, match="which are those of English"):
            read(make(), spoken.alignment)


@pytest.mark.parametrize("language", ["en", "fr", "zh"])
def test_rates_take_any_language(language):
    for spoken in utterances(language):
        heard = spoken.alignment
        phones, words = read(phone_rate(), heard), read(word_rate(), heard)

        assert len(phones.onsets_s) == len(heard.phones)
        assert len(words.onsets_s) == len(heard.words)
        assert (phones.values == 1).all()
        np.testing.assert_array_equal(words.offsets_s, [word.offset_s for word in heard.words])


def test_every_english_utterance_is_read():
    for spoken in utterances("en"):
        for make in NEED_ARPABET:
            assert len(read(make(), spoken.alignment).onsets_s) > 10


@pytest.mark.parametrize("make", [*NEED_ARPABET, phone_rate])
def test_words_without_phones_are_refused_not_read_as_silence(make):
    with pytest.raises(InvalidInput, match="1 words and no phone; align phones"):
        read(make(), Alignment(words=((0.0, 0.3, "had"),)))
    with pytest.raises(InvalidInput, match="1 words and no phone"):
        read(make(), Alignment(words=((0.0, 0.3, "had"),), phones=((0.0, 0.3, "sil"),)))


def test_phones_without_words_are_refused_not_read_as_silence():
    with pytest.raises(InvalidInput, match="1 phones and no word; align words"):
        read(word_rate(), Alignment(phones=((0.0, 0.3, "AA"),)))


@pytest.mark.parametrize("make", [*NEED_ARPABET, phone_rate, word_rate])
def test_nothing_but_pauses_gives_no_events(make):
    silence = Alignment(words=((0.0, 9.0, "sp"),), phones=((0.0, 9.0, "sil"),))

    values = read(make(), silence).values

    assert values.shape == (0, make().layers[0].width)


def test_extraction_says_which_stimulus_could_not_be_read():
    spoken = utterances("fr")[0]
    stimulus = Stimulus("petit-prince", spoken.sound, spoken.alignment)

    with pytest.raises(BrokenPlugin, match=r"'petit-prince'.*none of the 39"):
        extract(
            articulation(), stimulus, ["articulation"], WholeStimulus(), Lanczos(), np.arange(5.0)
        )


def test_word_rate_is_words_per_scan():
    # Words at an even pace: away from the ends the clock must give their number in a scan.
    scan_s, words_per_s = 2.0, 3.7
    onsets_s = np.arange(0, 120, 1 / words_per_s)
    words = Alignment(words=tuple((onset, onset + 0.1, "word") for onset in onsets_s))
    sound = Sound.from_samples(np.zeros(120 * 8000, np.float32), 8000)

    found = extract(
        word_rate(), Stimulus("steady", sound, words), ["word_rate"], WholeStimulus(),
        Lanczos(lobes=3), np.arange(20.0, 100.0, scan_s), event_stamp="midpoint",
    )["word_rate"]  # fmt: skip

    # The kernel integrates to 0.99706; each of the six lobes is sampled 7.4 times.
    np.testing.assert_allclose(found, 0.99706 * words_per_s * scan_s, rtol=1e-4)


def test_a_story_holds_its_own_sentences():
    story = compose("story", utterances("en"), 60, seed=3)
    spoken = {tuple(p.label for p in u.alignment.phones) for u in utterances("en")}

    n_phones = len(read(phone_rate(), story.alignment).onsets_s)
    n_pairs = len(read(diphone(), story.alignment).onsets_s)

    # Pairs part at every pause between words or sentences, and nowhere else.
    gaps = sum(
        later.onset_s - earlier.offset_s > 0.005
        for earlier, later in zip(
            story.alignment.phones[:-1], story.alignment.phones[1:], strict=True
        )
    )
    assert gaps > 5
    assert n_pairs == n_phones - gaps - 1
    assert len(spoken) > 40
