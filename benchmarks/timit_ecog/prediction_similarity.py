"""`timit_ecog-prediction_similarity`: chen2023.prediction_similarity, line by line.

A model that hears and a language model may predict an electrode equally well by the same of its
variance, or each by another part of it. Their predictions of the frames that were held out tell.
"""

from __future__ import annotations

from heschl.benchmarks.timit_ecog import PREDICTION_SIMILARITY, trf
from heschl.metrics.cca.company import Company, Features
from heschl.metrics.cca.similarity_benchmark import PredictionSimilarity


def benchmark() -> PredictionSimilarity:
    """Return the declaration."""
    return PredictionSimilarity(
        card=PREDICTION_SIMILARITY,
        trf=trf.benchmark(),
        company=Company(partner="gpt2-xl", baseline=Features("logmel", layer="logmel")),
        on_phantom=Company(
            partner="phantom-phones", baseline=Features("phantom-spectrum", layer="bands")
        ),
        minimum=0.05,
    )
