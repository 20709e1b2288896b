"""Writing a features folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from heschl.cards import Training
from heschl.contracts import Layer
from heschl.errors import InvalidInput
from heschl.models.features_on_disk.folder import FeatureFolder
from heschl.models.features_on_disk.layout import (
    DESCRIPTION_FILE,
    Description,
    array_paths,
    checked_arrays,
)

__all__ = ["write_features"]


def write_features(
    folder: str | Path,
    identifier: str,
    frames: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]],
    *,
    rates_hz: Mapping[str, float] | None = None,
    description: str = "",
    training: Training | None = None,
) -> FeatureFolder:
    """Write features and return the model that reads them.

    Parameters
    ----------
    folder
        Empty, or not there yet. ``features.json`` is written last, so a folder
        that holds one is whole.
    identifier
        The model's id.
    frames
        ``{stimulus: {layer: (times_s (time,), values (time, unit))}}``, the
        same layers for each stimulus, from the sound's side up. Stimuli are
        taken one by one, so a lazy mapping need never hold them all.
    rates_hz
        Frames a second, of the layers that have an even pace.
    description, training
        What the board shows of the model.

    >>> import tempfile
    >>> times_s, values = np.arange(3) / 50, np.ones((3, 4), np.float32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = write_features(folder, "mine", {"story": {"block.0": (times_s, values)}})
    ...     model.stimuli(), model.layers[0].width
    (('story',), 4)
    """
    folder = Path(folder).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(f"{folder} is not empty; give a new folder, so that nothing is mixed")
    widths: dict[str, int] = {}
    for stimulus, layers in frames.items():
        shapes = {name: np.shape(values) for name, (_, values) in layers.items()}
        widths = widths or {name: shape[-1] for name, shape in shapes.items() if shape}
        if unknown := sorted((rates_hz or {}).keys() - widths.keys()):
            raise InvalidInput(f"rates_hz names {unknown}, which are not among the layers")
        if layers.keys() != widths.keys():
            raise InvalidInput(
                f"the stimulus {stimulus!r} has the layers {list(layers)}; expected "
                f"{list(widths)}, as the first"
            )
        for name, (times_s, values) in layers.items():
            times_path, values_path = array_paths(folder, stimulus, name)
            checked = checked_arrays(
                f"the features of {stimulus!r} in {name!r}",
                np.asarray(times_s),
                np.asarray(values),
                widths[name],
            )
            values_path.parent.mkdir(parents=True, exist_ok=True)
            np.save(times_path, checked[0])
            np.save(values_path, checked[1])
    if not widths:
        raise InvalidInput("there are no features to write; give at least one stimulus and layer")
    rates = rates_hz or {}
    described = Description(
        identifier,
        tuple(Layer(name, width, rates.get(name)) for name, width in widths.items()),
        description,
        training or Training(),
    )
    described.write(folder / DESCRIPTION_FILE)
    return FeatureFolder(folder)
