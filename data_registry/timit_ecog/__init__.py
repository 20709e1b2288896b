"""Electrocorticography of listeners to TIMIT sentences, in Heschl's own interchange files."""

from __future__ import annotations

from heschl.cards import DatasetCard

__all__ = ["TIMIT_ECOG"]

TIMIT_ECOG = DatasetCard(
    id="timit_ecog",
    load="heschl.data_registry.timit_ecog.loader:TimitEcog",
    summary="High-gamma ECoG of patients who hear up to 599 sentences of TIMIT, some ten times",
    requires=("h5py",),
    extra="brain",
    licence="private recordings; sounds under the LDC User Agreement",
    citation="""\
@article{li2023dissecting,
  title = {Dissecting neural computations in the human auditory pathway using deep neural networks
           for speech},
  author = {Li, Yuanning and Anumanchipalli, Gopala K. and Mohamed, Abdelrahman and Chen, Peili and
            Carney, Laurel H. and Lu, Junfeng and Wu, Jinsong and Chang, Edward F.},
  journal = {Nature Neuroscience},
  volume = {26},
  pages = {2213--2225},
  year = {2023},
  doi = {10.1038/s41593-023-01468-4},
}
""",
    url="https://catalog.ldc.upenn.edu/LDC93S1",
    access="private",
    how_to_get="from a laboratory that has such recordings, written by "
    "heschl.data_registry.timit_ecog.interchange.write_subject as docs/timit_ecog.md says; the "
    "sounds are LDC93S1 of the Linguistic Data Consortium, in the folder TIMIT within or beside",
    languages=("en",),
    recording="ECoG",
    n_subjects=16,
    phantom="heschl.data_registry.timit_ecog.phantom:write_phantom",
    phantom_version=2,
)
