"""The cards of the probes of TIMIT."""

from heschl.cards import BenchmarkCard

__all__ = ["MFCC", "PHONEMES", "PROBING", "SENTENCE_TYPE"]

_MILLET = """\
@inproceedings{millet2022toward,
  title = {Toward a realistic model of speech processing in the brain with self-supervised
           learning},
  author = {Millet, Juliette and Caucheteux, Charlotte and Orhan, Pierre and Boubenec, Yves and
            Gramfort, Alexandre and Dunbar, Ewan and Pallier, Christophe and King, Jean-Remi},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2022},
}
"""

_MOUSSA = """\
@inproceedings{moussa2025improving,
  title = {Improving Semantic Understanding in Speech Language Models via Brain-tuning},
  author = {Moussa, Omer and Klakow, Dietrich and Toneva, Mariya},
  booktitle = {International Conference on Learning Representations},
  year = {2025},
}
"""

PROBING = BenchmarkCard(
    id="timit-probing",
    load="heschl.benchmarks.timit.probing:benchmark",
    summary="Mel frames, phones, words and sentences told from layers, as Millet et al. 2022",
    citation=_MILLET,
    version=1,
    dataset="timit",
    metric="probing",
    protocol="millet2022.probing",
    unit_of_uncertainty="fold",
)

PHONEMES = BenchmarkCard(
    id="timit-phonemes",
    load="heschl.benchmarks.timit.phonemes:benchmark",
    summary="Which phones a sentence holds, told from a layer's mean, as Moussa et al. 2025",
    citation=_MOUSSA,
    version=1,
    dataset="timit",
    metric="probing",
    protocol="moussa2025.downstream",
    unit_of_uncertainty="stimulus",
)

SENTENCE_TYPE = BenchmarkCard(
    id="timit-sentence_type",
    load="heschl.benchmarks.timit.sentence_type:benchmark",
    summary="Which of three kinds a sentence is, told from a layer's mean, as Moussa et al. 2025",
    citation=_MOUSSA,
    version=1,
    dataset="timit",
    metric="probing",
    protocol="moussa2025.downstream",
    unit_of_uncertainty="stimulus",
)

MFCC = BenchmarkCard(
    id="timit-mfcc",
    load="heschl.benchmarks.timit.mfcc:benchmark",
    summary="Cepstrum and filter bank of each frame predicted from a layer, as Moussa et al. 2025",
    citation=_MOUSSA,
    version=1,
    dataset="timit",
    metric="probing",
    protocol="moussa2025.downstream",
    unit_of_uncertainty="stimulus",
)
