"""Benchmarks on Narratives (Nastase et al. 2021): their cards."""

from __future__ import annotations

from dataclasses import replace

from heschl.cards import BenchmarkCard

__all__ = ["RIDGE", "RIDGE_COMPAT"]

_CITATION = """\
@inproceedings{millet2022toward,
  title = {Toward a realistic model of speech processing in the brain with self-supervised
           learning},
  author = {Millet, Juliette and Caucheteux, Charlotte and Orhan, Pierre and Boubenec, Yves and
            Gramfort, Alexandre and Dunbar, Ewan and Pallier, Christophe and King, Jean-Remi},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {35},
  year = {2022}
}"""

RIDGE = BenchmarkCard(
    id="narratives-ridge",
    load="heschl.benchmarks.narratives.ridge:benchmark",
    summary="Ridge encoding of story listening on the cortical surface, as Millet et al. 2022",
    requires=("nibabel", "nilearn"),
    extra="brain",
    citation=_CITATION,
    version=1,
    dataset="narratives",
    metric="ridge",
    protocol="millet2022.brain_score",
    published="heschl.benchmarks:narratives/published.tsv",
)

RIDGE_COMPAT = replace(
    RIDGE,
    id="narratives-ridge-compat",
    load="heschl.benchmarks.narratives.ridge:compatible",
    summary="narratives-ridge with the folds and the haemodynamic grid of the published code",
    protocol="millet2022.brain_score, published code",
)
