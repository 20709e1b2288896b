"""Li et al. (2022): The Little Prince in English, French and Chinese, fMRI (OpenNeuro ds003643)."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["LITTLE_PRINCE"]

LITTLE_PRINCE = DatasetCard(
    id="little_prince",
    load="heschl.data_registry.little_prince.loader:LittlePrince",
    summary="The Little Prince read aloud in English, French or Chinese, fMRI of 112 listeners",
    requires=("nibabel", "nilearn"),
    extra="brain",
    licence="CC0-1.0",
    citation="""\
@article{li2022petit,
  title = {Le {P}etit {P}rince multilingual naturalistic {fMRI} corpus},
  author = {Li, Jixing and Bhattasali, Shohini and Zhang, Shulin and Franzluebbers, Berta and
            Luh, Wen-Ming and Spreng, R. Nathan and Brennan, Jonathan R. and Yang, Yiming and
            Pallier, Christophe and Hale, John},
  journal = {Scientific Data},
  volume = {9},
  pages = {530},
  year = {2022},
  doi = {10.1038/s41597-022-01625-7},
}
""",
    url="https://openneuro.org/datasets/ds003643",
    access="open",
    how_to_get=(
        "heschl fetch little_prince (or DataLad: OpenNeuroDatasets/ds003643), as ds003643 is, with "
        "FreeSurfer's fsaverage6 or the one of nilearn.datasets.fetch_surf_fsaverage beside it"
    ),
    languages=("en", "fr", "zh"),
    recording="fMRI",
    n_subjects=112,
    phantom="heschl.data_registry.little_prince.phantom:write_phantom",
    phantom_version=2,
    manifest="heschl.data_registry:little_prince/manifest.tsv",
)
