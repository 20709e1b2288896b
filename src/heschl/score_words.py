"""What a Score says of its uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from heschl.wording import counted, plural

if TYPE_CHECKING:
    from heschl.scores import Score

__all__ = ["fairness_in_words", "uncertainty_in_words"]


def fairness_in_words(score: Score) -> list[str]:
    """Return what there is to say of a model that was tuned on stimuli of the benchmark."""
    seen = score.tree.attrs.get("trained_on_test_data")
    left_out = score.tree.attrs.get("left_out_of_test")
    unfitted = score.tree.attrs.get("left_out_of_training")
    return [
        *([f"TRAINED ON THE TEST DATA: it was tuned on {seen}; never ranked."] if seen else []),
        *([f"Left out of its tests, since it was tuned on them: {left_out}."] if left_out else []),
        *(
            [f"Its readouts are fitted without what said when its tuning was to stop: {unfitted}."]
            if unfitted
            else []
        ),
    ]


def uncertainty_in_words(score: Score, n_samples: int) -> str:
    """Return the error, the interval and the test of the mean, or why there are none."""
    if score.is_drawn:
        low, high = score.interval
        level = float(score.tree["population"].attrs["interval_level"])
        return (
            f"With {plural(score.sample)} drawn anew it has the standard error "
            f"{score.error:.4f} and the {100 * level:g} % interval [{low:.4f}, {high:.4f}]; the "
            "fits stay as they are."
        )
    counted_samples = counted(n_samples, str(score.tree.attrs["unit_of_uncertainty"]))
    mean = f"The mean over {counted_samples} has"
    if not np.isfinite(score.error):
        return f"{mean} neither error nor interval nor test."
    low, high = score.interval
    level = float(score.tree["population"].attrs["interval_level"])
    test = (
        f"Wilcoxon signed-rank against 0: p = {score.p:.4g}."
        if np.isfinite(score.p)
        else f"With {counted_samples} no test can reach p < .05: not testable."
    )
    return (
        f"{mean} the standard error {score.error:.4f} and the {100 * level:g} % bootstrap "
        f"interval [{low:.4f}, {high:.4f}]. {test}"
    )
