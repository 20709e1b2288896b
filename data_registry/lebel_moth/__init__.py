"""LeBel et al. (2023): nine listeners, up to 84 spoken stories, fMRI (OpenNeuro ds003020)."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["LEBEL_MOTH"]

LEBEL_MOTH = DatasetCard(
    id="lebel_moth",
    load="heschl.data_registry.lebel_moth.loader:LebelMoth",
    summary="Stories of the Moth Radio Hour, fMRI of 9 listeners, one story heard 5 to 10 times",
    requires=("h5py", "nibabel"),
    extra="brain",
    licence="CC0-1.0",
    citation="""\
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
}
""",
    url="https://openneuro.org/datasets/ds003020",
    access="open",
    how_to_get="heschl fetch lebel_moth (or DataLad: OpenNeuroDatasets/ds003020), as ds003020 is",
    languages=("en",),
    recording="fMRI",
    n_subjects=9,
    phantom="heschl.data_registry.lebel_moth.phantom:write_phantom",
    phantom_version=5,
    manifest="heschl.data_registry:lebel_moth/manifest.tsv",
)
