"""Which electrodes respond to speech.

The published number, 822 of 4,388, comes without its criterion. Taken is: the mean of the first
half second of a sentence is above that of the half second before, by a one-sided paired t test over
sentences (the first trial of each), with the false discovery rate of .01 over the listener's
electrodes (Benjamini and Hochberg).
"""

from __future__ import annotations

import numpy as np
import scipy.stats

from heschl.data_registry.timit_ecog.clock import averaging
from heschl.data_registry.timit_ecog.format import BASELINE_S
from heschl.data_registry.timit_ecog.reading import Subject, read_timing, read_trials
from heschl.statistics import fdr

__all__ = ["is_responsive", "responses_at_onset"]

WINDOW_S = 0.5
FALSE_DISCOVERIES = 0.01


def responses_at_onset(subject: Subject) -> np.ndarray:
    """Return means (2, sentence, electrode) before and after the onset of each sentence."""
    edges_s = np.array([[-BASELINE_S, 0.0], [0.0, WINDOW_S]])
    means = []
    for sentence in subject.sentences:
        timing = read_timing(subject, sentence)
        until = min(timing.n_samples, int(np.ceil((timing.pre_s + WINDOW_S) * timing.rate_hz)))
        first = read_trials(subject, sentence, first_samples=until)[0]
        means.append(averaging(timing._replace(n_samples=until), edges_s) @ first.astype(float))
    return np.stack(means, axis=1)


def is_responsive(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return which electrodes respond, booleans (electrode,).

    Parameters
    ----------
    before, after
        (sentence, electrode). An electrode with NaN, or whose difference does not vary, is not
        tested and does not respond; nor does any with fewer than two sentences.
    """
    difference = after - before
    n = len(difference)
    p = np.full(difference.shape[1], np.nan)
    if n > 1:
        spread = difference.std(axis=0, ddof=1)
        tested = np.isfinite(spread) & (spread > 0)
        t = difference[:, tested].mean(axis=0) / (spread[tested] / np.sqrt(n))
        p[tested] = scipy.stats.t.sf(t, n - 1)
    return fdr(p, FALSE_DISCOVERIES).is_discovery
