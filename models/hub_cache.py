"""Cards of checkpoints on the hub, which know whether the weights are on this machine already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heschl.cards import ModelCard

__all__ = ["HubCard"]

_WEIGHTS = {".safetensors", ".bin"}


@dataclass(frozen=True)
class HubCard(ModelCard):
    """A model whose weights are fetched from the hub at first use."""

    hub: str = ""
    """Its name on the hub."""
    commit: str = ""
    """Empty where the hub must be asked for it."""

    def missing_weights(self) -> str:
        """Return ``fetches weights`` unless the hub's cache holds some of that commit."""
        # The hub's own question for a file imports its client, which no listing should wait for.
        from huggingface_hub.constants import HF_HUB_CACHE

        folder = Path(HF_HUB_CACHE) / f"models--{self.hub.replace('/', '--')}" / "snapshots"
        found = (folder / self.commit).glob("*") if self.commit else ()
        # What was not fetched to its end is not there, or a link to nothing.
        is_here = any(path.suffix in _WEIGHTS and path.is_file() for path in found)
        return "" if is_here else "fetches weights"
