"""The promises of a model that reads."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import scipy.sparse

from heschl.alignment import Alignment
from heschl.contracts import Events
from heschl.errors import UnknownName
from heschl.extraction import WholeStimulus, extract
from heschl.phantom.corpus import utterances
from heschl.sound import Stimulus
from heschl.temporal import Lanczos
from heschl.testing.check import refused, require
from heschl.testing.models import ModelUnderTest
from heschl.testing.traces import leaving_no_trace, with_other_random_states

__all__ = ["CHECKS", "TextModelUnderTest"]

_ROUNDING_S = 1e-6


class TextModelUnderTest(ModelUnderTest):
    """A model that reads, and the sentences that it is tried with."""

    @functools.cached_property
    def sentence(self) -> Stimulus:
        """An English sentence with its sound."""
        spoken = utterances("en")[0]
        return Stimulus(spoken.identifier, spoken.sound, spoken.alignment)

    @property
    def alignment(self) -> Alignment:
        """The words and phones of the sentence."""
        return self.sentence.alignment or Alignment()

    def read(
        self, alignment: Alignment | None = None, taps: Sequence[str] | None = None
    ) -> dict[str, Events]:
        """Return the layers' events, after checking that they are some."""
        names = list(self.layers) if taps is None else list(taps)
        outputs = self.model.read(self.alignment if alignment is None else alignment, names)
        require(
            isinstance(outputs, Mapping) and set(names) <= set(outputs),
            f"read of {self.thing.card.id!r}, asked for {names}, returned "
            f"{list(outputs) if isinstance(outputs, Mapping) else type(outputs).__name__}; "
            "expected a mapping with every layer that was asked for",
        )
        for name in names:
            require(
                isinstance(outputs[name], Events),
                f"{self.culprit(name)} is a {type(outputs[name]).__name__}; expected Events",
            )
        return {name: _written_out(cast("Events", outputs[name])) for name in names}


def events_and_widths_are_true(model: TextModelUnderTest) -> None:
    """Return finite floating-point (event, unit), as wide as declared, with two times each."""
    for name, events in model.read().items():
        _require_shapes(model, name, events)
        require(
            len(events.values) > 0,
            f"{model.culprit(name)} has no event for a sentence; expected one a word or phone",
        )
        require(
            np.asarray(events.values).dtype.kind == "f" and np.isfinite(events.values).all(),
            f"{model.culprit(name)} has values of type {np.asarray(events.values).dtype}, finite: "
            f"{np.isfinite(events.values).all()}; expected finite floating point",
        )


def events_are_in_order(model: TextModelUnderTest) -> None:
    """Return events in the order of time that end no earlier than they begin."""
    for name, events in model.read().items():
        require(
            (np.diff(events.onsets_s) >= 0).all() and (events.onsets_s <= events.offsets_s).all(),
            f"{model.culprit(name)} has events out of order, or that end before they begin; sort "
            "them by onset",
        )


def times_are_those_of_the_alignment(model: TextModelUnderTest) -> None:
    """Return events that lie within a word or a phone of what was read."""
    heard = [*model.alignment.words, *model.alignment.phones]
    onsets_s, offsets_s = (np.array(each) for each in zip(*[i[:2] for i in heard], strict=True))
    for name, events in model.read().items():
        for onset_s, offset_s in zip(events.onsets_s, events.offsets_s, strict=True):
            is_within = (onsets_s <= onset_s + _ROUNDING_S) & (offset_s - _ROUNDING_S <= offsets_s)
            require(
                is_within.any(),
                f"{model.culprit(name)} has an event from {onset_s:g} to {offset_s:g} s, where no "
                "single word or phone is; take the times of the alignment, in seconds",
            )


def same_words_give_same_numbers(model: TextModelUnderTest) -> None:
    """Give the same numbers for the same words, bit for bit, and leave no trace."""
    first = model.read()
    with leaving_no_trace(f"read of {model.thing.card.id!r}"):
        model.read()
    with with_other_random_states():
        second = model.read()
    for name, events in first.items():
        require(
            _are_same(events, second[name]),
            f"{model.culprit(name)} gives other numbers for the same words; switch to evaluation "
            "mode, and switch dropout and sampling off",
        )


def unknown_taps_are_refused(model: TextModelUnderTest) -> None:
    """Refuse a layer that is not there with UnknownName."""
    refused(
        lambda: model.model.read(model.alignment, ["no such layer"]),
        UnknownName,
        f"an unknown tap of {model.thing.card.id!r}",
        "call heschl.models.inputs.chosen_layers(self.card.id, self.layers, taps) first",
    )


def taps_are_independent(model: TextModelUnderTest) -> None:
    """Give the same layer, bit for bit, whichever others are asked for and in whatever order."""
    everything, names = model.read(), list(model.layers)
    for taps in (names[::-1], *([name] for name in names)):
        for name, events in model.read(taps=taps).items():
            require(
                _are_same(events, everything[name]),
                f"{model.culprit(name)} gives other numbers when the taps are {taps}; let no tap "
                "change what is computed",
            )


def nothing_to_read_gives_no_events(model: TextModelUnderTest) -> None:
    """Return no events, as wide as ever, for an alignment without words and phones."""
    for name, events in model.read(Alignment()).items():
        _require_shapes(model, name, events)
        require(
            len(events.values) == 0,
            f"{model.culprit(name)} has {len(events.values)} events where there is no word; "
            "expected none",
        )


def it_is_extracted(model: TextModelUnderTest) -> None:
    """Come to a scanner's clock by Lanczos."""
    times_s = np.arange(0.25, model.sentence.sound.duration_s, 0.5)
    values = extract(
        model.model,
        model.sentence,
        list(model.layers),
        WholeStimulus(),
        Lanczos(lobes=3),
        times_s,
    )
    for name, rows in values.items():
        require(
            np.isfinite(rows).all() and rows.any(),
            f"{model.culprit(name)} is extracted to rows that are not finite, or all zero; check "
            "its values and times",
        )


def _written_out(events: Events) -> Events:
    """Return events whose values are no sparse array."""
    values: Any = events.values
    if not scipy.sparse.issparse(values):
        return events
    return dataclasses.replace(events, values=values.toarray())


def _require_shapes(model: TextModelUnderTest, name: str, events: Events) -> None:
    shapes = [np.shape(each) for each in (events.values, events.onsets_s, events.offsets_s)]
    n_events = len(events.onsets_s)
    width = model.layers[name].width
    require(
        shapes == [(n_events, width), (n_events,), (n_events,)],
        f"{model.culprit(name)} has values, onsets and offsets of shapes {shapes}; expected "
        f"(event, {width}) and twice (event,)",
    )


def _are_same(events: Events, others: Events) -> bool:
    return all(
        np.array_equal(getattr(events, part), getattr(others, part))
        for part in ("values", "onsets_s", "offsets_s")
    )


CHECKS = (
    events_and_widths_are_true,
    events_are_in_order,
    times_are_those_of_the_alignment,
    same_words_give_same_numbers,
    unknown_taps_are_refused,
    taps_are_independent,
    nothing_to_read_gives_no_events,
    it_is_extracted,
)
"""What a model that reads promises."""
