"""Norman-Haignere et al. (2015): eight listeners, 165 natural sounds in three fMRI sessions."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["NH2015_CARD"]

NH2015_CARD = DatasetCard(
    id="nh2015",
    load="heschl.data_registry.nh2015.loader:NH2015",
    summary="165 natural sounds, fMRI of 8 listeners in 3 sessions, 7,694 voxels",
    licence="not stated for the data; its code is MIT",
    citation="""\
@article{normanhaignere2015distinct,
  title = {Distinct cortical pathways for music and speech revealed by hypothesis-free voxel
           decomposition},
  author = {Norman-Haignere, Sam and Kanwisher, Nancy G. and McDermott, Josh H.},
  journal = {Neuron},
  volume = {88},
  number = {6},
  pages = {1281--1296},
  year = {2015},
  doi = {10.1016/j.neuron.2015.11.035},
}
""",
    url="https://github.com/gretatuckute/auditory_brain_dnn",
    access="open",
    how_to_get=(
        "unpack https://mcdermottlab.mit.edu//tuckute_feather_2023/data.tar (180 MB; no hash of it "
        "is published) and name its folder 'data'"
    ),
    languages=("en", "fr", "it", "de", "zh", "hi", "ru", "es"),
    recording="fMRI",
    n_subjects=8,
    phantom="heschl.data_registry.nh2015.phantom:write_phantom",
    phantom_version=2,
)
