"""``hf:`` before a folder or a name on the hub, and the families that it knows."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from heschl.errors import MissingExtra
from heschl.models.huggingface.table import FAMILIES
from heschl.offers import Offer

if TYPE_CHECKING:
    from heschl.models.torch_module import TorchModel

__all__ = ["EncoderScheme"]

_REQUIRED = ("torch", "transformers")


class EncoderScheme:
    """What stands behind ``hf:``: from a location to a model, and a listing of the families."""

    def __call__(self, location: str) -> TorchModel:
        """Return the model behind ``hf:<location>``."""
        from heschl.models.huggingface import open_encoder

        return open_encoder(location)

    def offers(self) -> tuple[Offer, ...]:
        """Return the families; any checkpoint of them can be opened."""
        missing = [name for name in _REQUIRED if importlib.util.find_spec(name) is None]
        state = f"needs {', '.join(missing)}" if missing else "ready"
        return tuple(
            Offer(family.model_type, state, f"{family.title}: {', '.join(family.layers)}")
            for family in FAMILIES.values()
        )

    def diagnosis(self) -> tuple[str, ...]:
        """Return what of torchaudio must be replaced on this machine for transformers to import."""
        if any(importlib.util.find_spec(name) is None for name in _REQUIRED):
            return ()
        from heschl.models.torchaudio_stub import importable_torchaudio, replaced

        try:
            importable_torchaudio()
        except MissingExtra as error:
            return (str(error),)
        return replaced()
