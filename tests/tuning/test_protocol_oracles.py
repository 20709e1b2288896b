"""Where each line of the oracles of brain-tuning (S-moussa) is held; the closed forms of baselines.

brain_tuning
    Loss floor 1 - ρ² and held-out R² ≥ ρ² - .03:
    ``test_training.test_loss_reaches_the_noise_and_held_out_r2_the_planted_share``.
    Permuted targets, R² ≤ 0 and loss ≥ 1 - .02:
    ``test_training.test_permuted_responses_teach_nothing``; blocks of 15, 10 away:
    ``test_controls.test_blocks_of_fifteen_rows_stay_whole_over_all_stories``.
    Frozen to the bit: ``test_training.test_frozen_weights_stay_to_the_bit_and_others_move``.
    Rates at a tenth and at the end of the steps:
    ``test_training.test_rates_rise_to_a_tenth_of_the_steps_and_fall_to_zero``.
    Gain in planted regions, and of no control: ``test_planted_gain``.
scaling
    Spearman -1 without noise:
    ``test_scaling.test_gains_that_fall_with_the_log_of_size_correlate_by_minus_one``.
    Nested parts: ``test_examples.test_subsets_are_strictly_nested`` and
    ``test_scaling.test_parts_that_are_not_nested_are_refused``.
layerwise
    Slopes: ``test_report.test_planted_slope_is_recovered_and_a_flat_one_is_none``; p = .0078:
    ``test_report.test_eight_listeners_of_one_sign_reach_the_floor_and_no_less``.
downstream
    Majority and all ones: below; word error rates:
    ``tests/metrics/test_asr.py::test_word_error_rates_of_the_protocol``; a vocabulary in another
    order: ``tests/metrics/test_probing_tallies.py::test_truth_and_answers_have_one_vocabulary``.
"""

from __future__ import annotations

import numpy as np
import pytest

from heschl.metrics.probing import Labels, LabelSets

TYPES = ("SA", "SI", "SX")


def scores_of(truth, answers):
    return truth.scores(truth.tally(answers, np.zeros(len(truth), dtype=int)).sum(axis=0))


@pytest.mark.parametrize("counts", [(2, 3, 5), (1, 1, 8), (3, 3, 4)])
def test_majority_class_has_the_scores_of_its_share(counts):
    truth = np.repeat(np.arange(3), counts)
    p = max(counts) / sum(counts)

    found = scores_of(Labels(truth, TYPES), Labels(np.full(len(truth), 2), TYPES))

    assert float(found["accuracy"]) == pytest.approx(p)
    assert float(found["macro_f1"]) == pytest.approx(2 * p / (1 + p) / 3)
    assert float(found["micro_f1"]) == pytest.approx(p)


@pytest.mark.parametrize("density", [0.1, 0.5, 0.8])
def test_all_ones_have_the_micro_f1_of_the_density(density):
    truth = np.zeros((10, 10), dtype=bool)
    truth.flat[: round(100 * density)] = True
    names = tuple("abcdefghij")

    found = scores_of(LabelSets(truth, names), LabelSets(np.ones_like(truth), names))

    assert float(found["micro_f1"]) == pytest.approx(2 * density / (1 + density))
