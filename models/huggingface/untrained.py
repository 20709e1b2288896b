"""An architecture with weights drawn from a seed, for which nothing is fetched."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from heschl.cards import ModelCard
from heschl.models import huggingface
from heschl.models.huggingface.architectures import Architecture

if TYPE_CHECKING:
    from heschl.models.torch_module import TorchModel

__all__ = ["open_untrained"]


def open_untrained(architecture: Architecture, card: ModelCard, seed: int) -> TorchModel:
    """Return the architecture with weights from ``seed``, as if its release lay in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        for file, said in (
            ("config.json", architecture.config),
            ("preprocessor_config.json", architecture.preprocessor),
        ):
            (Path(folder) / file).write_text(json.dumps(dict(said)), "utf-8")
        return huggingface.open_encoder(f"{folder}?random={seed}", card)
