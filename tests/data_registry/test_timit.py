"""TIMIT: its labels and splits, every usual kind of copy, and copies that are broken."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from heschl.alignment import Interval
from heschl.data_registry.timit.corpus import missing_from, read_corpus, stimulus_of
from heschl.data_registry.timit.labels import (
    FOLDED,
    PHONES_39,
    PHONES_61,
    arpabet_phones,
    fold,
    folded,
)
from heschl.data_registry.timit.loader import Timit
from heschl.data_registry.timit.speakers import (
    CORE_TEST,
    DEVELOPMENT,
    N_OFFICIAL,
    N_SPEAKERS,
    N_UTTERANCES,
    split_of,
)
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName

RATE = 16000
PHONES = "0 800 h#\n800 1600 q\n1600 2400 ax-h\n2400 3200 dcl\n3200 4000 d\n4000 8000 h#\n"
WORDS = "1600 3300 had\n3200 4000 d\n"


def write_sentence(folder: Path, sentence: str = "SA1", suffixes: str = "WAV PHN WRD TXT") -> Path:
    """Write one sentence of half a second; its sound is RIFF, as in conversions."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"PHN": PHONES, "WRD": WORDS, "TXT": "0 8000 Had d.\n"}
    for suffix in suffixes.split():
        path = folder / f"{sentence}.{suffix}"
        if suffix.upper().startswith("WAV"):
            noise = np.random.default_rng(0).uniform(-0.1, 0.1, RATE // 2)
            soundfile.write(path, noise, RATE, subtype="PCM_16", format="WAV")
        else:
            path.write_text(contents[suffix.upper()], encoding="ascii")
    return folder


@pytest.fixture
def copy(tmp_path) -> Path:
    write_sentence(tmp_path / "TIMIT/TRAIN/DR1/FCJF0")
    write_sentence(tmp_path / "TIMIT/TEST/DR1/FELC0", "SX36")
    return tmp_path


def test_folding_is_that_of_lee_and_hon():
    merged = "aa ao|ah ax ax-h|er axr|hh hv|ih ix|l el|m em|n en nx|ng eng|sh zh|uw ux"
    silent = ["pcl", "tcl", "kcl", "bcl", "dcl", "gcl", "h#", "pau", "epi"]

    groups = {group.split()[0]: set(group.split()) for group in merged.split("|")}
    assert (len(PHONES_61), len(PHONES_39)) == (61, 39)
    for phone in PHONES_39:
        folded_here = {label for label, to in FOLDED.items() if to == phone}
        assert folded_here == groups.get(phone, set(silent) if phone == "sil" else {phone})
    assert [label for label, to in FOLDED.items() if to is None] == ["q"]


def test_folding_of_brain_tuning_keeps_the_glottal_stop_as_silence():
    phones = [Interval(0, 1, "q"), Interval(1, 2, "qcl"), Interval(2, 3, "pau")]

    assert [each.label for each in fold(phones, "brain-tuning")] == ["h#", "h#", "h#"]
    assert [each.label for each in fold(phones[:1])] == []
    differ = {label for label in PHONES_61 if folded(label) != folded(label, "brain-tuning")}
    assert differ == {"q", "h#", "pau", "epi", "pcl", "tcl", "kcl", "bcl", "dcl", "gcl"}


def test_folding_refuses_other_labels_and_names():
    with pytest.raises(CorruptData, match="'AA' is none of the 61 phone labels"):
        folded("AA")
    with pytest.raises(CorruptData, match="'qcl' is none of the 61"):
        folded("qcl")
    with pytest.raises(InvalidInput, match="folding='kaldi'; expected one of 'lee-hon'"):
        folded("aa", "kaldi")


@pytest.mark.parametrize(
    ("labels", "phones"),
    [
        pytest.param("h# bcl b iy h#", "B IY", id="burst"),
        pytest.param("tcl ch dcl jh", "CH JH", id="affricates"),
        pytest.param("kcl t ow pcl", "K T OW P", id="unreleased"),
        pytest.param("q ax-h dx axr epi nx", "AH D ER N", id="variants"),
        pytest.param("ao zh pau hv ux", "AO ZH HH UW", id="kept-apart"),
    ],
)
def test_arpabet_joins_closures_to_their_bursts(labels, phones):
    intervals = [Interval(k, k + 1, label) for k, label in enumerate(labels.split())]

    found = arpabet_phones(intervals)

    assert [each.label for each in found] == phones.split()
    assert all(one.offset_s <= other.onset_s for one, other in itertools.pairwise(found))


def test_arpabet_does_not_join_over_a_gap():
    apart = [Interval(0.0, 0.1, "tcl"), Interval(0.2, 0.3, "t")]

    assert [(each.onset_s, each.label) for each in arpabet_phones(apart)] == [(0, "T"), (0.2, "T")]


def test_speakers_are_those_of_the_disc():
    assert {part: sum(counts.values()) for part, counts in N_SPEAKERS.items()} == {
        "train": 462,
        "test": 168,
    }
    assert N_UTTERANCES == 6300
    assert (len(set(CORE_TEST)), len(set(DEVELOPMENT))) == (24, 50)
    assert not set(CORE_TEST) & set(DEVELOPMENT)
    assert (8 * len(CORE_TEST), 8 * len(DEVELOPMENT)) == (
        N_OFFICIAL["core-test"],
        N_OFFICIAL["dev"],
    )
    assert [name[0] for name in CORE_TEST].count("f") == 8
    assert split_of("msjs1", "test") == "test"
    assert split_of("felc0", "train") == "train"


@pytest.mark.parametrize(
    ("folder", "sentence", "suffixes"),
    [
        pytest.param("TIMIT/TRAIN/DR1/FCJF0", "SA1", "WAV PHN WRD TXT", id="disc"),
        pytest.param("timit/train/dr1/fcjf0", "sa1", "wav phn wrd txt", id="lower"),
        pytest.param("TRAIN/DR1/FCJF0", "SA1", "WAV.wav PHN WRD TXT", id="bare-converted"),
        pytest.param("data/TRAIN/DR1/FCJF0", "SA1", "WAV WAV.wav PHN WRD TXT", id="both-sounds"),
        pytest.param("timit/TIMIT/TRAIN/DR1/FCJF0", "SA1", "WAV PHN WRD TXT", id="nested"),
    ],
)
def test_any_usual_copy_reads_alike(tmp_path, folder, sentence, suffixes):
    write_sentence(tmp_path / folder, sentence, suffixes)

    (utterance,) = read_corpus(tmp_path).values()
    stimulus = stimulus_of(utterance)

    assert utterance.identifier == stimulus.identifier == "fcjf0_sa1"
    assert (utterance.part, utterance.dialect, utterance.sex, utterance.kind) == (
        "train",
        "dr1",
        "f",
        "sa",
    )
    assert stimulus.sound.n_samples == 8000
    assert [word.label for word in stimulus.alignment.words] == ["had", "d"]
    assert stimulus.alignment.phones == (
        Interval(0.1, 0.15, "AH"),
        Interval(0.15, 0.25, "D"),
    )


def test_sounds_without_labels_have_no_alignment(tmp_path):
    write_sentence(tmp_path / "TRAIN/DR1/FCJF0", suffixes="WAV TXT")
    (utterance,) = read_corpus(tmp_path).values()

    assert stimulus_of(utterance).alignment is None


def test_folders_without_timit_name_who_licenses_it(tmp_path):
    (tmp_path / "TRAIN").mkdir()
    for root in (tmp_path, tmp_path / "TRAIN", tmp_path / "nowhere"):
        with pytest.raises(MissingData, match=r"Linguistic Data Consortium as LDC93S1.*TRAIN,TEST"):
            Timit(root)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        pytest.param(
            lambda root: shutil.copy(root / "SA1.PHN", root / "sa1.phn"),
            "differ in capitals alone",
            id="two-files",
        ),
        pytest.param(
            lambda root: shutil.copytree(root, root.parents[1] / "DR2/FCJF0"),
            "lies in TRAIN/DR1 and in TRAIN/DR2",
            id="two-dialects",
        ),
    ],
)
def test_corpora_with_twins_are_refused(copy, harm, complaint):
    harm(copy / "TIMIT/TRAIN/DR1/FCJF0")

    with pytest.raises(CorruptData, match=complaint):
        read_corpus(copy)


@pytest.mark.parametrize(
    ("file", "content", "error", "complaint"),
    [
        pytest.param("SA1.PHN", None, MissingData, "has no SA1.PHN; copy it", id="no-phones"),
        pytest.param("SA1.WRD", None, MissingData, "has no SA1.WRD", id="no-words"),
        pytest.param("SA1.WAV", None, MissingData, "has no SA1.WAV", id="no-sound"),
        pytest.param("SA1.PHN", "0 9 zz\n", CorruptData, "'zz' is none of the 61", id="label"),
        pytest.param("SA1.PHN", "0 20000 aa\n", CorruptData, "sound ends at 0.50 s", id="other"),
        pytest.param("SA1.WAV", "NIST_1A\n", CorruptData, "no sound file", id="damaged-sound"),
        pytest.param("SA1.WRD", "", CorruptData, "is empty", id="empty"),
    ],
)
def test_stimuli_refuse_broken_files(copy, file, content, error, complaint):
    path = copy / "TIMIT/TRAIN/DR1/FCJF0" / file
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="ascii")

    with pytest.raises(error, match=complaint):
        stimulus_of(read_corpus(copy)["fcjf0_sa1"])


def test_partial_copies_say_what_they_lack(copy):
    (copy / "TIMIT/TEST/DR1/FELC0/SX36.WRD").unlink()

    timit = Timit(copy)

    assert "2 of 6,300 sentences are there" in timit.missing
    assert "TRAIN/DR1 has 1 of 38 speakers" in timit.missing
    assert "1 sentences have no .WRD (felc0_sx36)" in timit.missing
    assert timit.items("phone-all").table.attrs["missing"] == "; ".join(timit.missing)
    with pytest.raises(MissingData, match=r"has no SX36\.WRD"):
        timit.items("word")


@pytest.mark.parametrize("task", ["phone", "phone-brain-tuning"])
def test_partial_copies_have_no_official_split(copy, task):
    lacking = r"0 of 3,696 train, 0 of 400 dev, 1 of 192 core-test sentences.*TRAIN/DR1 has 1 of 38"
    with pytest.raises(MissingData, match=lacking):
        Timit(copy).items(task)


def test_a_whole_copy_lacks_nothing(tmp_path):
    for part, dialects in N_SPEAKERS.items():
        for dialect, n_speakers in dialects.items():
            for number in range(n_speakers):
                letters = "".join(chr(97 + n) for n in (number // 26, number % 26, int(dialect[2])))
                folder = tmp_path / part / dialect / f"m{letters}{0 if part == 'train' else 1}"
                folder.mkdir(parents=True)
                for name in ("sa1", "sa2", "sx1", "sx2", "sx3", "sx4", "sx5", "si1", "si2", "si3"):
                    for suffix in ("wav", "phn", "wrd", "txt"):
                        (folder / f"{name}.{suffix}").touch()

    utterances = list(read_corpus(tmp_path).values())

    assert len(utterances) == 6300
    assert missing_from(utterances) == ()
    official = Counter(
        split_of(each.speaker, each.part) for each in utterances if each.kind != "sa"
    )
    assert official["train"] == N_OFFICIAL["train"]
    assert "6,299 of 6,300 sentences are there" in missing_from(utterances[1:])[0]


def test_names_that_are_not_there_are_told(copy):
    timit = Timit(copy)

    with pytest.raises(UnknownName, match="timit has no task 'phones'; did you mean 'phone'"):
        timit.items("phones")
    with pytest.raises(UnknownName, match="no stimulus is named 'fcjf0_sa2'"):
        timit.stimuli()["fcjf0_sa2"]
