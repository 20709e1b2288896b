"""Perceptimatic, both releases: what is planted is found, what contradicts itself refused."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import soundfile

from heschl.cells import run_cell
from heschl.data_registry.perceptimatic.extracted import PerceptimaticAll
from heschl.data_registry.perceptimatic.native import Perceptimatic
from heschl.data_registry.perceptimatic.phantom import write_phantom, write_phantom_of_all
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName
from heschl.extraction import extract_frames
from heschl.item_features import item_cells, read_items
from heschl.session import open_session
from heschl.store import Store
from heschl.windowing import WholeStimulus

TRIPLETS, ANSWERS = "DATA/all_triplets.csv", "DATA/human_and_models.csv"
FRENCH = "DATA/french/all_aligned_clean_french.csv"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    root = tmp_path_factory.mktemp("perceptimatic")
    write_phantom(root, 4)
    return root


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    root = tmp_path_factory.mktemp("perceptimatic_all")
    write_phantom_of_all(root, 4)
    return root


@pytest.fixture
def folder(first, tmp_path):
    return shutil.copytree(first, tmp_path / "first")


@pytest.fixture
def folder_of_all(second, tmp_path):
    return shutil.copytree(second, tmp_path / "second")


@pytest.fixture(params=["first", "second"])
def data(request, first, second):
    """Return either release."""
    return Perceptimatic(first) if request.param == "first" else PerceptimaticAll(second)


def planted(data):
    return json.loads((data.root / "truth.json").read_text(encoding="utf-8"))["planted"]


def frame(data):
    """Return answers with the columns of their triplets."""
    triplets, answers = data.triplets(), data.answers()
    return answers, triplets.sel(triplet=answers["triplet"].to_numpy())


def test_native_ear_is_found(data):
    answers, of = frame(data)
    truth = planted(data)
    is_native = answers["listener_language"].to_numpy() == of["language"].to_numpy()
    value = answers["value"].to_numpy()

    for group, rows in (("native", is_native), ("nonnative", ~is_native)):
        # 3,456 answers of a variance below a quarter: three standard errors.
        tolerance = 3 * 0.5 / np.sqrt(rows.sum())
        expected = truth["human_accuracy"][group]
        assert (value[rows] > 0).mean() == pytest.approx(expected, abs=tolerance)
        # The answers' spread is 0.72 at most, the root of the mean square of 1/3, 2/3 and 1.
        expected = truth["mean_answer"][group]
        assert value[rows].mean() == pytest.approx(expected, abs=3 * 0.72 / np.sqrt(rows.sum()))


def test_every_contrast_has_the_planted_chance(data):
    answers, of = frame(data)
    truth = planted(data)

    assert len(set(answers["listener"].to_numpy().tolist())) >= truth["n_listeners"]
    found, expected = [], []
    for each in truth["contrasts"]:
        pair = of["phone_TGT"].isin(each["phones"]) & of["phone_OTH"].isin(each["phones"])
        rows = (pair & (of["language"] == each["language"])).to_numpy()
        for language, chance in each["chance"].items():
            heard = rows & (answers["listener_language"].to_numpy() == language)
            assert heard.sum() == 288
            found.append((answers["value"].to_numpy()[heard] > 0).mean())
            expected.append(chance)
    spread = np.sqrt(0.25 / 288)
    assert np.abs(np.subtract(found, expected)).max() < 3.5 * spread
    assert np.corrcoef(found, expected)[0, 1] > 0.9


def test_frames_at_either_end_of_a_triphone_are_of_it(folder, tmp_path):
    path = folder / FRENCH
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    for row in rows:  # onto frames of mel-128
        row[2:4] = ["0.19200", "0.44800"]
    path.write_text("\n".join([lines[0], *map("\t".join, rows)]) + "\n", encoding="utf-8")

    session = open_session(
        "mel-128",
        "perceptimatic",
        layers=None,
        subjects=None,
        data=str(folder),
        device="cpu",
        seed=0,
        store=Store(tmp_path / "store"),
    )
    items = session.dataset.get().items("phone")
    cells = item_cells(session, items, windowing=WholeStimulus(), pooling="frames")
    for cell in cells:
        assert run_cell(cell, session.store).failure is None
    (layer,) = session.layers
    lengths = np.diff(read_items(session, items, cells, layer).first)

    stimulus = next(name for name in session.dataset.get().stimuli() if "french" in name)
    sound = session.dataset.get().stimuli()[stimulus]
    times_s = extract_frames(session.model.get(), sound, [layer], WholeStimulus())[layer].times_s
    at = {end_s: np.abs(times_s - end_s).min() < 1e-9 for end_s in (0.192, 0.448)}
    assert all(at.values())
    within = (times_s > 0.192 - 1e-9) & (times_s < 0.448 + 1e-9)
    is_french = np.asarray(items.labels["language"]) == "FR"
    assert set(lengths[is_french].tolist()) == {int(within.sum())} == {9}


def spectrum(data, items, name):
    """Return the mean power spectrum of an item's own stretch of sound, and of the whole file."""
    row = items.identifiers.tolist().index(name)
    sound = data.stimuli()[items.labels["stimulus"][row]].sound
    waveform = sound.waveform(16_000)
    end_s = min(items.offsets_s[row], sound.duration_s)
    cut = waveform[round(items.onsets_s[row] * 16_000) : round(end_s * 16_000)]
    return [
        np.abs(np.fft.rfft(part[: len(part) // 400 * 400].reshape(-1, 400), axis=1)).mean(0)
        for part in (cut, waveform)
    ]


def accuracies(data):
    """Return how often X is nearer to TGT, by kind of contrast, with and without cutting."""
    items, triplets = data.items("phone"), data.triplets()
    spectra = {name: spectrum(data, items, name) for name in items.identifiers.tolist()}
    audible = {
        (each["language"], phone): each["audible"]
        for each in planted(data)["contrasts"]
        for phone in each["phones"]
    }
    found = {}
    for row in np.flatnonzero(triplets["agrees"].to_numpy()):
        of = triplets.isel(triplet=row)
        kind = audible[str(of["language"].item()), str(of["phone_TGT"].item())]
        for part, how in enumerate(("cut", "whole")):
            target, other, x = (spectra[of[role].item()][part] for role in ("TGT", "OTH", "X"))
            is_right = np.linalg.norm(other - x) > np.linalg.norm(target - x)
            found.setdefault((kind, how), []).append(is_right)
    return {key: np.mean(values) for key, values in found.items()}


def test_items_are_where_the_phones_are(data):
    found = accuracies(data)

    assert found[True, "cut"] == planted(data)["model_accuracy"]["audible"]
    assert 0.2 < found[False, "cut"] < 0.8
    if isinstance(data, Perceptimatic):
        # What a loader finds that forgets onset and offset.
        assert found[True, "whole"] == 0


def test_items_of_both_languages_have_their_own_names(first):
    items = Perceptimatic(first).items("phone")

    assert len(items) == 288
    numbers = [name.partition("-")[2] for name in items.identifiers.tolist()]
    assert len(set(numbers)) == 144
    english = dict(zip(items.identifiers.tolist(), items.labels["phone"].tolist(), strict=True))
    assert sum(english[f"EN-{n}"] == english[f"FR-{n}"] for n in set(numbers)) < 24


def test_orders_balance_and_odd_triplets_are_told(data):
    triplets = data.triplets()

    assert triplets.sizes["triplet"] == 288
    three = list(
        zip(*(triplets[role].to_numpy().tolist() for role in ("TGT", "OTH", "X")), strict=True)
    )
    orders = triplets["TGT_first"].to_numpy()
    assert len(set(three)) == 144
    assert all(orders[[each == one for each in three]].tolist() == [True, False] for one in three)
    odd = triplets["triplet"].to_numpy()[~triplets["agrees"].to_numpy()].tolist()
    assert odd == planted(data)["disagreeing"]
    assert len(odd) == 2


def replaced(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def test_tables_of_the_wrong_language_are_refused(folder):
    shutil.copy(folder / FRENCH.replace("french", "english"), folder / FRENCH)

    with pytest.raises(CorruptData, match="different releases or languages"):
        Perceptimatic(folder).triplets()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (TRIPLETS, "FR1\t", "XX1\t", "'XX1'; expected its name to begin with EN or FR"),
        (TRIPLETS, "FR2\t", "FR1\t", "lists the triplet FR1 twice"),
        (TRIPLETS, "\tTrue\t", "\tyes\t", "TGT_first is 'yes'"),
        (TRIPLETS, "\tTrue\t", "\t", "10 cells where the header has 11"),
        (TRIPLETS, "TGT_first", "first", "expected TGT_first among them"),
        (FRENCH, "onset", "start", "expected onset among them"),
        (FRENCH, "\n1\t", "\n2\t", "hold 'FR-2' twice"),
        (FRENCH, "\n1\t10001\t0.", "\n1\t10001\t1.", "from 1"),
        (FRENCH, "\n1\t10001\t0.", "\n1\t10001\tnan", "onset is 'nan"),
        (FRENCH, "\n1\t10001\t", "\n1\t../10001\t", "expected its number alone"),
        (ANSWERS, "correct_answer", "answer", "expected correct_answer among them"),
        (ANSWERS, "English", "Martian", "the language 'Martian'"),
        (ANSWERS, "English", "French", "codes that contradict"),
        (ANSWERS, ",True,", ",False,", "TGT_first of .* is not that of"),
        (ANSWERS, ",EN1,", ",EN9999,", "not listed, the first is EN9999"),
    ],
)
def test_faulty_table_of_the_first_release_is_refused(folder, file, old, new, message):
    replaced(folder / file, old, new)
    data = Perceptimatic(folder)

    with pytest.raises((CorruptData, InvalidInput), match=message):
        data.answers()


def answer_cells(folder, **cells):
    """Change cells in the first row of the answers."""
    path = folder / ANSWERS
    lines = path.read_text(encoding="utf-8").splitlines()
    header, row = lines[0].split(","), lines[1].split(",")
    for name, value in cells.items():
        row[header.index(name)] = value
    path.write_text("\n".join([lines[0], ",".join(row), *lines[2:]]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"correct_answer": "0", "binarized_answer": "1"}, "the answer is 0; expected a whole"),
        ({"correct_answer": "4", "binarized_answer": "1"}, "the answer is 4"),
        ({"correct_answer": "1.5", "binarized_answer": "1"}, "the answer is 1.5"),
        ({"correct_answer": ""}, "correct_answer is ''"),
        ({"correct_answer": "2", "binarized_answer": "-1"}, "row 2: .* other signs"),
        ({"nb_stimuli": "1.5"}, "in fractions"),
    ],
)
def test_answer_that_nobody_could_give_is_refused(folder, cells, message):
    answer_cells(folder, **cells)

    with pytest.raises(CorruptData, match=message):
        Perceptimatic(folder).answers()


def test_answers_may_have_either_name_but_not_both(folder):
    expected = Perceptimatic(folder).answers()
    other = folder / "DATA" / "humans_and_models.csv"
    (folder / ANSWERS).rename(other)
    assert Perceptimatic(folder).answers().identical(expected)

    shutil.copy(other, folder / ANSWERS)
    with pytest.raises(CorruptData, match="leave the one"):
        Perceptimatic(folder).answers()


def test_byte_order_mark_is_read(folder):
    expected = Perceptimatic(folder).answers()
    path = folder / ANSWERS
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert Perceptimatic(folder).answers().identical(expected)


def test_lost_sounds_and_answers_are_told(folder, tmp_path):
    (folder / ANSWERS).unlink()
    with pytest.raises(MissingData, match="the answers of the listeners"):
        Perceptimatic(folder).answers()
    (folder / "wavs/french/1s/10003.wav").unlink()
    with pytest.raises(MissingData, match="1 of 288 sounds"):
        Perceptimatic(folder).items("phone")
    with pytest.raises(MissingData, match="'DATA'"):
        Perceptimatic(tmp_path)
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(folder)


def test_parts_of_the_second_release_are_chosen(second):
    whole, part = PerceptimaticAll(second), PerceptimaticAll(second, parts=["WorldVowels"])

    assert len(part.items("phone")) == 96
    assert set(part.triplets()["dataset"].to_numpy().tolist()) == {"WorldVowels"}
    assert len(whole.items("phone")) == 288
    assert not [name for name in whole.stimuli() if "TRAIN" in name]
    with pytest.raises(UnknownName, match="did you mean 'WorldVowels'"):
        PerceptimaticAll(second, parts=["worldvowels"])
    with pytest.raises(UnknownName, match="no part 'pilot-july-2018'"):
        PerceptimaticAll(second, parts=["pilot-july-2018"])
    with pytest.raises(InvalidInput, match="expected a list"):
        PerceptimaticAll(second, parts="zerospeech")
    with pytest.raises(CorruptData, match="no rows of 'cogsci-2019'"):
        PerceptimaticAll(second, parts=["cogsci-2019"]).items("phone")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("stimuli_data.csv", "EN96.wav,EN96.wav", "EN96.wav,EN97.wav", "EN97.wav twice"),
        ("stimuli_data.csv", "EN96.wav,EN96.wav", "EN96.wav,../EN96.wav", "expected a path"),
        ("stimuli_data.csv", "#phone", "phone", "expected #phone among them"),
        ("triplet_data.csv", "EN96.wav", "EN999.wav", "EN999, which no table of items lists"),
        ("human_data.csv", ",EN,", ",BR,", "the language 'BR'"),
        ("human_data.csv", "user_ans", "answer", "expected user_ans among them"),
    ],
)
def test_faulty_table_of_the_second_release_is_refused(folder_of_all, file, old, new, message):
    replaced(folder_of_all / file, old, new)

    with pytest.raises(CorruptData, match=message):
        PerceptimaticAll(folder_of_all).answers()


def test_lost_sounds_of_the_second_release_are_told(folder_of_all, tmp_path):
    (folder_of_all / "wavs_extracted/EN96.wav").unlink()
    with pytest.raises(MissingData, match=r"1 of 288 sounds .* EN96\.wav"):
        PerceptimaticAll(folder_of_all).items("phone")
    with pytest.raises(MissingData, match="wavs_extracted"):
        PerceptimaticAll(tmp_path)


def test_second_release_holds_the_items_cut_out(first, second):
    items = PerceptimaticAll(second).items("phone")

    assert np.isinf(items.offsets_s).all()
    durations = [
        soundfile.info(second / "wavs_extracted" / f"{n}.wav").duration for n in items.stimuli
    ]
    assert 0.2 <= min(durations) < max(durations) <= 0.4
