"""The card of ABX on TIMIT."""

from heschl.cards import BenchmarkCard

__all__ = ["ABX"]

ABX = BenchmarkCard(
    id="timit-abx",
    load="heschl.benchmarks.timit.abx:benchmark",
    summary="ABX on the phones of TIMIT's test speakers, within and across speakers and contexts",
    requires=("numba",),
    extra="abx",
    citation="""\
@inproceedings{schatz2013evaluating,
  title = {Evaluating speech features with the minimal-pair {ABX} task: analysis of the classical
           {MFC/PLP} pipeline},
  author = {Schatz, Thomas and Peddinti, Vijayaditya and Bach, Francis and Jansen, Aren and
            Hermansky, Hynek and Dupoux, Emmanuel},
  booktitle = {Proceedings of Interspeech},
  pages = {1781--1785},
  year = {2013},
  doi = {10.21437/Interspeech.2013-441},
}
""",
    version=1,
    dataset="timit",
    metric="abx",
    protocol="abx.phones_in_context",
    unit_of_uncertainty="phone pair",
)
