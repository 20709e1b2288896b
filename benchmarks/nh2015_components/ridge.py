"""`nh2015_components-ridge`: audio2025.components, as `nh2015-ridge` on six components.

Each of 165 natural sounds of 2 s has one response of each component of the group's voxels.
"""

from __future__ import annotations

from dataclasses import replace

from heschl.benchmarks.nh2015 import ridge as nh2015
from heschl.benchmarks.nh2015_components import RIDGE
from heschl.encoding import EncodingBenchmark


def benchmark() -> EncodingBenchmark:
    """Return the declaration."""
    return replace(
        nh2015.benchmark(),
        card=RIDGE,
        rois=("all", "lowfreq", "highfreq", "envsounds", "pitch", "speech", "music"),
    )
