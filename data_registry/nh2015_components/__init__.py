"""Norman-Haignere et al. (2015): six components of the response to 165 natural sounds."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["NH2015_COMPONENTS"]

NH2015_COMPONENTS = DatasetCard(
    id="nh2015_components",
    load="heschl.data_registry.nh2015_components.loader:NH2015Components",
    summary="Six components of auditory cortex's response to 165 natural sounds, from fMRI",
    licence="published without a licence; cite the paper",
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
    url="https://github.com/snormanhaignere/natsound165-neuron2015",
    access="open",
    how_to_get="heschl fetch nh2015_components, or clone natsound165-neuron2015 as it is",
    languages=("en", "fr", "it", "de", "zh", "hi", "ru", "es"),
    recording="fMRI",
    n_subjects=1,
    phantom="heschl.data_registry.nh2015_components.phantom:write_phantom",
    phantom_version=1,
    manifest="heschl.data_registry:nh2015_components/manifest.tsv",
)
