from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from heschl.alignment import Alignment
from heschl.contracts import SpeechModel, TextModel
from heschl.errors import InvalidInput, UnknownName
from heschl.extraction import WholeStimulus, extract
from heschl.models.phantom_oracles import CARDS
from heschl.models.phantom_oracles.model import phones, spectrum, words
from heschl.models.phantom_oracles.tones import tones
from heschl.phantom.corpus import compose, utterances
from heschl.phantom.features import frame_times, lexical, phonetic, spectral
from heschl.phantom.labelled import TONES_HZ, coded, tones_of
from heschl.phantom.simulation import at_rows, delayed_design, expected_pearson, simulate
from heschl.temporal import Lanczos

READERS = [(phones, phonetic, 3), (words, lexical, 2)]
READER_NAMES = ["phones", "words"]


@pytest.fixture(scope="module")
def alignment() -> Alignment:
    return utterances()[0].alignment


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_cards_load_a_model_that_keeps_its_contract(card):
    model = card.target()()

    assert isinstance(model, SpeechModel if card.modality == "audio" else TextModel)
    assert model.card is card
    # What hears nothing can learn to spell it.
    assert card.parameters == (4 if card.id == "phantom-silence" else 0)
    assert card.training.is_trained is False


def test_cards_are_light():
    code = (
        "import sys, heschl.models.phantom_oracles as m; assert len(m.CARDS) == 6; "
        "print([n for n in ('numpy', 'scipy', 'torch', 'soundfile') if n in sys.modules])"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"


def test_digests_differ():
    assert len({card.target()().digest for card in CARDS}) == 6
    assert phones().digest == phones().digest


def test_spectrum_is_the_planted_features_on_their_clock():
    model = spectrum()
    waveforms = np.random.default_rng(0).standard_normal((3, 4000)).astype(np.float32)

    values = model.forward(waveforms, ["bands"])["bands"]

    (layer,) = model.layers
    assert values.dtype == np.float32
    assert values.shape[-1] == layer.width
    np.testing.assert_allclose(values, spectral(waveforms), atol=1e-6)
    clock = layer.offset_s + np.arange(values.shape[1]) / layer.rate_hz
    np.testing.assert_allclose(clock, frame_times(values.shape[1]))


def test_spectrum_keeps_its_traits():
    model = spectrum()
    waveforms = np.random.default_rng(1).standard_normal((2, 4000)).astype(np.float32)
    whole = model.forward(waveforms, ["bands"])["bands"]

    # Local: a window that holds the receptive fields of frames 5 to 9 is enough.
    part = model.forward(waveforms[:, 5 * 160 : 9 * 160 + 400], ["bands"])["bands"]
    np.testing.assert_array_equal(part, whole[:, 5:10])
    # Padding safe, and no row depends on another.
    padded = model.forward(np.pad(waveforms, ((0, 0), (0, 800))), ["bands"])["bands"]
    np.testing.assert_array_equal(padded[:, : whole.shape[1]], whole)
    alone = model.forward(waveforms[1:], ["bands"])["bands"]
    np.testing.assert_array_equal(alone[0], whole[1])
    assert model.traits.minimum_samples == 400


def test_spectrum_refuses_bad_waveforms_and_taps():
    with pytest.raises(InvalidInput, match="at least 400"):
        spectrum().forward(np.zeros((1, 399), np.float32), ["bands"])
    with pytest.raises(UnknownName, match="has no layer 'band'"):
        spectrum().forward(np.zeros((1, 800), np.float32), ["band"])


@pytest.mark.parametrize(("make", "features_of", "planted"), READERS, ids=READER_NAMES)
def test_reader_is_exact_in_its_planted_layer(make, features_of, planted, alignment):
    model = make()

    read = model.read(alignment, [layer.name for layer in model.layers])

    expected = features_of(alignment)
    assert list(read) == [f"blend.{depth}" for depth in range(5)]
    for depth, (layer, events) in enumerate(zip(model.layers, read.values(), strict=True)):
        assert events.values.shape == (len(expected.onsets_s), layer.width)
        assert (depth == planted) == np.array_equal(events.values, expected.values)
        np.testing.assert_array_equal(events.onsets_s, expected.onsets_s)
        np.testing.assert_array_equal(events.offsets_s, expected.offsets_s)


@pytest.mark.parametrize(("make", "features_of", "planted"), READERS, ids=READER_NAMES)
def test_reader_layers_share_their_features_geometrically(make, features_of, planted):
    story = compose("story", utterances(), 300, seed=0).alignment
    expected = features_of(story).values

    read = make().read(story, [f"blend.{depth}" for depth in range(5)])

    power = (expected**2).sum()
    for depth, events in enumerate(read.values()):
        share = 0.8 ** abs(depth - planted)
        # Random signs make the rest orthogonal on average, and as large; four standard errors.
        error = 4 * np.sqrt((1 - share**2) * (expected**4).sum()) / power + 1e-12
        overlap = (events.values * expected).sum() / power
        assert overlap == pytest.approx(share, abs=error)
        assert (events.values**2).sum() / power == pytest.approx(1, abs=2 * share * error)
        assert error < 0.12


@pytest.mark.parametrize(("make", "features_of", "planted"), READERS, ids=READER_NAMES)
def test_reader_planted_layer_must_win(make, features_of, planted):
    del features_of
    model = make()
    row_times_s = 11 + 2.0 * np.arange(130)
    taps = [layer.name for layer in model.layers]
    designs: dict[str, dict[str, np.ndarray]] = {tap: {} for tap in taps}
    for seed, name in enumerate(["train", "more", "test"]):
        story = compose(name, utterances(), 280, seed=seed).alignment
        for tap, events in model.read(story, taps).items():
            middles_s = (events.onsets_s + events.offsets_s) / 2
            designs[tap][name] = delayed_design(at_rows(events.values, middles_s, row_times_s))

    truth = simulate(designs[f"blend.{planted}"], 200, 0.3, seed=0, repeats={"test": 5})
    curve = [
        expected_pearson(
            np.concatenate([designs[tap]["train"], designs[tap]["more"]]),
            np.concatenate([truth.signals["train"], truth.signals["more"]]),
            designs[tap]["test"],
            truth.signals["test"],
            truth.noise_variance,
            alpha=truth.best_alpha,
            n_repeats=5,
        ).mean()
        for tap in taps
    ]

    assert np.argmax(curve) == planted
    assert np.all(np.diff(curve[: planted + 1]) > 0.02)
    assert np.all(np.diff(curve[planted:]) < -0.02)


@pytest.mark.parametrize(
    ("make", "layer"), [(spectrum, "bands"), (phones, "blend.3"), (words, "blend.2")]
)
def test_extraction_finds_the_planted_rows(make, layer):
    # The engine's windows, clock and stamps against the phantom's own.
    story = compose("story", utterances(), 90, seed=5)
    row_times_s = 11 + 2.0 * np.arange(35)
    model = make()

    found = extract(
        model, story, [layer], WholeStimulus(), Lanczos(lobes=3), row_times_s,
        event_stamp="midpoint",
    )[layer]  # fmt: skip

    if layer == "bands":
        values = spectral(story.sound.waveform(16000))
        times_s = frame_times(len(values))
    else:
        events = model.read(story.alignment, [layer])[layer]
        values, times_s = events.values, (events.onsets_s + events.offsets_s) / 2
    expected = at_rows(values, times_s, row_times_s)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("make", [phones, words], ids=READER_NAMES)
def test_reader_of_the_beginning_reads_the_same(make, alignment):
    words_heard = alignment.words[:4]
    end_s = words_heard[-1].offset_s
    beginning = Alignment(words_heard, tuple(p for p in alignment.phones if p.offset_s <= end_s))

    part = make().read(beginning, ["blend.0"])["blend.0"].values

    whole = make().read(alignment, ["blend.0"])["blend.0"].values
    np.testing.assert_array_equal(part, whole[: len(part)])


def test_reader_of_silence_returns_no_events():
    assert phones().read(Alignment(), ["blend.0"])["blend.0"].values.shape == (0, 10)


def test_reader_refuses_unknown_layers(alignment):
    with pytest.raises(UnknownName, match=r"has no layer 'blend\.5'"):
        words().read(alignment, ["blend.5"])


def test_tones_tell_the_number_that_was_coded():
    silence = np.zeros(8000)
    for code in (0, 7, 35):
        heard = coded(silence, code, 16_000).astype(np.float32)[None]
        levels = tones().forward(heard, ["tones"])["tones"][0].mean(axis=0)
        assert sorted(np.array(TONES_HZ)[np.argsort(levels)[-2:]]) == sorted(tones_of(code))
