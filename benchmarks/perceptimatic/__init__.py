"""Benchmarks on Perceptimatic: their cards."""

from dataclasses import replace

from heschl.cards import BenchmarkCard

__all__ = ["ABX", "ABX_ALL"]

ABX = BenchmarkCard(
    id="perceptimatic-abx",
    load="heschl.benchmarks.perceptimatic.abx:benchmark",
    summary="ABX on 5,202 triplets of French and English phones, beside 184 listeners",
    requires=("numba",),
    extra="abx",
    citation="""\
@inproceedings{millet2022toward,
  title = {Toward a realistic model of speech processing in the brain with self-supervised
           learning},
  author = {Millet, Juliette and Caucheteux, Charlotte and Orhan, Pierre and Boubenec, Yves and
            Gramfort, Alexandre and Dunbar, Ewan and Pallier, Christophe and King, Jean-Remi},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {35},
  year = {2022},
}
""",
    version=1,
    dataset="perceptimatic",
    metric="abx",
    protocol="millet2022.abx_behaviour",
    unit_of_uncertainty="phone pair",
)

ABX_ALL = replace(
    ABX,
    id="perceptimatic_all-abx",
    load="heschl.benchmarks.perceptimatic.abx:benchmark_of_all",
    summary="ABX on the 6,030 triplets of Millet et al. 2022, each sound by itself",
    dataset="perceptimatic_all",
)
