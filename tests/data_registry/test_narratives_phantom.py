"""The phantom of Narratives: its layout, its traps, and that what was planted is there."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest
from sklearn.linear_model import Ridge

from heschl.data_registry.narratives import NARRATIVES
from heschl.data_registry.narratives.loader import Narratives
from heschl.data_registry.narratives.phantom import write_phantom
from heschl.data_registry.narratives.phantom_anatomy import N_VERTICES, REGIONS, WALL, columns
from heschl.data_registry.narratives.phantom_truth import DRIVER_OF, HEARD, SIGNAL_SHARE, Told
from heschl.errors import InvalidInput
from heschl.phantom.simulation import delayed_design
from heschl.temporal import zscore


@pytest.fixture(scope="module")
def narratives(narratives_phantom) -> Narratives:
    return Narratives(narratives_phantom)


@pytest.fixture(scope="module")
def expectations(narratives_phantom) -> list[dict]:
    truth = json.loads((narratives_phantom / "truth.json").read_text(encoding="utf-8"))
    assert truth["phantom_version"] == NARRATIVES.phantom_version
    return truth["expectations"]


def test_phantom_has_the_layout_of_the_published_files(narratives_phantom):
    files = [path for path in narratives_phantom.rglob("*") if path.is_file()]
    names = {path.relative_to(narratives_phantom).as_posix() for path in files}

    responses = "derivatives/afni-nosmooth/sub-013/func"
    scan = "sub-013_task-pieman_run-2"
    assert {
        "dataset_description.json",
        "participants.tsv",
        "code/scan_exclude.json",
        "stimuli/milkywaysynonyms_audio.wav",
        "stimuli/gentle/piemanpni/align.json",
        f"sub-013/func/{scan}_events.tsv",
        f"{responses}/{scan}_space-fsaverage6_hemi-R_desc-clean.func.gii",
        "derivatives/afni-nosmooth/tpl-fsaverage6/tpl-fsaverage6_hemi-L_desc-MMP_dseg.label.gii",
    } <= names
    image = nibabel.load(
        narratives_phantom / f"{responses}/{scan}_space-fsaverage6_hemi-R_desc-clean.func.gii"
    )
    assert {(array.data.shape, array.data.dtype.name) for array in image.darrays} == {
        ((N_VERTICES,), "float32")
    }
    assert sum(path.stat().st_size for path in files) < 60e6


def test_phantom_is_not_written_over_data(narratives_phantom):
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(narratives_phantom, seed=0)


def test_listeners_heard_what_the_list_of_excluded_scans_leaves(narratives, narratives_phantom):
    heard = {subject: set(narratives.stimuli_of(subject)) for subject in narratives.subjects()}

    assert heard == {
        subject: {name for name, subjects in HEARD.items() if subject in subjects}
        for subject in heard
    }
    assert set(heard) == {subject for subjects in HEARD.values() for subject in subjects}
    on_disk = (
        path.name for path in (narratives_phantom / "derivatives").rglob("*hemi-L*.func.gii")
    )
    # Six scans that do not count lie beside those that do.
    assert len(list(on_disk)) == sum(map(len, HEARD.values())) + 6


def test_regions_are_where_they_were_drawn(narratives):
    rois = narratives.rois("sub-001")

    for region in REGIONS:
        np.testing.assert_array_equal(np.flatnonzero(rois.sel(roi=region)), columns(region))
    np.testing.assert_array_equal(np.flatnonzero(rois.sel(roi="early_auditory")), columns("Heschl"))
    late = np.concatenate([columns(region) for region in ("STG", "STS", "IFG")])
    np.testing.assert_array_equal(np.flatnonzero(rois.sel(roi="late_language")), np.sort(late))
    recording = narratives.recording("sub-001")
    np.testing.assert_array_equal(np.flatnonzero(~recording.finite_units()), columns(WALL))


def test_listeners_share_the_planted_signal_and_nothing_else(narratives):
    """Of two listeners the correlation is the share of signal, whoever started early."""
    shares: dict[str, list[float]] = {}
    for name, subjects in HEARD.items():
        responses = np.stack(
            [narratives.recording(each, [name]).responses[name].to_numpy() for each in subjects],
            axis=1,
        )
        for region in REGIONS:
            chosen = zscore(responses[:, :, columns(region)])
            correlations = np.einsum("tnv,tmv->nm", chosen, chosen) / chosen[:, 0].size
            pairs = correlations[np.triu_indices(len(subjects), 1)]
            shares.setdefault(region, []).append(pairs.mean())
            if region == "Heschl":
                # Nobody is out of step: not who started early, not who was scanned twice.
                assert pairs.min() > 0.5 * SIGNAL_SHARE[region]

    for region, found in shares.items():
        assert np.mean(found) == pytest.approx(SIGNAL_SHARE[region], abs=0.03)


def test_planted_scores_are_found_by_scikit_learn(narratives, expectations):
    """The features are those that were planted: what is tested is the phantom, not an engine."""
    stimuli = narratives.stimuli()
    told = {
        name: Told.of(stimuli[name].sound, stimuli[name].alignment, narratives._stories[name])
        for name in HEARD
    }
    expected = {
        each["roi"]: each
        for each in expectations
        if each["quantity"] == "score" and each["benchmark"] == "narratives-ridge"
    }
    found: dict[str, list[float]] = {region: [] for region in REGIONS}
    for subject in narratives.subjects():
        recording = narratives.recording(subject)
        responses = np.concatenate(
            [
                zscore(each.to_numpy()[:, recording.finite_units()])
                for each in recording.responses.values()
            ]
        )
        kept = np.flatnonzero(recording.finite_units())
        for region, scores in found.items():
            driver = DRIVER_OF[region] if DRIVER_OF[region] != "none" else "lexical"
            design = np.concatenate(
                [
                    delayed_design(told[name].planted[driver], delays=(0,))
                    for name in recording.responses
                ]
            )
            heard = responses[:, np.isin(kept, columns(region))]
            rows = np.arange(len(design))
            for test in np.array_split(rows, 5):
                train = np.setdiff1d(rows, test)
                fitted = Ridge(alpha=16.0).fit(design[train], heard[train])
                predicted = zscore(fitted.predict(design[test]))
                scores.append(np.mean(predicted * zscore(heard[test])))

    for region, each in expected.items():
        # The tolerance is that of the mean over three phantoms.
        assert np.mean(found[region]) == pytest.approx(
            each["expected"], abs=each["tolerance"] * 3**0.5
        )
    assert abs(np.mean(found["Motor"])) < 0.012


def test_truth_covers_both_benchmarks(expectations):
    covered = {(each["benchmark"], each["quantity"]) for each in expectations}

    quantities = ("score", "ceiling", "normalised", "nested_layer", "null")
    assert {("narratives-ridge", quantity) for quantity in quantities} <= covered
    assert ("narratives-ridge-compat", "score") in covered
