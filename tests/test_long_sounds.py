"""A sound of two hours: right to its end, and never in memory as a whole."""

from __future__ import annotations

import tracemalloc

import numpy as np
import soundfile
from toy import RATE, Loudness

from heschl.clocks import Average
from heschl.extraction import ChunkedWindows, extract
from heschl.sound import Sound, Stimulus

DURATION_S = 2 * 3600
MINUTE = 60 * RATE


def amplitude(minute):
    return 0.05 + 0.9 * minute * 60 / DURATION_S


def test_two_hours_are_heard_to_their_end_and_never_held(tmp_path):
    # A square wave is as loud everywhere within its minute.
    wave = np.where(np.arange(MINUTE) % 8 < 4, 1.0, -1.0)
    with soundfile.SoundFile(tmp_path / "long.wav", "w", RATE, 1, "PCM_16") as file:
        for minute in range(120):
            file.write(amplitude(minute) * wave)
    targets_s = np.arange(120) * 60 + 59.0

    tracemalloc.start()
    found = extract(
        Loudness(),
        Stimulus("long", Sound.from_file(tmp_path / "long.wav")),
        ["low"],
        ChunkedWindows(window_s=10.0, stride_s=5.0),
        Average(width_s=1.0),
        targets_s,
    )["low"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    np.testing.assert_allclose(found[:, 0], amplitude(np.arange(120)), atol=1e-4)
    # Its samples would be 115 MB. What is there of it: times, weights and the plan, under 400 bytes
    # for each of 72,000 frames, whatever the model's width.
    assert peak < 32 * 2**20
