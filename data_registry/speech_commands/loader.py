"""The loader: the unpacked archive of Speech Commands v0.02 in, words with their split out.

::

    <word>/<speaker>_nohash_<k>.wav     one second, 16 kHz; some are shorter
    validation_list.txt, testing_list.txt   lines <word>/<file>; all else is for training
    _background_noise_/*.wav            no words: left out
"""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from pathlib import Path

import numpy as np

from heschl.data_registry.speech_commands import SPEECH_COMMANDS
from heschl.errors import CorruptData, MissingData, near_names
from heschl.items import Items, Task, chosen_task
from heschl.sound import Sound, StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.untrusted import read_bytes

__all__ = ["WORDS", "SpeechCommands", "split_by_rule"]

WORDS = (
    "backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward", "four",
    "go", "happy", "house", "learn", "left", "marvin", "nine", "no", "off", "on", "one", "right",
    "seven", "sheila", "six", "stop", "three", "tree", "two", "up", "visual", "wow", "yes", "zero",
)  # fmt: skip
_WORD = Task("word", "word", WORDS, groups=("speaker",))
_NOISE = "_background_noise_"
_ARCHIVE = "speech_commands_v0.02.tar.gz"
_NAME = re.compile(r"(?P<speaker>[0-9a-f]{8})_nohash_(?P<take>\d+)")
_RATE = 16_000
_N_SAMPLES = 16_000
_AT_MOST_BYTES = 16 * 2**20
_HASHES = 2**27
_PERCENT = 100 / (_HASHES - 1)
_VALIDATION_BELOW, _TEST_BELOW = 10, 20


class SpeechCommands:
    """Speech Commands v0.02, read from the folder into which its archive was unpacked.

    Parameters
    ----------
    root
        The folder with a folder for each word.

    A recording shorter than a second is padded with silence at its end. The split is that of the
    two lists, or of the author's rule where both are absent.
    """

    card = SPEECH_COMMANDS

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        if any((self.root / word).is_dir() for word in WORDS):
            return
        if (self.root / _ARCHIVE).exists():
            raise MissingData(
                f"{self.root} holds {_ARCHIVE} as it was fetched; unpack it there: "
                f"tar -xzf {_ARCHIVE}"
            )
        raise MissingData(
            f"{self.root} holds no folder of a word, such as 'yes'; give the folder into which "
            f"{_ARCHIVE} was unpacked, or run `heschl fetch {self.card.id}`"
        )

    def stimuli(self) -> StimulusSet:
        """Return the recordings that are on disk, such as ``yes/0a7c2a8d_nohash_0``."""
        return StimuliOnDisk.of_files(self._paths, _one_second)

    def tasks(self) -> tuple[Task, ...]:
        """Return the one task, which of the 35 words it is."""
        return (_WORD,)

    def items(self, task: str) -> Items:
        """Return one item a recording, with its word, speaker and split."""
        asked = chosen_task(self.card.id, self.tasks(), task)
        lists = self._lists()
        names = list(self._paths)
        words, files = zip(*(name.split("/") for name in names), strict=True)
        speakers = [file.partition("_nohash_")[0] for file in files]
        return Items.from_columns(
            asked,
            names,
            stimulus=names,
            offset_s=np.full(len(names), _N_SAMPLES / _RATE),
            labels={
                "word": words,
                "speaker": speakers,
                "split": [
                    split_by_rule(speaker) if lists is None else lists.get(name, "train")
                    for name, speaker in zip(names, speakers, strict=True)
                ],
            },
            known=self._paths,
        )

    @cached_property
    def _paths(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in sorted(each for each in self.root.iterdir() if each.is_dir()):
            if folder.name == _NOISE or folder.name.startswith("."):
                continue
            if folder.name not in WORDS:
                raise CorruptData(
                    f"{self.root} holds a folder {folder.name!r}, which is none of the 35 words; "
                    f"{near_names(folder.name, WORDS)}. Take it out: a separate test set has its "
                    "own folder"
                )
            for path in sorted(folder.glob("*.wav")):
                if not _NAME.fullmatch(path.stem):
                    raise CorruptData(
                        f"{path} is not named <speaker>_nohash_<number>.wav; take it out, or "
                        "unpack the archive again"
                    )
                found[f"{folder.name}/{path.stem}"] = path
        if not found:
            raise MissingData(f"{self.root} has folders of words without recordings; unpack again")
        return found

    def _lists(self) -> dict[str, str] | None:
        """Return the split of every listed recording; None if there are no lists."""
        paths = {
            "validation": self.root / "validation_list.txt",
            "test": self.root / "testing_list.txt",
        }
        there = [path for path in paths.values() if path.exists() or path.is_symlink()]
        if not there:
            return None
        found: dict[str, str] = {}
        for split, path in paths.items():
            for number, line in enumerate(_lines(path), start=1):
                word, _, file = line.partition("/")
                name = line.removesuffix(".wav")
                if word not in WORDS or not file.endswith(".wav"):
                    raise CorruptData(
                        f"{path}, line {number}: {line!r}; expected <word>/<file>.wav"
                    )
                if name in found:
                    raise CorruptData(
                        f"{path}, line {number}: {line} is listed for {found[name]} already; a "
                        "recording has one split"
                    )
                found[name] = split
        return found


def split_by_rule(speaker: str) -> str:
    """Return the split in which the author's rule puts all recordings of a speaker.

    >>> split_by_rule("0a7c2a8d")
    'train'
    """
    percent = int(hashlib.sha1(speaker.encode()).hexdigest(), 16) % _HASHES * _PERCENT  # noqa: S324  the rule's
    if percent < _VALIDATION_BELOW:
        return "validation"
    return "test" if percent < _TEST_BELOW else "train"


def _lines(path: Path) -> list[str]:
    try:
        text = read_bytes(path, at_most=_AT_MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path} is not UTF-8 text ({error}); unpack it again") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _one_second(path: Path) -> Sound:
    """Return a recording, with silence after it up to a second."""
    sound = Sound.from_file(path)
    if sound.sample_rate != _RATE or sound.n_samples > _N_SAMPLES:
        raise CorruptData(
            f"{path} has {sound.n_samples} samples at {sound.sample_rate} Hz; expected "
            f"{_N_SAMPLES} at most, at {_RATE} Hz: unpack the archive again"
        )
    if sound.n_samples == _N_SAMPLES:
        return sound
    padded = np.zeros(_N_SAMPLES, dtype=np.float32)
    padded[: sound.n_samples] = sound.waveform(_RATE)
    return Sound.from_samples(padded, _RATE)
