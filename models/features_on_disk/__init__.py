"""Activations computed elsewhere, read from a folder: ``features:./folder``.

The folder holds ``features.json`` and, for each stimulus and layer, two arrays::

    folder/
        features.json
        wheretheressmoke/
            block.0.npy          values (time, unit), floating point
            block.0.times.npy    times (time,) in seconds of the sound, increasing
            block.1.npy
            ...

    features.json:
    {
        "format": 1,
        "id": "my-model",
        "layers": [{"name": "block.0", "width": 768, "rate_hz": 50.0}, ...],
        "description": "one line on what they are and how they were computed",
        "training": {"objective": "none", "datasets": [], "languages": [], "hours": null}
    }

``rate_hz``, ``description`` and ``training`` may be left out. Layers are listed
from the sound's side up. A stimulus may lie in nested folders if its identifier
has slashes. `write_features` writes all this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heschl.models.features_on_disk.folder import FeatureFolder
    from heschl.models.features_on_disk.writing import write_features

__all__ = ["FeatureFolder", "write_features"]

_HOMES = {"FeatureFolder": "folder", "write_features": "writing"}


def __getattr__(name: str) -> Any:  # importing this package must not import NumPy
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
