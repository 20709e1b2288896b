"""Boebinger et al. (2021): twenty listeners, the 165 natural sounds in three fMRI sessions."""

from __future__ import annotations

from dataclasses import replace

from heschl.data_registry.nh2015 import NH2015_CARD

__all__ = ["B2021_CARD"]

# Published together.
B2021_CARD = replace(
    NH2015_CARD,
    id="b2021",
    load="heschl.data_registry.b2021.loader:B2021",
    summary="165 natural sounds, fMRI of 20 listeners in 3 sessions, 26,792 voxels, half musicians",
    citation="""\
@article{boebinger2021music,
  title = {Music-selective neural populations arise without musical training},
  author = {Boebinger, Dana and Norman-Haignere, Sam V. and McDermott, Josh H. and
            Kanwisher, Nancy},
  journal = {Journal of Neurophysiology},
  volume = {125},
  number = {6},
  pages = {2237--2263},
  year = {2021},
  doi = {10.1152/jn.00588.2020},
}
""",
    n_subjects=20,
    phantom="heschl.data_registry.b2021.phantom:write_phantom",
    phantom_version=2,
)
