"""The phantom of TIMIT: its files, what is read of them, and that speakers give themselves away."""

from __future__ import annotations

import itertools
import json
from collections import Counter

import numpy as np
import pytest
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from heschl.data_folders import phantom_folder
from heschl.data_registry.timit.loader import Timit
from heschl.data_registry.timit.phantom import write_phantom
from heschl.errors import InvalidInput
from heschl.phantom.features import spectral
from heschl.store import Store


@pytest.fixture(scope="module")
def timit_phantom(store_folder):
    return phantom_folder("timit", 0, Store(store_folder))


def planted(root):
    return json.loads((root / "truth.json").read_text(encoding="utf-8"))["planted"]


def test_sounds_are_sphere_as_on_the_disc(timit_phantom):
    path = timit_phantom / "TIMIT/TRAIN/DR1/FCJF0/SA1.WAV"
    header = path.read_bytes()[:1024].decode("ascii").split("\n")

    assert header[:5] == [
        "NIST_1A",
        "   1024",
        "database_id -s5 TIMIT",
        "database_version -s3 1.0",
        "utterance_id -s8 cjf0_sa1",
    ]
    (count,) = (int(line.split()[2]) for line in header if line.startswith("sample_count"))
    assert path.stat().st_size == 1024 + 2 * count
    assert soundfile.info(path).frames == count
    assert (timit_phantom / "TIMIT/TEST/DR1/MWBT0/SA1.WAV.wav").read_bytes()[:4] == b"RIFF"
    assert (timit_phantom / "TIMIT/train/dr2/faem0/sa1.phn").exists()


def test_labels_hold_what_readers_trip_over(timit_phantom):
    labels = planted(timit_phantom)["labels"]
    words = (timit_phantom / "TIMIT/TRAIN/DR1/FCJF0/SA1.WRD").read_text(encoding="ascii")
    bounds = [tuple(map(int, line.split()[:2])) for line in words.splitlines()]

    assert {"ax-h", "dx", "nx", "tcl", "ch", "h#", "pau"} <= labels.keys()
    assert any(stop > start for (_, stop), (start, _) in itertools.pairwise(bounds))
    (first, *_, last) = (timit_phantom / "TIMIT/TRAIN/DR1/FCJF0/SA1.PHN").read_text().splitlines()
    assert first.endswith("h#")
    assert last.endswith("h#")


def test_items_are_those_that_were_planted(timit_phantom):
    timit, truth = Timit(timit_phantom), planted(timit_phantom)

    official, every = timit.items("phone"), timit.items("phone-all")

    assert {"phone": len(official), "phone-all": len(every)} == truth["n_phones"]
    assert set(official.labels["kind"]) == {"sx", "si"}
    for speaker, split in zip(official.labels["speaker"], official.labels["split"], strict=True):
        assert truth["speakers"][speaker]["split"] == split
    assert "mabw0" in every.labels["speaker"]
    assert "mabw0" not in official.labels["speaker"]
    assert len(timit.items("phone-brain-tuning")) >= len(official)
    dialects = timit.items("dialect").labels
    for speaker, dialect in zip(dialects["speaker"], dialects["dialect"], strict=True):
        assert truth["speakers"][speaker]["dialect"] == dialect


def test_who_reads_a_sentence_reads_the_same_text(timit_phantom):
    labels = Timit(timit_phantom).items("sentence").labels

    texts = set(zip(labels["sentence"], labels["text"], strict=True))

    assert len(texts) == len(set(labels["sentence"])) == 42
    assert Counter(labels["sentence"].tolist())["sa1"] == 14


def test_dialect_is_told_by_the_speaker_alone(timit_phantom):
    """Mean log energies of a sentence: known where speakers are shared, not where they are kept."""
    timit = Timit(timit_phantom)
    items, stimuli = timit.items("dialect"), timit.stimuli()
    features = np.array(
        [spectral(stimuli[name].sound.waveform(16000)).mean(axis=0) for name in items.stimuli]
    )
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=10, max_iter=2000))
    speakers = items.labels["speaker"]

    shared = cross_val_predict(
        probe, features, items.codes(), cv=KFold(5, shuffle=True, random_state=0)
    )
    kept = cross_val_predict(probe, features, items.codes(), cv=GroupKFold(10), groups=speakers)
    who = cross_val_predict(probe, features, speakers, cv=KFold(5, shuffle=True, random_state=0))

    assert (who == speakers).mean() > 0.9
    assert (shared == items.codes()).mean() > 0.8
    # Ten speakers: chance is .5 with a standard deviation of .16.
    assert (kept == items.codes()).mean() < 0.7


def test_phantom_is_not_written_over_data(timit_phantom):
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(timit_phantom)
