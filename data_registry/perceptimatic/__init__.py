"""Perceptimatic: which speech sounds French and English listeners told apart (Millet & Dunbar)."""

from __future__ import annotations

from dataclasses import replace

from heschl.cards import DatasetCard

__all__ = ["PERCEPTIMATIC", "PERCEPTIMATIC_ALL"]

PERCEPTIMATIC = DatasetCard(
    id="perceptimatic",
    load="heschl.data_registry.perceptimatic.native:Perceptimatic",
    summary="ABX answers of 184 French and English listeners to 5,202 triplets of ZeroSpeech 2017",
    licence="unknown: no licence is stated in the repository",
    citation="""\
@inproceedings{millet2020perceptimatic,
  title = {Perceptimatic: A human speech perception benchmark for unsupervised subword modelling},
  author = {Millet, Juliette and Dunbar, Ewan},
  booktitle = {Proceedings of Interspeech},
  pages = {4881--4885},
  year = {2020},
  doi = {10.21437/Interspeech.2020-1671},
}
""",
    url="https://github.com/JAMJU/interspeech-2020-perceptimatic",
    access="open",
    how_to_get="git clone https://github.com/JAMJU/interspeech-2020-perceptimatic, and in it a "
    "folder 'wavs' with english/1s and french/1s of the test set of ZeroSpeech 2017 "
    "(download.zerospeech.com)",
    languages=("en", "fr"),
    recording="behaviour",
    n_subjects=184,
    phantom="heschl.data_registry.perceptimatic.phantom:write_phantom",
    phantom_version=3,
)

PERCEPTIMATIC_ALL = replace(
    PERCEPTIMATIC,
    id="perceptimatic_all",
    load="heschl.data_registry.perceptimatic.extracted:PerceptimaticAll",
    summary="ABX answers to ZeroSpeech, WorldVowels and CogSci 2019 triplets, sounds cut out",
    citation="""\
@inproceedings{millet2022selfsupervised,
  title = {Do self-supervised speech models develop human-like perception biases?},
  author = {Millet, Juliette and Dunbar, Ewan},
  booktitle = {Proceedings of ACL},
  pages = {7591--7605},
  year = {2022},
  doi = {10.18653/v1/2022.acl-long.523},
}
""",
    url="https://github.com/JAMJU/Sel_supervised_models_perception_biases",
    how_to_get="triplet_data.csv, stimuli_data.csv and human_data.csv of "
    "https://github.com/JAMJU/Sel_supervised_models_perception_biases in one folder, and in it "
    "'wavs_extracted' with the cut sounds (docs.cognitive-ml.fr/perceptimatic)",
    n_subjects=None,
    phantom="heschl.data_registry.perceptimatic.phantom:write_phantom_of_all",
)
