"""LibriSpeech: English audio books, with words aligned and related (Panayotov et al. 2015)."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["LIBRISPEECH"]

LIBRISPEECH = DatasetCard(
    id="librispeech",
    load="heschl.data_registry.librispeech.loader:LibriSpeech",
    summary="Audio books in English: 80 readers of dev-clean and test-clean, word by word",
    licence="CC-BY-4.0; alignments CC-BY-4.0, CMUdict BSD-2-Clause, WordNet its own",
    citation="""\
@inproceedings{panayotov2015librispeech,
  title = {{LibriSpeech}: An {ASR} Corpus Based on Public Domain Audio Books},
  author = {Panayotov, Vassil and Chen, Guoguo and Povey, Daniel and Khudanpur, Sanjeev},
  booktitle = {IEEE International Conference on Acoustics, Speech and Signal Processing},
  pages = {5206--5210},
  year = {2015},
  doi = {10.1109/ICASSP.2015.7178964},
}

@inproceedings{lugosch2019speech,
  title = {Speech Model Pre-Training for End-to-End Spoken Language Understanding},
  author = {Lugosch, Loren and Ravanelli, Mirco and Ignoto, Patrick and Tomar, Vikrant Singh and
            Bengio, Yoshua},
  booktitle = {Proceedings of Interspeech},
  pages = {814--818},
  year = {2019},
  doi = {10.21437/Interspeech.2019-2396},
}

@article{miller1995wordnet,
  title = {{WordNet}: A Lexical Database for {English}},
  author = {Miller, George A.},
  journal = {Communications of the ACM},
  volume = {38},
  number = {11},
  pages = {39--41},
  year = {1995},
  doi = {10.1145/219717.219748},
}
""",
    url="https://www.openslr.org/12",
    access="open",
    how_to_get="a folder with LibriSpeech (dev-clean and test-clean of openslr.org/12, unpacked), "
    "alignments (the TextGrids of zenodo.org/records/2619474, unpacked), lexicon.txt "
    "(librispeech-lexicon.txt of openslr.org/11, or CMUdict) and synonyms.tsv (a line `word<TAB>"
    "synonym` for each two lemmas of a synset of WordNet)",
    languages=("en",),
    recording="labelled speech",
    n_subjects=80,
    phantom="heschl.data_registry.librispeech.phantom:write_phantom",
)
