"""A model of your own; its id is ``file:./examples/my_model.py:my_net``."""

import torch

from heschl import Traits
from heschl.models.torch_module import TorchModel


def my_net() -> TorchModel:
    """Return a random convolutional net: named, tapped and timed."""
    torch.manual_seed(0)
    convolution = torch.nn.Conv1d(1, 64, kernel_size=400, stride=320)
    net = torch.nn.Sequential(torch.nn.Unflatten(1, (1, -1)), convolution, torch.nn.ReLU())
    return TorchModel(
        "my-net",
        net,
        sample_rate=16_000,
        taps={"conv": convolution, "relu": net[2]},
        channels_first={"conv", "relu"},
        stride=320,  # samples from one frame to the next: 50 frames a second
        receptive_field=400,  # samples that one frame sees
        traits=Traits(is_local=True),  # nothing beyond the receptive field matters
    )
