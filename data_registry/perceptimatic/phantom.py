"""The phantom twins of both releases: one experiment, in the files of either."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from heschl.cards import DatasetCard
from heschl.data_registry.perceptimatic import PERCEPTIMATIC, PERCEPTIMATIC_ALL
from heschl.data_registry.perceptimatic.phantom_experiment import (
    RATE,
    Answer,
    Item,
    Triplet,
    answers_to,
    drawn,
    planted,
    triplets_of,
)
from heschl.data_registry.perceptimatic.phantom_truth import expectations
from heschl.errors import InvalidInput

__all__ = ["write_phantom", "write_phantom_of_all"]

_WORDS = {"EN": "english", "FR": "french"}
_GROUPS = {"EN": "English", "FR": "French"}
_N_OF_ZEROSPEECH = 4
"""How many contrasts of a language are of the first experiment of the second release."""
_ITEM_COLUMNS = (
    "index", "#file", "onset", "offset", "#phone", "prev-phone", "next-phone", "speaker",
)  # fmt: skip
_TRIPLET_COLUMNS = (
    "filename", "TGT", "OTH", "prev_phone", "next_phone", "TGT_item", "OTH_item", "X_item",
    "TGT_first", "speaker_tgt_oth", "speaker_x",
)  # fmt: skip
_SOUND_COLUMNS = (
    "#file_source", "#file_extract", "onset", "offset", "#phone", "context", "language", "speaker",
    "prev_phone", "next_phone", "dataset",
)  # fmt: skip


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom of the first release below ``root``, an empty folder.

    The same seed gives the same bytes. Items have the same numbers in both languages, though not
    the same phones: who takes one language's for the other's finds hardly a triplet that agrees.
    """
    place = _empty(Path(root), "DATA")
    generator = np.random.default_rng(seed)
    triplets: list[Triplet] = []
    triplet_rows: list[tuple[object, ...]] = []
    numbers: dict[Item, int] = {}
    for language, groups in drawn(generator).items():
        word = _WORDS[language]
        (place / "DATA" / word).mkdir(parents=True)
        (place / "wavs" / word / "1s").mkdir(parents=True)
        items = [item for group in groups for item in group]
        order = generator.permutation(len(items))
        numbers |= {item: int(number) + 1 for item, number in zip(items, order, strict=True)}
        rows: list[tuple[object, ...]] = []
        for item in sorted(items, key=numbers.__getitem__):
            file = 10_000 + numbers[item]
            sound = place / "wavs" / word / "1s" / f"{file}.wav"
            soundfile.write(sound, item.sound(generator), RATE, subtype="PCM_16")
            previous, following = item.context.split("_")
            times = (f"{item.onset_s:.5f}", f"{item.offset_s:.5f}")
            rows.append(
                (numbers[item], file, *times, item.phone, previous, following, item.speaker)
            )
        path = place / "DATA" / word / f"all_aligned_clean_{word}.csv"
        _write(path, _ITEM_COLUMNS, rows, delimiter="\t")
        told = _told(groups)
        triplets += told
        for number, triplet in enumerate(told, start=1):
            triplet_rows.append((f"{language}{number}", *_as_first_release(triplet, numbers)))
    _write(place / "DATA" / "all_triplets.csv", _TRIPLET_COLUMNS, triplet_rows, delimiter="\t")
    given = answers_to(triplets, generator)
    columns = ["individual", "language", *_TRIPLET_COLUMNS, "correct_answer", "binarized_answer"]
    columns += ["nb_stimuli", "TGT_first_code", "language_code", "MFCC"]
    rows = [
        (
            each.listener, _GROUPS[each.listener_language], *triplet_rows[each.triplet],
            each.answer, int(np.sign(each.answer)), each.trial,
            int(triplets[each.triplet].is_target_first), int(each.listener_language == "FR"), 0.0,
        )
        for each in given
    ]  # fmt: skip
    _write(place / "DATA" / "human_and_models.csv", columns, rows)
    odd = [row[0] for row, each in zip(triplet_rows, triplets, strict=True) if _is_odd(each)]
    _write_truth(place, PERCEPTIMATIC, seed, odd)


def write_phantom_of_all(root: str | Path, seed: int = 0) -> None:
    """Write the phantom of the second release below ``root``, an empty folder.

    The experiment is that of the first, each item cut out; its last contrasts stand in for
    WorldVowels. A pilot is listed whose sounds are not there, as in the real data.
    """
    place = _empty(Path(root), "wavs_extracted")
    generator = np.random.default_rng(seed)
    triplets: list[Triplet] = []
    names: dict[Item, str] = {}
    sounds = []
    for language, groups in drawn(generator).items():
        (place / "wavs_extracted" / f"1s_{_WORDS[language]}").mkdir(parents=True)
        for number, item in enumerate(item for group in groups for item in group):
            is_cut = _part(item) == "zerospeech"
            folder = f"1s_{_WORDS[language]}/" if is_cut else ""
            stem = f"{10_000 + number}_sliced_{number}" if is_cut else f"{language}{number}"
            names[item] = f"{folder}{stem}.wav"
            within = slice(round(item.onset_s * RATE), round(item.offset_s * RATE))
            samples = item.sound(generator)[within]
            path = place / "wavs_extracted" / names[item]
            soundfile.write(path, samples, RATE, subtype="PCM_16")
            sounds.append(_as_sound(item, names[item], language))
        triplets += _told(groups)
    pilot = ("TRAIN/DR6/FHXS0/SI2335.WAV.wav", "TRAIN/DR6/FHXS0/SI2335_sliced_1.wav", 2.07, 2.36)
    sounds.append((*pilot, "a", "m_m", "EN_DR6", "FHXS0", "m", "m", "pilot-july-2018"))
    _write_numbered(place / "stimuli_data.csv", _SOUND_COLUMNS, sounds)
    rows = [
        (_identifier(number, each), *_as_second_release(each, names))
        for number, each in enumerate(triplets)
    ]
    header = ["triplet_id", "TGT_item", "OTH_item", "X_item", "speaker_TGT", "speaker_OTH"]
    header += ["speaker_X", "language_TGT", "language_OTH", "language_X", "TGT_first", "dataset"]
    pilots = [("triplet_00000007711", *[pilot[1]] * 3, *["FHXS0"] * 3, *["EN_DR6"] * 3)]
    _write_numbered(
        place / "triplet_data.csv",
        header,
        [*rows, *((*each, False, "pilot-july-2018") for each in pilots)],
    )
    header = ["subject_id", "subject_language", "triplet_id", "phone_TGT", "phone_OTH"]
    header += ["prev_phone", "next_phone", "language_TGT", "language_OTH", "TGT_first"]
    header += ["nb_stimuli", "user_ans", "bin_user_ans", "dataset", "mfccs"]
    given = answers_to(triplets, generator)
    _write_numbered(
        place / "human_data.csv", header, [_as_answer(each, triplets) for each in given]
    )
    odd = [row[0] for row, each in zip(rows, triplets, strict=True) if _is_odd(each)]
    _write_truth(place, PERCEPTIMATIC_ALL, seed, odd)


def _told(groups: list[list[Item]]) -> list[Triplet]:
    """Return the triplets of one language.

    The first French one, in both orders, has an X of the other phone, as some of the real ones.
    """
    found = [triplet for group in groups for triplet in triplets_of(group)]
    if found[0].target.contrast.language == "FR":
        found[:2] = [replace(each, probe=groups[0][3]) for each in found[:2]]
    return found


def _is_odd(triplet: Triplet) -> bool:
    return triplet.probe.phone != triplet.target.phone


def _part(item: Item) -> str:
    is_first = item.contrast.number < _N_OF_ZEROSPEECH
    return "zerospeech" if is_first else "WorldVowels"


def _identifier(number: int, triplet: Triplet) -> str:
    language = triplet.target.contrast.language
    is_first = _part(triplet.target) == "zerospeech"
    return f"triplet_{language}{number}" if is_first else f"{language}_TRIP{number}"


def _as_first_release(triplet: Triplet, numbers: dict[Item, int]) -> tuple[object, ...]:
    previous, following = triplet.target.context.split("_")
    three = (triplet.target, triplet.other, triplet.probe)
    return (
        triplet.target.phone, triplet.other.phone, previous, following,
        *(numbers[item] for item in three),
        triplet.is_target_first, triplet.target.speaker, triplet.probe.speaker,
    )  # fmt: skip


def _as_second_release(triplet: Triplet, names: dict[Item, str]) -> tuple[object, ...]:
    three = (triplet.target, triplet.other, triplet.probe)
    return (
        *(names[item] for item in three),
        *(item.speaker for item in three),
        *(item.contrast.language for item in three),
        triplet.is_target_first,
        _part(triplet.target),
    )


def _as_sound(item: Item, name: str, language: str) -> tuple[object, ...]:
    previous, following = item.context.split("_")
    labels = (item.phone, item.context, language, item.speaker, previous, following)
    return (name, name, item.onset_s, item.offset_s, *labels, _part(item))


def _as_answer(answer: Answer, triplets: Sequence[Triplet]) -> tuple[object, ...]:
    triplet = triplets[answer.triplet]
    previous, following = triplet.target.context.split("_")
    language = triplet.target.contrast.language
    return (
        answer.listener, answer.listener_language, _identifier(answer.triplet, triplet),
        triplet.target.phone, triplet.other.phone, previous, following, language, language,
        triplet.is_target_first, answer.trial, answer.answer, int(np.sign(answer.answer)),
        _part(triplet.target), 0.0,
    )  # fmt: skip


def _empty(root: Path, folder: str) -> Path:
    if (root / folder).exists():
        raise InvalidInput(f"{root} holds a dataset already; give an empty folder")
    root.mkdir(parents=True, exist_ok=True)
    return root


def _write_truth(place: Path, card: DatasetCard, seed: int, odd: list[object]) -> None:
    truth = {
        "phantom_version": card.phantom_version,
        "seed": seed,
        "planted": planted() | {"disagreeing": odd},
        "expectations": expectations(f"{card.id}-abx"),
    }
    text = json.dumps(truth, indent=1, ensure_ascii=False) + "\n"
    (place / "truth.json").write_text(text, encoding="utf-8")


def _write_numbered(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as pandas does, with a nameless column of row numbers."""
    _write(path, ["", *header], ((number, *row) for number, row in enumerate(rows)))


def _write(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    delimiter: str = ",",
) -> None:
    lines = [delimiter.join(header), *(delimiter.join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
