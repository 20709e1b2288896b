"""Two releases of transformers give the same layers for the same checkpoints.

They cannot be installed side by side: ``HESCHL_OTHER_TRANSFORMERS`` names the Python of another
environment, with torch, a transformers of another major version and what Heschl needs.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'heschl[speech]'")
pytest.importorskip("transformers", reason="transformers is not installed")

import transformers
from huggingface_checkpoints import KINDS
from huggingface_taps import hear, write

OTHER = os.environ.get("HESCHL_OTHER_TRANSFORMERS", "")
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not OTHER, reason="set HESCHL_OTHER_TRANSFORMERS to the Python of another environment"
)

SAME = 1e-6
"""Of a layer's largest number: releases compute attention in other orders of sums."""


def other(*arguments: object) -> None:
    script = ROOT / "tests" / "huggingface_taps.py"
    subprocess.run(
        [OTHER, script, *map(str, arguments)],
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )


@pytest.fixture(scope="module", params=["written here", "written there"])
def both(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    if request.param == "written here":
        write(folder)
    else:
        other("write", folder)
    other("hear", folder, folder / "taps.npz")
    with np.load(folder / "taps.npz") as taps:
        there = dict(taps)
    return hear(folder), there


def test_the_other_release_is_of_another_major_version(both):
    version = str(both[1]["version"])
    assert version.partition(".")[0] != transformers.__version__.partition(".")[0]


@pytest.mark.parametrize("kind", KINDS)
def test_layers_are_the_same(kind, both):
    here, there = both
    layers = [name for name in here if name.startswith(f"{kind}/")]

    assert layers == [name for name in there if name.startswith(f"{kind}/")]
    for name in layers:
        assert here[name].shape == there[name].shape
        difference = np.abs(here[name] - there[name]).max()
        assert difference <= SAME * np.abs(there[name]).max(), name
