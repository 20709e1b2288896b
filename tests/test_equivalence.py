"""What may be changed about extraction without changing features, and what may not.

The measures are those of `perf/equivalence.py`, at small sizes; docs/equivalence.md has the table.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers")

from heschl.extraction import ChunkedWindows, SlidingWindows, extract_frames
from heschl.models.huggingface.random_wav2vec2 import REDUCED, random_wav2vec2
from heschl.presets import preset
from heschl.sound import Sound, Stimulus

ROOT = Path(__file__).parents[1]
MEASURES = runpy.run_path(str(ROOT / "perf" / "equivalence.py"))
WINDOW_S = 3.0
EXACT = 1e-5
"""Nothing but the order in which products are summed."""

SMALL = REDUCED | {"num_hidden_layers": 2}


@pytest.fixture(scope="module")
def models():
    return {
        "group norm": random_wav2vec2("small-base", **SMALL),
        "layer norm": random_wav2vec2("small-large", **(SMALL | MEASURES["LARGE_KIND"])),
    }


@pytest.fixture(scope="module")
def speech():
    return MEASURES["speech"](10.0)


KINDS = pytest.mark.parametrize("kind", ["group norm", "layer norm"])


def moved(measure, model, speech, *settings):
    return max(MEASURES[measure](model, speech, *settings).values())


@KINDS
def test_equal_windows_share_a_batch(models, speech, kind):
    assert moved("batched", models[kind], speech, WINDOW_S) < EXACT


def test_scale_of_the_waveform_does_not_matter_to_group_norms(models, speech):
    assert moved("normalised_over_all", models["group norm"], speech, WINDOW_S) < EXACT


def test_scale_of_the_waveform_matters_to_layer_norms(models, speech):
    assert moved("normalised_over_all", models["layer norm"], speech, WINDOW_S) > 1e-3


def test_convolutions_are_shared_only_without_group_norms(models, speech):
    assert moved("shared_convolutions", models["layer norm"], speech, WINDOW_S) < EXACT
    assert moved("shared_convolutions", models["group norm"], speech, WINDOW_S) > 1e-2


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_zeros_with_a_mask_are_safe_only_without_group_norms(models, speech, share):
    assert moved("padded", models["layer norm"], speech, WINDOW_S, share) < EXACT
    assert moved("padded", models["group norm"], speech, WINDOW_S, share) > 1e-3


@KINDS
def test_bfloat16_is_another_protocol(models, speech, kind):
    assert 1e-3 < moved("in_bfloat16", models[kind], speech, WINDOW_S) < 3e-2


@KINDS
def test_chunks_are_another_protocol_than_one_pass(models, speech, kind):
    assert moved("in_chunks", models[kind], speech, ChunkedWindows(4.0, 2.0)) > 1e-3


@KINDS
@pytest.mark.parametrize("batch_size", [3, 8, "auto"])
def test_features_do_not_depend_on_the_batch(models, speech, kind, batch_size):
    stimulus = Stimulus("speech", Sound.from_samples(speech[: 4 * 16_000], 16_000))
    windowing = SlidingWindows(context_s=1.0, hop_s=0.1)
    names = [layer.name for layer in models[kind].layers]

    found, expected = (
        extract_frames(models[kind], stimulus, names, windowing, batch_size=size)
        for size in (batch_size, 1)
    )

    for name in names:
        assert MEASURES["difference"](found[name].values, expected[name].values) < EXACT


def test_strided_features_are_every_fifth_of_the_papers(models, speech):
    stimulus = Stimulus("speech", Sound.from_samples(speech[: 5 * 16_000], 16_000))
    sliding, strided = (
        extract_frames(
            models["group norm"], stimulus, ["cnn", "block.1"], preset(name), batch_size=1
        )
        for name in ("sliding", "strided")
    )

    for name in sliding:
        np.testing.assert_allclose(strided[name].times_s, sliding[name].times_s[4::5])
        assert np.array_equal(strided[name].values, sliding[name].values[4::5])


def test_features_equal_the_papers_loop(models, speech):
    import torch
    from transformers import Wav2Vec2FeatureExtractor

    stimulus = Stimulus("speech", Sound.from_samples(speech[: 4 * 16_000], 16_000))
    extractor = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False)
    network = models["group norm"]._module
    expected = []
    for stop in range(1600, 4 * 16_000 + 1, 1600):
        window = speech[max(0, stop - 17_600) : stop]
        given = extractor(window, sampling_rate=16_000, return_tensors="pt").input_values
        with torch.no_grad():
            states = network(given, output_hidden_states=True).hidden_states
        expected.append([state[0, -1].numpy() for state in states])

    found = extract_frames(
        models["group norm"],
        stimulus,
        ["embed", "block.0", "block.1"],
        SlidingWindows(context_s=1.0, hop_s=0.1),
    )

    for number, name in enumerate(found):
        by_loop = np.array([states[number] for states in expected])
        assert MEASURES["difference"](found[name].values, by_loop) < EXACT
