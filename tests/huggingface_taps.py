"""Write checkpoints, or hear them: run by another release of transformers, for comparison.

::

    python tests/huggingface_taps.py write FOLDER
    python tests/huggingface_taps.py hear FOLDER TAPS.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from huggingface_checkpoints import KINDS, write_checkpoint

from heschl.models.huggingface import open_encoder

__all__ = ["hear", "write"]


def write(folder: Path) -> None:
    """Write one checkpoint of each kind, as this release does."""
    for kind in KINDS:
        write_checkpoint(folder / kind, kind)


def hear(folder: Path) -> dict[str, np.ndarray]:
    """Return ``{"kind/layer": (batch, time, unit)}`` of the checkpoints in a folder."""
    found = {}
    for kind in KINDS:
        model = open_encoder(str(folder / kind))
        n_samples = int(1.53 * model.sample_rate) + 7
        drawn = np.random.default_rng(1).standard_normal((2, n_samples))
        sound = (0.02 + 0.1 * drawn).astype(np.float32)
        heard = model.forward(sound, [layer.name for layer in model.layers])
        found |= {f"{kind}/{layer}": states.numpy() for layer, states in heard.items()}
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    command, place, *output = sys.argv[1:]
    if command == "write":
        write(Path(place))
    else:
        np.savez(output[0], version=transformers.__version__, **hear(Path(place)))
