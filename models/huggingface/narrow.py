"""Networks with random weights in a size that laptops bear, as wav2vec2-random is.

With these every protocol can be run through each kind of network in minutes; what an architecture
explains in the size that was trained is up to the twins of `heschl.models.huggingface.named`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from heschl.cards import UNTRAINED, ModelCard
from heschl.models.huggingface.architectures import NARROW
from heschl.models.huggingface.citations import CITATIONS
from heschl.models.huggingface.untrained import open_untrained

if TYPE_CHECKING:
    from heschl.models.torch_module import TorchModel

__all__ = [
    "AST_NARROW_RANDOM",
    "HUBERT_NARROW_RANDOM",
    "WAVLM_NARROW_RANDOM",
    "WHISPER_NARROW_RANDOM",
]


def _card(name: str, seed: int = 0) -> ModelCard:
    architecture = NARROW[name]
    return ModelCard(
        id=f"{name}-random@{seed}" if seed else f"{name}-random",
        load=functools.partial(_load, name),
        summary=f"{architecture.title} with random weights from seed {seed}, "
        "narrow and 3 blocks deep, for laptops",
        requires=("torch", "transformers"),
        extra="speech",
        licence="BSD-3-Clause",
        citation=CITATIONS[name.removesuffix("-narrow")],
        family=str(architecture.config["model_type"]),
        parameters=architecture.parameters,
        training=UNTRAINED,
    )


def _load(name: str, seed: int = 0) -> TorchModel:
    return open_untrained(NARROW[name], _card(name, seed), seed)


AST_NARROW_RANDOM = _card("ast-narrow")
HUBERT_NARROW_RANDOM = _card("hubert-narrow")
WAVLM_NARROW_RANDOM = _card("wavlm-narrow")
WHISPER_NARROW_RANDOM = _card("whisper-narrow")
