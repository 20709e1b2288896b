"""The phantom of tuning: its ceilings, its clock, and what its regions answer to."""

from __future__ import annotations

import numpy as np
import pytest

from heschl.ceilings import CorrelationCeiling
from heschl.data_registry.lebel_moth.loader import LebelMoth
from heschl.data_registry.lebel_moth.phantom_anatomy import draw_anatomy
from heschl.data_registry.lebel_moth.phantom_tuning import CEILINGS, SUBJECT, write_tuning_phantom
from heschl.dimensions import ROI


@pytest.fixture(scope="module")
def moth(tmp_path_factory):
    return LebelMoth(write_tuning_phantom(tmp_path_factory.mktemp("moth"), seed=3))


def test_repeats_have_the_planted_ceilings(moth):
    repeats = moth.recording(SUBJECT, ["wheretheressmoke"]).repeats["wheretheressmoke"]
    finite = np.isfinite(repeats).all(("repeat", "time")).to_numpy()

    found = CorrelationCeiling()(repeats[:, 40:, finite])

    kept = np.flatnonzero(finite)
    for region in ("Heschl", "STG", "STS", "IFG", "Motor"):
        inside = np.isin(kept, draw_anatomy().columns(region))
        mean = float(found[inside].mean())
        if region in CEILINGS:
            assert mean == pytest.approx(CEILINGS[region], abs=0.03)
        else:
            assert mean < 0.3
    assert set(CEILINGS) < set(moth.rois(SUBJECT)[ROI].to_numpy())


def test_regions_answer_to_tones_of_the_four_scans_before(moth):
    responses = moth.recording(SUBJECT, ["souls"]).responses["souls"].to_numpy()
    sound = moth.stimulus("souls").sound.waveform(16_000)
    tones = sound[: len(sound) // 3200 * 3200].reshape(-1, 3200)
    power = np.abs(np.fft.rfft(tones)) ** 2
    # 3200 samples of 16 kHz: a bin is 5 Hz.
    low, high = (power[:, hertz // 5] > power[:, 150] * 30 for hertz in (300, 1500))
    means = {
        region: responses[:, draw_anatomy().columns(region)].mean(axis=1)
        for region in ("Heschl", "STG", "STS")
    }

    def correlation(signal, region):
        # Row k was acquired from 2k + 10 to 2k + 12 s; a scan has ten tones.
        before = [signal[10 * (k + 1) : 10 * (k + 5)].mean() for k in range(len(responses))]
        return np.corrcoef(before, means[region])[0, 1]

    assert correlation(low, "Heschl") > 0.95
    assert correlation(low == high, "STG") > 0.95
    assert abs(correlation(low == high, "STS")) < 0.35
    assert abs(correlation(low, "STG")) < 0.6  # it is no feature of its own


def test_same_seed_gives_the_same_bytes(moth, tmp_path):
    again = write_tuning_phantom(tmp_path / "moth", seed=3)

    for name in ("stimuli/souls.wav", f"derivative/preprocessed_data/{SUBJECT}/souls.hf5"):
        assert (again / name).read_bytes() == (moth.root / name).read_bytes()
