"""The promises of a model that looks features up by the name of the stimulus."""

from __future__ import annotations

import numpy as np

from heschl.errors import MissingData, UnknownName
from heschl.testing.check import refused, require, skip
from heschl.testing.models import ModelUnderTest

__all__ = ["CHECKS"]

_MOST_STIMULI = 3


def frames_are_labelled(model: ModelUnderTest) -> None:
    """Give finite values (time, unit), and times that increase."""
    for stimulus in _stimuli(model):
        frames = model.model.frames(stimulus, tuple(model.layers))
        for name, (times_s, values) in frames.items():
            where = f"{model.culprit(name)} for {stimulus!r}"
            require(
                values.shape == (len(times_s), model.layers[name].width),
                f"{where} has {len(times_s)} times and values of shape {values.shape}; expected "
                f"(time, {model.layers[name].width})",
            )
            require(
                np.isfinite(times_s).all() and (np.diff(times_s) > 0).all(),
                f"{where} has times that do not increase, or are not finite; sort frames by time",
            )
            require(
                values.dtype.kind == "f" and np.isfinite(values).all(),
                f"{where} has {values.dtype} values that are not all finite; expected finite "
                "floating point",
            )


def what_is_not_there_is_refused(model: ModelUnderTest) -> None:
    """Refuse an unknown stimulus with MissingData, an unknown layer with UnknownName."""
    name = model.thing.card.id
    refused(
        lambda: model.model.frames("no such stimulus", tuple(model.layers)),
        MissingData,
        f"an unknown stimulus of {name!r}",
        "say where it was looked for",
    )
    refused(
        lambda: model.model.frames(_stimuli(model)[0], ["no such layer"]),
        UnknownName,
        f"an unknown tap of {name!r}",
        "call heschl.models.inputs.chosen_layers(self.card.id, self.layers, taps) first",
    )


def _stimuli(model: ModelUnderTest) -> tuple[str, ...]:
    if not hasattr(model.model, "stimuli"):
        raise skip("it does not list the stimuli that it has (a method `stimuli`)")
    return tuple(model.model.stimuli()[:_MOST_STIMULI])


CHECKS = (frames_are_labelled, what_is_not_there_is_refused)
"""What a model that looks features up promises."""
