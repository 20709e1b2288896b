"""A net with the shape of a speech transformer, small enough to check by hand."""

from __future__ import annotations

import torch

from heschl.models.torch_module import TorchModel

RATE = 16_000


class Block(torch.nn.Module):
    """A residual block that returns a tuple, as transformer blocks do."""

    def __init__(self, width: int, scale: float = 0.5) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(width, width)
        self.dropout = torch.nn.Dropout(0.5)
        self.scale = scale

    def forward(self, hidden):
        return hidden + self.scale * self.dropout(torch.relu(self.linear(hidden))), None


class Net(torch.nn.Module):
    """A small net with the shape of a speech transformer; draws a random number it never uses."""

    def __init__(self, width: int = 6, scale: float = 0.5) -> None:
        super().__init__()
        self.conv = torch.nn.Conv1d(1, width, kernel_size=400, stride=320)
        self.blocks = torch.nn.ModuleList(Block(width, scale) for _ in range(2))
        self.unused = torch.nn.Linear(width, width)
        self.register_buffer("shift", torch.zeros(width), persistent=False)

    def forward(self, waveforms):
        torch.rand(())
        hidden = self.conv(waveforms[:, None]).transpose(1, 2) + self.shift
        for block in self.blocks:
            hidden, _ = block(hidden)
        return {"last_hidden_state": hidden}


TAPS = {"cnn": "conv", "block.{i}": "blocks", "final": ""}


def build(net=None, **changes) -> TorchModel:
    torch.manual_seed(3)
    settings = {
        "sample_rate": RATE,
        "taps": TAPS,
        "channels_first": {"cnn"},
        "stride": 320,
        "receptive_field": 400,
    }
    return TorchModel("my-net", Net() if net is None else net, **(settings | changes))
