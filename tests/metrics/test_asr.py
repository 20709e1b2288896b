"""Speech recognition: word errors, letters, and the learning of both."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")

import torch

from heschl.errors import InvalidInput
from heschl.metrics.asr import Schedule, SpeechRecognition
from heschl.metrics.asr.fine_tuning import (
    BLANK_LEAD,
    Recogniser,
    Sentence,
    fine_tune,
    recognise,
)
from heschl.metrics.asr.letters import (
    ALPHABET,
    decoded,
    encoded,
    n_frames_needed,
    transcript,
)
from heschl.metrics.asr.verification import Ear, sung
from heschl.metrics.asr.word_errors import edit_distance

WORDS = st.lists(st.sampled_from("abc"), max_size=5)


def brute_force(reference, hypothesis):
    """Return the least number of changes, by trying each at every word."""
    if not reference or not hypothesis:
        return len(reference) + len(hypothesis)
    return min(
        brute_force(reference[1:], hypothesis[1:]) + (reference[0] != hypothesis[0]),
        brute_force(reference[1:], hypothesis) + 1,
        brute_force(reference, hypothesis[1:]) + 1,
    )


def rate(said, written):
    found = SpeechRecognition()(said, written)
    return float(found["errors"].sum() / found["words"].sum())


@given(WORDS, WORDS)
@settings(max_examples=60, deadline=None)
def test_distance_is_the_least_number_of_changes(reference, hypothesis):
    assert edit_distance(reference, hypothesis) == brute_force(reference, hypothesis)


@given(WORDS, WORDS, WORDS)
@settings(max_examples=60, deadline=None)
def test_distance_is_a_metric(one, two, three):
    assert edit_distance(one, two) == edit_distance(two, one)
    assert (edit_distance(one, two) == 0) == (one == two)
    assert edit_distance(one, three) <= edit_distance(one, two) + edit_distance(two, three)


def test_word_error_rates_of_the_protocol():
    # One substituted, one put in, one left out; nothing written; more words than were said.
    assert rate(["a b c d"], ["a x y c"]) == 0.75
    assert rate(["a b c d"], [""]) == 1.0
    assert rate(["a"], ["a b c"]) == 2.0


def test_rate_is_pooled_over_sentences_and_not_their_mean():
    said, written = ["a", "b c d e f g h i j"], ["x", "b c d e f g h i j"]
    assert rate(said, written) == 0.1
    order = [1, 0]
    assert rate([said[k] for k in order], [written[k] for k in order]) == 0.1


def test_texts_without_words_or_in_other_letters_are_refused():
    with pytest.raises(InvalidInput, match="there are 2 transcripts and 1 hypotheses"):
        rate(["a", "b"], ["a"])
    with pytest.raises(InvalidInput, match="the transcript 1 has no word"):
        rate(["a", " "], ["a", "b"])
    with pytest.raises(InvalidInput, match="has no word; leave the sentence out"):
        transcript(" -- ' ")
    for text, letter in {"déjà vu": "é", "room 12": "1", "公园": "公"}.items():
        with pytest.raises(InvalidInput, match=f"has '{letter}', which is no letter from a to z"):
            transcript(text)
    # The same letter as two characters; of the second one words would be cut in two.
    with pytest.raises(InvalidInput, match="which is no letter from a to z"):
        transcript("de\u0301ja\u0300 vu")


def test_spelling_with_a_blank_between_equal_letters_is_read_back():
    for text in (
        "all too well",
        "aa'a a",
        transcript("Don\N{RIGHT SINGLE QUOTATION MARK}t say so!"),
    ):
        frames = [0]
        for number, before in zip(encoded(text), [0, *encoded(text)], strict=False):
            frames += [0] * int(number == before) + [number] * 2
        assert decoded(frames) == text
        assert n_frames_needed(encoded(text)) == len(text) + sum(
            one == two for one, two in itertools.pairwise(text)
        )
    assert decoded([]) == decoded([0, 0]) == decoded(encoded("  ")) == ""


def sentences(n, seed=0, words=("sun", "tide")):
    generator = np.random.default_rng(seed)
    texts = [" ".join(generator.choice(words, 2)) for _ in range(n)]
    sounds = [sung(text, generator) for text in texts]
    return [
        Sentence(str(number), functools.partial(np.asarray, sound), len(sound), text)
        for number, (sound, text) in enumerate(zip(sounds, texts, strict=True))
    ]


QUICK = Schedule(learning_rate=1e-2, n_epochs=2, batch_size=3)


def learned(**changes):
    given = {"network": Ear(0), "sentences": sentences(8), "schedule": QUICK} | changes
    return fine_tune(*given.values(), device="cpu", seed=given.pop("seed", 0))


def test_same_seed_learns_the_same_and_leaves_no_trace():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first, losses = learned()
    again, others = learned()
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(losses, others)
    for one, two in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)
    assert not np.array_equal(losses, learned(seed=1)[1])


def test_untrained_recogniser_writes_nothing():
    recogniser = Recogniser(Ear(0)).eval()
    waveform = sentences(1)[0].waveform()
    assert recognise(recogniser, waveform) == ""
    expected = torch.full((1 + len(ALPHABET),), 1 / (np.exp(BLANK_LEAD) + len(ALPHABET)))
    expected[0] *= np.exp(BLANK_LEAD)
    torch.testing.assert_close(recogniser(torch.from_numpy(waveform[None]))[0, 0].exp(), expected)


def test_loss_is_that_of_all_ways_to_spell():
    """Against the sum over every path of three frames, of a letter, another, or blanks."""
    sentence = sentences(1)[0]
    n_samples = 200 + 2 * 80
    short = Sentence("short", lambda: sentence.waveform()[:n_samples], n_samples, "a")
    schedule = Schedule(learning_rate=1e-9, n_epochs=1, batch_size=1)
    _, losses = learned(sentences=[short], schedule=schedule)
    of_letter = 1 / (np.exp(BLANK_LEAD) + len(ALPHABET))
    chance = {0: np.exp(BLANK_LEAD) * of_letter, 2: of_letter, 3: of_letter}
    right = [path for path in itertools.product(chance, repeat=3) if decoded(path) == "a"]
    likelihood = sum(np.prod([chance[label] for label in path]) for path in right)
    assert len(right) == 6
    assert losses[0] == pytest.approx(-np.log(likelihood), rel=1e-6)


def test_gradients_of_a_batch_are_the_mean_of_those_of_its_sentences():
    """With plain steps of all sentences at once, their order cannot matter."""
    schedule = Schedule(learning_rate=1e-3, n_epochs=1, batch_size=6, warmup=0.0)
    given = sentences(6)
    first, _ = learned(sentences=given, schedule=schedule)
    turned, _ = learned(sentences=given[::-1], schedule=schedule)
    for one, two in zip(first.parameters(), turned.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=2e-5)


def test_sentences_with_fewer_frames_than_letters_need_are_refused():
    short = Sentence("hurried", lambda: np.zeros(360, np.float32), 360, "all")
    with pytest.raises(InvalidInput, match=r"'hurried' has 3 frames .* 3 letters \('all'\) need 4"):
        learned(sentences=[short])
    with pytest.raises(InvalidInput, match="there is no sentence to learn from"):
        learned(sentences=[])


def test_loss_that_is_no_number_ends_training():
    network = Ear(0)
    with torch.no_grad():
        network.blend.weight[0, 0] = torch.nan
    with pytest.raises(
        InvalidInput, match=r"the loss is nan in epoch 1 of 2 at learning_rate=0\.01"
    ):
        learned(network=network)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_epochs": 0},
        {"n_epochs": 2.5},
        {"batch_size": True},
        {"learning_rate": 0.0},
        {"learning_rate": np.inf},
        {"warmup": 1.0},
    ],
)
def test_what_is_no_schedule_is_refused(changes):
    with pytest.raises(InvalidInput, match=next(iter(changes))):
        Schedule(**changes)


def test_rate_rises_and_falls_and_is_never_zero():
    rates = [Schedule(warmup=0.3).rate(step, 10) for step in range(10)]
    assert rates[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert rates[3:] == pytest.approx(np.arange(7, 0, -1) / 7)
