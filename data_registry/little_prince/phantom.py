"""The phantom twin: thirteen simulated listeners in exactly the files of the real dataset.

A section is told in English, French and Chinese to listeners of each. What a loader may get wrong
would be found out: runs are labelled as the real listeners' are, with gaps; volumes of noise follow
each English and French sound; headers have another repetition time; x runs from right to left.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from heschl.alignment import Alignment, Interval
from heschl.data_registry.little_prince.phantom_brain import (
    N_PARCELS,
    REGIONS,
    brain,
    write_run,
    write_surface,
)
from heschl.data_registry.little_prince.phantom_truth import (
    BLOCKS,
    DRIVER_OF,
    LATENT_RATE_HZ,
    SIGNAL_SHARE,
    rows_of,
    truth,
)
from heschl.data_registry.little_prince.sections import (
    EXTRA_VOLUMES,
    LANGUAGES,
    SECTIONS,
    language_of,
    sound_path,
    textgrid_path,
    word_table_path,
)
from heschl.errors import InvalidInput
from heschl.phantom.corpus import compose, utterances
from heschl.phantom.simulation import Simulation, simulate
from heschl.sound import Sound
from heschl.textgrid import write_textgrid

__all__ = ["latents_of", "write_phantom"]

_FIRST_RUNS = {
    "sub-CN001": (4, 5, 6, 7, 8, 9, 10, 11, 12),
    "sub-CN013": (5, 6, 7, 8, 9, 10, 11, 12, 14),
    "sub-CN016": (5, 6, 7, 8, 9, 10, 11, 12, 13),
    "sub-CN017": (5, 6, 7, 8, 9, 10, 11, 12, 13),
    "sub-CN018": (5, 6, 7, 8, 9, 10, 11, 12, 13),
    "sub-EN057": (15, 16, 17, 18, 19, 20, 21, 22, 23),
    "sub-EN059": (7, 8, 9, 10, 11, 12, 13, 14, 17),
    "sub-EN061": (9, 11, 12, 13, 14, 19, 20, 21, 22),
    "sub-EN084": (9, 10, 13, 14, 15, 16, 17, 18, 19),
    "sub-FR001": (1, 2, 3, 4, 5, 6, 7, 8, 9),
    "sub-FR002": (1, 2, 3, 4, 5, 6, 7, 8, 9),
    "sub-FR003": (1, 2, 3, 4, 5, 6, 7, 8, 9),
    "sub-FR004": (1, 2, 3, 4, 5, 6, 7, 8, 9),
}
"""The labels of the runs of some real listeners, in the order of the sections."""

_DURATIONS_S = (49.3, 53.1, 47.0, 50.6, 52.9, 48.2, 51.4, 46.7, 54.0)
"""Of the sections; French ones last 1.1 s longer, Chinese ones 0.6 s less."""
_LONGER_S = {"EN": 0.0, "FR": 1.1, "CN": -0.6}
_SAMPLE_RATE = 12000
_SILENCE = ("#", "", "sil")
_N_LATENTS = 2 * (len(BLOCKS) + 1)


def write_phantom(root: str | Path, seed: int = 0) -> None:
    """Write the phantom below ``root``, which is made if need be.

    The same seed gives the same bytes. The seed changes the sounds, the weights and the noise, not
    the brain. Takes some seconds and 50 MB.
    """
    place = Path(root)
    if any((place / name).exists() for name in ("derivatives", "stimuli")):
        raise InvalidInput(f"{place} holds a dataset already; give an empty folder")
    _write_tables(place)
    write_surface(place / "fsaverage6")
    designs, planted = {}, {}
    for number, language in enumerate(LANGUAGES):
        designs[language] = {
            f"{language}-{section}": _tell(place, language, section, seed) for section in SECTIONS
        }
        listeners = [who for who in _FIRST_RUNS if language_of(who) == language]
        planted[language] = {
            region: simulate(
                {name: each[DRIVER_OF[region]] for name, each in designs[language].items()},
                brain().regions.count(region),
                SIGNAL_SHARE[region],
                seed=(seed * len(LANGUAGES) + number) * len(REGIONS) + block,
                repeats=dict.fromkeys(designs[language], len(listeners)),
            )
            for block, region in enumerate(REGIONS)
        }
        for position, who in enumerate(listeners):
            _write_runs(place, who, planted[language], position, seed)
    content = truth(seed, tuple(_FIRST_RUNS), designs, planted)
    (place / "truth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def latents_of(language: str, section: int, seed: int) -> np.ndarray:
    """Return the latent blocks (frame, column) of a section: see `phantom_truth.BLOCKS`."""
    n_frames = int(np.ceil(_duration_s(language, section) * LATENT_RATE_HZ))
    of_section = [seed, list(LANGUAGES).index(language), section]
    return np.random.default_rng(of_section).standard_normal((n_frames, _N_LATENTS))


def _duration_s(language: str, section: int) -> float:
    return _DURATIONS_S[section - 1] + _LONGER_S[language]


def _write_tables(root: Path) -> None:
    """Write what names the dataset and its listeners."""
    root.mkdir(parents=True, exist_ok=True)
    description = {
        "Name": "Simulated twin of OpenNeuro ds003643: no human data",
        "BIDSVersion": "1.6.0",
        "License": "CC0",
    }
    (root / "dataset_description.json").write_text(
        json.dumps(description, indent=4) + "\n", encoding="utf-8"
    )
    header = "participant_id\tage\tsex\tcorrect_quiz_questions\ttotal_quiz_questions"
    rows = [
        header,
        *(f"{who}\t{20 + number}\tF\tn/a\tn/a" for number, who in enumerate(_FIRST_RUNS)),
    ]
    (root / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8-sig")


def _tell(root: Path, language: str, section: int, seed: int) -> dict[str, np.ndarray]:
    """Write sound and words of a section, and return what listeners respond to."""
    code = LANGUAGES[language]
    duration_s = _duration_s(language, section)
    story_seed = (seed * len(SECTIONS) + section) * len(LANGUAGES) + list(LANGUAGES).index(language)
    name = f"{language}-{section}"
    story = compose(
        name,
        utterances(code),
        duration_s,
        seed=story_seed,
        sample_rate=_SAMPLE_RATE,
        mean_gap_s=1.0,
    )
    sound = root / sound_path(language, section)
    sound.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(sound, 0.8 * story.sound.waveform(_SAMPLE_RATE), _SAMPLE_RATE, "PCM_16")
    words = (story.alignment or Alignment()).words
    grid = root / textgrid_path(language, section)
    grid.parent.mkdir(parents=True, exist_ok=True)
    write_textgrid(grid, {"words": _with_silence(words, duration_s)})
    _write_words(root / word_table_path(language), words, section)
    heard = Sound.from_file(sound)
    # Where volumes begin: so the benchmark takes them.
    times_s = 2.0 * np.arange(int((heard.duration_s + 1) // 2))
    return rows_of(heard, Alignment(words), times_s, latents_of(language, section, seed))


def _write_words(table: Path, words: Sequence[Interval], section: int) -> None:
    """Add the words of a section to the table of a language."""
    first = 0
    if not table.exists():
        table.write_text(",word,lemma,onset,offset,section,pos\n", encoding="utf-8")
    else:
        first = table.read_text(encoding="utf-8").count("\n") - 1
    lines = [
        f"{first + number},{word.label},{word.label.lower()},{word.onset_s},{word.offset_s},"
        f"{section},X\n"
        for number, word in enumerate(words)
    ]
    with table.open("a", encoding="utf-8") as stream:
        stream.writelines(lines)


def _with_silence(words: Sequence[Interval], duration_s: float) -> list[Interval]:
    """Return the words and, between them, silence in the spellings of the real files."""
    filled: list[Interval] = []
    until_s = 0.0
    for word in (*words, Interval(duration_s, duration_s, "")):
        if word.onset_s > until_s:
            filled.append(Interval(until_s, word.onset_s, _SILENCE[len(filled) % len(_SILENCE)]))
        if word.offset_s > word.onset_s:
            filled.append(word)
        until_s = max(until_s, word.offset_s)
    return filled


def _write_runs(
    root: Path, who: str, planted: dict[str, Simulation], position: int, seed: int
) -> None:
    """Write one listener's nine runs, with volumes of noise after the end of the sound."""
    language = language_of(who)
    folder = root / "derivatives" / who / "func"
    folder.mkdir(parents=True)
    generator = np.random.default_rng([seed, list(_FIRST_RUNS).index(who)])
    regions = np.array(brain().regions)
    for section, label in zip(SECTIONS, _FIRST_RUNS[who], strict=True):
        of_regions = {
            region: each.trials[f"{language}-{section}"][position]
            for region, each in planted.items()
        }
        n_rows = len(of_regions[REGIONS[0]])
        within = int(np.ceil(_duration_s(language, section) / 2))
        n_volumes = within + EXTRA_VOLUMES[language][section - 1]
        series = generator.standard_normal((n_volumes, N_PARCELS))
        for region, rows in of_regions.items():
            series[:n_rows, regions == region] = rows
        name = f"{who}_task-lpp{language}_run-{label:02d}_space-MNIColin27_desc-preproc_bold.nii.gz"
        write_run(folder / name, series)
