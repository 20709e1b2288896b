"""The suite for models finds what is wrong with them, and nothing wrong with a good one."""

from __future__ import annotations

import dataclasses
import json
from unittest import SkipTest

import faulty_models as faulty
import numpy as np
import pytest

from heschl.contracts import Events
from heschl.errors import InvalidInput, UnknownName
from heschl.models.features_on_disk import write_features
from heschl.testing import examine, model_checks, plugin_checks
from heschl.testing.toy_model import Loudness

SELDOM = {"loads_in_another_process"}
"""Slower than all the others together, so tried where it matters."""


def failed(plugin, checks_of=model_checks, leaving_out=SELDOM, **settings):
    """Return the names of the checks that fail."""
    checks = [check for check in checks_of(plugin, **settings) if check.name not in leaving_out]
    return {outcome.check for outcome in map(examine, checks) if outcome.verdict == "failed"}


def reason(plugin, check):
    """Return why a check of a model fails."""
    outcomes = {each.name: examine(each) for each in model_checks(plugin) if each.name == check}
    assert outcomes[check].verdict == "failed"
    return outcomes[check].reason


@pytest.mark.parametrize(
    "plugin", [Loudness(), Loudness, faulty.TwoLayers, "logmel", "phantom-words"]
)
def test_good_model_keeps_every_promise(plugin):
    assert failed(plugin) == set()


@pytest.mark.parametrize(
    ("rate", "frame", "stride", "traits"),
    [
        (44100, 1024, 512, {}),
        (11025, 100, 147, {}),  # what sounds between two frames is not heard
        (8000, 80, 80, {"maximum_s": 0.5}),
        (16000, 400, 320, {"is_causal": True, "is_padding_safe": True}),
        (16000, 400, 320, {"minimum_samples": 30_000}),
        (22050, 441, 45, {"maximum_s": 30.0}),
        (16000, 1, 160, {}),
        (16000, 400, 320, {"minimum_samples": 720, "maximum_s": 0.045}),
    ],
)
def test_good_model_of_another_rate_keeps_every_promise(rate, frame, stride, traits):
    assert failed(faulty.framed(rate, frame, stride, **traits)) == set()


COUNTED, PLACED = "frames_fit_the_clock", "click_is_where_it_was"
LOCAL, CAUSAL, PADDED = "frames_are_local", "future_is_not_heard", "padding_changes_nothing"
TOUCHED, REPEATED = "nothing_is_touched", "same_sound_gives_same_numbers"
BATCHED, FINITE = "rows_are_independent", "numbers_are_finite"
SHAPES, EXTRACTED = "shapes_and_widths_are_true", "it_is_extracted"
NAMED, LENGTHS = "layers_are_named", "lengths_have_limits"


def test_a_card_that_is_silent_on_training_is_told():
    found = {each.check: each for each in map(examine, model_checks(faulty.SilentOnTraining))}

    assert found["card_is_complete"].verdict == "skipped"
    assert "states no training.objective ('none' if untrained)" in found["card_is_complete"].reason


@pytest.mark.parametrize(
    ("model", "check"),
    [
        (faulty.Integers, SHAPES),
        (faulty.Seeding, TOUCHED),
        (faulty.SeedingPython, TOUCHED),
        (faulty.ChangingWaveforms, TOUCHED),
        (faulty.HearingTheFuture, CAUSAL),
        (faulty.LookingAhead, CAUSAL),
        (faulty.TapDependent, "taps_are_independent"),
        (faulty.Careless, "other_waveforms_are_refused"),
        (faulty.RaisingKeyError, "unknown_taps_are_refused"),
        (faulty.SilentOnUnknownTaps, "unknown_taps_are_refused"),
        (faulty.NewDigestEachTime, "digest_is_stable"),
        (faulty.UnsureOfItsWeights, "digest_is_stable"),
        (faulty.Trained, "card_is_complete"),
        (faulty.CallingItselfAReader, "card_is_complete"),
        (faulty.CalledByNumber, NAMED),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_broken_promise_is_found_by_its_check_and_no_other(model, check):
    assert failed(model) == {check}


@pytest.mark.parametrize("model", [faulty.NotLocal, faulty.OnlyLaterDifferent])
def test_false_locality_is_found_by_its_check_and_bars_extraction(model):
    assert failed(model) == {LOCAL, EXTRACTED}


@pytest.mark.parametrize(
    ("model", "among"),
    [
        (faulty.with_layer(width=3), {SHAPES, EXTRACTED}),
        (faulty.with_layer(rate_hz=100.0), {COUNTED, PLACED, CAUSAL, LOCAL}),
        (faulty.with_layer(rate_hz=49.0), {COUNTED, PLACED}),
        (faulty.with_layer(offset_s=0.1), {PLACED, LOCAL}),
        (faulty.with_layer(receptive_field_s=0.005), {CAUSAL, LOCAL}),
        (faulty.ChannelsFirst, {SHAPES, COUNTED}),
        (faulty.LogOfSilence, {FINITE}),
        (faulty.OutOfRange, {FINITE}),
        (faulty.FromGlobalState, {REPEATED, TOUCHED}),
        (faulty.FromNowhere, {REPEATED}),
        (faulty.NormalisedOverTheBatch, {BATCHED, EXTRACTED}),
        (faulty.HearingTheEnd, {PADDED, EXTRACTED}),
        (faulty.TakingAnyLength, {LENGTHS}),
        (faulty.TooModest, {LENGTHS}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_broken_promise_with_consequences_is_found(model, among):
    found = failed(model)

    assert among <= found, found


def test_gradients_and_training_mode_are_found():
    torch = pytest.importorskip("torch")

    class Tracking(Loudness):
        def forward(self, waveforms, taps):
            level = super().forward(waveforms, taps)["level"]
            return {"level": torch.tensor(level, requires_grad=True)}

    class InTraining(Loudness):
        def __init__(self):
            self.net = torch.nn.Dropout()

    class Switching(Loudness):
        def forward(self, waveforms, taps):
            torch.set_grad_enabled(not torch.is_grad_enabled())
            return super().forward(waveforms, taps)

    class SeedingTorch(Loudness):
        def forward(self, waveforms, taps):
            torch.manual_seed(0)
            return super().forward(waveforms, taps)

    for model in (Tracking, InTraining, Switching, SeedingTorch):
        assert failed(model) == {TOUCHED}, model
    torch.set_grad_enabled(True)


def test_reasons_say_what_was_got_and_what_to_do():
    width = reason(faulty.with_layer(width=3), SHAPES)
    rate = reason(faulty.with_layer(rate_hz=100.0), COUNTED)
    crash = reason(faulty.with_layer(rate_hz=100.0, name="gone"), BATCHED)

    assert "'level' of 'testing-loudness' is 2 units wide; its Layer says 3: correct it" in width
    assert "17 frames for 5653 samples" in rate
    assert "rate_hz=100.0" in rate
    assert rate.endswith("correct it")
    assert "has no layer" in crash


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (faulty.Reader, set()),
        (
            faulty.changing_events(lambda e: dataclasses.replace(e, values=e.values[:, [0, 0]])),
            {"events_and_widths_are_true", "nothing_to_read_gives_no_events", EXTRACTED},
        ),
        (
            faulty.changing_events(lambda e: dataclasses.replace(e, values=e.values / 0 * 0)),
            {"events_and_widths_are_true", "same_words_give_same_numbers", "taps_are_independent"}
            | {EXTRACTED},
        ),
        (
            faulty.changing_events(
                lambda e: Events(e.values[::-1], e.onsets_s[::-1], e.offsets_s[::-1])
            ),
            {"events_are_in_order"},
        ),
        (
            faulty.changing_events(
                lambda e: Events(e.values, 1000 * e.onsets_s, 1000 * e.offsets_s)
            ),
            {"times_are_those_of_the_alignment", EXTRACTED},
        ),
        (faulty.StumblingOverSilence, {"nothing_to_read_gives_no_events"}),
        (faulty.ForgettingTaps, {"unknown_taps_are_refused"}),
        (faulty.ReadingAtRandom, {"same_words_give_same_numbers", "taps_are_independent"}),
    ],
    ids=["good", "wide", "nan", "backwards", "in ms", "silence", "taps", "random"],
)
def test_broken_promise_of_a_reader_is_found(model, expected):
    with np.errstate(all="ignore"):
        assert failed(model) == expected


def test_folder_of_features_is_held_against_its_own_contract(tmp_path):
    times_s, values = np.arange(5) / 10, np.ones((5, 3), np.float32)
    write_features(tmp_path / "good", "mine", {"story": {"embed": (times_s, values)}})

    checks = {check.name for check in model_checks(f"features:{tmp_path / 'good'}")}

    assert failed(f"features:{tmp_path / 'good'}", leaving_out=()) == set()
    assert {"frames_are_labelled", "what_is_not_there_is_refused"} <= checks


FILE = """
from heschl.testing.toy_model import Loudness

class Mine(Loudness):
    pass

class Hashed(Loudness):
    @property
    def digest(self):
        return str(hash("the weights"))

def crashing():
    raise RuntimeError("the weights are gone")

class Half:
    card = Loudness.card
    def forward(self, waveforms, taps):
        return {}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return f"file:{path}"


def test_file_is_checked_in_another_process_too(file):
    assert failed(f"{file}:Mine", leaving_out=()) == set()
    assert failed(f"{file}:Hashed", leaving_out=()) == {"loads_in_another_process"}


@pytest.mark.parametrize(
    ("name", "why"),
    [("crashing", "RuntimeError: the weights are gone"), ("Half", "lacks 'digest'")],
)
def test_model_that_cannot_be_made_fails_to_load(file, name, why):
    outcomes = [examine(check) for check in plugin_checks(f"{file}:{name}", kind="model")]

    assert (outcomes[0].check, outcomes[0].verdict) == ("loads", "failed")
    assert {each.verdict for each in outcomes[1:]} <= {"skipped"}
    assert why in outcomes[0].reason


def test_missing_extra_skips_with_the_command_to_install_it():
    card = dataclasses.replace(
        Loudness.card, load="no_such_library.models:Net", requires=("no_such_library",),
        extra="speech",
    )  # fmt: skip

    outcomes = [examine(check) for check in model_checks(card)]

    assert {each.verdict for each in outcomes} == {"skipped"}
    assert 'pip install "heschl[speech]"' in outcomes[0].reason


def test_check_raises_in_pytest_and_skips_what_does_not_apply():
    by_name = {check.name: check for check in model_checks(faulty.HearingTheFuture)}

    with pytest.raises(Exception, match="leave out is_causal"):
        by_name[CAUSAL]()
    with pytest.raises(SkipTest, match="does not declare is_local"):
        by_name[LOCAL]()
    assert str(by_name[LOCAL]) == LOCAL


def test_unknown_and_malformed_kinds_are_refused():
    with pytest.raises(UnknownName, match="did you mean 'logmel'"):
        plugin_checks("logmell")
    with pytest.raises(InvalidInput, match="leave it out"):
        plugin_checks("logmel", data="somewhere")
    with pytest.raises(InvalidInput, match="expected model, dataset"):
        plugin_checks("logmel", kind="modl")
    assert json.dumps([check.promise for check in plugin_checks("ridge")])
