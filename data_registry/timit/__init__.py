"""TIMIT: 6,300 sentences read by 630 speakers of American English, with phones and words."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["TIMIT"]

TIMIT = DatasetCard(
    id="timit",
    load="heschl.data_registry.timit.loader:Timit",
    summary="630 speakers of eight dialects of American English read ten sentences each",
    licence="LDC User Agreement",
    citation="""\
@misc{garofolo1993timit,
  title = {{TIMIT} Acoustic-Phonetic Continuous Speech Corpus},
  author = {Garofolo, John S. and Lamel, Lori F. and Fisher, William M. and Fiscus, Jonathan G. and
            Pallett, David S. and Dahlgren, Nancy L. and Zue, Victor},
  publisher = {Linguistic Data Consortium},
  number = {LDC93S1},
  year = {1993},
  doi = {10.35111/17gk-bn40},
}
""",
    url="https://catalog.ldc.upenn.edu/LDC93S1",
    access="licensed",
    how_to_get="from the Linguistic Data Consortium, as LDC93S1: give the folder that holds TRAIN "
    "and TEST, or TIMIT with these in it",
    languages=("en",),
    recording="labelled speech",
    phantom="heschl.data_registry.timit.phantom:write_phantom",
    phantom_version=3,
)
