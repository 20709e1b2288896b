"""The loader: a folder laid out as OpenNeuro ds003020 in, stimuli and recordings out.

::

    stimuli/<story>.wav
    derivative/respdict.json                            {"<story>": number of scans}
    derivative/subject_xfms.json                        {"<subject>": "<transform>"}
    derivative/TextGrids/<story>.TextGrid
    derivative/preprocessed_data/<subject>/<story>.hf5  data (row, voxel), individual_repeats
    derivative/pycortex-db/<subject>/{surfaces,transforms/<transform>}/
    derivative/freesurfer_subjdir/<subject>/label/

A story that was scanned for ``respdict[story]`` volumes of 2 s began 10 s after the first. The
authors cut 10 volumes at the start and 10 at the end, so that row k of a file was acquired from
``2k + 10`` to ``2k + 12`` s of the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import xarray as xr

from heschl.data_registry.lebel_moth import LEBEL_MOTH
from heschl.data_registry.lebel_moth.responses import n_voxels, read_responses
from heschl.data_registry.lebel_moth.rois import ANNOTATIONS, RegionFiles, membership
from heschl.data_registry.lebel_moth.stories import TEST_STORY, VALIDATION_STORY
from heschl.data_registry.lebel_moth.transcripts import read_alignment
from heschl.dimensions import REPEAT, TIME, UNIT
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName, near_names
from heschl.fingerprints import files_digest
from heschl.manifest import Manifest
from heschl.recording import Recording
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk
from heschl.untrusted import read_json

__all__ = ["FIRST_ROW_S", "TR_S", "LebelMoth"]

TR_S = 2.0
FIRST_ROW_S = 11.0
"""The middle of the first row's acquisition, in seconds of the sound."""
_NUMERICS = 2
"""Raised whenever `LebelMoth.recording` would give other numbers for the same files."""
_SCANS_CUT = 20
_MOST_SCANS = 100_000
_LOCALIZER = "auditory_localizer"


class LebelMoth:
    """LeBel et al. (2023), read from a folder that holds all or a part of it.

    Parameters
    ----------
    root
        The folder with ``stimuli`` and ``derivative`` in it.
    dtype
        Of the responses. The files hold float64; float32 keeps more digits than a scanner gives
        and halves the gigabytes that a listener needs, so it is the same for every story.

    Examples
    --------
    >>> moth = LebelMoth("ds003020")  # doctest: +SKIP
    >>> moth.recording("UTS03", ["wheretheressmoke"]).responses  # doctest: +SKIP
    """

    card = LEBEL_MOTH

    def __init__(self, root: str | Path, *, dtype: npt.DTypeLike = np.float32) -> None:
        self.root = Path(root).absolute()
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise InvalidInput(f"dtype={self.dtype}; responses are floats, float32 or float64")
        self._derivative = self.root / "derivative"
        if not self._derivative.is_dir():
            raise MissingData(
                f"{self.root} holds no folder 'derivative'; expected the layout of OpenNeuro "
                "ds003020, with 'stimuli' and 'derivative' in it: give that folder, or run "
                f"`heschl fetch {self.card.id}`"
            )

    def stimuli(self) -> StimulusSet:
        """Return the stories whose sound is on disk; each is opened when it is asked for."""
        names = sorted(path.stem for path in (self.root / "stimuli").glob("*.wav"))
        return StimuliOnDisk(
            (name for name in names if name != _LOCALIZER),
            self.stimulus,
            otherwise=f"others come with `heschl fetch {self.card.id} --stories <name>`",
        )

    def stimulus(self, story: str) -> Stimulus:
        """Return one story; it has no alignment if its TextGrid is not on disk."""
        sound = Sound.from_file(self.root / "stimuli" / f"{story}.wav")
        heard_until_s = self.clock(story)[-1] + TR_S / 2
        if sound.duration_s < heard_until_s:
            raise CorruptData(
                f"{story}.wav lasts {sound.duration_s:.2f} s, but responses to it were taken until "
                f"{heard_until_s:.0f} s of it; fetch the sound and respdict.json again"
            )
        grid = self._derivative / "TextGrids" / f"{story}.TextGrid"
        there = grid.exists() or grid.is_symlink()
        return Stimulus(story, sound, read_alignment(grid) if there else None)

    def subjects(self) -> tuple[str, ...]:
        """Return the listeners of whom at least one story's responses are on disk."""
        files = (self._derivative / "preprocessed_data").glob("*/*.hf5")
        return tuple(sorted({path.parent.name for path in files}))

    def stimuli_of(self, subject: str) -> tuple[str, ...]:
        """Return the stories for which this listener's responses are on disk."""
        if subject not in self.subjects():
            self._refuse_subject(subject)
        files = (self._derivative / "preprocessed_data" / subject).glob("*.hf5")
        return tuple(sorted(path.stem for path in files))

    def clock(self, stimulus: str) -> np.ndarray:
        """Return the times (row,) in seconds of the sound at which responses were taken."""
        scans = self._scans()
        if stimulus not in scans:
            raise UnknownName(
                f"{self._respdict} has no number of scans of {stimulus!r}; "
                + near_names(stimulus, scans)
            )
        return FIRST_ROW_S + TR_S * np.arange(scans[stimulus] - _SCANS_CUT)

    def tuning_stories(self) -> dict[str, tuple[str, ...]]:
        """Return which stories a model that is tuned on a listener is tested and validated on."""
        return {"test": (TEST_STORY,), "validation": (VALIDATION_STORY,)}

    def recording(self, subject: str, stimuli: Sequence[str] | None = None) -> Recording:
        """Return one listener's responses to those stories (default: all on disk).

        Columns with NaN are kept, so that units are numbered as in the files. The response to the
        test story is the mean over its presentations, which are in `Recording.repeats`; if the
        file lacks them it is what the file holds, and the attribute ``repeats`` says so.

        Memory: for the 27 stories that the listeners share, 3 to 4.5 GB in float32.
        """
        responses, repeats = {}, {}
        for story in self.stimuli_of(subject) if stimuli is None else stimuli:
            times = self.clock(story)
            read = read_responses(self._response(subject, story), len(times), self.dtype)
            coordinates = {TIME: times, UNIT: np.arange(read.mean.shape[1])}
            responses[story] = xr.DataArray(
                read.mean,
                dims=(TIME, UNIT),
                coords=coordinates,
                attrs={"repeats": read.note} if read.note else {},
            )
            if read.repeats is not None:
                repeats[story] = xr.DataArray(
                    read.repeats, dims=(REPEAT, TIME, UNIT), coords=coordinates
                )
        return Recording(subject, responses, repeats)

    def rois(self, subject: str) -> xr.DataArray:
        """Return membership, a boolean array (roi, unit); the first row is ``all``.

        The other rows are parts of the Destrieux atlas and, where its labels were added, of
        Glasser's, see `heschl.data_registry.lebel_moth.rois`. UTS09, of whom no FreeSurfer files
        are published, has ``all`` alone. Takes some seconds.
        """
        stories = self.stimuli_of(subject)
        files = self._regions(subject)
        return membership(files, n_voxels(self._response(subject, stories[0])))

    def fingerprint(self, subject: str, stimuli: Sequence[str]) -> str:
        """Return a digest of every byte that `recording` and `rois` would read."""
        paths = [
            self._respdict,
            *(self._response(subject, story) for story in stimuli),
            *self._regions(subject).all(),
        ]
        return files_digest(
            self.root, paths, also=(f"responses as {self.dtype.name}, reading {_NUMERICS}",)
        )

    @property
    def _respdict(self) -> Path:
        return self._derivative / "respdict.json"

    def _scans(self) -> dict[str, int]:
        """Return how many scans each story took."""
        scans = self._json(self._respdict)
        for story, count in scans.items():
            if type(count) is not int or not _SCANS_CUT < count <= _MOST_SCANS:
                raise CorruptData(
                    f"{self._respdict} gives {story!r} {count!r} scans; expected a whole number "
                    f"above {_SCANS_CUT}"
                )
        return scans

    def _json(self, path: Path) -> dict[str, Any]:
        """Return the content of a small JSON file, which must be an object."""
        self._check_on_disk(path)
        content = read_json(path, at_most=2**20)
        if not isinstance(content, dict):
            raise CorruptData(f"{path} holds a {type(content).__name__}; expected an object")
        return content

    def _response(self, subject: str, story: str) -> Path:
        """Return the file of one listener's responses to one story, which must be there."""
        if subject not in self.subjects():
            self._refuse_subject(subject)
        path = self._derivative / "preprocessed_data" / subject / f"{story}.hf5"
        self._check_on_disk(path)
        return path

    def _regions(self, subject: str) -> RegionFiles:
        """Return where the anatomy lies, all of it there."""
        pycortex = self._derivative / "pycortex-db" / subject
        transform = f"{subject}_auto"
        transforms = self._derivative / "subject_xfms.json"
        if transforms.exists():
            # UTS09 came later and was never added to this file.
            transform = self._json(transforms).get(subject, transform)
            if not isinstance(transform, str) or "/" in transform or "\\" in transform:
                raise CorruptData(
                    f"{transforms} names the transform {transform!r} of {subject}; expected the "
                    f"name of a folder, as {subject}_auto"
                )
        files = RegionFiles(
            transform=pycortex / "transforms" / transform,
            surfaces=pycortex / "surfaces",
            labels=self._derivative / "freesurfer_subjdir" / subject / "label",
        )
        published = _published()
        atlases = tuple(
            atlas
            for atlas in ANNOTATIONS
            if any(
                path.exists() or self._below_root(path) in published
                for path in files.annotations(atlas)
            )
        )
        files = replace(files, atlases=atlases)
        for path in files.all():
            if path.name.endswith(f"{ANNOTATIONS['glasser']}.annot") and not path.exists():
                raise MissingData(f"{path} is not there, but the other hemisphere's is; give both")
            self._check_on_disk(path)
        return files

    def _refuse_subject(self, subject: str) -> NoReturn:
        if subject in _published_subjects():
            raise MissingData(
                f"no responses of {subject} are in {self._derivative / 'preprocessed_data'}; run "
                f"`heschl fetch {self.card.id} --subjects {subject}`"
            )
        raise UnknownName(
            f"{self.card.id} has no listener {subject!r}; {near_names(subject, self.subjects())}"
        )

    def _check_on_disk(self, path: Path) -> None:
        """Refuse a file that is not there, and say how to get it or that nobody can."""
        if path.exists():
            return
        name = self._below_root(path)
        choices = _published().get(name)
        if choices is None:
            raise MissingData(
                f"{name} is not in {self.root}, and the published dataset has no such file; choose "
                "another listener or story"
            )
        wanted = "".join(f" --{group} {value}" for group, value in choices.items())
        raise MissingData(
            f"{name} is not in {self.root}; run `heschl fetch {self.card.id}{wanted}`, or give the "
            "folder of a whole copy of OpenNeuro ds003020"
        )

    def _below_root(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


@lru_cache(maxsize=1)
def _published() -> dict[str, dict[str, str]]:
    """Return of every published file what `heschl fetch` calls it by."""
    manifest = Manifest.read(LEBEL_MOTH.manifest)
    return {file.path: manifest.groups(file.path) for file in manifest.files}


def _published_subjects() -> set[str]:
    return {choices["subjects"] for choices in _published().values() if "subjects" in choices}
