"""The loader: a folder laid out as OpenNeuro ds003643 in, stimuli and recordings out.

::

    participants.tsv                                with a byte order mark
    stimuli/task-lpp<L>_section<- or _><k>.wav      L is EN, FR or CN, k is 1 to 9
    annotation/<L>/lpp<L>_section<k>.TextGrid       one tier of words
    annotation/<L>/lpp<L>_word_information.csv
    derivatives/<subject>/func/<subject>_task-lpp<L>_run-<NN>_space-MNIColin27_desc-preproc_bold
                                                    .nii.gz
    fsaverage6/                                     the mesh, see `find_meshes`

The label of a run is the scanner's; its section is its rank among the listener's nine. Volume k
was acquired from ``2k`` to ``2k + 2`` s of the sound, and some volumes follow after its end; those
whose middle the sound does not reach are left out. The repetition time is 2.0 s whatever the
headers say.

unverified: that the first volume begins with the sound to better than a volume. The README says
that four volumes before it were dropped, and its table of lengths agrees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from heschl.data_registry.atlases.groups import ATLASES
from heschl.data_registry.atlases.surfaces import (
    MESHES,
    atlas_folder,
    find_label_files,
    regions,
)
from heschl.data_registry.little_prince import LITTLE_PRINCE
from heschl.data_registry.little_prince.brain_mask import epi_mask, read_mask
from heschl.data_registry.little_prince.participants import read_participants
from heschl.data_registry.little_prince.projection import Sampling, sampling
from heschl.data_registry.little_prince.sections import (
    EXTRA_VOLUMES,
    LANGUAGES,
    SECTIONS,
    language_of,
    published_subjects,
    section_runs,
    sound_path,
    split_stimulus,
    stimulus_id,
    textgrid_path,
    word_table_path,
)
from heschl.data_registry.little_prince.surfaces import find_meshes, n_vertices, stamp_of
from heschl.data_registry.little_prince.volumes import Grid, RunHeader, read_header, read_run
from heschl.data_registry.little_prince.words import read_grid, read_table
from heschl.dimensions import TIME, UNIT
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName, near_names
from heschl.fingerprints import file_digest, files_digest
from heschl.recording import Recording
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk

__all__ = ["TR_S", "LittlePrince"]

TR_S = 2.0
_NUMERICS = 1
"""Raised whenever `LittlePrince.recording` would give other numbers for the same files."""
_LEAST_SHARE = 0.5
"""Of the vertices that must lie within the brain; of the real ones nearly all do."""
_TR_SLACK_S = 1e-3


class LittlePrince:
    """Li et al. (2022), read from a folder that holds all or a part of it.

    Responses are those of the vertices of a surface, left hemisphere first: each run is masked by
    nilearn's ``compute_epi_mask`` of its own mean and projected as ``vol_to_surf`` does by default.
    Vertices outside of the mask are NaN.

    Parameters
    ----------
    root
        The folder with ``stimuli`` and ``derivatives`` in it.
    surface
        The mesh: a folder, or the name of one that lies below ``root`` or nilearn's data folder.
        ``"fsaverage5"`` comes with nilearn.
    mask
        A NIfTI file in the grid of the runs to take in place of each run's own mask. The code of
        Millet et al. (2022) takes one for all listeners of a language, from the mean of their runs.
    dtype
        Of the responses.

    Examples
    --------
    >>> prince = LittlePrince("ds003643", surface="fsaverage5")  # doctest: +SKIP
    >>> prince.recording("sub-EN057", ["EN-1"]).responses  # doctest: +SKIP
    """

    card = LITTLE_PRINCE

    def __init__(
        self,
        root: str | Path,
        *,
        surface: str | Path = "fsaverage6",
        mask: str | Path | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.root = Path(root).absolute()
        self.surface = surface
        self.mask = None if mask is None else Path(mask).expanduser().absolute()
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise InvalidInput(f"dtype={self.dtype}; responses are floats, float32 or float64")
        self._derivatives = self.root / "derivatives"
        if not self._derivatives.is_dir():
            raise MissingData(
                f"{self.root} holds no folder 'derivatives'; expected the layout of OpenNeuro "
                "ds003643, with 'stimuli' and 'derivatives' in it: give that folder, or run "
                f"`heschl fetch {self.card.id}`"
            )

    def stimuli(self) -> StimulusSet:
        """Return the sections whose sound is on disk; each is opened when it is asked for."""
        there = (
            stimulus_id(language, section)
            for language in LANGUAGES
            for section in SECTIONS
            if _is_there(self.root / sound_path(language, section))
        )
        return StimuliOnDisk(
            there, self.stimulus, otherwise=f"others come with `heschl fetch {self.card.id}`"
        )

    def stimulus(self, identifier: str) -> Stimulus:
        """Return one section, with its words from the TextGrid, else from the table, if any."""
        language, section = self._split(identifier)
        grid = self.root / textgrid_path(language, section)
        table = self.root / word_table_path(language)
        alignment = None
        if _is_there(grid):
            alignment = read_grid(grid)
        elif _is_there(table):
            alignment = read_table(table, section)
        return Stimulus(identifier, self._sound(identifier), alignment)

    def row_labels(self, stimulus: str) -> Mapping[str, str]:
        """Return the language of a section, as ISO 639-1 code, and its number."""
        language, section = self._split(stimulus)
        return {"language": LANGUAGES[language], "section": str(section)}

    def participants(self) -> dict[str, dict[str, str]]:
        """Return of each listener what ``participants.tsv`` says: age, sex, answers to the quiz."""
        path = self.root / "participants.tsv"
        self._check_on_disk(path)
        return read_participants(path)

    def subjects(self) -> tuple[str, ...]:
        """Return the listeners of whom at least one run is on disk."""
        folders = sorted(self._derivatives.glob("sub-*"))
        return tuple(folder.name for folder in folders if self._runs(folder.name))

    def stimuli_of(self, subject: str) -> tuple[str, ...]:
        """Return the sections for which this listener's run is on disk."""
        language = language_of(subject)
        return tuple(stimulus_id(language, section) for section in self._runs_of(subject))

    def clock(self, stimulus: str) -> np.ndarray:
        """Return the times (row,) in seconds of the sound at which responses were taken."""
        n_rows = math.floor(self._sound(stimulus).duration_s / TR_S + 0.5)
        return TR_S * (np.arange(n_rows) + 0.5)

    def recording(self, subject: str, stimuli: Sequence[str] | None = None) -> Recording:
        """Return one listener's responses to those sections (default: all on disk).

        The attributes of a response say if its header has another repetition time.

        Memory: on fsaverage6 a gigabyte for a listener's nine sections in float32, and half of one
        while a run is read.
        """
        responses = {}
        for stimulus in self.stimuli_of(subject) if stimuli is None else stimuli:
            responses[stimulus] = self._response(subject, stimulus)
        return Recording(subject, responses)

    def rois(self, subject: str) -> xr.DataArray:
        """Return membership, a boolean array (roi, unit); the first row is ``all``.

        The other rows are the regions of those atlases whose labels are found beside the mesh, in
        the dataset's folder or in the one of atlases, see `heschl.data_registry.atlases`.
        """
        self._runs_of(subject)
        meshes, count = self._meshes()
        return regions(count, self._label_folders(meshes))[0]

    def fingerprint(self, subject: str, stimuli: Sequence[str]) -> str:
        """Return a digest of every byte that `recording` and `rois` would read."""
        runs = [self._run(subject, stimulus) for stimulus in stimuli]
        meshes, count = self._meshes()
        labels = self._label_files(meshes, count)
        beside = [*meshes, *labels, *([] if self.mask is None else [self.mask])]
        settings = (
            f"responses as {self.dtype.name}, reading {_NUMERICS}",
            *(f"{stimulus}: {len(self.clock(stimulus))} rows" for stimulus in stimuli),
            *(f"{path.name} {file_digest(path)}" for path in beside),
        )
        return files_digest(self.root, runs, also=settings)

    def _response(self, subject: str, stimulus: str) -> xr.DataArray:
        """Return the rows of one run that the sound reaches, (time, unit)."""
        path, times = self._run(subject, stimulus), self.clock(stimulus)
        header = read_header(path)
        self._check_volumes(path, header, stimulus)
        points = self._sampling(header.grid)
        run = read_run(path, header, points.voxels)
        mask = (
            epi_mask(run.mean, header.grid, path)
            if self.mask is None
            else read_mask(self.mask, header.grid)
        )
        responses = points.project(mask, run.values[:, : len(times)], self.dtype)
        share = 1 - np.isnan(responses).any(axis=0).mean()
        if share < _LEAST_SHARE:
            raise CorruptData(
                f"{share:.0%} of the vertices lie within the brain in {path}; expected nearly all: "
                "the volume or the mesh is in another space than MNI, or the mask failed"
            )
        note = {}
        if abs(header.repetition_s - TR_S) > _TR_SLACK_S:
            note["repetition_time"] = f"the header has {header.repetition_s:g} s; {TR_S:g} s is so"
        return xr.DataArray(
            responses,
            dims=(TIME, UNIT),
            coords={TIME: times, UNIT: np.arange(responses.shape[1])},
            attrs=note,
        )

    def _check_volumes(self, path: Path, header: RunHeader, stimulus: str) -> None:
        """Refuse a run that is of another length than the sound that was heard."""
        expected = self._n_volumes(stimulus)
        if header.n_volumes == expected:
            return
        missing = expected - header.n_volumes
        amount = "one volume" if abs(missing) == 1 else f"{abs(missing)} volumes"
        language, _ = self._split(stimulus)
        others = [
            other
            for other in self.stimuli()
            if other.startswith(language) and self._n_volumes(other) == header.n_volumes
        ]
        hint = f"; {' and '.join(others)} would have as many: are runs mixed up?" if others else ""
        raise CorruptData(
            f"{path} has {header.n_volumes} volumes, {amount} too "
            f"{'few' if missing > 0 else 'many'} for {stimulus}, which lasts "
            f"{self._sound(stimulus).duration_s:.1f} s; expected {expected}{hint}. Fetch it again, "
            "or leave this listener out"
        )

    def _n_volumes(self, stimulus: str) -> int:
        language, section = self._split(stimulus)
        within = math.ceil(self._sound(stimulus).duration_s / TR_S)
        return within + EXTRA_VOLUMES[language][section - 1]

    def _sound(self, stimulus: str) -> Sound:
        language, section = self._split(stimulus)
        path = self.root / sound_path(language, section)
        self._check_on_disk(path)
        return Sound.from_file(path)

    def _split(self, stimulus: str) -> tuple[str, int]:
        found = split_stimulus(stimulus)
        if found is None:
            raise UnknownName(
                f"{self.card.id} has no section {stimulus!r}; "
                + near_names(
                    stimulus, [stimulus_id(each, k) for each in LANGUAGES for k in SECTIONS]
                )
            )
        return found

    def _runs(self, subject: str) -> dict[int, str]:
        if Path(subject).name != subject:  # no folder of the derivatives
            return {}
        folder = self._derivatives / subject / "func"
        return section_runs(subject, [path.name for path in folder.glob("*")])

    def _runs_of(self, subject: str) -> dict[int, str]:
        """Return the file names of a listener's runs by section, one at least."""
        runs = self._runs(subject)
        if runs:
            return runs
        if subject in published_subjects():
            raise MissingData(
                f"no runs of {subject} are in {self._derivatives}; run "
                f"`heschl fetch {self.card.id} --subjects {subject}`"
            )
        raise UnknownName(
            f"{self.card.id} has no listener {subject!r}; {near_names(subject, self.subjects())}"
        )

    def _run(self, subject: str, stimulus: str) -> Path:
        """Return the file of one listener's run of one section, which must be there."""
        language, section = self._split(stimulus)
        runs = self._runs_of(subject)
        if language != language_of(subject) or section not in runs:
            raise MissingData(
                f"no run of {subject} for {stimulus} is in {self._derivatives}; on disk are "
                f"{', '.join(self.stimuli_of(subject))}. Others of the same language come with "
                f"`heschl fetch {self.card.id} --subjects {subject}`"
            )
        return self._derivatives / subject / "func" / runs[section]

    def _meshes(self) -> tuple[tuple[Path, Path], int]:
        """Return the meshes of both hemispheres, and the vertices of each."""
        meshes = find_meshes(self.surface, self.root)
        count = n_vertices(meshes, stamp_of(meshes))
        expected = MESHES.get(Path(self.surface).name)
        is_phantom = (self.root / "truth.json").exists()
        if expected not in (None, count) and not is_phantom:
            raise CorruptData(
                f"{meshes[0]} has {count:,} vertices; expected the {expected:,} of {self.surface}"
            )
        return meshes, count

    def _label_folders(self, meshes: tuple[Path, Path]) -> list[Path]:
        """Return where labels of the meshes' vertices may be."""
        beside = meshes[0].parent
        folders = [beside, beside.parent] if beside.name == "surf" else [beside]
        return [*folders, self.root, atlas_folder()]

    def _label_files(self, meshes: tuple[Path, Path], count: int) -> list[Path]:
        """Return the files that `rois` reads."""
        read: list[Path] = []
        for atlas in ATLASES:
            places = (
                find_label_files(atlas, count, folder) for folder in self._label_folders(meshes)
            )
            read += next((found for found in places if found is not None), {}).values()
        return read

    def _sampling(self, grid: Grid) -> Sampling:
        meshes, _ = self._meshes()
        return sampling(meshes, stamp_of(meshes), grid)

    def _check_on_disk(self, path: Path) -> None:
        """Refuse a file that is not there, and say how to get it."""
        if _is_there(path):
            return
        raise MissingData(
            f"{path.relative_to(self.root).as_posix()} is not in {self.root}; run "
            f"`heschl fetch {self.card.id}`, or give the folder of a whole copy of "
            "OpenNeuro ds003643"
        )


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
