"""`narratives-ridge` on the phantom: what was planted, and what a clock that is off loses."""

from __future__ import annotations

from dataclasses import replace

import pytest

import heschl
from heschl.data_registry.narratives.loader import Narratives
from heschl.data_registry.narratives.tasks import STORIES
from heschl.truth import read_expectations

pytestmark = pytest.mark.filterwarnings("ignore:.* divides by the mean ceiling of the 4 listeners")

LISTENERS = ("sub-001", "sub-101", "sub-102", "sub-104")


def scored(data, store_folder) -> heschl.Score:
    return heschl.score(
        "phantom-words",
        "narratives-ridge",
        data=data,
        layers=["blend.2"],
        subjects=LISTENERS,
        store=store_folder,
    )


@pytest.mark.long
def test_planted_scores_and_shared_ceilings_are_found(narratives_phantom, store_folder):
    """Of half of the listeners, one of whom was early, beside the ceilings that all tell."""
    score = scored(narratives_phantom, store_folder)
    summary = score.tree["summary"].to_dataset()

    expected = {
        each.quantity: each
        for each in read_expectations(narratives_phantom)
        if each.benchmark == "narratives-ridge" and each.roi == "STS"
    }
    for quantity in ("score", "ceiling", "normalised"):
        (found,) = expected[quantity].found_in(score)
        # Half of the listeners of one phantom in place of all of three.
        tolerance = expected[quantity].tolerance * 6**0.5
        assert found == pytest.approx(expected[quantity].expected, abs=tolerance)
    # A model of all that is shared exceeds what few others tell of it, and nothing is clipped.
    assert expected["normalised"].found_in(score)[0] > 1
    assert summary["n_stimuli"].to_numpy().tolist() == [2, 3, 2, 2]
    assert summary["n_units_dropped"].to_numpy().tolist() == [6, 6, 6, 6]


@pytest.mark.long
def test_clock_that_is_two_seconds_off_loses_most(narratives_phantom, store_folder):
    late = {name: replace(story, wav_s=story.wav_s - 2.0) for name, story in STORIES.items()}

    on_time = scored(narratives_phantom, store_folder)
    off = scored(Narratives(narratives_phantom, stories=late), store_folder)

    values = [
        float(each.tree["summary"]["score_of_all_units"].sel(roi="STS").mean())
        for each in (on_time, off)
    ]
    assert values[1] < 0.8 * values[0]
