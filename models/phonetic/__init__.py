"""What was said, as features: the baselines between sound and meaning.

All read the alignment: articulation and sequences of phones need ARPABET, so
English; the rates count phones and words of any language. What a benchmark
makes of them, counts in a scan or something smoother, is its clock's business.
"""

from __future__ import annotations

from heschl.cards import UNTRAINED, ModelCard

__all__ = [
    "ARTICULATION",
    "ARTICULATION_ORIGINAL",
    "CARDS",
    "DIPHONE",
    "PHONE_RATE",
    "TRIPHONE",
    "WORD_RATE",
]

_DE_HEER = """\
@article{deheer2017hierarchical,
  author = {{de Heer}, Wendy A. and Huth, Alexander G. and Griffiths, Thomas L. and
            Gallant, Jack L. and Theunissen, Fr{\\'e}d{\\'e}ric E.},
  title = {The Hierarchical Cortical Organization of Human Speech Processing},
  journal = {Journal of Neuroscience},
  volume = {37},
  number = {27},
  pages = {6539--6557},
  year = {2017},
  doi = {10.1523/JNEUROSCI.3267-16.2017},
}"""
_LEBEL = """\
@article{lebel2023natural,
  title = {A natural language {fMRI} dataset for voxelwise encoding models},
  author = {LeBel, Amanda and Wagner, Lauren and Jain, Shailee and Adhikari-Desai, Aneesh and
            Gupta, Bhavin and Morgenthal, Allyson and Tang, Jerry and Xu, Lixiang and
            Huth, Alexander G.},
  journal = {Scientific Data},
  volume = {10},
  pages = {555},
  year = {2023},
  doi = {10.1038/s41597-023-02437-z},
}"""
_GONG = """\
@article{gong2023phonemic,
  author = {Gong, Xue L. and Huth, Alexander G. and Deniz, Fatma and Johnson, Keith and
            Gallant, Jack L. and Theunissen, Fr{\\'e}d{\\'e}ric E.},
  title = {Phonemic segmentation of narrative speech in human cerebral cortex},
  journal = {Nature Communications},
  volume = {14},
  pages = {4309},
  year = {2023},
  doi = {10.1038/s41467-023-39872-w},
}"""
_HUTH = """\
@article{huth2016natural,
  author = {Huth, Alexander G. and {de Heer}, Wendy A. and Griffiths, Thomas L. and
            Theunissen, Fr{\\'e}d{\\'e}ric E. and Gallant, Jack L.},
  title = {Natural speech reveals the semantic maps that tile human cerebral cortex},
  journal = {Nature},
  volume = {532},
  pages = {453--458},
  year = {2016},
  doi = {10.1038/nature17637},
}"""

ARTICULATION = ModelCard(
    id="articulation-22",
    load="heschl.models.phonetic.model:articulation",
    summary="How each phone is articulated: 22 features of place, manner, voicing and height",
    licence="BSD-3-Clause",
    citation=f"{_DE_HEER}\n{_LEBEL}",
    modality="text",
    family="phonetic",
    parameters=0,
    training=UNTRAINED,
)

ARTICULATION_ORIGINAL = ModelCard(
    id="articulation-22-original",
    load="heschl.models.phonetic.model:articulation_original",
    summary="The 22 articulatory features as first published: the affricates CH and JH lack theirs",
    licence="BSD-3-Clause",
    citation=f"{_DE_HEER}\n{_LEBEL}",
    modality="text",
    family="phonetic",
    parameters=0,
    training=UNTRAINED,
)

DIPHONE = ModelCard(
    id="diphone",
    load="heschl.models.phonetic.model:diphone",
    summary="Which two phones follow each other: one column for each of the 1521 pairs",
    licence="BSD-3-Clause",
    citation=_GONG,
    modality="text",
    family="phonetic",
    parameters=0,
    training=UNTRAINED,
)

TRIPHONE = ModelCard(
    id="triphone",
    load="heschl.models.phonetic.model:triphone",
    summary="Which three phones follow each other: one column for each of the 59319 triples",
    licence="BSD-3-Clause",
    citation=_GONG,
    modality="text",
    family="phonetic",
    parameters=0,
    training=UNTRAINED,
)

PHONE_RATE = ModelCard(
    id="phone-rate",
    load="heschl.models.phonetic.model:phone_rate",
    summary="When a phone is heard: 1 for each, whichever it is, in any language",
    licence="BSD-3-Clause",
    citation=_HUTH,
    modality="text",
    family="phonetic",
    parameters=0,
    training=UNTRAINED,
)

WORD_RATE = ModelCard(
    id="word-rate",
    load="heschl.models.phonetic.model:word_rate",
    summary="When a word is heard: 1 for each, whichever it is, in any language",
    licence="BSD-3-Clause",
    citation=_HUTH,
    modality="text",
    family="phonetic",
    parameters=0,
    training=UNTRAINED,
)

CARDS = (ARTICULATION, ARTICULATION_ORIGINAL, DIPHONE, TRIPHONE, PHONE_RATE, WORD_RATE)
"""Every card of the family."""
