"""``lebel_moth-ridge`` as a user runs it, against the same experiment written apart.

Everything between the files and the Score differs: readers, windows, clock, ridge, ceilings and
averages. Features are kept in float32 on the way, and so are the scores of units: with the metric
in float64 this alone is what the tolerances allow for. As shipped it multiplies in float32, for
which the tolerances are those that it states.
"""

from __future__ import annotations

import dataclasses

import librosa
import numpy as np
import pytest
import torch
from scipy.stats import bootstrap, sem, wilcoxon
from tests.end_to_end import moth_files as files
from tests.end_to_end import reference_moth as reference
from tests.end_to_end.nets import FIELD, STRIDE, Attending, last_frames
from threadpoolctl import threadpool_limits

import heschl
from heschl.benchmarks.lebel_moth.ridge import benchmark
from heschl.data_registry.lebel_moth.loader import LebelMoth
from heschl.models.torch_module import TorchModel

SUBJECTS = [f"UTS0{number}" for number in range(1, 9)]
R_TOLERANCE = {"float64": 3e-7, "float32": 5e-6}
MEAN_TOLERANCE = {"float64": 1e-7, "float32": 5e-6}
TIE_TOLERANCE = {"float64": 1e-7, "float32": 2e-6}
"""By how much two judged values may differ that the engine, in such numbers, cannot tell apart."""
PRECISIONS = pytest.mark.parametrize("dtype", ["float64", "float32"])
LANCZOS = reference.lanczos


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def waveforms(moth_phantom):
    stories = (*reference.TRAINING, reference.TEST)
    return {story: files.waveform(moth_phantom, story) for story in stories}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("end_to_end")


def declared(dtype):
    """Return the benchmark with its metric in one precision; as shipped that is float32."""
    shipped = benchmark()
    assert shipped.metric.dtype == "float32"
    return dataclasses.replace(shipped, metric=dataclasses.replace(shipped.metric, dtype=dtype))


# --- what is compared


def assert_units_agree(score, expected, dtype, ceiling_tolerance):
    """Compare voxels: which they are, scores, penalties, ceilings and regions."""
    units, ceilings = score.tree["units"].to_dataset(), score.tree["ceiling"].to_dataset()
    of_listeners = zip(score.tree["summary"]["subject"].values, expected, strict=True)
    for subject, listener in of_listeners:
        here = units.isel(unit=(units["subject"] == subject).values)
        np.testing.assert_array_equal(here["unit_of_subject"], listener.voxels)
        np.testing.assert_allclose(
            ceilings["ceiling"][(ceilings["subject"] == subject).values],
            listener.ceiling,
            rtol=0,
            atol=ceiling_tolerance,
        )
        for roi, members in listener.regions.items():
            np.testing.assert_array_equal(here["in_roi"].sel(roi=roi).astype(bool), members)
        is_same = np.isclose(here["alpha"].values[:, 0], listener.alpha, rtol=1e-12)
        assert is_same.mean() >= 0.999
        assert_ties(listener, here["alpha"].values[:, 0], ~is_same, TIE_TOLERANCE[dtype])
        np.testing.assert_allclose(
            here["score"].values[is_same], listener.score[is_same], rtol=0, atol=R_TOLERANCE[dtype]
        )


def assert_ties(listener, alphas, where, tolerance):
    """Where another penalty was taken, the choice must have hung by a rounding."""
    for layer, voxel in np.argwhere(where):
        values = listener.judged[layer, :, voxel]
        place = int(np.argmin(np.abs(np.log(reference.ALPHAS) - np.log(alphas[layer, voxel]))))
        assert values[place] == pytest.approx(values.max() - 1e-6, abs=tolerance)


def assert_averages_agree(score, expected, dtype):
    """Compare everything reported of regions and listeners."""
    summary, population = score.tree["summary"], score.tree["population"]
    assert score.tree.attrs["primary_roi"] == "all"
    for roi in expected[0].regions:
        theirs = reference.over_listeners(expected, roi)
        ours, over = summary.sel(roi=roi), population.sel(roi=roi)
        of_rule = over.sel(quantity="normalised")
        raw = over["rule_value"].sel(quantity="score", layer_rule="nested")
        kept = [listener.regions[roi] & (listener.ceiling > 0.4) for listener in expected]
        raw_nested = [theirs.score[layer, s] for s, layer in enumerate(theirs.nested_layers)]
        chosen = [str(summary["layer"].values[layer]) for layer in theirs.nested_layers]
        assert over["nested_layer"].values.tolist() == chosen
        assert ours["n_units"].values.tolist() == [each.sum() for each in kept]
        for found, planted in (
            (ours["score"], theirs.score),
            (ours["normalised"], theirs.normalised),
            (ours["ceiling"], [e.ceiling[k].mean() for e, k in zip(expected, kept, strict=True)]),
            (of_rule["value"], theirs.normalised.mean(axis=1)),
            (of_rule["error"], sem(theirs.normalised, axis=1)),
            (of_rule["rule_value"].sel(layer_rule="nested"), theirs.value),
            (of_rule["rule_error"].sel(layer_rule="nested"), theirs.error),
            (of_rule["rule_value"].sel(layer_rule="mean"), theirs.normalised.mean()),
            (of_rule["rule_value"].sel(layer_rule="best"), theirs.normalised.mean(axis=1).max()),
            (raw, np.mean(raw_nested)),
        ):
            np.testing.assert_allclose(found, planted, rtol=0, atol=MEAN_TOLERANCE[dtype])


def assert_board_agrees(score, expected, dtype):
    """Compare the board's number with the primary region, its error, interval and test."""
    theirs = reference.over_listeners(expected, "all")
    assert score.value == pytest.approx(theirs.value, abs=MEAN_TOLERANCE[dtype])
    assert score.error == pytest.approx(theirs.error, abs=MEAN_TOLERANCE[dtype])
    assert score.p == pytest.approx(wilcoxon(theirs.nested).pvalue)
    interval = bootstrap(
        (theirs.nested,), np.mean, n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    np.testing.assert_allclose(score.interval, interval, rtol=0, atol=0.1 * theirs.error)


# --- log-mel: a sound model that sees 25 ms


def log_mel(samples):
    """Return the last frame (80,) of librosa's Slaney mel spectrum, 25 ms every 10 ms, in log10."""
    power = librosa.feature.melspectrogram(
        y=samples.astype(np.float64),
        sr=16_000,
        n_fft=400,
        hop_length=160,
        center=False,
        n_mels=80,
        dtype=np.float64,
    )
    return np.log10(np.maximum(power[:, -1], 1e-10))


@pytest.fixture(scope="module")
def heard_as_log_mel(waveforms):
    # The last frame of every window ends 5 ms before it: 480 samples hold it.
    return {
        story: reference.listen(waveform, lambda window: log_mel(window[-480:]))
        for story, waveform in waveforms.items()
    }


@pytest.fixture(scope="module")
def of_log_mel(moth_phantom, heard_as_log_mel):
    return [reference.score_listener(moth_phantom, s, [heard_as_log_mel]) for s in SUBJECTS]


def test_log_mel_of_a_full_window_is_that_of_its_end(waveforms):
    for end in (1600, 160_000, 257_600, 259_200, 1_600_000):
        window = waveforms["souls"][max(0, end - 257_600) : end]

        np.testing.assert_allclose(log_mel(window), log_mel(window[-480:]), rtol=0, atol=1e-13)


@pytest.mark.slow
@PRECISIONS
def test_sound_model_scores_as_the_reference(moth_phantom, of_log_mel, store, dtype):
    data = LebelMoth(moth_phantom, dtype=np.float64)

    score = heschl.score("logmel", declared(dtype), data=data, store=store)

    assert_units_agree(score, of_log_mel, dtype, ceiling_tolerance=1e-12)
    assert_averages_agree(score, of_log_mel, dtype)
    assert_board_agrees(score, of_log_mel, dtype)


@pytest.mark.parametrize(
    "changed",
    [
        {"SKIPPED": 39},
        {"DELAYS": (0, 1, 2, 3)},
        {"TRAINING": tuple(sorted(reference.TRAINING))},
        {"ALPHAS": [a**0.5 for a in reference.ALPHAS]},
        {"lanczos": lambda frames, rows: LANCZOS((frames[0] + 0.005, frames[1]), rows)},
        {"lanczos": lambda frames, rows: LANCZOS(frames, rows + 2.0)},
        {"zscore": lambda values: (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)},
    ],
    ids=["rows", "delays", "order", "penalties", "stamps", "scans", "deviations"],
)
def test_reference_tells_experiments_apart(
    moth_phantom, heard_as_log_mel, of_log_mel, changed, monkeypatch
):
    for name, value in changed.items():
        monkeypatch.setattr(reference, name, value)

    other = reference.score_listener(moth_phantom, "UTS01", [heard_as_log_mel])

    assert np.abs(other.score - of_log_mel[0].score).max() > 100 * max(R_TOLERANCE.values())


# --- phones: a model that reads

MANNERS = {
    "plosive": "P B T D K G CH JH",
    "fricative": "CH JH F V TH DH S Z SH ZH HH",
    "nasal": "M N NG",
    "approximant": "W R L Y",
    "voiced": "B D G JH V DH Z ZH M N NG W R L Y",
    "low": "AE AA AY AW",
    "mid": "EH EY IH AH ER AO OW OY AY AW",
    "high": "IY UW UH OY",
    "front": "IY IH EY EH AE AY OY",
    "back": "UW UH OW AO AA OY AW",
}
N_BLENDS, PLANTED = 5, 3


def heard_as_phones(root, story, layer):
    """Return the articulation of each phone at its middle, blended with itself by random signs."""
    spoken = files.phones(root, story)
    facts = [
        [float(label in phones.split()) for phones in MANNERS.values()] for _, _, label in spoken
    ]
    values, share = np.array(facts), 0.8 ** abs(layer - PLANTED)
    signs = np.random.default_rng(layer).choice([-1.0, 1.0], size=values.shape)
    middles = np.array([(onset + offset) / 2 for onset, offset, _ in spoken])
    return middles, values * (share + np.sqrt(1 - share**2) * signs)


@pytest.fixture(scope="module")
def of_phones(moth_phantom):
    layers = [
        {
            story: heard_as_phones(moth_phantom, story, layer)
            for story in (*reference.TRAINING, reference.TEST)
        }
        for layer in range(N_BLENDS)
    ]
    return [reference.score_listener(moth_phantom, s, layers, seed=3) for s in SUBJECTS[2:6]]


@pytest.mark.slow
@PRECISIONS
def test_reading_model_scores_as_the_reference(moth_phantom, of_phones, store, dtype):
    settings = {"subjects": SUBJECTS[2:6], "seed": 3, "store": store}

    score = heschl.score("phantom-phones", declared(dtype), data=moth_phantom, **settings)

    # The loader keeps responses in float32 unless told otherwise.
    assert_units_agree(score, of_phones, dtype, ceiling_tolerance=1e-7)
    assert_averages_agree(score, of_phones, dtype)


# --- a network to which all of a window matters

HEARD_BY_NETWORK = ["UTS02", "UTS04", "UTS07"]


def test_network_needs_its_whole_window(waveforms):
    net, window = Attending(), waveforms["souls"][:257_600]

    for shorter in (window[1600:], window[:-1600]):
        assert np.abs(last_frames(net, window) - last_frames(net, shorter)).max(axis=1).min() > 1e-3


@pytest.fixture(scope="module")
def of_network(moth_phantom, waveforms):
    net = Attending()
    heard = {
        story: reference.listen(waveform, lambda window: last_frames(net, window), shortest=FIELD)
        for story, waveform in waveforms.items()
    }
    layers = [
        {story: (times_s, values[:, layer]) for story, (times_s, values) in heard.items()}
        for layer in range(2)
    ]
    return [reference.score_listener(moth_phantom, s, layers) for s in HEARD_BY_NETWORK]


@pytest.mark.long
@PRECISIONS
def test_network_scores_as_the_reference(moth_phantom, of_network, store, dtype):
    net = Attending()
    model = TorchModel(
        "attending",
        net,
        sample_rate=16_000,
        taps={"projected": net.projection, "attended": net.attention},
        stride=STRIDE,
        receptive_field=FIELD,
    )
    settings = {"data": moth_phantom, "subjects": HEARD_BY_NETWORK, "store": store}

    score = heschl.score(model, declared(dtype), **settings)

    assert_units_agree(score, of_network, dtype, ceiling_tolerance=1e-7)
    assert_averages_agree(score, of_network, dtype)
    assert np.isnan(score.p)  # three listeners
