"""What an epoch of brain-tuning would take on a graphics card: an estimate, with its basis.

    python perf/tuning.py

wav2vec 2.0 base (random weights) on a listener of the true size: 6.4 h of stories, 30,000 voxels.
Then one real step of one row on one thread of this processor, against what its products alone take:
were too many operations counted, the step would be faster than the products.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from heschl.braintuning.costs import CARDS, estimate, one_pass
from heschl.braintuning.objective import Regression
from heschl.braintuning.recipe import Recipe
from heschl.models.huggingface.random_wav2vec2 import base
from heschl.tuning import tunable_network

N_SAMPLES, N_UNITS = 160_000, 30_000
ROWS, VALIDATION_ROWS = 10_900, 350
"""Of 11,543 scans, without those of the validation and the test story."""


def main() -> None:
    """Print both."""
    model = base()
    objective = Regression(tunable_network(model, "block.11", frozen="cnn"), N_UNITS)
    for rows_at_once in (None, 32):
        for card in CARDS:
            found = estimate(
                objective, Recipe(rows_at_once=rows_at_once), n_rows=ROWS, card=card,
                n_validation=VALIDATION_ROWS, n_samples=N_SAMPLES, n_units=N_UNITS,
            )  # fmt: skip
            print(f"rows at once: {rows_at_once or 'all 128'}", *found.lines(), sep="\n  ")
    torch.set_num_threads(1)
    n_operations = one_pass(objective, 1, N_SAMPLES, N_UNITS, is_mixed=False).flops
    square = torch.randn(2048, 2048)
    products_s = _seconds(lambda: square @ square) / (2 * 2048**3)
    objective.train()
    sound, responses = torch.randn(1, N_SAMPLES), torch.randn(1, N_UNITS)
    step_s = _seconds(lambda: objective.loss(sound, responses).backward())
    print(
        f"a step of one row: {n_operations / 1e9:.0f} GFLOP in {step_s:.1f} s of one thread, "
        f"{n_operations / step_s / 1e9:.0f} GFLOP/s; large products {1e-9 / products_s:.0f} GFLOP/s"
    )


def _seconds(work: Callable[[], Any]) -> float:
    """Return the processor time of the faster of two."""
    times = []
    for _ in range(2):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


if __name__ == "__main__":
    main()
