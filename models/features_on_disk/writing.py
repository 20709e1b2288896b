"""Writing a features folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from heschl.cards import ModelCard, Training
from heschl.contracts import Layer
from heschl.errors import CorruptData, InvalidInput
from heschl.models.features_on_disk.folder import FeatureFolder
from heschl.models.features_on_disk.layout import (
    DESCRIPTION_FILE,
    Description,
    array_paths,
    checked_arrays,
    is_rate,
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
    _check_mapping("frames", frames, "{stimulus: {layer: (times_s, values)}}")
    rates = _checked_rates({} if rates_hz is None else rates_hz)
    training = Training() if training is None else training
    ModelCard(identifier, FeatureFolder, description, training=training)  # refuses what is no card
    widths: dict[str, int] = {}
    for stimulus, layers in frames.items():
        _check_mapping(f"frames[{stimulus!r}]", layers, "{layer: (times_s, values)}")
        arrays = {
            name: _checked_pair(stimulus, name, pair, widths.get(name))
            for name, pair in layers.items()
        }
        widths = widths or {name: values.shape[1] for name, (_, values) in arrays.items()}
        if unknown := sorted(rates.keys() - widths.keys()):
            raise InvalidInput(f"rates_hz names {unknown}, which are not among the layers")
        if arrays.keys() != widths.keys():
            raise InvalidInput(
                f"the stimulus {stimulus!r} has the layers {list(arrays)}; expected "
                f"{list(widths)}, as the first"
            )
        for name, (times_s, values) in arrays.items():
            times_path, values_path = array_paths(folder, stimulus, name)
            values_path.parent.mkdir(parents=True, exist_ok=True)
            np.save(times_path, times_s)
            np.save(values_path, values)
    if not widths:
        raise InvalidInput("there are no features to write; give at least one stimulus and layer")
    described = Description(
        identifier,
        tuple(Layer(name, width, rates.get(name)) for name, width in widths.items()),
        description,
        training,
    )
    described.write(folder / DESCRIPTION_FILE)
    return FeatureFolder(folder)


def _check_mapping(what: str, thing: object, expected: str) -> None:
    if not isinstance(thing, Mapping):
        raise InvalidInput(f"{what} is a {type(thing).__name__}; expected {expected}")
    for name in thing:
        if not isinstance(name, str):
            raise InvalidInput(f"{what} has the name {name!r}; expected texts, as in {expected}")


def _checked_rates(rates_hz: Mapping[str, float]) -> dict[str, float]:
    expected = "{layer: frames a second}, such as {'cnn': 50.0}"
    _check_mapping("rates_hz", rates_hz, expected)
    for name, rate in rates_hz.items():
        if not is_rate(rate):
            raise InvalidInput(f"rates_hz has {name!r}: {rate!r}; expected {expected}")
    return {name: float(rate) for name, rate in rates_hz.items()}


def _checked_pair(
    stimulus: str, layer: str, pair: object, width: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the times (time,) and values (time, unit) of one layer, with all that is read checked.

    What would be refused when it is read is refused before it is written.
    """
    what = f"the features of {stimulus!r} in {layer!r}"
    array_paths(Path(), stimulus, layer)
    try:
        times_s, values = (np.asarray(part) for part in pair)  # type: ignore[attr-defined]
    # The last is PyTorch's, of a tensor that is still part of a graph.
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidInput(
            f"{what} are no pair of arrays ({error}); expected (times_s (time,), values "
            "(time, unit))"
        ) from error
    try:
        return checked_arrays(what, times_s, values, width)
    except CorruptData as error:
        raise InvalidInput(str(error)) from error
