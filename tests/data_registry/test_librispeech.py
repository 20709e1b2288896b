"""LibriSpeech: words of utterances, and what is wrong with a folder."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import soundfile

import heschl
from heschl.data_registry.librispeech.loader import LibriSpeech
from heschl.data_registry.librispeech.phantom import write_phantom
from heschl.data_registry.librispeech.words import read_pronunciations, read_synonyms
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.metrics.preference.benchmark import Lexicon, PreferenceBenchmark
from heschl.textgrid import read_textgrid, write_textgrid

READER = "84"


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    root = tmp_path_factory.mktemp("librispeech")
    write_phantom(root, 3)
    return root


@pytest.fixture
def folder(phantom, tmp_path):
    return shutil.copytree(phantom, tmp_path / "copy")


@pytest.fixture
def chapter(folder):
    (found,) = (folder / "LibriSpeech/dev-clean" / READER).iterdir()
    return found


@pytest.fixture
def grid(folder):
    return min((folder / "alignments/dev-clean" / READER).rglob("*.TextGrid"))


def replaced(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def words(root):
    return LibriSpeech(root).items("word")


def test_items_are_the_words_of_the_transcripts(phantom):
    data = LibriSpeech(phantom)
    items = data.items("word")
    planted = json.loads((phantom / "truth.json").read_text())["planted"]

    assert isinstance(data, Lexicon)
    assert len(items) == planted["n_tokens"] == 555
    assert len(set(items.labels["word"].tolist())) == planted["n_words"]
    for path in phantom.rglob("*.trans.txt"):
        for line in path.read_text().splitlines():
            name, *said = line.split()
            own = items.select(stimulus=name)
            assert own.labels["word"].tolist() == [word.lower() for word in said]
            assert set(own.labels["speaker"].tolist()) == {name.split("-")[0]}


def test_words_stand_where_they_are_heard(phantom):
    data = LibriSpeech(phantom)
    items = data.items("word")
    name = items.stimuli[5]
    sound = data.stimuli()[name].sound
    own = items.select(stimulus=name)
    power = np.square(sound.waveform(16_000))
    rows = [
        slice(round(start * 16_000), round(end * 16_000))
        for start, end in zip(own.onsets_s, own.offsets_s, strict=True)
    ]

    spoken = np.mean([power[each].mean() for each in rows])
    assert power[: rows[0].start].mean() < 1e-3 * spoken
    assert own.offsets_s[-1] <= sound.duration_s


def test_stimuli_have_the_alignment_without_pauses_and_stress(phantom):
    alignment = LibriSpeech(phantom).stimuli()[words(phantom).stimuli[0]].alignment

    assert alignment.words[0].label == "the"
    assert all(phone.label.isalpha() and phone.label.isupper() for phone in alignment.phones)


def test_lexicon_gives_the_first_pronunciation_without_stress(phantom):
    data = LibriSpeech(phantom)
    planted = json.loads((phantom / "truth.json").read_text())["planted"]
    items = data.items("word")

    assert data.pronunciations()["zyzzyva"] == ("Z", "IH", "Z", "IH", "V", "AH")
    assert "the(1)" not in data.pronunciations()
    unlisted = set(items.select(phones="unknown").labels["word"].tolist())
    assert sorted(unlisted) == planted["unlisted"]


def test_lexicon_of_librispeech_itself_is_read(tmp_path):
    path = tmp_path / "lexicon.txt"
    path.write_text("A\tAH0\nA\tEY1\nABLE  EY1 B AH0 L # noun\n", encoding="utf-8")

    assert read_pronunciations(path) == {"a": ("AH",), "able": ("EY", "B", "AH", "L")}


def test_synonyms_are_pairs_of_single_words(tmp_path):
    path = tmp_path / "synonyms.tsv"
    path.write_text("# WordNet\nSmall\tlittle\nlittle\tsmall\nbig\tbig\nold\tof age\n")

    assert read_synonyms(path) == {("little", "small")}


def test_utterances_without_alignment_have_no_items(folder, grid):
    grid.unlink()
    data = LibriSpeech(folder)

    assert data.unaligned == (grid.stem,)
    assert grid.stem in data.stimuli()
    assert data.stimuli()[grid.stem].alignment is None
    assert grid.stem not in data.items("word").stimuli


def test_one_subset_is_enough(folder):
    shutil.rmtree(folder / "LibriSpeech/test-clean")

    assert set(words(folder).labels["subset"].tolist()) == {"dev-clean"}


@pytest.mark.parametrize("name", ["LibriSpeech", "alignments", "lexicon.txt", "synonyms.tsv"])
def test_folders_that_lack_a_part_are_refused(folder, name):
    (folder / name).rename(folder / "elsewhere")

    with pytest.raises(MissingData, match=f"holds no {name}"):
        LibriSpeech(folder)


def test_folders_without_subsets_or_alignments_are_refused(folder):
    for grid in (folder / "alignments").rglob("*.TextGrid"):
        grid.unlink()
    with pytest.raises(MissingData, match="none of the 48 utterances"):
        LibriSpeech(folder)

    for subset in ("dev-clean", "test-clean"):
        shutil.rmtree(folder / "LibriSpeech" / subset)
    with pytest.raises(MissingData, match="neither dev-clean nor test-clean"):
        LibriSpeech(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("84   | F", "85   | F", "does not list"),
        ("84   | F | dev-clean", "84   | F | test-clean", "a speaker of test-clean"),
        ("84   | F", "84   | X", "expected `id"),
        ("84   | F |", "84     F  ", "expected `id"),
        ("174  |", "84   |", "lists the speaker 84 twice"),
    ],
)
def test_speakers_that_do_not_fit_the_folders_are_refused(folder, old, new, message):
    replaced(folder / "LibriSpeech/SPEAKERS.TXT", old, new)

    with pytest.raises(CorruptData, match=message):
        LibriSpeech(folder)


def test_chapters_that_are_named_otherwise_are_refused(chapter, folder):
    (chapter.parent / "notes").mkdir()

    with pytest.raises(CorruptData, match="not named by a number"):
        LibriSpeech(folder)


def test_transcripts_that_do_not_fit_the_sounds_are_refused(chapter, folder):
    transcript = chapter / f"{READER}-{chapter.name}.trans.txt"
    whole = transcript.read_text()
    first = whole.splitlines()[0]
    for content, message in (
        (whole.replace(READER, "85", 1), "has a line of '85-"),
        (whole + first, "twice, or without words"),
        (whole.replace(first, first.split()[0]), "twice, or without words"),
        (whole.replace(f"{first}\n", ""), "lacks a line in"),
        (f"{whole}{READER}-{chapter.name}-0999 NO SOUND\n", "lacks a sound"),
    ):
        transcript.write_text(content)
        with pytest.raises((CorruptData, MissingData), match=message):
            LibriSpeech(folder)
    transcript.unlink()
    with pytest.raises(MissingData, match="trans"):
        LibriSpeech(folder)


def test_alignments_of_another_utterance_are_refused(folder, grid):
    other = sorted(grid.parent.glob("*.TextGrid"))[1]
    content = grid.read_text()
    shutil.copy(other, grid)
    with pytest.raises(CorruptData, match="differs from word 1 on"):
        words(folder)

    grid.write_text(content.replace('"the"', '"thee"', 1))
    with pytest.raises(CorruptData, match="differs from word 1 on"):
        words(folder)


def test_alignments_without_their_tiers_are_refused(folder, grid):
    write_textgrid(grid, {"words": read_textgrid(grid)["words"]})

    with pytest.raises(CorruptData, match="expected phones"):
        words(folder)


def test_phones_that_are_not_arpabet_are_refused(folder, grid):
    replaced(grid, '"DH"', '"ð"')

    with pytest.raises(CorruptData, match="the phone 'ð'"):
        words(folder)


def test_alignments_beyond_their_sound_are_refused(folder, grid, chapter):
    sound = chapter / f"{grid.stem}.flac"
    samples, rate = soundfile.read(sound)
    soundfile.write(sound, samples[: len(samples) // 2], rate)

    with pytest.raises(CorruptData, match="its sound ends at"):
        words(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("lexicon.txt", "ABLE\n", "expected a word and its phones"),
        ("lexicon.txt", "able ey b ah l\n", "in capitals"),
        ("lexicon.txt", ";;; nothing\n", "holds no word"),
        ("lexicon.txt", "", "is empty"),
        ("synonyms.tsv", "small little\n", "a tab between"),
        ("synonyms.tsv", "small\tlittle\ttiny\n", "a tab between"),
        ("synonyms.tsv", "small\t \n", "a tab between"),
        ("synonyms.tsv", "old\told_fashioned\n", "no pair of single words"),
        ("synonyms.tsv", "", "is empty"),
    ],
)
def test_tables_of_words_that_are_none_are_refused(folder, name, content, message):
    (folder / name).write_text(content)
    data = LibriSpeech(folder)

    with pytest.raises(CorruptData, match=message):
        data.pronunciations() if name == "lexicon.txt" else data.synonyms()


def test_tables_that_are_not_utf8_are_refused(folder):
    (folder / "lexicon.txt").write_bytes(b"CAF\xc9 K AE F EY\n")

    with pytest.raises(CorruptData, match="not UTF-8"):
        words(folder)


def test_phantoms_are_not_written_over_data(phantom):
    with pytest.raises(InvalidInput, match="empty folder"):
        write_phantom(phantom)


def test_words_that_are_not_matched_are_counted(phantom, tmp_path):
    found = heschl.score(
        "phantom-words", "librispeech-semantic_phonetic", data=phantom, store=tmp_path
    )
    summary = found.tree["summary"].to_dataset()
    planted = json.loads((phantom / "truth.json").read_text())["planted"]

    assert int(summary["n_unlisted"]) == len(planted["unlisted"])
    assert int(summary["n_drawn"]) == planted["n_tokens"] - int(summary["n_unlisted"])
    n_words = planted["n_words"] - len(planted["unlisted"])
    n_targets = summary.sizes["subject"]
    assert n_targets <= n_words - int(summary["n_without_synonym"])
    assert n_targets <= n_words - int(summary["n_without_homophone"])
    assert found.value == pytest.approx(float(summary["score"].sel(roi="cosine").mean()))
    assert found.tree.attrs["unit_of_uncertainty"] == "word"
    assert "below 0: semantic" in found.explain()


def test_a_layer_that_keeps_words_at_one_place_prefers_none_and_costs_no_other(phantom, tmp_path):
    settings = {"data": phantom, "store": tmp_path}
    benchmark = "librispeech-semantic_phonetic"

    # Angles between numbers above 0 are 0, in a layer of one unit.
    both = heschl.score("onset", benchmark, layers=["onset_bands", "onset"], **settings)
    bands = heschl.score("onset", benchmark, layers=["onset_bands"], **settings)
    one = heschl.score("onset", benchmark, layers=["onset"], **settings)

    score, alone = (each.tree["summary"]["score"] for each in (both, bands))
    np.testing.assert_array_equal(score.sel(layer=["onset_bands"]), alone)
    # Some words have no partner of another speaker, and no number in any layer.
    flat = score.sel(layer="onset").where(alone.sel(layer="onset_bands").notnull(), drop=True)
    assert flat.sizes["subject"] > 100
    assert (flat.sel(roi=["cosine", "cosine-relative"]).fillna(0) == 0).all()
    np.testing.assert_array_equal(score.isnull().any("layer"), score.isnull().all("layer"))
    assert (flat.sel(roi="euclidean-relative") != 0).any()
    assert both.value == pytest.approx(bands.value / 2)
    # Of all layers alike it is no preference, but the lack of any.
    assert one.tree["summary"]["score"].sel(roi="cosine-relative").isnull().all()


def preference(**changes):
    from heschl.benchmarks.librispeech.semantic_phonetic import benchmark

    declared = benchmark()
    return PreferenceBenchmark(card=declared.card, windowing=declared.windowing, **changes)


def test_smaller_samples_are_drawn_anew_and_averaged(phantom, tmp_path):
    settings = {"data": phantom, "layers": ["blend.2"], "store": tmp_path}

    whole = heschl.score("phantom-words", preference(), **settings)
    parts = heschl.score("phantom-words", preference(n_tokens=300, n_samples=4), **settings)

    assert int(parts.tree["summary"]["n_drawn"]) > 300  # of any sample
    assert parts.value != whole.value
    assert parts.value == pytest.approx(whole.value, abs=0.1)


def test_a_lexicon_of_other_words_is_refused(folder, tmp_path):
    (folder / "lexicon.txt").write_text("CHAT  SH AA\n")

    with pytest.raises(MissingData, match="none of the 555 words"):
        heschl.score("phantom-words", preference(), data=folder, store=tmp_path)


def test_synonyms_of_other_words_are_refused(folder, tmp_path):
    (folder / "synonyms.tsv").write_text("chat\tfelin\n")

    with pytest.raises(Exception, match="both a synonym"):
        heschl.score("phantom-words", preference(), data=folder, store=tmp_path)


def test_datasets_without_a_lexicon_are_refused(tmp_path):
    from heschl.data_registry.crema_d.loader import CremaD
    from heschl.data_registry.crema_d.phantom import write_phantom as write_crema_d

    write_crema_d(tmp_path / "data")

    with pytest.raises(InvalidInput, match="does not tell"):
        heschl.score(
            "phantom-spectrum", preference(), data=CremaD(tmp_path / "data"), store=tmp_path
        )


@pytest.mark.parametrize("changes", [{"n_tokens": 0}, {"n_samples": True}, {"n_samples": 2.5}])
def test_counts_that_are_none_are_refused(changes):
    with pytest.raises(InvalidInput, match="whole number"):
        preference(**changes)
