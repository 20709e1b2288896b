"""Speech recognition from files in the layout of TIMIT to a Score: a closed language is learned."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import soxr
from toy import ToyDataset

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")
pytest.importorskip("transformers", reason="install it by: pip install 'heschl[speech]'")

from heschl.alignment import Alignment
from heschl.benchmarks.timit.asr import recognition
from heschl.cli.result import print_score
from heschl.data_registry.timit.spoken import Spoken, write_spoken
from heschl.errors import CellsFailed, InvalidInput, MissingData
from heschl.metrics.asr import Schedule, SpeechRecognition
from heschl.metrics.asr.benchmark import drawn_accuracy
from heschl.metrics.asr.verification import RATE, sung
from heschl.models.acoustic import LOGMEL
from heschl.models.huggingface.random_wav2vec2 import random_wav2vec2
from heschl.models.phonetic import WORD_RATE
from heschl.registry import resolve_dataset
from heschl.resampling import drawing_digest, drawn_places
from heschl.scoring import plan, score

WORDS = ("sun", "tide", "rose", "and")
TINY = {
    "conv_dim": (16, 16, 16, 16, 32, 32, 32),
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 4,
    "initializer_range": 0.05,
    **dict.fromkeys(("hidden_dropout", "attention_dropout", "activation_dropout"), 0.0),
    "feat_proj_dropout": 0.0,
}
QUICK = SpeechRecognition(Schedule(5e-3, n_epochs=24, batch_size=2, warmup=0.3), frozen=None)
BENCHMARK = dataclasses.replace(recognition(), metric=QUICK)


def write_language(root, *, n_train=10, n_test=4, n_each=4):
    """Write sentences of a few words, a tone a letter, as TIMIT's files."""
    generator = np.random.default_rng(0)
    speakers = [("TRAIN", number) for number in range(n_train)]
    speakers += [("TEST", number) for number in range(n_test)]
    for part, number in speakers:
        folder = root / "TIMIT" / part / "DR1" / f"F{part[:2]}{'ABCDEFGHIJ'[number]}0"
        folder.mkdir(parents=True)
        for sentence in range(n_each):
            text = " ".join(generator.choice(WORDS, 3))
            samples = soxr.resample(sung(text, generator), RATE, 16_000)
            pcm = np.round(samples * 0.5 * 2**15).astype("<i2")
            spoken = Spoken(pcm, ((0, len(pcm), "h#"),), ((0, 900, "sun"),), text, Alignment())
            write_spoken(folder, f"{'si' if sentence else 'sx'}{number}{sentence}", spoken)
    return root


@pytest.fixture(scope="module")
def language(tmp_path_factory):
    root = write_language(tmp_path_factory.mktemp("language"))
    (root / "truth.json").write_text('{"expectations": []}')
    return root


@pytest.fixture(scope="module")
def tiny():
    model = random_wav2vec2("tiny", seed=1, **TINY)
    assert model.layers[-1].name == "block.0"
    return model


@pytest.mark.slow
def test_small_transformer_learns_a_closed_language(language, tiny, tmp_path):
    found = score(tiny, BENCHMARK, data=language, store=tmp_path)

    # Who writes the most frequent of four words three times has less than half of them right.
    assert found.value > 0.8
    low, high = found.interval
    assert low <= found.value <= high <= 1
    summary = found.tree["summary"].to_dataset()
    assert summary["layer"].to_numpy().tolist() == ["block.0"]
    assert summary["n_words"].item() == 48
    assert 1 - summary["n_errors"].item() / 48 == found.value
    assert np.diff(summary["loss"][[0, 4, -1]]).max() < 0
    again = score(tiny, BENCHMARK, data=language, store=tmp_path)
    assert again.provenance["cells"] == '{"cached":1}'
    assert again.tree["summary"].to_dataset().identical(summary)


def test_model_that_learns_nothing_writes_nothing(language, tiny, tmp_path):
    still = dataclasses.replace(QUICK, schedule=Schedule(1e-9, n_epochs=1))
    found = score(tiny, dataclasses.replace(BENCHMARK, metric=still), data=language, store=tmp_path)
    assert (found.value, found.error) == (0.0, 0.0)
    speakers = resolve_dataset("timit", language).object.items(BENCHMARK.task)
    speakers = np.unique(speakers.select(**BENCHMARK.test).labels["speaker"]).tolist()
    drawn_from = found.tree["population"].attrs["drawn_from"]
    assert drawn_from == drawing_digest(speakers, seed=0, n_draws=1000)


def test_speakers_are_drawn_in_the_places_that_the_digest_is_of():
    speakers = np.array(["d", "a", "c", "b", "a"])
    errors, words = np.array([1, 0, 2, 3, 1]), np.array([4, 5, 6, 7, 8])
    names = np.unique(speakers)
    draws = drawn_accuracy(errors, words, speakers, n_draws=50, seed=2)
    for draw, places in zip(draws, drawn_places(names, seed=2, n_draws=50), strict=True):
        rows = np.concatenate([np.flatnonzero(speakers == names[place]) for place in places])
        assert draw == pytest.approx(1 - errors[rows].sum() / words[rows].sum())


def test_models_that_cannot_be_trained_are_refused_before_any_work(language, tmp_path):
    for card, match in ((LOGMEL, "'logmel' has no weights to learn"), (WORD_RATE, "does not hear")):
        with pytest.raises(InvalidInput, match=match):
            plan(card.target()(), BENCHMARK, data=language, store=tmp_path)


def test_data_without_texts_or_in_part_are_refused(tiny, tmp_path):
    with pytest.raises(InvalidInput, match="asks for the texts of sentences, which toy does not"):
        plan(tiny, BENCHMARK, data=ToyDataset(), store=tmp_path)
    part = write_language(tmp_path / "part", n_train=1, n_test=1, n_each=1)
    with pytest.raises(MissingData, match=r"timit is not whole.* 2 of 6,300 sentences are there"):
        plan(tiny, BENCHMARK, data=part, store=tmp_path)


def test_layers_with_too_few_frames_for_the_letters_fail_by_name(language, tmp_path):
    slow = random_wav2vec2("slow", **(TINY | {"conv_stride": (5, 2, 2, 2, 2, 2, 16)}))
    with pytest.raises(CellsFailed, match=r"the sentence 'ftra\w+' has \d frames of the layer"):
        score(slow, BENCHMARK, data=language, store=tmp_path)


def test_error_is_over_speakers_with_all_that_they_said():
    generator = np.random.default_rng(0)
    speakers = np.repeat(["a", "b", "c", "d"], 5)
    words = generator.integers(3, 9, 20)
    errors = generator.integers(0, 3, 20)
    draws = drawn_accuracy(errors, words, speakers, n_draws=400, seed=3)
    order = generator.permutation(20)
    shuffled = drawn_accuracy(errors[order], words[order], speakers[order], n_draws=400, seed=3)
    np.testing.assert_array_equal(draws, shuffled)
    places = np.random.default_rng(3).integers(4, size=(400, 4))
    for draw, drawn in zip(draws[:20], places[:20], strict=True):
        rows = np.concatenate([np.flatnonzero(speakers == "abcd"[place]) for place in drawn])
        assert draw == pytest.approx(1 - errors[rows].sum() / words[rows].sum())
    alike = drawn_accuracy(np.full(20, 2), np.full(20, 8), speakers, n_draws=50, seed=0)
    np.testing.assert_array_equal(alike, 0.75)


def test_score_says_that_speakers_were_drawn(language, tiny, tmp_path, capsys):
    still = dataclasses.replace(QUICK, schedule=Schedule(1e-9, n_epochs=1))
    found = score(tiny, dataclasses.replace(BENCHMARK, metric=still), data=language, store=tmp_path)
    assert "of 16 items.\n" in found.explain()
    assert "With speakers drawn anew it has the standard error 0.0000" in found.explain()
    print_score(found)
    assert "with speakers drawn anew" in capsys.readouterr().out
