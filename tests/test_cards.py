from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from heschl.cards import (
    UNTRAINED,
    BenchmarkCard,
    Card,
    DatasetCard,
    MetricCard,
    ModelCard,
    Training,
)
from heschl.errors import InvalidInput


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (ModelCard, {"id": 3}, "id=3, a int; expected a text"),
        (ModelCard, {"id": None}, "id=None, a NoneType; expected a text"),
        (ModelCard, {"id": ""}, "the id '' cannot be used"),
        (ModelCard, {"summary": None}, "summary=None"),
        (ModelCard, {"load": 3}, "load=3, a int; expected a callable, or the text"),
        (ModelCard, {"requires": "torch"}, r"requires='torch', a str; .* such as \('torch',\)"),
        (ModelCard, {"requires": ["torch"]}, r"a list; expected a tuple of texts"),
        (ModelCard, {"requires": (3,)}, "expected a tuple of texts"),
        (ModelCard, {"extra": 3}, "extra=3, a int; expected a text or None"),
        (ModelCard, {"citation": ("@misc",)}, "citation="),
        (ModelCard, {"modality": "video"}, "expected 'audio' or 'text'"),
        (ModelCard, {"modality": ["audio"]}, "expected 'audio' or 'text'"),
        (ModelCard, {"parameters": 1.5}, "parameters=1.5, a float; expected a whole number"),
        (ModelCard, {"training": "self-supervised"}, r"expected a heschl\.cards\.Training"),
        (DatasetCard, {"access": "secret"}, "expected 'open', 'licensed' or 'private'"),
        (DatasetCard, {"n_subjects": "8"}, "n_subjects='8'"),
        (DatasetCard, {"phantom": 3}, "phantom=3"),
        (DatasetCard, {"phantom_version": None}, "phantom_version=None"),
        (MetricCard, {"verification": 1}, "verification=1"),
        (BenchmarkCard, {"version": "1"}, "version='1', a str; expected a whole number"),
        (BenchmarkCard, {"version": True}, "version=True, a bool"),
        (BenchmarkCard, {"dataset": None}, "dataset=None"),
    ],
)
def test_malformed_field_is_refused_in_one_sentence(kind, changes, message):
    fields = {"id": "mine", "load": "a:b", "summary": "Mine"} | changes
    with pytest.raises(InvalidInput, match=message):
        kind(**fields)


@pytest.mark.parametrize(
    ("field", "value"),
    [("objective", None), ("datasets", "LibriSpeech"), ("languages", ["en"]), ("hours", "960")],
)
def test_malformed_training_is_refused(field, value):
    with pytest.raises(InvalidInput, match=f"this training has {field}="):
        Training(**{field: value})


def test_a_card_that_says_nothing_of_training_does_not_claim_to_be_untrained():
    silent = ModelCard("mine", "a:b", "Mine").training
    assert silent.objective == ""
    assert silent.is_trained is None
    assert UNTRAINED.is_trained is False
    assert Training("contrastive").is_trained is True


def test_whole_and_broken_hours_are_taken():
    assert Training(hours=960).hours == 960
    assert Training(hours=np.float64(0.5)).hours == 0.5


def test_field_of_a_card_from_elsewhere_is_its_own_affair():
    @dataclass(frozen=True)
    class Shaped(Card):
        shape: list[int] | None = None

    assert Shaped("mine", "a:b", "Mine", shape=[1]).shape == [1]
