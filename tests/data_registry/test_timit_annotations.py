"""What a user adds to TIMIT: word classes and vectors, whatever lacks or is wrong with them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from heschl.data_registry.timit.annotations import TAGS, read_tags, read_vectors
from heschl.data_registry.timit.loader import Timit
from heschl.data_registry.timit.phantom import write_phantom
from heschl.errors import CorruptData, UnknownName


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    root = tmp_path_factory.mktemp("timit")
    write_phantom(root, seed=1)
    return root


def test_words_have_the_class_of_their_place_in_the_text(phantom):
    timit = Timit(phantom)

    items, words = timit.items("part_of_speech"), timit.items("word")

    assert len(TAGS) == len(set(TAGS)) == 19
    np.testing.assert_array_equal(items.identifiers, words.identifiers)
    tags = dict(zip(words.labels["word"], items.labels["part_of_speech"], strict=True))
    assert (tags["the"], tags["lighthouse"]) == ("DET", "NOUN")


def test_vectors_are_of_words_and_of_texts(phantom):
    timit = Timit(phantom)

    words, texts = timit.vectors("word"), timit.vectors("sentence")

    assert set(timit.items("word").labels["word"].tolist()) == set(words)
    assert set(timit.items("sentence").labels["text"].tolist()) == set(texts)
    lines = (phantom / "probing/sentence_vectors.txt").read_text().splitlines()
    of_sa1 = next(line for line in lines if line.startswith("sa1 "))
    labels = timit.items("sentence").labels
    text = labels["text"][labels["sentence"].tolist().index("sa1")]
    assert texts[text].tolist() == [float(number) for number in of_sa1.split()[1:]]
    with pytest.raises(UnknownName, match="asks for labels, which have no vectors"):
        timit.vectors("phone")


def test_without_the_files_there_is_no_such_task(phantom, tmp_path):
    shutil.copytree(phantom / "TIMIT", tmp_path / "TIMIT")
    timit = Timit(tmp_path)

    assert "part_of_speech" not in [task.name for task in timit.tasks()]
    assert timit.vectors("word") is None
    with pytest.raises(UnknownName, match="no task 'part_of_speech'"):
        timit.items("part_of_speech")


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("sa1\t0\tNOUN", "row 2: position '0'"),
        ("sa1\tone\tNOUN", "position 'one'"),
        ("sa1\t1\tNN", "tag 'NN'; expected .* one of ADJ"),
        ("sa1\t1\tNOUN\nSA1\t1\tVERB", "word 1 of SA1 is NOUN and VERB; give it one tag"),
    ],
)
def test_tags_that_are_none_are_refused(tmp_path, rows, complaint):
    path = tmp_path / "tags.tsv"
    path.write_text(f"sentence\tposition\ttag\n{rows}\n")

    with pytest.raises(CorruptData, match=complaint):
        read_tags(path)


@pytest.mark.parametrize("header", ["", "3 2\n"], ids=["glove", "word2vec"])
def test_vectors_are_read_in_either_format(tmp_path, header):
    path = tmp_path / "vectors.txt"
    path.write_text(f"{header}the 1 2\nsea 3 4.5\nthe 9 9\n", encoding="utf-8")

    found = read_vectors(path, {"the", "sea", "sky"})

    assert {name: vector.tolist() for name, vector in found.items()} == {
        "the": [1.0, 2.0],
        "sea": [3.0, 4.5],
    }


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("the 1 2\nsea 3\n", "line 2: 1 numbers where the first line has 2"),
        ("the\n", "line 1: 0 numbers"),
        ("the 1 nan\n", "'the' has values that are no finite numbers"),
        ("the 1 x\n", "'the' has values that are no finite numbers"),
    ],
)
def test_vectors_that_are_none_are_refused(tmp_path, content, complaint):
    path = tmp_path / "vectors.txt"
    path.write_text(content)

    with pytest.raises(CorruptData, match=complaint):
        read_vectors(path, {"the", "sea"})


def test_sentence_types_are_of_the_official_speakers_with_sa(phantom):
    items = Timit(phantom).items("sentence-type")

    counts = {split: len(items.select(split=split)) for split in ("train", "validation", "test")}
    assert counts == {"train": 20, "validation": 5, "test": 20}
    assert items.select(split="test").labels["kind"].tolist().count("sa") == 8
