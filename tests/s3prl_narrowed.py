"""What makers of checkpoints share: weights that nothing else has, and narrow networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

WIDTH = 64
"""Of the networks whose width s3prl writes out in its code, once they are `narrowed`."""


def varied(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights, none of them at the value that its constructor would choose again."""
    generator = torch.Generator().manual_seed(5)
    state = module.state_dict()
    for key, value in state.items():
        if value.is_floating_point() and not key.endswith(("running_var", "conv_mask")):
            value.add_(0.05 * torch.randn(value.shape, generator=generator))
    return state


@contextmanager
def narrowed() -> Iterator[None]:
    """Make DeCoAR, DeCoAR 2.0 and LightHuBERT as narrow as the checkpoints that are written here.

    Nothing but sizes is changed: s3prl has them as constants, of some 50 million weights each.
    """
    from heschl.models.s3prl.compatibility import make_compatible

    make_compatible()
    import s3prl.upstream.decoar.decoar as recurrent
    import s3prl.upstream.decoar2.decoar2 as attending
    import s3prl.upstream.decoar_layers.decoar as layered
    from s3prl.upstream.lighthubert.lighthubert.lighthubert import LightHuBERTSupernetConfig

    class Narrow:
        Module, ModuleList = torch.nn.Module, torch.nn.ModuleList

        @staticmethod
        def Linear(width: int, _: int) -> torch.nn.Linear:  # noqa: N802  as torch has it
            return torch.nn.Linear(width, WIDTH)

        @staticmethod
        def LSTM(*, input_size: int, hidden_size: int, **settings: Any) -> torch.nn.LSTM:  # noqa: N802
            return torch.nn.LSTM(WIDTH, WIDTH, **settings)

    subnet = {
        "atten_dim": [WIDTH] * 12,
        "embed_dim": WIDTH,
        "ffn_embed": [2 * WIDTH] * 12,
        "heads_num": [1] * 12,
        "layer_num": 12,
        "slide_wsz": ["global"] * 12,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recurrent, "nn", Narrow)
        patch.setattr(layered, "nn", Narrow)
        for name in ("subnet", "min_subnet", "max_subnet"):
            patch.setattr(LightHuBERTSupernetConfig, name, property(lambda _: subnet))
        attention = {"encoder_embed_dim": WIDTH, "encoder_ffn_embed_dim": 2 * WIDTH}
        attention |= {"encoder_attention_heads": 2, "encoder_layers": 2}
        for name, value in (attention | {"conv_pos": 16, "conv_pos_groups": 4}).items():
            patch.setitem(attending.args, name, value)
        yield


__all__ = ["WIDTH", "narrowed", "varied"]
