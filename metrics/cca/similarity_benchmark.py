"""The kind of benchmark that asks how alike two models' predictions of a brain are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from heschl.ceilings import Power
from heschl.cells import Arrays, Cell, Report
from heschl.configuration import describe
from heschl.encoding import EncodingBenchmark
from heschl.encoding_rows import folds_of, responses_of, stored
from heschl.encoding_work import design_of
from heschl.gathering import SubjectScores
from heschl.metrics.cca.accompanied import Accompanied
from heschl.metrics.cca.company import Heard, once
from heschl.metrics.cca.parts import CHOSEN_IN_WORDS, gather_parts, of_listener
from heschl.metrics.cca.similarity import shared_variance
from heschl.metrics.ridge.lagged.predicting import predict
from heschl.session import Session

__all__ = ["PAIRS", "PredictionSimilarity"]

PAIRS: Mapping[str, tuple[str, str]] = {
    "model-partner": ("model", "partner"),
    "model-baseline": ("model", "baseline"),
    "partner-baseline": ("partner", "baseline"),
}
"""Which models are compared, the Score's own pair first."""

_MODELS = ("model", "partner", "baseline")


@dataclass(frozen=True)
class _BothPredict:
    """What decides which electrodes count: how well the worse of two models predicts them."""

    kind: ClassVar[str] = "none"
    power: ClassVar[Power] = "variance"
    minimum: float

    def configuration(self) -> dict[str, Any]:
        """Return every setting and the numerics version."""
        return {**describe(self), "numerics": 1}


@dataclass(frozen=True)
class PredictionSimilarity(Accompanied):
    """Compare the predictions that models make of one response, where both predict it.

    The score of an electrode is the squared Pearson correlation of two models' predictions of it,
    of each row by the fold that did not train on it, all folds one after the other. Of each model
    the layer is taken that does best within the training rows of the fold.

    The Score is that of the model and its partner; its only layer is ``chosen``. Beside it the
    groups have every pair of models along ``pair``: ``pair_score`` (pair, listener, region) and of
    every unit, ``pair_value``, ``pair_error`` and so on over listeners. Nothing is divided by a
    ceiling; ``/ceiling`` holds what decides which units count, the smaller normalised R² of both.

    Parameters
    ----------
    card, trf, company, on_phantom
        As of `heschl.metrics.cca.accompanied.Accompanied`; controls are not used.
    minimum
        Electrodes count where the normalised R² of both models is above it.
    """

    minimum: float = 0.05
    numerics: ClassVar[int] = 1

    def description(self) -> dict[str, str]:
        """Return what the score and its normalisation are, in words."""
        return {
            "score_meaning": "the squared correlation of its out-of-fold predictions with those of "
            "its partner",
            "score_power": "variance",
            "normalisation": "none: the score itself, of units that both models predict",
            "layer_rule": "nested",
            "layer_choice": CHOSEN_IN_WORDS,
            "unit_average": self.trf.unit_average,
        }

    def cells(self, session: Session) -> list[Cell]:
        """Return the work: features and scores of all models, then predictions by listener."""
        models = self.models(session)
        cells = once([cell for each in models.values() for cell in each.cells])
        return [*cells, *(self._cell(session, subject, models) for subject in session.subjects)]

    def _cell(self, session: Session, subject: str, models: Mapping[str, Heard]) -> Cell:
        stimuli = self.trf.stimuli(session, subject)
        shared = {
            "stage": "predictions",
            "numerics": self.numerics,
            "subject": subject,
            "seed": session.seed,
        }
        configurations = tuple(
            {**shared, "scores": models[who].scores[subject], "who": who, "fold": fold.name}
            for who in _MODELS
            for fold in folds_of(self.trf, session, stimuli)
        )
        inputs = {who: each._replace(cells=()) for who, each in models.items()}
        return Cell(
            "predictions",
            subject,
            f"predictions of {subject}",
            configurations,
            partial(compute_predictions, self.trf, session, subject, inputs),
        )

    def gather(self, session: Session, cells: Sequence[Cell]) -> dict[str, xr.Dataset]:
        """Return how alike predictions are, and its reductions, read from the store."""
        of = {(cell.stage, cell.about): cell for cell in cells}
        results: dict[str, list[SubjectScores]] = {pair: [] for pair in PAIRS}
        for subject in session.subjects:
            ceiling, cell = of["ceiling", subject], of["predictions", subject]
            noise = stored(session, ceiling.keys[0], ceiling.label)
            entries = [stored(session, key, cell.label) for key in cell.keys]
            n_folds = len(entries) // len(_MODELS)
            models = {
                who: entries[n * n_folds : (n + 1) * n_folds] for n, who in enumerate(_MODELS)
            }
            folds = folds_of(self.trf, session, self.trf.stimuli(session, subject))
            counts = self.counts(session, subject, folds)
            has_ceiling = noise["ceiling"] > self.trf.ceiling.minimum
            divisor = np.where(has_ceiling, noise["ceiling"], np.inf)
            for pair, sides in PAIRS.items():
                one, other = (
                    of_listener(subject, noise, models[who], counts=counts) for who in sides
                )
                predicted = [
                    np.concatenate([each["prediction"] for each in models[who]]) for who in sides
                ]
                shared = shared_variance(*predicted)[None]
                results[pair].append(
                    replace(
                        one,
                        score=shared,
                        normalised=shared,
                        flag_constant=one.flag_constant | other.flag_constant,
                        ceiling=np.minimum(one.score[0], other.score[0]) / divisor,
                    )
                )
        return gather_parts(
            "pair",
            results,
            session.dataset.get(),
            self.rois,
            _BothPredict(self.minimum),
            seed=session.seed,
        )


def compute_predictions(
    trf: EncodingBenchmark,
    session: Session,
    subject: str,
    models: Mapping[str, Heard],
    missing: Sequence[int],
    report: Report,
) -> Iterator[tuple[int, Arrays]]:
    """Yield each model's missing predictions (tested row, unit), float32, fold by fold.

    Position ``model · folds + fold`` also has ``score``, ``alpha`` and ``flag_constant`` (unit,),
    and the name of the ``layer``.
    """
    stimuli = trf.stimuli(session, subject)
    folds = folds_of(trf, session, stimuli)
    responses = responses_of(trf, session, stimuli, subject)
    metric: Any = replace(trf.metric, has_weights=True)  # type: ignore[type-var]  # checked by require_lagged
    chosen = {who: each.chosen(session, subject) for who, each in models.items()}
    for n_done, position in enumerate(missing):
        who, number = _MODELS[position // len(folds)], position % len(folds)
        layer = int(chosen[who][number])
        keys = {name: models[who].features[layer][name] for name in stimuli}
        design = design_of(trf, session, keys)
        found = metric.score_fold(design, responses, folds, number, seed=session.seed).isel(fold=0)
        prediction = predict(design, found, folds[number].test)
        yield (
            position,
            {
                "prediction": prediction.astype(np.float32),
                "layer": np.asarray(models[who].layers[layer]),
                "ran_on": np.asarray(found.attrs.get("ran_on", "not said by the metric")),
                **{name: found[name].to_numpy() for name in ("score", "alpha", "flag_constant")},
            },
        )
        report((n_done + 1) / len(missing))
