"""Events that last: the values of words, held or repeated for as long as the words are heard."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import scipy.sparse

__all__ = ["RATE_HZ", "EventStamp", "rendering"]

EventStamp = Literal["onset", "midpoint", "offset", "hold", "repeat"]
"""Where the value of an event stands: at one moment of it, or for as long as it lasts."""

RATE_HZ = 50
"""Frames a second while a value lasts: the pace of the speech models that it stands beside."""


def rendering(
    onsets_s: np.ndarray, offsets_s: np.ndarray, event_stamp: EventStamp, duration_s: float
) -> tuple[np.ndarray, Any]:  # a SciPy sparse array has no type
    """Return the centres of frames in seconds, and the map (frame, event) from values to them.

    Parameters
    ----------
    onsets_s, offsets_s
        Where each event begins and ends (event,); they may overlap.
    event_stamp
        ``hold`` weighs a value by the share of the frame that the event fills,
        so that each adds up to what it lasts, and adds those of events that
        overlap. ``repeat`` copies the value of the event that began last of
        those at the frame's centre, so that an event shorter than a frame may
        be missed. Frames of silence are zero.
    duration_s
        How long the sound is; frames cover it and every event.

    >>> times_s, held = rendering(np.array([0.01]), np.array([0.05]), "hold", 0.06)
    >>> times_s.round(3).tolist(), held.toarray().ravel().round(3).tolist()
    ([0.01, 0.03, 0.05], [0.5, 1.0, 0.5])
    """
    end_s = max(duration_s, float(np.max(offsets_s, initial=0.0)))
    # A sound of a whole number of frames must not get one more by rounding.
    n_frames = int(np.ceil(np.round(end_s * RATE_HZ, 6)))
    starts, stops = np.asarray(onsets_s) * RATE_HZ, np.asarray(offsets_s) * RATE_HZ
    frames, events, weights = [], [], []
    taken = np.full(n_frames, -1)
    for event in np.argsort(starts, kind="stable"):
        start, stop = starts[event], stops[event]
        touched = np.arange(max(int(np.floor(start)), 0), min(int(np.ceil(stop)), n_frames))
        if event_stamp == "repeat":
            taken[touched[(start <= touched + 0.5) & (touched + 0.5 < stop)]] = event
            continue
        frames.append(touched)
        events.append(np.full(len(touched), event))
        weights.append(np.minimum(touched + 1, stop) - np.maximum(touched, start))
    if event_stamp == "repeat":
        frames = [np.flatnonzero(taken >= 0)]
        events, weights = [taken[frames[0]]], [np.ones(len(frames[0]))]
    none = np.empty(0, dtype=np.intp)
    places = (np.concatenate([none, *frames]), np.concatenate([none, *events]))
    shape = (n_frames, len(starts))
    matrix = scipy.sparse.csr_array((np.concatenate([[], *weights]), places), shape=shape)
    return (np.arange(n_frames) + 0.5) / RATE_HZ, matrix
