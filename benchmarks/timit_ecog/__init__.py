"""Benchmarks on ECoG of listeners to TIMIT: their cards."""

from heschl.cards import BenchmarkCard

__all__ = ["TRF"]

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
