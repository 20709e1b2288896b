"""Stimuli and sets of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from heschl.alignment import Alignment, Interval
from heschl.errors import DuplicateName, InvalidInput, UnknownName
from heschl.sound import Sound, Stimulus, StimulusSet
from heschl.stimuli_on_disk import StimuliOnDisk


def stimulus(identifier: str) -> Stimulus:
    return Stimulus(identifier, Sound.from_samples(np.ones(10), 16000))


def test_stimulus_set_keeps_the_order_and_finds_by_name():
    stimuli = StimulusSet(map(stimulus, ["souls", "avatar", "legacy"]))

    assert list(stimuli) == ["souls", "avatar", "legacy"]
    assert len(stimuli) == 3
    assert stimuli["avatar"].identifier == "avatar"
    assert "avatar" in stimuli
    assert "life" not in stimuli
    assert stimuli.get("life") is None
    assert list(stimuli.subset(["legacy", "souls"])) == ["legacy", "souls"]
    assert repr(stimuli) == "StimulusSet(souls, avatar, legacy)"
    assert list(pickle.loads(pickle.dumps(stimuli))) == list(stimuli)  # noqa: S301


def test_stimulus_set_refuses_duplicates_and_hints_at_near_names():
    stimuli = StimulusSet(map(stimulus, ["souls", "avatar"]))

    with pytest.raises(DuplicateName, match="'souls'"):
        StimulusSet([stimulus("souls"), stimulus("souls")])
    with pytest.raises(DuplicateName, match="'souls'"):
        stimuli.subset(["souls", "souls"])
    with pytest.raises(UnknownName, match="did you mean 'avatar'"):
        _ = stimuli["avatr"]
    with pytest.raises(UnknownName, match="'life'"):
        stimuli.subset(["souls", "life"])


def test_stimuli_on_disk_are_opened_when_they_are_asked_for():
    opened = []

    def open_one(name):
        opened.append(name)
        return stimulus(name)

    stimuli = StimuliOnDisk(["souls", "avatar"], open_one, otherwise="others must be fetched")

    assert list(stimuli) == ["souls", "avatar"]
    assert len(stimuli) == 2
    assert "avatar" in stimuli
    assert "life" not in stimuli
    assert repr(stimuli) == "StimulusSet(2 on disk: souls, avatar)"
    with pytest.raises(UnknownName, match="'avatr'; others must be fetched; did you mean 'avatar'"):
        _ = stimuli["avatr"]
    assert not opened
    assert stimuli["avatar"].identifier == "avatar"
    assert opened == ["avatar"]


def test_stimulus_needs_a_name_and_takes_an_alignment():
    alignment = Alignment(words=(Interval(0.0, 0.5, "she"),))

    assert Stimulus("a", stimulus("b").sound, alignment).alignment is alignment
    with pytest.raises(InvalidInput, match="identifier"):
        stimulus("")
