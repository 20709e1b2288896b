"""The phantom of The Little Prince: its bytes, its brain, and that what was planted is there."""

from __future__ import annotations

import itertools
import json

import nibabel
import numpy as np
import pytest

from heschl.data_registry.little_prince.loader import LittlePrince
from heschl.data_registry.little_prince.phantom import write_phantom
from heschl.data_registry.little_prince.phantom_brain import N_PARCELS, REGIONS, brain
from heschl.errors import InvalidInput
from heschl.temporal import zscore


def test_phantom_has_the_layout_of_the_published_files(prince_phantom):
    names = {
        path.relative_to(prince_phantom).as_posix()
        for path in prince_phantom.rglob("*")
        if path.is_file()
    }

    assert "stimuli/task-lppEN_section-9.wav" in names
    assert "stimuli/task-lppCN_section_9.wav" in names
    run = "derivatives/sub-EN061/func/sub-EN061_task-lppEN_run-{}_space-MNIColin27_desc-preproc_"
    assert run.format("09") + "bold.nii.gz" in names
    assert run.format("10") + "bold.nii.gz" not in names
    assert run.format("22") + "bold.nii.gz" in names
    assert sum((prince_phantom / name).stat().st_size for name in names) < 60e6


def test_phantom_is_not_written_over_data(prince_phantom):
    with pytest.raises(InvalidInput, match="holds a dataset already"):
        write_phantom(prince_phantom, seed=0)


def test_truth_states_what_was_planted_and_what_to_expect(prince_phantom):
    truth = json.loads((prince_phantom / "truth.json").read_text(encoding="utf-8"))

    assert set(truth["regions"]) == set(REGIONS)
    kinds = {(each["benchmark"], each["quantity"], each["roi"]) for each in truth["expectations"]}
    for benchmark in ("", "-en", "-fr", "-zh"):
        assert (f"little_prince-ridge{benchmark}", "ceiling", "IFG") in kinds
    for benchmark in ("", "-en", "-fr", "-zh", "-compat"):
        assert (f"little_prince-ridge{benchmark}", "score", "STS") in kinds
        assert (f"little_prince-ridge{benchmark}", "null", "Motor") in kinds
    for of_language in truth["specificity"].values():
        scores = list(of_language.values())
        assert scores == sorted(scores)


def test_every_region_lies_in_both_hemispheres_elsewhere():
    for region in REGIONS:
        counts = brain().counts(region)
        left, right = counts[: N_PARCELS // 2], counts[N_PARCELS // 2 :]
        assert min(left.sum(), right.sum()) > 20
        # Mirrored parcels are of different regions, so that swapped sides are found out.
        assert not (left * right).any()


def test_listeners_of_a_language_share_the_planted_signal_and_nothing_else(prince_phantom):
    """The correlation of two listeners is the share of signal (B6)."""
    prince = LittlePrince(prince_phantom)
    truth = json.loads((prince_phantom / "truth.json").read_text(encoding="utf-8"))
    recordings = [prince.recording(f"sub-FR00{number}") for number in (1, 2, 3)]
    finite = recordings[0].finite_units()
    rois = prince.rois("sub-FR001")
    for region in REGIONS:
        member = rois.sel(roi=region).to_numpy() & finite
        shared = [
            np.mean([zscore(each.responses[name].to_numpy()[:, member]) for each in pair], axis=0)
            for pair in itertools.combinations(recordings, 2)
            for name in recordings[0].responses
        ]
        # The mean of two has the variance (1 + r) / 2.
        found = 2 * np.mean(np.concatenate(shared) ** 2) - 1
        # 27 runs of 27 rows, of some 16 parcels: a standard error of about .01.
        assert found == pytest.approx(truth["regions"][region]["signal_share"], abs=0.04)


def test_volumes_after_the_sound_hold_no_signal(prince_phantom):
    prince = LittlePrince(prince_phantom)
    parcels = brain().parcels
    last = []
    for subject in ("sub-EN057", "sub-EN059"):
        run = prince._run(subject, "EN-1")
        values = nibabel.load(run).get_fdata()
        n_rows = len(prince.clock("EN-1"))
        assert values.shape[3] == n_rows + 4  # the sound ends within the first half of a volume
        series = [values[parcels == parcel][0, n_rows:] for parcel in range(N_PARCELS)]
        last.append(np.concatenate(series))
    assert abs(np.corrcoef(last)[0, 1]) < 0.2
