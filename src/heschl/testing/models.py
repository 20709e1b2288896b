"""The promises of every model, whether it hears, reads or looks up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from heschl.cards import ModelCard
from heschl.contracts import Layer
from heschl.registry import Resolved, models, resolve_model
from heschl.testing.check import require, skip, stated
from heschl.testing.loading import UnderTest, loads, seen_from_another_process

__all__ = ["CHECKS", "ModelUnderTest", "same_numbers"]

_POSITION = re.compile(r"(hidden[-_.]?states?|outputs?|tuple)?[-_.\[(]?\d+[\])]?")
_PROGRAM = """
from heschl.registry import resolve_model
print(resolve_model(plugin).object.digest)
"""


class ModelUnderTest(UnderTest[Resolved[ModelCard]]):
    """A model, by id, URI, card, class or as an object."""

    def __init__(self, plugin: object) -> None:
        super().__init__(lambda: resolve_model(plugin))
        self.plugin = plugin

    @property
    def model(self) -> Any:  # a SpeechModel, a TextModel or a FeatureSource
        """The object."""
        return self.thing.object

    @property
    def layers(self) -> Mapping[str, Layer]:
        """The layers by name."""
        return {layer.name: layer for layer in self.model.layers}

    @property
    def is_published(self) -> bool:
        """Whether others can find it by its id."""
        is_id = isinstance(self.plugin, str) and models.has(self.plugin)
        return is_id and not self.thing.origin.startswith("this session")

    def culprit(self, layer: str) -> str:
        """Return the beginning of a sentence on a layer."""
        return f"the layer {layer!r} of {self.thing.card.id!r}"


def card_is_complete(model: ModelUnderTest) -> None:
    """State a summary, a licence, the training and the modality."""
    card, name = model.thing.card, f"the card of {model.thing.card.id!r}"
    methods = {"forward": "audio", "read": "text"}
    for method, modality in methods.items():
        if hasattr(model.model, method):
            require(
                card.modality == modality,
                f"{name} has the modality {card.modality!r}, but the model has {method!r}, which "
                f"takes {modality}; correct the card",
            )
    require(
        card.parameters is None or card.parameters >= 0,
        f"{name} counts {card.parameters} parameters; expected 0 or more",
    )
    training = card.training
    facts = [*training.datasets, *training.languages, *([training.hours] if training.hours else [])]
    require(
        training.is_trained or not facts,
        f"{name} says what it was trained on ({facts}) but not how; set Training(objective=...)",
    )
    fields: dict[str, Any] = {
        "summary": card.summary,
        "licence": card.licence,
        "training.objective ('none' if untrained)": training.objective,
    }
    if training.is_trained:
        fields["training.datasets"] = training.datasets
    stated(name, fields, is_public=model.is_published)


def layers_are_named(model: ModelUnderTest) -> None:
    """Name each layer once, by what it is, with a width."""
    names = [layer.name for layer in model.model.layers]
    require(names, f"{model.thing.card.id!r} has no layer; name at least one")
    require(
        len(set(names)) == len(names),
        f"{model.thing.card.id!r} names its layers {names}; expected each name once",
    )
    for layer in model.model.layers:
        is_label = isinstance(layer.name, str) and layer.name.strip() == layer.name != ""
        require(
            is_label and not any(c.isspace() for c in layer.name),
            f"{model.culprit(layer.name)} cannot be typed as one word; use letters, digits and "
            "any of - _ . /",
        )
        require(
            not _POSITION.fullmatch(layer.name),
            f"{model.culprit(layer.name)} is named after its place in a tuple, which changes with "
            "the library; say what it is: cnn, embed, block.0, final",
        )
        require(
            isinstance(layer.width, int) and layer.width >= 1,
            f"{model.culprit(layer.name)} declares width={layer.width!r}; expected a whole number "
            "of units, at least 1",
        )


def digest_is_stable(model: ModelUnderTest) -> None:
    """Have a digest that is the same whenever the model is loaded."""
    first = model.model.digest
    require(
        isinstance(first, str) and first != "",
        f"the digest of {model.thing.card.id!r} is {first!r}; expected a text that identifies "
        "weights, configuration and code",
    )
    for again, when in (
        (model.model.digest, "at a second look"),
        (model.made_again().object.digest, "after loading it again"),
    ):
        require(
            again == first,
            f"the digest of {model.thing.card.id!r} is {first[:12]}… and {when} {again[:12]}…; "
            "make it of weights, configuration and code alone, and seed what is random",
        )


def loads_in_another_process(model: ModelUnderTest) -> None:
    """Load the same model in a process that knows the name alone."""
    is_id = isinstance(model.plugin, str) and models.has(model.plugin)
    if is_id and not model.is_published:
        raise skip("it is registered in this session alone; give it an entry point or a file: URI")
    here, name = model.model.digest, model.thing.card.id
    plugin = model.plugin if isinstance(model.plugin, str) else model.model
    there = seen_from_another_process(
        plugin, is_named=isinstance(model.plugin, str), program=_PROGRAM
    )
    require(
        there == here,
        f"the digest of {name!r} is {here[:12]}… here and {there[:12]}… in another process; make "
        "it of contents, not of hash(), id() or time",
    )


def same_numbers(values: np.ndarray, expected: np.ndarray, *, within: float) -> bool:
    """Return whether ``|values - expected|`` is at most that share of ``|expected|``."""
    if values.shape != expected.shape:
        return False
    difference = np.linalg.norm(values.astype(np.float64) - expected)
    return bool(difference <= within * np.linalg.norm(expected.astype(np.float64)))


CHECKS = (loads, card_is_complete, layers_are_named, digest_is_stable, loads_in_another_process)
"""What holds for every model."""
