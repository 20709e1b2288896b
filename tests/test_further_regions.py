"""Regions that a benchmark reports where the data label them, as an atlas that users add."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import nibabel
import numpy as np
import pytest
import xarray as xr
from label_files import GLASSER_AREAS, glasser_names, write_annotation
from toy import Loudness, ToyDataset, toy_benchmark

import heschl
from heschl.data_registry.atlases.groups import DESTRIEUX

AREAS = {"Heschl": "A1", "STG": "A5", "IFG": "44"}
"""Which area of Glasser's lies where, in these tests, by the region of Destrieux's."""


class Added(ToyDataset):
    """The second listener has a region more."""

    def rois(self, subject):
        found = super().rois(subject)
        added = found.sel(roi=["A1"]).assign_coords(roi=["belt"])
        return xr.concat([found, added], "roi") if subject == "S2" else found


def test_regions_that_the_data_label_are_reported_too(tmp_path):
    declared = toy_benchmark(further_rois=("belt", "A1", "nowhere"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        score = heschl.score(Loudness(), declared, data=Added(), store=tmp_path)
    plain = heschl.score(Loudness(), toy_benchmark(), data=Added(), store=tmp_path)

    summary = score.tree["summary"].to_dataset()
    assert summary["roi"].to_numpy().tolist() == ["A1", "all", "belt"]
    np.testing.assert_array_equal(
        summary["score"].sel(roi="belt", subject="S2"), summary["score"].sel(roi="A1", subject="S2")
    )
    others = summary["subject"].to_numpy() != "S2"
    assert others.any()
    assert np.isnan(summary["score"].sel(roi="belt")[:, others]).all()
    xr.testing.assert_identical(
        summary.sel(roi=["A1", "all"]).drop_attrs(),
        plain.tree["summary"].to_dataset().sel(roi=["A1", "all"]).drop_attrs(),
    )
    assert declared.configuration() == toy_benchmark().configuration()


@pytest.mark.parametrize("benchmark", ["lebel_moth-ridge", "lebel_moth-low_level_impact"])
def test_late_language_is_reported_of_who_has_labels_of_glasser(
    benchmark, moth_phantom, tmp_path, store_folder
):
    root = shutil.copytree(moth_phantom, tmp_path / "moth")
    for subject in ("UTS01", "UTS02"):
        _add_glasser(root / "derivative/freesurfer_subjdir" / subject / "label")

    score = heschl.score(
        "logmel", benchmark, data=str(root), subjects=["UTS01", "UTS02"], store=store_folder
    )

    summary = score.tree["summary"].to_dataset()
    names = summary["roi"].to_numpy().tolist()
    assert names[:6] == ["all", "Heschl", "STG", "STS", "IFG", "Motor"]
    same = {"early_auditory": "Heschl", "A1": "Heschl", "late_language.LTC": "STG"}
    for added, known in {**same, "late_language.IFG": "IFG"}.items():
        np.testing.assert_array_equal(
            summary["normalised"].sel(roi=added), summary["normalised"].sel(roi=known)
        )
    n_units = summary["n_units"]
    both = n_units.sel(roi="STG") + n_units.sel(roi="IFG")
    np.testing.assert_array_equal(n_units.sel(roi="late_language"), both)
    assert int(both.min()) > 0


def _add_glasser(labels: Path) -> None:
    """Write labels of Glasser's areas that lie where those of Destrieux's do."""
    for side, name in (("L", "lh"), ("R", "rh")):
        numbers, _, known = nibabel.freesurfer.read_annot(labels / f"{name}.aparc.a2009s.annot")
        of_vertex = np.array([known[number].decode() if number >= 0 else "" for number in numbers])
        areas = np.zeros(len(of_vertex), int)  # no area
        for region, area in AREAS.items():
            areas[np.isin(of_vertex, DESTRIEUX[region])] = 1 + GLASSER_AREAS.index(area)
        write_annotation(labels / f"{name}.HCPMMP1.annot", areas, glasser_names(side))
