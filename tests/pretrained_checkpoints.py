"""Small networks of each family of `heschl.models.pretrained_audio`, as files of its releases."""

from __future__ import annotations

import dataclasses
import importlib

import torch

SMALL = {
    "beats": {
        "embed_dim": 12,
        "encoder_layers": 2,
        "encoder_embed_dim": 16,
        "encoder_ffn_embed_dim": 24,
        "encoder_attention_heads": 2,
        "conv_pos": 8,
        "conv_pos_groups": 2,
        "num_buckets": 16,
        "max_distance": 40,
    },
    "dasheng": {"width": 16, "depth": 2, "n_heads": 4, "hidden": 24},
    "encodecmae": {"width": 24, "depth": 2, "hidden": 32},
    "vggish": {"channels": (2, 3, 4, 4, 5, 5), "hidden": 12, "width": 6},
}


def family(name):
    return importlib.import_module(f"heschl.models.pretrained_audio.{name}")


def network(name, seed=0):
    """Return a small network with every weight drawn anew, biases and norms too."""
    torch.manual_seed(seed)
    made = family(name).untrained(**SMALL[name])
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
        for buffer_name, buffer in made.named_buffers():
            if "running" in buffer_name:
                buffer.add_(torch.rand_like(buffer))
    return made.eval()


def content(name, seed=0):
    """Return what a file of the release holds, with the parts that no layer needs."""
    made = network(name, seed)
    state = made.state_dict()
    if name == "beats":
        fixed = {"layer_norm_first": False, "deep_norm": True, "activation_fn": "gelu"}
        state |= {"predictor.weight": torch.zeros(2, 16), "predictor.bias": torch.zeros(2)}
        return {"cfg": dataclasses.asdict(made.settings) | fixed, "model": state}
    if name == "dasheng":
        return {"model": state, "config": {"num_heads": SMALL[name]["n_heads"]}}
    if name == "encodecmae":
        return {"imports": [], "config": "", "state_dict": state | {"head.w": torch.zeros(1)}}
    return state


def weights(held):
    """Return the mapping of weights within the content of a file."""
    return held.get("model") or held.get("state_dict") or held


def written(folder, name, held=None):
    path = folder / f"{name}.pt"
    torch.save(content(name) if held is None else held, path)
    return path
