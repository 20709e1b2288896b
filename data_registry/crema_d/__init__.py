"""CREMA-D: 91 actors say twelve sentences in six emotions (Cao et al. 2014)."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["CREMA_D"]

CREMA_D = DatasetCard(
    id="crema_d",
    load="heschl.data_registry.crema_d.loader:CremaD",
    summary="Acted emotions: 7,441 clips of 91 actors, with the votes of listeners",
    licence="ODbL-1.0, contents DbCL-1.0",
    citation="""\
@article{cao2014cremad,
  title = {{CREMA-D}: Crowd-Sourced Emotional Multimodal Actors Dataset},
  author = {Cao, Houwei and Cooper, David G. and Keutmann, Michael K. and Gur, Ruben C. and
            Nenkova, Ani and Verma, Ragini},
  journal = {IEEE Transactions on Affective Computing},
  volume = {5},
  number = {4},
  pages = {377--390},
  year = {2014},
  doi = {10.1109/TAFFC.2014.2336244},
}
""",
    url="https://github.com/CheyneyComputerScience/CREMA-D",
    access="open",
    how_to_get="heschl fetch crema_d, or git clone with git-lfs, as the repository is; "
    "`--subjects 1001` fetches one actor",
    languages=("en",),
    recording="labelled sounds",
    n_subjects=91,
    phantom="heschl.data_registry.crema_d.phantom:write_phantom",
    phantom_version=2,
    manifest="heschl.data_registry:crema_d/manifest.tsv",
)
