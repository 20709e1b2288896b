"""The loader: a folder laid out as OpenNeuro ds002345 in, stimuli and recordings out.

::

    dataset_description.json, participants.tsv
    stimuli/<sound>_audio.wav
    stimuli/gentle/<sound>/align.json                          (of the DataLad copy, if there)
    code/scan_exclude.json                                     (of the DataLad copy, if there)
    sub-NNN/func/sub-NNN_task-<task>[_run-k]_events.tsv
    derivatives/afni-nosmooth/sub-NNN/func/
        sub-NNN_task-<task>[_run-k]_space-fsaverage6_hemi-{L,R}_desc-clean.func.gii

Rows are the volumes from the one nearest to the story's onset on, as many as are nearest to its
duration, both as ``events.tsv`` of that listener has them; the six volumes that the authors drop
beyond these are part of their analysis and not of the data. Volume k *begins* k repetition times
after its scan does, as in the code of the protocol and as nilearn takes it; the times of rows are
the middles of volumes, in seconds of the sound. Which stories there are is in `tasks`.

Of a task that was scanned twice (``pieman``) the first run that is on disk and not excluded counts.

unverified, and checked as far as the files allow: that a sound begins with the first event of its
scan. The sounds of ``piemanpni`` and ``bronx`` are 15 and 25 s longer than their stories, and
nothing says at which end; transcripts tell, and are held against it. That the scans of
``milkyway-synonyms`` took 1.52 s a volume, as their headers say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
import xarray as xr

from heschl.data_registry.atlases.label_files import HEMISPHERES
from heschl.data_registry.atlases.surfaces import MESHES, atlas_folder, regions
from heschl.data_registry.narratives import NARRATIVES
from heschl.data_registry.narratives.responses import read_responses
from heschl.data_registry.narratives.scans import EXCLUDED, Scan, read_excluded
from heschl.data_registry.narratives.tables import Placed, conditions, placed_story
from heschl.data_registry.narratives.tasks import STORIES, VERSION, Story
from heschl.data_registry.narratives.transcripts import read_alignment
from heschl.dimensions import TIME, UNIT
from heschl.errors import CorruptData, MissingData, UnknownName, near_names
from heschl.fingerprints import file_digest, files_digest
from heschl.recording import Recording
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.untrusted import read_json

__all__ = ["MESH", "Narratives"]

MESH = "fsaverage6"
_NUMERICS = 1
"""Raised whenever `Narratives.recording` would give other numbers for the same files."""
_FILE = re.compile(
    rf"(?P<scan>sub-[A-Za-z0-9]+_task-[A-Za-z0-9]+(?:_run-[0-9]{{1,4}})?)_space-{MESH}"
    r"_hemi-(?P<hemisphere>[LR])_desc-clean\.func\.gii"
)
_FOLDER = "derivatives/afni-nosmooth"
_LATEST_FIRST_WORD_S = 10.0
"""After a story's beginning; the sounds whose beginning is in doubt would be 12 s off."""


class Narratives:
    """Nastase et al. (2021), read from a folder that holds all or a part of it.

    Parameters
    ----------
    root
        The folder with ``stimuli`` and ``derivatives`` in it.
    stories
        Those to offer; `heschl.data_registry.narratives.tasks` has others.

    Examples
    --------
    >>> narratives = Narratives("ds002345")  # doctest: +SKIP
    >>> narratives.recording("sub-075", ["21styear"]).responses  # doctest: +SKIP
    """

    card = NARRATIVES

    def __init__(self, root: str | Path, *, stories: Mapping[str, Story] = STORIES) -> None:
        self.root = Path(root).absolute()
        self._stories = dict(stories)
        if not self._responses.is_dir():
            raise MissingData(
                f"{self.root} holds no folder '{_FOLDER}'; expected the layout of OpenNeuro "
                f"ds002345 with the derivative in it: {self.card.how_to_get}"
            )

    def stimuli(self) -> StimulusSet:
        """Return the stories whose sound is on disk; each is opened when it is asked for."""
        there = (name for name, story in self._stories.items() if _is_there(self._wav(story)))
        return StimuliOnDisk(
            sorted(there),
            self.stimulus,
            otherwise=f"others come with `heschl fetch {self.card.id}`",
        )

    def stimulus(self, name: str) -> Stimulus:
        """Return one story: the whole sound that tells it, and its transcript if that is there."""
        story = self._story(name)
        sound = Sound.from_file(self._wav(story))
        last_s = story.clock()[-1] - story.tr_s / 2
        if sound.duration_s < last_s:
            raise CorruptData(
                f"{self._wav(story)} lasts {sound.duration_s:.2f} s, but responses to {name} were "
                f"taken until {last_s:.2f} s of it; fetch the sound again"
            )
        transcript = self.root / "stimuli/gentle" / story.wav / "align.json"
        if not _is_there(transcript):
            return Stimulus(name, sound)
        alignment = read_alignment(transcript)
        starts = [word.onset_s for word in alignment.words]
        until_s = story.offset_s + story.duration_s
        of_story = [each for each in starts if story.offset_s - 1 <= each <= until_s]
        late_s = min(of_story, default=np.inf) - story.offset_s
        if late_s > _LATEST_FIRST_WORD_S:
            raise CorruptData(
                f"{transcript} has the first word of {name} {late_s:.1f} s after the story should "
                f"begin, {story.offset_s:g} s into the sound; the sound may not begin with the "
                "first event of the scan: take the transcript away, or report this"
            )
        return Stimulus(name, sound, alignment)

    def subjects(self) -> tuple[str, ...]:
        """Return the listeners of whom a scan is on disk that tells a story and is not excluded."""
        tasks = {story.task for story in self._stories.values()}
        names = (path.name for path in self._responses.glob("sub-*"))
        return tuple(
            name for name in sorted(names) if any(scan.task in tasks for scan in self._scans(name))
        )

    def stimuli_of(self, subject: str) -> tuple[str, ...]:
        """Return the stories for which this listener's responses are on disk and not excluded."""
        tasks = {scan.task for scan in self._scans(subject)}
        told = [story for story in self._stories.values() if story.task in tasks]
        if not told:
            self._refuse_subject(subject)
        return tuple(sorted(story.name for story in told if self._is_heard(subject, story)))

    def clock(self, stimulus: str) -> np.ndarray:
        """Return the middles of volumes (row,), in seconds of the sound."""
        return self._story(stimulus).clock()

    def recording(self, subject: str, stimuli: Sequence[str] | None = None) -> Recording:
        """Return one listener's responses to those stories (default: all on disk).

        Units are the vertices of fsaverage6, left hemisphere first. Those that do not vary are NaN.

        Memory: 330 kB a volume in float32, 88 MB for ``pieman`` and 0.7 GB for ``21styear``, and
        while a hemisphere is read as much again.
        """
        responses = {}
        n_vertices = self._n_vertices()
        for name in self.stimuli_of(subject) if stimuli is None else stimuli:
            story = self._story(name)
            scan, files = self._scan(subject, story)
            placed = self._placed(scan, story)
            responses[name] = xr.DataArray(
                read_responses(files, placed.first_volume, story.n_volumes, n_vertices),
                dims=(TIME, UNIT),
                coords={TIME: story.clock(), UNIT: np.arange(2 * n_vertices)},
                attrs={"scan": scan} | ({"note": placed.note} if placed.note else {}),
            )
        return Recording(subject, responses)

    def rois(self, subject: str) -> xr.DataArray:
        """Return membership, a boolean array (roi, unit); the first row is ``all``.

        The other rows are regions of the atlases whose label files are in ``atlases`` beside the
        data, in the derivative itself, or where `heschl.data_registry.atlases` keeps them.
        """
        self.stimuli_of(subject)
        return self._regions()[0]

    def fingerprint(self, subject: str, stimuli: Sequence[str]) -> str:
        """Return a digest of every byte that `recording` and `rois` would read."""
        paths = [
            self._description,
            *(p for p in (self._participants, self._excluded) if p.exists()),
        ]
        for name in stimuli:
            scan, files = self._scan(subject, self._story(name))
            self._check_on_disk(self._events(scan))
            paths += [self._events(scan), *files.values()]
        self._n_vertices()
        labels = self._regions()[1]
        inside = [path for path in labels if path.is_relative_to(self.root)]
        outside = (f"{path.name}\t{file_digest(path)}" for path in labels if path not in inside)
        settings = f"stories {VERSION}, reading {_NUMERICS}"
        return files_digest(self.root, [*paths, *inside], also=(settings, *outside))

    # --- where files are -------------------------------------------------------------------------

    @property
    def _responses(self) -> Path:
        return self.root / _FOLDER

    @property
    def _description(self) -> Path:
        return self.root / "dataset_description.json"

    @property
    def _participants(self) -> Path:
        return self.root / "participants.tsv"

    @property
    def _excluded(self) -> Path:
        return self.root / "code/scan_exclude.json"

    def _wav(self, story: Story) -> Path:
        return self.root / "stimuli" / f"{story.wav}_audio.wav"

    def _events(self, scan: str) -> Path:
        return self.root / scan.partition("_")[0] / "func" / f"{scan}_events.tsv"

    def _scans(self, subject: str) -> dict[Scan, dict[str, Path]]:
        """Return the scans of a listener that are not excluded, and the files of each."""
        if "/" in subject or "\\" in subject or subject.startswith("."):
            return {}
        excluded = read_excluded(self._excluded) if self._excluded.exists() else EXCLUDED
        found: dict[Scan, dict[str, Path]] = {}
        for path in sorted((self._responses / subject / "func").glob("*.gii")):
            match = _FILE.fullmatch(path.name)
            scan = Scan.of(match["scan"]) if match else None
            if match and scan and scan.subject == subject and not scan.is_among(excluded):
                found.setdefault(scan, {})[match["hemisphere"]] = path
        return found

    def _scan(self, subject: str, story: Story) -> tuple[str, dict[str, Path]]:
        """Return the name of the scan in which a listener heard a story, and its files."""
        if story.name not in self.stimuli_of(subject):
            raise MissingData(
                f"{subject} has no scan of {story.name} in {self._responses}, or it is excluded; "
                f"choose another story, or get the derivative: {self.card.how_to_get}"
            )
        scans = {
            scan: files for scan, files in self._scans(subject).items() if scan.task == story.task
        }
        files = scans[min(scans, key=lambda scan: scan.run or 0)]
        first = next(iter(files.values()))
        name = str(_FILE.fullmatch(first.name)["scan"])  # type: ignore[index]  # it did match
        for hemisphere in HEMISPHERES:
            if hemisphere not in files:
                raise MissingData(
                    f"{name} has no file of hemisphere {hemisphere} in {first.parent}; get the "
                    f"derivative whole: {self.card.how_to_get}"
                )
        return name, {hemisphere: files[hemisphere] for hemisphere in HEMISPHERES}

    def _is_heard(self, subject: str, story: Story) -> bool:
        """Return whether a listener who was scanned in a task heard this story of it."""
        if story.condition is None:
            return True
        self._check_on_disk(self._participants)
        condition = conditions(self._participants).get((subject, story.task))
        known = {each.condition for each in STORIES.values() if each.task == story.task}
        if condition not in known:
            raise CorruptData(
                f"{self._participants} gives {subject} the condition {condition!r} of "
                f"{story.task}; expected one of {', '.join(sorted(map(str, known)))}"
            )
        return condition == story.condition

    # --- what they say ---------------------------------------------------------------------------

    def _story(self, name: str) -> Story:
        if name not in self._stories:
            raise UnknownName(
                f"{self.card.id} has no story {name!r}; {near_names(name, self._stories)}"
            )
        return self._stories[name]

    def _placed(self, scan: str, story: Story) -> Placed:
        self._check_on_disk(self._events(scan))
        return placed_story(self._events(scan), story)

    def _n_vertices(self) -> int:
        """Return the vertices of a hemisphere: fsaverage6's, but for the simulated twin."""
        self._check_on_disk(self._description)
        try:
            described = read_json(self._description, at_most=2**20)
            simulated = described.get("HeschlPhantom")
            return MESHES[MESH] if simulated is None else int(simulated["vertices"])
        except CorruptData:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise CorruptData(
                f"{self._description} is no description of a dataset ({error}); fetch it again"
            ) from error

    def _regions(self) -> tuple[xr.DataArray, tuple[Path, ...]]:
        n_vertices = self._n_vertices()
        beside = [self.root / "atlases", self._responses]
        is_real = n_vertices == MESHES[MESH]
        return regions(
            MESH if is_real else n_vertices, [*beside, *([atlas_folder()] if is_real else [])]
        )

    # --- what is not there -----------------------------------------------------------------------

    def _refuse_subject(self, subject: str) -> NoReturn:
        raise UnknownName(
            f"{self.card.id} has no listener {subject!r} with a scan in {self._responses} that is "
            f"not excluded; {near_names(subject, self.subjects())}"
        )

    def _check_on_disk(self, path: Path) -> None:
        if not _is_there(path):
            name = path.relative_to(self.root).as_posix()
            subject = f" --subjects {path.name.partition('_')[0]}" if name[:4] == "sub-" else ""
            raise MissingData(
                f"{name} is not in {self.root}; run `heschl fetch {self.card.id}{subject}`, or "
                "give the folder of a whole copy of OpenNeuro ds002345"
            )


def _is_there(path: Path) -> bool:
    """Return whether there is a file, or the link that git-annex leaves until it is fetched."""
    return path.exists() or path.is_symlink()
