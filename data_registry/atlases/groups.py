"""Regions: which labels of which atlas make up each, as docs/protocols.md (B7) states them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ATLASES", "DESTRIEUX", "GLASSER"]

DESTRIEUX: dict[str, tuple[str, ...]] = {
    "Heschl": ("G_temp_sup-G_T_transv", "S_temporal_transverse"),
    "STG": ("G_temp_sup-Lateral",),
    "STS": ("S_temporal_sup",),
    "IFG": ("G_front_inf-Opercular", "G_front_inf-Triangul", "G_front_inf-Orbital"),
    "Motor": ("G_precentral", "S_precentral-inf-part", "S_precentral-sup-part"),
    "PT": ("G_temp_sup-Plan_tempo",),
    "PP": ("G_temp_sup-Plan_polar",),
}
"""Of Destrieux et al. (2010), FreeSurfer's ``aparc.a2009s``."""

_LATE_LANGUAGE: dict[str, tuple[str, ...]] = {
    "AG": ("PFm", "PGs", "PGi", "TPOJ2", "TPOJ3"),
    "LTC": (
        *("STSda", "STSva", "STGa", "TE1a", "TE2a", "TGv", "TGd"),
        *("A5", "STSdp", "STSvp", "PSL", "STV", "TPOJ1"),
    ),
    "IFG": ("44", "45", "IFJa", "IFSp"),
    "MFG": ("55b",),
}

GLASSER: dict[str, tuple[str, ...]] = {
    "late_language": tuple(area for parts in _LATE_LANGUAGE.values() for area in parts),
    "early_auditory": ("A1", "PBelt", "MBelt", "LBelt", "RI", "A4"),
    "A1": ("A1",),
    **{f"late_language.{part}": areas for part, areas in _LATE_LANGUAGE.items()},
}
"""Of Glasser et al. (2016), HCP-MMP1, by the names of the areas; ``A1`` and the parts of
``late_language`` are reported beside the whole."""

ATLASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "destrieux": DESTRIEUX,
    "glasser": GLASSER,
}
"""The regions of each atlas."""
