"""`FeatureFolder`: activations that were computed elsewhere, as a model that cannot hear."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from heschl.cards import ModelCard
from heschl.contracts import Layer
from heschl.errors import InvalidInput, MissingData, near_names
from heschl.fingerprints import files_digest
from heschl.models.features_on_disk.layout import (
    DESCRIPTION_FILE,
    Description,
    array_paths,
    checked_arrays,
    open_array,
)
from heschl.models.inputs import chosen_layers

__all__ = ["FeatureFolder"]


class FeatureFolder:
    """The features in a folder; keeps the `FeatureSource` contract.

    Parameters
    ----------
    folder
        Laid out as `heschl.models.features_on_disk` says.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder).expanduser()
        if not self._folder.is_dir():
            raise MissingData(
                f"there is no folder {self._folder} (absolute: {self._folder.absolute()}); "
                f"give one that holds {DESCRIPTION_FILE}"
            )
        described = Description.read(self._folder / DESCRIPTION_FILE)
        self.layers = described.layers
        self.card = ModelCard(
            id=described.id,
            load=functools.partial(FeatureFolder, self._folder),
            summary=described.description or f"features computed elsewhere, from {self._folder}",
            family="features_on_disk",
            training=described.training,
        )

    @property
    def digest(self) -> str:
        """The SHA-256 over every array and the description.

        Cost: about a second a gigabyte, the first time in a process.
        """
        arrays = self._folder.rglob("*.npy")
        return files_digest(self._folder, [self._folder / DESCRIPTION_FILE, *arrays])

    def stimuli(self) -> tuple[str, ...]:
        """Return the stimuli that have values for the first layer, sorted."""
        values = f"{self.layers[0].name}.npy"
        found = (
            path.parent.relative_to(self._folder)
            for path in self._folder.rglob("*.npy")
            if path.name == values
        )
        return tuple(sorted(place.as_posix() for place in found))

    def frames(
        self, stimulus: str, taps: Sequence[str]
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return ``{layer: (times_s (time,), values (time, unit))}`` for one stimulus.

        Values are mapped from the file, in its own floating-point type, once
        they were all found to be finite.
        """
        chosen = chosen_layers(self.card.id, self.layers, taps)
        return {layer.name: self._layer_frames(stimulus, layer) for layer in chosen}

    def _layer_frames(self, stimulus: str, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
        times_path, values_path = array_paths(self._folder, stimulus, layer.name)
        if not values_path.parent.is_dir():
            raise MissingData(
                f"{self.card.id!r} has no features of the stimulus {stimulus!r} in {self._folder}; "
                f"{near_names(stimulus, self.stimuli())}"
            )
        # Linked folders are not searched for the digest, which would then miss a change in them.
        if values_path.parent.resolve() != self._folder.resolve() / stimulus:
            raise InvalidInput(
                f"{values_path.parent} is or lies in a linked folder; make it a folder and link "
                "the files within"
            )
        return checked_arrays(
            f"the features {values_path}",
            open_array(times_path),
            open_array(values_path),
            layer.width,
        )
