"""Norman-Haignere et al. (2015): six components of the response to 165 natural sounds."""

from __future__ import annotations

from heschl.cards import DatasetCard
from heschl.data_registry.nh2015 import NH2015_CARD

__all__ = ["NH2015_COMPONENTS"]

NH2015_COMPONENTS = DatasetCard(
    id="nh2015_components",
    load="heschl.data_registry.nh2015_components.loader:NH2015Components",
    summary="Six components of auditory cortex's response to 165 natural sounds, from fMRI",
    licence="published without a licence; cite the paper",
    citation=NH2015_CARD.citation,
    url="https://github.com/snormanhaignere/natsound165-neuron2015",
    access="open",
    how_to_get="heschl fetch nh2015_components, or clone natsound165-neuron2015 as it is",
    languages=NH2015_CARD.languages,
    recording="fMRI",
    n_subjects=1,
    phantom="heschl.data_registry.nh2015_components.phantom:write_phantom",
    phantom_version=2,
    manifest="heschl.data_registry:nh2015_components/manifest.tsv",
)
