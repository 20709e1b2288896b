"""The group maps of the components on the surface of fsaverage5.

The repository has one map a hemisphere and component on fsaverage, ``-log10 p`` of the component's
weight over listeners, signed, NaN where too few listeners were scanned. The spheres of FreeSurfer
are nested: fsaverage5 is the first 10,242 of fsaverage's 163,842 vertices.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from heschl.data_registry.nh2015_components.loader import COMPONENTS
from heschl.errors import CorruptData, InvalidInput, MissingData
from heschl.packed import check_gzip

__all__ = ["HEMISPHERES", "read_group_maps", "write_gifti"]

HEMISPHERES = ("lh", "rh")
_LARGEST_BYTES = 2**24
_FSAVERAGE, _FSAVERAGE5 = 163_842, 10_242
_FOLDER = "data/component-weight-significances/group"


def read_group_maps(root: str | Path) -> xr.DataArray:
    """Return the group maps of the repository in a folder, float32 (component, hemi, vertex).

    Map k is that of the component k of ``component_names``: that the maps are numbered in that
    order is the repository's convention, which no file states.

    Examples
    --------
    >>> maps = read_group_maps("natsound165-neuron2015")  # doctest: +SKIP
    >>> maps.sel(component="speech", hemi="lh")  # doctest: +SKIP
    """
    folder = Path(root) / _FOLDER
    values = [
        [_read(folder / f"{hemi}.comp{number}.mgz") for hemi in HEMISPHERES]
        for number in range(1, len(COMPONENTS) + 1)
    ]
    return xr.DataArray(
        np.array(values),
        dims=("component", "hemi", "vertex"),
        coords={"component": [*COMPONENTS], "hemi": [*HEMISPHERES]},
        name="significance",
        attrs={"space": "fsaverage5", "quantity": "-log10 p of the component's weight, signed"},
    )


def write_gifti(maps: xr.DataArray, folder: str | Path) -> tuple[Path, ...]:
    """Write each as ``<component>_space-fsaverage5_hemi-<L or R>.func.gii``; return the paths."""
    import nibabel

    gifti: Any = nibabel.gifti  # untyped
    if maps.dims != ("component", "hemi", "vertex") or maps.sizes["vertex"] != _FSAVERAGE5:
        raise InvalidInput(
            f"the maps have dims {maps.dims} of {dict(maps.sizes)}; expected those of "
            "read_group_maps, on fsaverage5"
        )
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    written = []
    for component in maps["component"].to_numpy().tolist():
        for hemi in maps["hemi"].to_numpy().tolist():
            values = maps.sel(component=component, hemi=hemi).to_numpy().astype(np.float32)
            array = gifti.GiftiDataArray(values, intent="NIFTI_INTENT_ZSCORE")
            side = hemi[0].upper()
            path = place / f"{component}_space-fsaverage5_hemi-{side}.func.gii"
            nibabel.save(gifti.GiftiImage(darrays=[array]), str(path))
            written.append(path)
    return tuple(written)


def _read(path: Path) -> np.ndarray:
    """Return one map (vertex,) on fsaverage5."""
    import nibabel

    if not path.exists():
        raise MissingData(f"{path} does not exist; run `heschl fetch nh2015_components`")
    check_gzip(path, at_most=_LARGEST_BYTES)
    try:
        image: Any = nibabel.load(str(path))  # of the class that the file turns out to be
        is_whole = math.prod(image.shape) == _FSAVERAGE
        values = np.asarray(image.dataobj, dtype=np.float32) if is_whole else np.empty(0)
    except Exception as error:
        raise CorruptData(
            f"{path} cannot be read as a map of FreeSurfer ({error}); fetch it again"
        ) from error
    if values.size != _FSAVERAGE:
        raise CorruptData(
            f"{path} holds {image.shape}; expected one value for each of {_FSAVERAGE:,} vertices"
        )
    return values.ravel()[:_FSAVERAGE5]
