"""SLURP: spoken requests to a home assistant, with what they ask for (Bastianelli et al. 2020)."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["SLURP"]

SLURP = DatasetCard(
    id="slurp",
    load="heschl.data_registry.slurp.loader:Slurp",
    summary="Spoken requests to a home assistant: 18 scenarios, 46 actions, close and far",
    licence="text CC-BY-4.0, audio CC-BY-NC-4.0",
    citation="""\
@inproceedings{bastianelli2020slurp,
  title = {{SLURP}: A Spoken Language Understanding Resource Package},
  author = {Bastianelli, Emanuele and Vanzo, Andrea and Swietojanski, Pawel and Rieser, Verena},
  booktitle = {Proceedings of EMNLP},
  pages = {7252--7262},
  year = {2020},
  doi = {10.18653/v1/2020.emnlp-main.588},
}
""",
    url="https://github.com/pswietojanski/slurp",
    access="open",
    how_to_get="git clone https://github.com/pswietojanski/slurp; in it, as its "
    "scripts/download_audio.sh does, unpack slurp_real.tar.gz of "
    "https://zenodo.org/record/4274930 below 'audio', so that audio/slurp_real/*.flac are there",
    languages=("en",),
    recording="labelled sounds",
    phantom="heschl.data_registry.slurp.phantom:write_phantom",
    phantom_version=2,
)
