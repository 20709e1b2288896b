"""Sections: nine in each language, their files, and which scanner run heard which.

The label of a run is the scanner's, not the section's: runs that failed were repeated, and some
listeners had others before. A listener's sections are the nine runs that were published in
``derivatives``, in the order of their labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from heschl.data_registry.little_prince import LITTLE_PRINCE
from heschl.errors import CorruptData
from heschl.manifest import Manifest

__all__ = [
    "EXTRA_VOLUMES",
    "LANGUAGES",
    "SECTIONS",
    "language_of",
    "published_subjects",
    "run_label",
    "section_runs",
    "sound_path",
    "split_stimulus",
    "stimulus_id",
    "textgrid_path",
    "word_table_path",
]

LANGUAGES = {"EN": "en", "FR": "fr", "CN": "zh"}
"""What the files call each language, and its ISO 639-1 code."""

SECTIONS = tuple(range(1, 10))

EXTRA_VOLUMES: dict[str, tuple[int, ...]] = {
    "EN": (4, 4, 4, 3, 3, 3, 4, 4, 4),
    "FR": (2,) * 9,
    "CN": (0,) * 9,
}
"""For each section, how many volumes were acquired after the last one that the sound reaches.

The README says four for English and gives a table; with the lengths of the sounds, the table has
three in sections 4 to 6.
"""

_RUN = re.compile(
    r"(?P<subject>sub-(?P<language>[A-Z]{2})\d+)_task-lpp(?P=language)_run-(?P<run>\d+)"
    r"_space-MNIColin27_desc-preproc_bold\.nii(?:\.gz)?"
)
_STIMULUS = re.compile(r"(?P<language>EN|FR|CN)-(?P<section>[1-9])")


def stimulus_id(language: str, section: int) -> str:
    """Return what a section is called here, such as ``EN-1``."""
    return f"{language}-{section}"


def split_stimulus(stimulus: str) -> tuple[str, int] | None:
    """Return language and section of a stimulus, or None if there is none of that name."""
    match = _STIMULUS.fullmatch(stimulus)
    return (match["language"], int(match["section"])) if match else None


def language_of(subject: str) -> str:
    """Return what the files call a listener's language, from ``sub-EN057``."""
    return subject.removeprefix("sub-")[:2]


def sound_path(language: str, section: int) -> str:
    """Return where a section's sound lies below the root; English ones are spelled otherwise."""
    return f"stimuli/task-lpp{language}_section{'-' if language == 'EN' else '_'}{section}.wav"


def textgrid_path(language: str, section: int) -> str:
    """Return where a section's words lie below the root."""
    return f"annotation/{language}/lpp{language}_section{section}.TextGrid"


def word_table_path(language: str) -> str:
    """Return where the table of all words of a language lies below the root."""
    return f"annotation/{language}/lpp{language}_word_information.csv"


def run_label(subject: str, file_name: str) -> int | None:
    """Return the scanner's number of a run of this listener, None if the file is none."""
    match = _RUN.fullmatch(file_name)
    return int(match["run"]) if match and match["subject"] == subject else None


def section_runs(subject: str, file_names: Iterable[str]) -> dict[int, str]:
    """Return for each section the file of a listener's run.

    Parameters
    ----------
    subject
        Such as ``sub-EN057``.
    file_names
        What is in the listener's folder of derivatives. Of listeners who were published some runs
        may be lacking; of others all nine must be there, or their ranks would say nothing.

    Examples
    --------
    >>> name = "sub-FR099_task-lppFR_run-{:02d}_space-MNIColin27_desc-preproc_bold.nii.gz"
    >>> runs = section_runs("sub-FR099", [name.format(k) for k in (3, 4, 5, 7, 8, 9, 10, 11, 12)])
    >>> runs[4][21:27]
    'run-07'
    """
    found: dict[int, str] = {}
    for name in sorted(file_names):
        label = run_label(subject, name)
        if label is None:
            continue
        if label in found:
            raise CorruptData(
                f"{subject} has the run {label} twice, in {found[label]} and {name}; keep the one "
                "that was published"
            )
        found[label] = name
    if not found:
        return {}
    published = _published_runs().get(subject)
    if published is None:
        if len(found) != len(SECTIONS):
            raise CorruptData(
                f"{subject} has {len(found)} runs in derivatives and is not among the published "
                "listeners; expected nine, since a run's section is its rank"
            )
        published = tuple(sorted(found))
    unknown = sorted(set(found) - set(published))
    if unknown:
        raise CorruptData(
            f"{subject} has the run {unknown[0]} in derivatives, which was not published; the nine "
            f"are {', '.join(map(str, published))}: a section is a run's rank among these"
        )
    return {
        section: found[label]
        for section, label in zip(SECTIONS, published, strict=True)
        if label in found
    }


def published_subjects() -> frozenset[str]:
    """Return the listeners of the published dataset."""
    return frozenset(_published_runs())


@lru_cache(maxsize=1)
def _published_runs() -> Mapping[str, tuple[int, ...]]:
    """Return the labels of each published listener's nine runs, in the order of the sections."""
    found: dict[str, list[int]] = {}
    for file in Manifest.read(LITTLE_PRINCE.manifest).files:
        match = _RUN.fullmatch(file.path.rpartition("/")[2])
        if match:
            found.setdefault(match["subject"], []).append(int(match["run"]))
    return {subject: tuple(sorted(labels)) for subject, labels in found.items()}
