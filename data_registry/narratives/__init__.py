"""Narratives, Nastase et al. (2021): 345 listeners of spoken stories, fMRI (OpenNeuro ds002345)."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["NARRATIVES"]

NARRATIVES = DatasetCard(
    id="narratives",
    load="heschl.data_registry.narratives.loader:Narratives",
    summary="Spoken stories of 7 to 56 minutes, fMRI of 345 listeners on the cortical surface",
    requires=("nibabel",),
    extra="brain",
    licence="CC0-1.0",
    citation="""\
@article{nastase2021narratives,
  title = {The ``Narratives'' {fMRI} dataset for evaluating models of naturalistic language
           comprehension},
  author = {Nastase, Samuel A. and Liu, Yun-Fei and Hillman, Hanna and Zadbood, Asieh and
            Hasenfratz, Liat and Keshavarzian, Neggin and Chen, Janice and Honey, Christopher J. and
            Yeshurun, Yaara and Regev, Mor and Nguyen, Mai and Chang, Claire H. C. and
            Baldassano, Christopher and Lositsky, Olga and Simony, Erez and Chow, Michael A. and
            Leong, Yuan Chang and Brooks, Paula P. and Micciche, Emily and Choe, Gina and
            Goldstein, Ariel and Vanderwal, Tamara and Halchenko, Yaroslav O. and
            Norman, Kenneth A. and Hasson, Uri},
  journal = {Scientific Data},
  volume = {8},
  pages = {250},
  year = {2021},
  doi = {10.1038/s41597-021-01033-3},
}
""",
    url="https://openneuro.org/datasets/ds002345",
    access="open",
    how_to_get=(
        "heschl fetch narratives (sounds, events and tables, as ds002345 is); the responses, "
        "derivatives/afni-nosmooth, are not on OpenNeuro: datalad clone "
        "https://datasets.datalad.org/labs/hasson/narratives, or aws s3 sync --no-sign-request "
        "s3://fcp-indi/data/Projects/narratives/derivatives/afni-nosmooth derivatives/afni-nosmooth"
    ),
    languages=("en",),
    recording="fMRI",
    n_subjects=345,
    phantom="heschl.data_registry.narratives.phantom:write_phantom",
    phantom_version=1,
    manifest="heschl.data_registry:narratives/manifest.tsv",
)
