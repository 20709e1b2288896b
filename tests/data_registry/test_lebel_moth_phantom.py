"""The phantom of LeBel et al. 2023: its bytes, its anatomy, and that what was planted is there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from heschl.data_registry.lebel_moth import LEBEL_MOTH
from heschl.data_registry.lebel_moth.loader import LebelMoth
from heschl.data_registry.lebel_moth.phantom import write_phantom
from heschl.data_registry.lebel_moth.phantom_truth import ROWS_SKIPPED
from heschl.data_registry.lebel_moth.stories import TEST_STORY, TRAINING_STORIES
from heschl.errors import InvalidInput
from heschl.extraction import extract
from heschl.models.phantom_oracles.model import phones, spectrum, words
from heschl.phantom_folders import DIGESTS
from heschl.temporal import Lanczos, delayed, zscore
from heschl.windowing import SlidingWindows


def digests(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_phantom_has_the_layout_of_the_published_files(moth_phantom):
    names = {path.relative_to(moth_phantom).as_posix() for path in moth_phantom.rglob("*.*")}

    assert {"dataset_description.json", "participants.tsv", "truth.json"} <= names
    assert "derivative/pycortex-db/UTS02/surfaces/wm_lh.npz" in names
    assert "derivative/pycortex-db/UTS03/surfaces/wm_lh.gii" in names
    assert "derivative/preprocessed_data/UTS04/life.hf5" not in names
    with h5py.File(moth_phantom / f"derivative/preprocessed_data/UTS01/{TEST_STORY}.hf5") as file:
        assert {name: file[name].shape for name in file} == {
            "data": (140, 281),
            "individual_repeats": (10, 140, 281),
        }
        assert file["data"].dtype == np.float64
    n_bytes = sum((moth_phantom / name).stat().st_size for name in names)
    assert n_bytes < 150e6


# That the same seed gives the same bytes is held by the contract of all datasets.
@pytest.mark.long
def test_phantom_of_another_seed_is_another(moth_phantom, tmp_path):
    LEBEL_MOTH.phantom_target()(tmp_path / "1", 1)

    first, other = digests(moth_phantom), digests(tmp_path / "1")
    first.pop(DIGESTS, None)  # of one that lies in a store

    assert other.keys() == first.keys()
    same = {name for name in first if first[name] == other[name]}
    # What names the dataset and where voxels are is no matter of chance; all else is.
    assert {
        name for name in same if Path(name).suffix in {".wav", ".TextGrid", ".hf5", ".gii"}
    } == set()
    assert {"participants.tsv", "derivative/respdict.json"} <= same
    assert "truth.json" not in same


def test_phantom_is_not_written_over_data(small_moth):
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(small_moth, seed=0)


def test_truth_states_what_was_planted_and_what_to_expect(moth_phantom):
    truth = json.loads((moth_phantom / "truth.json").read_text(encoding="utf-8"))

    assert truth["phantom_version"] == LEBEL_MOTH.phantom_version
    assert truth["seed"] == 0
    assert truth["regions"]["Heschl"] == {
        "driver": "spectral",
        "signal_share": 0.3,
        "n_voxels": 40,
    }
    kinds = {(each["model"], each["quantity"], each["roi"]) for each in truth["expectations"]}
    assert ("phantom-phones", "nested_layer", "STG") in kinds
    assert ("phantom-words", "score", "IFG") in kinds
    assert ("phantom-spectrum", "null", "Motor") in kinds
    assert len(kinds) <= len(truth["expectations"])
    for each in truth["expectations"]:
        assert set(each) - {"n_repeats"} == {
            "model",
            "benchmark",
            "quantity",
            "roi",
            "layer",
            "expected",
            "tolerance",
            "source",
        }


def test_repeats_share_the_planted_signal_and_nothing_else(moth_phantom):
    """With N repeats the correlation of two of them is the share of signal (S0, CCmax)."""
    moth = LebelMoth(moth_phantom)
    shares: dict[str, list[float]] = {}
    for subject in moth.subjects():
        rois = moth.rois(subject)
        repeats = moth.recording(subject, [TEST_STORY]).repeats[TEST_STORY].to_numpy()
        for region in ("Heschl", "STG", "STS", "IFG", "Motor"):
            responding = repeats[:, ROWS_SKIPPED:, rois.sel(roi=region)]
            chosen = zscore(responding.transpose(1, 0, 2))
            correlations = np.einsum("tnv,tmv->nmv", chosen, chosen) / len(chosen)
            pairs = correlations[np.triu_indices(chosen.shape[1], 1)]
            shares.setdefault(region, []).append(pairs.mean())

    planted = json.loads((moth_phantom / "truth.json").read_text(encoding="utf-8"))["regions"]

    for region, found in shares.items():
        # Weights differ from listener to listener, and with them the signal's share in one story.
        assert np.mean(found) == pytest.approx(planted[region]["signal_share"], abs=0.03)
    assert abs(np.mean(shares["Motor"])) < 0.005


@pytest.mark.parametrize(
    ("make", "layer", "regions"),
    [
        (spectrum, "bands", ["Heschl"]),
        (phones, "blend.3", ["STG"]),
        (words, "blend.2", ["STS", "IFG"]),
    ],
)
def test_planted_scores_are_found_by_scikit_learn(moth_phantom, make, layer, regions):
    """The penalty is fixed here: what is tested is the phantom, not how penalties are chosen."""
    moth = LebelMoth(moth_phantom)
    stimuli = moth.stimuli()
    truth = json.loads((moth_phantom / "truth.json").read_text(encoding="utf-8"))

    def design(story: str) -> np.ndarray:
        rows = extract(
            make(),
            stimuli[story],
            [layer],
            SlidingWindows(),
            Lanczos(lobes=3),
            moth.clock(story),
            event_stamp="midpoint",
        )[layer]
        return delayed(zscore(rows[40:] if story == TEST_STORY else rows), (1, 2, 3, 4))

    designs = {story: design(story) for story in stimuli}
    found: dict[str, list[float]] = {region: [] for region in (*regions, "Motor")}
    for subject in moth.subjects():
        recording, rois = moth.recording(subject), moth.rois(subject)
        training = [name for name in TRAINING_STORIES if name in recording.responses]
        for region, values in found.items():
            columns = rois.sel(roi=region).to_numpy()
            fitted = Ridge(alpha=100, fit_intercept=False).fit(
                np.concatenate([designs[name] for name in training]),
                np.concatenate(
                    [zscore(recording.responses[name][:, columns]) for name in training]
                ),
            )
            heard = recording.responses[TEST_STORY].to_numpy()[40:, columns]
            predicted = fitted.predict(designs[TEST_STORY])
            values.append(np.mean(zscore(predicted) * zscore(heard)))

    for region in regions:
        (expected,) = (
            each
            for each in truth["expectations"]
            if each["quantity"] == "score" and each["roi"] == region
        )
        assert expected["layer"] == layer
        # The tolerance is that of the mean over three phantoms.
        assert np.mean(found[region]) == pytest.approx(
            expected["expected"], abs=expected["tolerance"] * 3**0.5
        )
    # Over all 640 voxels of noise: 3 / sqrt(100 rows x 640).
    assert abs(np.mean(found["Motor"])) < 0.012
