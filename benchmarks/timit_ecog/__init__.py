"""Benchmarks on ECoG of listeners to TIMIT: their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["PREDICTION_SIMILARITY", "SHARED_CCA", "TRF"]

_CITATION = """\
@article{chen2023do,
  title = {Do self-supervised speech and language models extract similar representations as human
           brain?},
  author = {Chen, Peili and He, Linyang and Fu, Li and Fan, Lu and Chang, Edward F. and
            Li, Yuanning},
  journal = {arXiv preprint arXiv:2310.04645},
  year = {2023}
}"""

TRF = BenchmarkCard(
    id="timit_ecog-trf",
    load="heschl.benchmarks.timit_ecog.trf:benchmark",
    summary="Temporal response functions of ECoG to TIMIT sentences, as Chen et al. 2023 fit them",
    requires=("h5py",),
    extra="brain",
    citation=_CITATION,
    version=1,
    dataset="timit_ecog",
    metric="lagged-ridge",
    protocol="chen2023.trf",
)

SHARED_CCA = BenchmarkCard(
    id="timit_ecog-shared_cca",
    load="heschl.benchmarks.timit_ecog.shared_cca:benchmark",
    summary="What of a model's fit to ECoG it shares with GPT-2, by canonical correlations",
    requires=("h5py",),
    extra="brain",
    citation=_CITATION,
    version=1,
    dataset="timit_ecog",
    metric="cca",
    protocol="chen2023.shared_cca",
)

PREDICTION_SIMILARITY = BenchmarkCard(
    id="timit_ecog-prediction_similarity",
    load="heschl.benchmarks.timit_ecog.prediction_similarity:benchmark",
    summary="How alike a model's predictions of ECoG are to those of GPT-2",
    requires=("h5py",),
    extra="brain",
    citation=_CITATION,
    version=1,
    dataset="timit_ecog",
    metric="cca",
    protocol="chen2023.prediction_similarity",
)
