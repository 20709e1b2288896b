"""The loader of the six components: the layout of natsound165-neuron2015.

::

    sounds/wav/<sound>.wav
    sounds/category_labels.csv      <sound>,<category>
    data/components.mat             R (sound, component), stim_names, component_names

The components are patterns of response over sounds that together make up those of the voxels of
ten listeners (Norman-Haignere et al. 2015). Here they are the six units of one "listener".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from heschl.data_registry.natural_sounds.mat_files import names_in, numbers_in, read_mat
from heschl.data_registry.natural_sounds.sounds import SoundsOnDisk, categories, checked_names
from heschl.data_registry.nh2015_components import NH2015_COMPONENTS
from heschl.dimensions import ROI, TIME, UNIT
from heschl.errors import CorruptData, InvalidInput, MissingData, UnknownName, near_names
from heschl.fingerprints import files_digest
from heschl.recording import Recording
from heschl.untrusted import read_bytes

__all__ = ["COMPONENTS", "SUBJECT", "NH2015Components"]

COMPONENTS = ("lowfreq", "highfreq", "envsounds", "pitch", "speech", "music")
SUBJECT = "components"
_NUMERICS = 1
"""Raised whenever `NH2015Components.recording` would give other numbers for the same files."""


class NH2015Components:
    """The components of Norman-Haignere et al. (2015), from their repository's folder.

    Parameters
    ----------
    root
        The folder with ``sounds`` and ``data`` in it.
    dtype
        Of the responses; the file holds float64.

    Examples
    --------
    >>> data = NH2015Components("natsound165-neuron2015")  # doctest: +SKIP
    >>> data.recording("components").responses["stim91_coughing"]  # doctest: +SKIP
    """

    card = NH2015_COMPONENTS

    def __init__(self, root: str | Path, *, dtype: npt.DTypeLike = np.float32) -> None:
        self.root = Path(root).absolute()
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise InvalidInput(f"dtype={self.dtype}; responses are floats, float32 or float64")
        if not (self.root / "data").is_dir() or not (self.root / "sounds").is_dir():
            raise MissingData(
                f"{self.root} holds no folders 'data' and 'sounds'; expected the layout of "
                f"natsound165-neuron2015: give that folder, or run `heschl fetch {self.card.id}`"
            )

    def stimuli(self) -> SoundsOnDisk:
        """Return the sounds in the order of the table of categories."""
        remedy = f"run `heschl fetch {self.card.id}`"
        return SoundsOnDisk(self.root / "sounds/wav", [*self._categories], remedy)

    def subjects(self) -> tuple[str, ...]:
        """Return the one name that stands for the listeners from whom the components come."""
        return (SUBJECT,)

    def stimuli_of(self, subject: str) -> tuple[str, ...]:
        """Return the sounds, all of which have a response."""
        self._check_subject(subject)
        return tuple(self._categories)

    def clock(self, stimulus: str) -> np.ndarray:
        """Return the one time (row,) of a sound, its middle in seconds."""
        return self.stimuli().middle_s(stimulus)

    def row_labels(self, stimulus: str) -> Mapping[str, str]:
        """Return the ``category`` of a sound."""
        self._check_sound(stimulus)
        return {"category": self._categories[stimulus]}

    def recording(self, subject: str, stimuli: Sequence[str] | None = None) -> Recording:
        """Return the responses (one row, six units) to those sounds (default: all), by name."""
        wanted = self.stimuli_of(subject) if stimuli is None else stimuli
        self._check_subject(subject)
        responses = {}
        for stimulus in wanted:
            self._check_sound(stimulus)
            responses[stimulus] = xr.DataArray(
                self._responses[1][stimulus][None].astype(self.dtype),
                dims=(TIME, UNIT),
                coords={TIME: self.clock(stimulus), UNIT: np.arange(len(COMPONENTS))},
            )
        return Recording(subject, responses)

    def rois(self, subject: str) -> xr.DataArray:
        """Return membership (roi, unit): ``all``, and each component by its name."""
        self._check_subject(subject)
        names = np.array(self._responses[0])
        return xr.DataArray(
            np.stack([np.ones(len(names), dtype=bool), *(names == each for each in COMPONENTS)]),
            dims=(ROI, UNIT),
            coords={ROI: ["all", *COMPONENTS], UNIT: np.arange(len(names))},
        )

    def fingerprint(self, subject: str, stimuli: Sequence[str]) -> str:
        """Return a digest of every byte that `recording` and `rois` would read."""
        self._check_subject(subject)
        for path in (self._components_file, self._categories_file):
            self._check_on_disk(path)
        heard = [f"{name} at {self.clock(name)[0]:.9g} s" for name in sorted(stimuli)]
        return files_digest(
            self.root,
            [self._components_file, self._categories_file],
            also=(f"responses as {self.dtype.name}, reading {_NUMERICS}", *heard),
        )

    @property
    def _components_file(self) -> Path:
        return self.root / "data/components.mat"

    @property
    def _categories_file(self) -> Path:
        return self.root / "sounds/category_labels.csv"

    @cached_property
    def _categories(self) -> dict[str, str]:
        """Return the category of each sound, in the order of the table."""
        path = self._categories_file
        self._check_on_disk(path)
        try:
            text = read_bytes(path, at_most=2**20).decode("utf-8-sig")
            rows = [row for row in csv.reader(io.StringIO(text)) if row]
        except (UnicodeDecodeError, csv.Error) as error:
            raise CorruptData(f"{path} is no table of texts: {error}; fetch it again") from error
        if any(len(row) != 2 for row in rows):  # noqa: PLR2004
            raise CorruptData(
                f"{path} has rows of other than two cells; expected <sound>,<category>"
            )
        names = checked_names([row[0] for row in rows], path)
        table = dict(zip(names, (row[1].strip() for row in rows), strict=True))
        strange = sorted(set(table.values()) - set(categories().values()))
        if strange:
            raise CorruptData(
                f"{path} has the categories {strange}; expected "
                f"{', '.join(sorted(set(categories().values())))}"
            )
        return table

    @cached_property
    def _responses(self) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
        """Return the names of the components, and of each sound the responses (component,)."""
        path = self._components_file
        self._check_on_disk(path)
        variables = read_mat(path)
        values = numbers_in(variables, "R", path)
        names = checked_names(names_in(variables, "stim_names", path), path)
        components = names_in(variables, "component_names", path)
        if sorted(components) != sorted(COMPONENTS):
            raise CorruptData(
                f"{path} names the components {', '.join(components)}; expected "
                f"{', '.join(COMPONENTS)}"
            )
        if values.shape != (len(names), len(components)):
            raise CorruptData(
                f"{path} has responses of shape {values.shape} for {len(names)} sounds and "
                f"{len(components)} components; fetch it again"
            )
        missing = sorted(set(self._categories) ^ set(names))
        if missing:
            raise CorruptData(
                f"{path} and {self._categories_file} name other sounds, such as {missing[0]!r}; "
                "fetch both again"
            )
        return components, dict(zip(names, values, strict=True))

    def _check_on_disk(self, path: Path) -> None:
        if not path.exists():
            raise MissingData(
                f"{path.relative_to(self.root).as_posix()} is not in {self.root}; run "
                f"`heschl fetch {self.card.id}`"
            )

    def _check_subject(self, subject: str) -> None:
        if subject != SUBJECT:
            raise UnknownName(
                f"{self.card.id} has no listener {subject!r}; {near_names(subject, [SUBJECT])}"
            )

    def _check_sound(self, name: str) -> None:
        if name not in self._categories:
            raise UnknownName(
                f"{self.card.id} has no sound {name!r}; {near_names(name, self._categories)}"
            )
