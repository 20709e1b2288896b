"""Any PyTorch module as a speech model: `TorchModel` names its layers and times them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heschl.models.torch_module.model import TorchModel

__all__ = ["TorchModel"]


def __getattr__(name: str) -> Any:  # importing this package must not import torch
    if name != "TorchModel":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from heschl.models.torch_module.model import TorchModel

    return TorchModel
