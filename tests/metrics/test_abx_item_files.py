"""Item files of the Zero Resource format: read, written, refused, and scored."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import heschl
from heschl.cards import BenchmarkCard
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.metrics.abx import (
    Abx,
    Condition,
    DiscriminationBenchmark,
    ItemContrasts,
    ItemFile,
    read_item_file,
    write_item_file,
)
from heschl.phantom.labelled import coded
from heschl.windowing import WholeStimulus

HEADER = "#file onset offset #phone prev-phone next-phone speaker"
LINES = ["one 0.1 0.3 a k t ann", "one 0.3 0.5 e k t ann", "two 0.1 0.3 a k t bob"]


@pytest.fixture
def folder(tmp_path):
    """Return two sounds with an item file in which phones are tones."""
    generator = np.random.default_rng(0)
    lines = []
    for speaker in ("ann", "bob"):
        (tmp_path / speaker).mkdir()
        samples = 0.01 * generator.standard_normal(16_000)
        for place, (phone, code) in enumerate([("a", 0), ("e", 7), ("i", 14), ("a", 0)]):
            part = slice(4000 * place, 4000 * (place + 1))
            samples[part] = coded(samples[part], code, 16_000)
            times = f"{place / 4:.4f} {(place + 1) / 4:.4f}"
            lines.append(f"{speaker}-1 {times} {phone} k t {speaker}")
        soundfile.write(tmp_path / speaker / f"{speaker}-1.wav", samples, 16_000)
    (tmp_path / "triphone.item").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return tmp_path


def test_items_are_what_the_lines_say(tmp_path):
    path = tmp_path / "x.item"
    path.write_text("\n".join([HEADER, *LINES]) + "\n", encoding="utf-8")

    items = read_item_file(path)

    assert items.identifiers.tolist() == ["one:2", "one:3", "two:4"]
    assert items.labels["phone"].tolist() == ["a", "e", "a"]
    assert items.labels["speaker"].tolist() == ["ann", "ann", "bob"]
    assert items.onsets_s.tolist() == [0.1, 0.3, 0.1]
    assert items.stimuli == ("one", "two")


def test_what_is_written_is_read_again(tmp_path, folder):
    items = read_item_file(folder / "triphone.item")
    write_item_file(tmp_path / "again.item", items)

    again = read_item_file(tmp_path / "again.item")

    assert again.table.identical(items.table)


def test_a_user_s_item_file_is_scored(folder, tmp_path):
    benchmark = DiscriminationBenchmark(
        card=BenchmarkCard(
            id="mine", load="nowhere:nothing", summary="mine", dataset="item_file", metric="abx",
            protocol="abx", unit_of_uncertainty="phone pair",
        ),
        source=ItemContrasts(
            "phone",
            {
                "across": Condition("phone", by=("previous", "next"), across="speaker"),
                "within": Condition("phone", by=("previous", "next", "speaker")),
            },
        ),
        metric=Abx("cosine", pooling="mean"),
        windowing=WholeStimulus(),
    )  # fmt: skip

    score = heschl.score("spectrogram", benchmark, data=ItemFile(folder), store=tmp_path / "store")

    summary = score.tree["summary"].to_dataset()
    assert summary["subject"].to_numpy().tolist() == ["a–e", "a–i", "e–i"]
    assert summary["score"].sel(roi="across").to_numpy().tolist() == [[1.0, 1.0, 1.0]]
    # Within a speaker only a occurs twice.
    np.testing.assert_array_equal(summary["score"].sel(roi="within"), [[1.0, 1.0, np.nan]])
    assert score.value == 1.0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("file onset offset\n", "expected the header"),
        (f"{HEADER}\n", "lists no item"),
        (f"{HEADER}\none 0.1 0.3 a k t\n", "line 2: .* 7 columns"),
        (f"{HEADER}\none 0.1 soon a k t ann\n", "with times in seconds"),
    ],
)
def test_files_of_another_form_are_refused(tmp_path, content, words):
    (tmp_path / "x.item").write_text(content, encoding="utf-8")

    with pytest.raises(CorruptData, match=words):
        read_item_file(tmp_path / "x.item")


def test_what_no_item_file_can_mean_is_refused(tmp_path, folder):
    with pytest.raises(MissingData, match="no item file"):
        read_item_file(tmp_path / "none.item")
    (tmp_path / "late.item").write_text(f"{HEADER}\none 0.3 0.1 a k t ann\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="end after that"):
        read_item_file(tmp_path / "late.item")
    with pytest.raises(UnknownName, match="not there"):
        read_item_file(folder / "triphone.item", known={"else"})
    with pytest.raises(MissingData, match="holds 2 files"):
        ItemFile(folder)
    (tmp_path / "late.item").unlink()
    (folder / "ann-1.wav").write_bytes(b"")
    with pytest.raises(CorruptData, match="two sounds called ann-1"):
        ItemFile(folder).stimuli()
