from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import soundfile

from heschl.errors import InvalidInput, UnknownName
from heschl.phantom.corpus import Utterance, compose, join, utterances

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "fr", "zh")
ARPABET_39 = {
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY",
    "F", "G", "HH", "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY",
    "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
}  # fmt: skip


def everything() -> list[Utterance]:
    return [utterance for language in LANGUAGES for utterance in utterances(language)]


def inside(utterance: Utterance) -> np.ndarray:
    """Which native samples lie in a word."""
    marked = np.zeros(utterance.sound.n_samples, dtype=bool)
    for onset_s, offset_s, _ in utterance.alignment.words:
        rate = utterance.sound.sample_rate
        marked[round(onset_s * rate) : round(offset_s * rate)] = True
    return marked


@pytest.mark.parametrize(
    ("language", "n_utterances", "digest"),
    [
        ("en", 48, "86a5767f7c9a567c528e318408cf9070b8aed5110c41c392c51f86b106e4b412"),
        ("fr", 16, "b257b68aaa7df467b561cf263b530800dddd636a87b76bfdbc0f0a0897c9a3eb"),
        ("zh", 18, "1e65a5ed56b13255050560c1970368ea3318d6ba5acb3fcd3ac70760d6d04571"),
    ],
)
def test_corpus_is_the_one_that_was_listed(language, n_utterances, digest):
    spoken = utterances(language)

    sha = hashlib.sha256()
    for utterance in spoken:
        sha.update((utterance.sound.digest + utterance.alignment.digest).encode())
    assert len(spoken) == n_utterances
    assert sha.hexdigest() == digest


def test_corpus_files_hold_the_samples_of_their_own_listing():
    folder = Path(str(files("heschl.phantom") / "corpus"))
    record = json.loads((folder / "alignments.json").read_text(encoding="utf-8"))

    for item in record["utterances"]:
        samples, rate = soundfile.read(folder / f"{item['identifier']}.flac", dtype="int16")
        assert rate == record["sample_rate"]
        assert samples.shape == (item["n_samples"],)
        assert hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest() == item["sha256"]


def test_corpus_is_small_and_about_five_minutes():
    folder = Path(str(files("heschl.phantom") / "corpus"))

    assert sum(path.stat().st_size for path in folder.iterdir()) < 4_000_000
    assert 240 < sum(utterance.sound.duration_s for utterance in everything()) < 360


def test_corpus_names_and_speakers_are_distinct():
    spoken = everything()

    assert len({utterance.identifier for utterance in spoken}) == len(spoken)
    assert len({utterance.text for utterance in spoken}) == len(spoken)
    assert len({utterance.speaker for utterance in utterances("en")}) == 6


def test_corpus_english_has_every_arpabet_phone_often():
    counts = Counter(p.label for u in utterances("en") for p in u.alignment.phones)

    assert set(counts) == ARPABET_39
    assert min(counts.values()) >= 8


def test_corpus_words_are_the_words_of_the_text():
    for utterance in utterances("en"):
        letters = "".join(c for c in utterance.text.lower() if c.isalnum() or c in "' ")
        assert [word.label for word in utterance.alignment.words] == letters.split()


@pytest.mark.parametrize("language", LANGUAGES)
def test_corpus_phones_tile_words(language):
    for utterance in utterances(language):
        phones = iter(utterance.alignment.phones)
        for word in utterance.alignment.words:
            phone = next(phones)
            assert phone.onset_s == word.onset_s
            while phone.offset_s != word.offset_s:
                following = next(phones)
                assert following.onset_s == phone.offset_s
                phone = following
        assert not list(phones)


@pytest.mark.parametrize("language", LANGUAGES)
def test_corpus_sound_is_in_words_alone(language):
    # Synthetic speech is exactly silent between words, so a shift of the
    # alignment by a single sample already shows in most utterances.
    for utterance in utterances(language):
        samples = utterance.sound.waveform(utterance.sound.sample_rate)
        marked = inside(utterance)
        assert not samples[~marked].any()
        assert np.sqrt(np.mean(samples[marked] ** 2)) > 0.02
        assert not samples[: marked.argmax()].any()
        for word in utterance.alignment.words:
            rate = utterance.sound.sample_rate
            heard = samples[round(word.onset_s * rate) : round(word.offset_s * rate)]
            assert np.sqrt(np.mean(heard**2)) > 0.003


def test_corpus_sibilants_hiss_where_they_are_said():
    # Off by 20 ms, one sibilant in five already holds more vowel than hiss.
    high_shares = []
    for utterance in utterances("en"):
        rate = utterance.sound.sample_rate
        samples = utterance.sound.waveform(rate)
        for onset_s, offset_s, label in utterance.alignment.phones:
            if label in {"S", "SH"}:
                heard = samples[round(onset_s * rate) : round(offset_s * rate)]
                power = np.abs(np.fft.rfft(heard)) ** 2
                high = np.fft.rfftfreq(len(heard), 1 / rate) > 3000
                high_shares.append(power[high].sum() / power.sum())

    assert len(high_shares) > 80
    assert np.mean(np.array(high_shares) > 0.5) > 0.97


def test_utterances_refuses_an_unknown_language():
    with pytest.raises(UnknownName, match=r"no language 'de'.*'en', 'fr', 'zh'"):
        utterances("de")


def test_join_places_every_utterance_at_its_sample():
    first, second = utterances("en")[:2]

    story = join("story", [first, second], 16000, [0.25, 0.0])

    n_first = first.sound.n_samples_at(16000)
    waveform = story.sound.waveform(16000)
    np.testing.assert_array_equal(waveform[:n_first], first.sound.waveform(16000))
    assert not waveform[n_first : n_first + 4000].any()
    np.testing.assert_array_equal(waveform[n_first + 4000 :], second.sound.waveform(16000))
    shift_s = (n_first + 4000) / 16000
    word = story.alignment.words[len(first.alignment.words)]
    assert word.label == second.alignment.words[0].label
    assert word.onset_s == pytest.approx(second.alignment.words[0].onset_s + shift_s, abs=1e-12)
    assert len(story.alignment.phones) == len(first.alignment.phones + second.alignment.phones)


@pytest.mark.parametrize("sample_rate", [16000, 44100])
def test_compose_lasts_as_long_as_asked_and_keeps_its_alignment(sample_rate):
    story = compose("story", utterances("en"), 61.5, seed=3, sample_rate=sample_rate)

    waveform = story.sound.waveform(sample_rate)
    assert len(waveform) == round(61.5 * sample_rate)
    marked = np.zeros(len(waveform), dtype=bool)
    for onset_s, offset_s, _ in story.alignment.words:
        # Resampling rings for some milliseconds around an onset.
        marked[round((onset_s - 0.005) * sample_rate) : round((offset_s + 0.005) * sample_rate)] = 1
    assert np.mean(waveform[~marked] ** 2) < 1e-8 * np.mean(waveform[marked] ** 2)
    assert 0.6 < marked.mean() < 0.98


def test_compose_depends_on_the_seed_alone():
    one, same, other = (compose("s", utterances("fr"), 30, seed=seed) for seed in (1, 1, 2))

    assert one.sound.digest == same.sound.digest
    assert one.alignment.digest == same.alignment.digest
    assert one.alignment.digest != other.alignment.digest


def test_compose_tells_every_utterance_before_it_repeats_one():
    spoken = utterances("zh")[:4]

    story = compose("s", spoken, 60, seed=0)

    texts = ["".join(w.label for w in u.alignment.words) for u in spoken]
    told = "".join(word.label for word in story.alignment.words)
    counts = [told.count(text) for text in texts]
    assert max(counts) - min(counts) <= 1
    assert min(counts) >= 2


@pytest.mark.parametrize("duration_s", [0.5, -1.0, float("nan"), float("inf")])
def test_compose_refuses_impossible_durations(duration_s):
    with pytest.raises(InvalidInput, match="too short"):
        compose("s", utterances("en"), duration_s, seed=0)


def test_compose_refuses_bad_gaps():
    with pytest.raises(InvalidInput, match="mean_gap_s"):
        compose("s", utterances("en"), 30, seed=0, mean_gap_s=-1)
    with pytest.raises(InvalidInput, match="a gap after each"):
        join("s", utterances("en")[:2], 16000, [0.1])
    with pytest.raises(InvalidInput, match="not negative"):
        join("s", utterances("en")[:1], 16000, [-0.1])


@pytest.mark.slow
def test_corpus_is_what_its_script_makes(tmp_path):
    script = ROOT / "tools" / "make_phantom_speech.py"
    if not script.exists() or shutil.which("espeak-ng") is None:
        pytest.skip("needs the source repository and eSpeak NG")
    version = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True)
    if "1.51" not in version.stdout:
        pytest.skip("the corpus was made with eSpeak NG 1.51")

    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)

    made = json.loads((tmp_path / "alignments.json").read_text(encoding="utf-8"))
    shipped = json.loads(
        (files("heschl.phantom") / "corpus" / "alignments.json").read_text("utf-8")
    )
    assert made == shipped
