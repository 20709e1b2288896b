"""Static word vectors: formats, words that are not there, and the contract."""

from __future__ import annotations

import numpy as np
import pytest
from text_checkpoints import spoken

from heschl.alignment import Alignment
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.models.text import WordVectors
from heschl.phantom.corpus import utterances
from heschl.testing import examine, model_checks

KNOWN = {
    "the": [1.0, 0.0, 0.5],
    "mother": [0.0, 2.0, 1.0],
    "in": [0.0, 1.0, -1.0],
    "law": [3.0, 0.0, 0.0],
    "do": [4.0, 4.0, 0.0],
    "n't": [0.0, 0.0, 2.0],
    "Paris": [7.0, 7.0, 7.0],
    "naïve": [-1.0, -2.0, -3.0],
    "我们": [9.0, 8.0, 7.0],
    ". . .": [5.0, 5.0, 5.0],
}


def written(path, *, header=False, ending="\n"):
    lines = [f"{word} {' '.join(map(str, vector))}" for word, vector in KNOWN.items()]
    lines = [f"{len(lines)} 3", *lines] if header else lines
    path.write_bytes((ending.join(lines) + ending).encode())
    return path


@pytest.fixture
def file(tmp_path):
    return written(tmp_path / "glove.txt")


def values(model, *words):
    return model.read(spoken(words), ["vector"])["vector"].values.tolist()


@pytest.mark.parametrize("header", [False, True], ids=["glove", "word2vec"])
@pytest.mark.parametrize("ending", ["\n", " \n", "\r\n"], ids=["lf", "space", "crlf"])
def test_both_formats_are_read(header, ending, tmp_path):
    model = WordVectors(written(tmp_path / "vectors.txt", header=header, ending=ending))

    assert [(layer.name, layer.width) for layer in model.layers] == [("vector", 3)]
    assert values(model, "the", "Paris", "naïve") == [KNOWN["the"], KNOWN["Paris"], KNOWN["naïve"]]
    assert values(model, "我们") == [KNOWN["我们"]]


def test_words_are_found_by_case_edges_and_parts(file):
    model = WordVectors(file)

    assert values(model, "The", "paris,", "“Paris!”") == [KNOWN["the"], [0, 0, 0], KNOWN["Paris"]]
    expected = np.mean([KNOWN["mother"], KNOWN["in"], KNOWN["law"]], axis=0)
    assert values(model, "mother-in-law") == [expected.astype(np.float32).tolist()]
    assert values(model, "Don't", "don’t") == [[2.0, 2.0, 1.0]] * 2


def test_unknown_words_are_zeros_and_counted(file):
    model = WordVectors(file)
    alignment = spoken(("the", "zebra", "zebra", "--", "father-in-law", "mother-in-law"))

    coverage = model.coverage(alignment)

    assert coverage.n_words == 5
    assert coverage.unknown == {"zebra": 2, "father-in-law": 1}
    assert coverage.n_composed == 1
    read = model.read(alignment, ["vector"])["vector"]
    assert np.flatnonzero(~read.values.any(axis=1)).tolist() == [1, 2, 3]
    assert read.onsets_s.tolist() == [0.0, 0.25, 0.5, 1.0, 1.25]


def test_a_transcript_of_unknown_words_is_refused(file):
    with pytest.raises(InvalidInput, match="knows none of the 2 words, such as 'zebra'"):
        WordVectors(file).read(spoken(("zebra", "lion")), ["vector"])


def test_the_first_vector_of_a_word_counts(file):
    with file.open("a") as again:
        again.write("the 100 100 100\n")

    assert values(WordVectors(file), "the") == [KNOWN["the"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not begin with a word and its numbers"),
        (b"\x1f\x8b\x08\x00 gz", "does not begin with a word and its numbers"),
        (b"the cat sat on\n", "does not begin with a word and its numbers"),
        (b"the 1 2 3\nin 1 2\n", "has 2 numbers in line 2"),
        (b"the 1 2 3\nin 1 x 2\n", "has no 3 finite numbers for 'in'"),
        (b"the 1 2 3\nin 1 nan 2\n", "has no 3 finite numbers for 'in'"),
    ],
)
def test_files_of_another_kind_are_refused(content, message, tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_bytes(content)

    with pytest.raises(CorruptData, match=message):
        WordVectors(path).read(spoken(("in", "the")), ["vector"])


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(MissingData, match="there is no file"):
        WordVectors(tmp_path / "glove.txt")


def test_the_digest_is_of_the_bytes(file, tmp_path):
    same = WordVectors(written(tmp_path / "same.txt"))
    changed = written(tmp_path / "changed.txt")
    changed.write_bytes(changed.read_bytes().replace(b"7.0", b"7.5"))

    assert WordVectors(file).digest == WordVectors(file).digest
    assert WordVectors(changed).digest != same.digest


def test_contract(tmp_path):
    sentence = utterances("en")[0].alignment or Alignment()
    path = tmp_path / "vectors.txt"
    rows = np.random.default_rng(0).standard_normal((len(sentence.words), 4))
    path.write_text(
        "".join(
            f"{word.label} {' '.join(map(str, row))}\n"
            for word, row in zip(sentence.words, rows, strict=True)
        )
    )

    outcomes = [examine(check) for check in model_checks(WordVectors(path))]

    assert [outcome for outcome in outcomes if outcome.verdict == "failed"] == []
    assert sum(outcome.verdict == "passed" for outcome in outcomes) >= len(outcomes) - 2
