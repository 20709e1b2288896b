"""The phantom of TIMIT ECoG: its files, its traps, and that what was planted is there."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold

from heschl.clocks import Average
from heschl.data_folders import phantom_folder
from heschl.data_registry.timit_ecog.loader import TimitEcog
from heschl.data_registry.timit_ecog.phantom import write_phantom
from heschl.data_registry.timit_ecog.phantom_truth import Heard
from heschl.dimensions import REPEAT
from heschl.errors import InvalidInput
from heschl.extraction import extract
from heschl.models.phantom_oracles.model import phones, spectrum
from heschl.phantom.lagged import lagged_design
from heschl.store import Store
from heschl.windowing import WholeStimulus


@pytest.fixture(scope="module")
def ecog_phantom(store_folder):
    return phantom_folder("timit_ecog", 0, Store(store_folder))


def truth(root):
    return json.loads((root / "truth.json").read_text(encoding="utf-8"))


def expected(root, roi, quantity):
    values = {
        each["expected"]
        for each in truth(root)["expectations"]
        if (each["roi"], each["quantity"]) == (roi, quantity)
        and each["benchmark"] == "timit_ecog-trf"
    }
    (value,) = values
    return value


def test_listeners_were_recorded_differently(ecog_phantom):
    ecog = TimitEcog(ecog_phantom)

    assert ecog.subjects() == ("ec01", "ec02", "ec03")
    assert [len(ecog.stimuli_of(each)) for each in ecog.subjects()] == [24, 24, 21]
    timings = set()
    for subject in ecog.subjects():
        with h5py.File(ecog_phantom / f"{subject}.h5") as file:
            attributes = file["sentences/fcjf0_sx37/hg"].attrs
            timings.add(tuple(float(attributes[name]) for name in ("rate_hz", "pre_s", "post_s")))
    assert timings == {(100, 0.5, 0.5), (50, 0.6, 0.3), (100, 0.7, 0.4)}
    repeats = ecog.recording("ec03").repeats
    assert sorted(each.sizes[REPEAT] for each in repeats.values()) == [7, 8, 8, 8, 8, 8]
    n_bytes = sum(path.stat().st_size for path in ecog_phantom.rglob("*") if path.is_file())
    assert n_bytes < 30e6


def test_responsive_electrodes_are_those_that_were_planted(ecog_phantom):
    ecog = TimitEcog(ecog_phantom)
    planted: dict[str, int] = {}
    for block in truth(ecog_phantom)["blocks"]:
        if block["is_responsive"]:
            planted[block["area"]] = planted.get(block["area"], 0) + block["n_electrodes"]

    for subject in ecog.subjects():
        rois = ecog.rois(subject)
        areas = rois["area"].to_numpy()[rois.sel(roi="responsive").to_numpy()]
        assert dict(zip(*np.unique(areas, return_counts=True), strict=True)) == planted
        assert not np.array_equal(areas, np.sort(areas))  # which would hide a wrong order
        assert (~ecog.recording(subject).finite_units()).sum() == 1


def test_amplitude_jumps_where_no_loader_should_look(ecog_phantom):
    with h5py.File(ecog_phantom / "ec03.h5") as file:
        trials = file["sentences/fcjf0_sx127/hg"]
        assert trials[:, :20].mean() == pytest.approx(3, abs=0.1)
        assert trials[:, -40:].mean() == pytest.approx(5, abs=0.1)
        assert abs(trials[:, 70:-43].mean()) < 1


def test_features_of_the_phantom_are_those_that_models_give(ecog_phantom):
    """The phantom has a clock of its own, so that a fault of the engine's shows."""
    ecog = TimitEcog(ecog_phantom)
    stimuli = ecog.stimuli()
    for name in list(stimuli)[::6]:
        stimulus = stimuli[name]
        samples = np.round(stimulus.sound.waveform(16000) * 2**15).astype(np.int16)
        heard = Heard.of_sound(samples, stimulus.alignment, text="")
        for model, layer, driver in (
            (spectrum(), "bands", "spectral"),
            (phones(), "blend.3", "phonetic"),
        ):
            rows = extract(
                model,
                stimulus,
                [layer],
                WholeStimulus(),
                Average(width_s=0.02),
                ecog.clock(name),
                event_stamp="repeat",
            )[layer]
            np.testing.assert_allclose(rows, heard.rows[driver], atol=1e-4)


@pytest.mark.parametrize(
    ("driver", "areas"), [("spectral", ("A1", "SMG")), ("phonetic", ("STG", "MTG"))]
)
def test_planted_scores_are_found_by_scikit_learn(ecog_phantom, driver, areas):
    """One penalty for a region: what is tested is the phantom, not how penalties are chosen."""
    ecog = TimitEcog(ecog_phantom)
    stimuli = ecog.stimuli()
    rows = {
        name: Heard.of_sound(
            np.round(stimuli[name].sound.waveform(16000) * 2**15).astype(np.int16),
            stimuli[name].alignment,
            text="",
        ).rows[driver]
        for name in stimuli
    }
    found: dict[str, list[float]] = {area: [] for area in (*areas, "SMC")}
    for subject in ecog.subjects():
        recording, rois = ecog.recording(subject), ecog.rois(subject)
        names = list(recording.responses)
        design = np.concatenate([lagged_design(rows[name], 20) for name in names])
        texts = np.concatenate(
            [[ecog.row_labels(name)["sentence"]] * len(rows[name]) for name in names]
        )
        responses = np.concatenate([recording.responses[name].to_numpy() for name in names])
        for area, values in found.items():
            units = responses[:, rois.sel(roi=area).to_numpy()]
            scores = [
                [
                    r2_score(
                        units[test],
                        Ridge(alpha=alpha).fit(design[train], units[train]).predict(design[test]),
                    )
                    for alpha in (30, 300, 1e5)
                ]
                for train, test in GroupKFold(5).split(design, groups=texts)
            ]
            values.append(float(np.mean(scores, axis=0).max()))

    for area in areas:
        # The tolerance, .01, is that of the mean over three phantoms.
        assert np.mean(found[area]) == pytest.approx(
            expected(ecog_phantom, area, "score"), abs=0.01 * 3**0.5
        )
    assert np.mean(found["SMC"]) == pytest.approx(expected(ecog_phantom, "SMC", "null"), abs=0.004)


def test_repeats_share_what_was_planted_and_nothing_else(ecog_phantom):
    ecog = TimitEcog(ecog_phantom)
    shares: dict[str, list[float]] = {}
    for subject in ecog.subjects():
        rois, repeats = ecog.rois(subject), ecog.recording(subject).repeats
        together = np.concatenate([each.to_numpy()[:5] for each in repeats.values()], axis=1)
        for area in ("A1", "STG", "MTG", "SMC", "SMG"):
            of_area = together[:, :, rois.sel(roi=area).to_numpy()]
            pairs = [
                np.corrcoef(of_area[:, :, unit])[np.triu_indices(5, 1)].mean()
                for unit in range(of_area.shape[2])
            ]
            shares.setdefault(area, []).append(float(np.mean(pairs)))

    for area in ("A1", "STG", "MTG", "SMG"):
        ceiling = expected(ecog_phantom, area, "ceiling")
        assert np.mean(shares[area]) == pytest.approx(ceiling, abs=0.015)
    assert abs(np.mean(shares["SMC"])) < 0.005


@pytest.mark.long
def test_seeds_give_other_sentences_and_responses(ecog_phantom, tmp_path):
    write_phantom(tmp_path, seed=1)

    for name in ("ec01.h5", "TIMIT/TRAIN/DR1/FCJF0/SX37.WAV", "truth.json"):
        assert (tmp_path / name).read_bytes() != (ecog_phantom / name).read_bytes()


def test_phantom_is_not_written_over_data(ecog_phantom):
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(ecog_phantom)
