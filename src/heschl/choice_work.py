"""What the cells of layer choices do: score units with the layers that training rows chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from heschl.cells import Arrays, Report
from heschl.contracts import PredictingMetric
from heschl.dimensions import STIMULUS
from heschl.encoding_rows import folds_of, responses_of, stored
from heschl.encoding_work import over_folds
from heschl.layer_choice import assembled, best_on_inner_folds, of_chosen_layer
from heschl.resampling import over_stimuli
from heschl.session import Session
from heschl.split_choice import choose_layers

if TYPE_CHECKING:
    from heschl.encoding import EncodingBenchmark

__all__ = ["compute_choice"]


def compute_choice(
    benchmark: EncodingBenchmark,
    session: Session,
    subject: str,
    keys: Sequence[str],
    _missing: Sequence[int],
    _report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield one listener's scores with the layers chosen for each unit.

    Chosen within the training rows, ``layer`` is (fold, unit), ``score`` (unit,); where the metric
    corrects for noise itself ``normalised`` (unit,), where stimuli are drawn anew ``draws`` (draw,
    unit). Chosen on half of the splits, each has (iteration, unit). ``keys`` are those of the
    scores of each layer.
    """
    layers = [stored(session, key, f"the scores of {subject}") for key in keys]
    if benchmark.layer_rule == "splits":
        yield 0, _on_other_splits(layers, session.seed)
        return
    chosen = best_on_inner_folds(np.stack([each["inner_score"] for each in layers]))
    arrays = {"layer": chosen}
    if "fold_normalised" in layers[0]:
        of_folds = np.stack([each["fold_normalised"] for each in layers])
        arrays["normalised"] = over_folds(benchmark, of_chosen_layer(of_folds, chosen))
    if "prediction" not in layers[0]:
        of_folds = np.stack([each["fold_score"] for each in layers])
        yield 0, {**arrays, "score": over_folds(benchmark, of_chosen_layer(of_folds, chosen))}
        return
    # A score of all rows together is no mean over folds.
    stimuli = benchmark.stimuli(session, subject)
    responses = responses_of(benchmark, session, stimuli, subject)
    folds = folds_of(benchmark, session, stimuli)
    prediction = assembled([each["prediction"] for each in layers], chosen, folds)
    measured = responses.to_numpy()
    metric = cast("PredictingMetric", benchmark.metric)
    arrays["score"] = metric.score_of(prediction, measured)
    if benchmark.card.unit_of_uncertainty == STIMULUS:
        arrays["draws"] = over_stimuli(
            metric.score_of,
            prediction,
            measured,
            responses[STIMULUS].to_numpy(),
            seed=session.seed,
        )
    yield 0, arrays


def _on_other_splits(layers: Sequence[Arrays], seed: int) -> Arrays:
    """Return what layers reach on those splits that did not choose them."""
    names = [name for name in ("score", "normalised") if f"fold_{name}" in layers[0]]
    values = {name: np.stack([each[f"fold_{name}"] for each in layers]) for name in names}
    # A share of what can be explained tells no more above 1.
    highest = 1.0 if "normalised" in values else np.inf
    choice = choose_layers(values[names[-1]], values, highest=highest, seed=seed)
    return {"layer": choice.layer, **choice.values}
