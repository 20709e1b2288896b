"""`timit_ecog-shared_cca`: chen2023.shared_cca, line by line.

A model that hears and a language model each predict the electrodes. Canonical correlations of the
two on the training frames divide either into 50 directions that both have and the rest; what is
shared is compared with static word vectors, the mel spectrum and what the words' context adds.
"""

from __future__ import annotations

from heschl.benchmarks.timit_ecog import SHARED_CCA, trf
from heschl.metrics.cca.benchmark import SharedDirections
from heschl.metrics.cca.company import Company, Features


def benchmark() -> SharedDirections:
    """Return the declaration."""
    mel = Features("logmel", layer="logmel")
    spectrum = Features("phantom-spectrum", layer="bands")
    return SharedDirections(
        card=SHARED_CCA,
        trf=trf.benchmark(),
        company=Company(
            partner="gpt2-xl",
            baseline=mel,
            controls={
                "semantic": Features("vectors:glove.6B.300d.txt", layer="vector"),
                "acoustic": mel,
            },
            n_shared=50,
        ),
        on_phantom=Company(
            partner="phantom-phones",
            baseline=spectrum,
            controls={
                "semantic": Features("phantom-words", layer="blend.2"),
                "acoustic": spectrum,
            },
            n_shared=4,
        ),
    )
