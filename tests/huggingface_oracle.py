"""What transformers itself makes of a checkpoint: its own extractor, its own forward pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

__all__ = ["extracted", "official"]


def official(
    folder: Path, sound: np.ndarray, heard: dict[str, torch.Tensor] | None = None
) -> dict[str, np.ndarray]:
    """Return ``{layer: (batch, time, unit)}`` where transformers says what a layer is.

    ``heard`` is what the network is called with, by default what its extractor
    makes of the sound. Transformers 4 does not show what the last block gives
    before a norm; it is left out there.
    """
    kind = json.loads((folder / "config.json").read_text())["model_type"]
    network = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    heard = extracted(folder, sound) if heard is None else heard
    with torch.inference_mode():
        found = {
            "whisper": _whisper,
            "encodec": _codec,
            "audio-spectrogram-transformer": _patches,
        }.get(kind, _speech)(network, heard, sound.shape[1])
    return {name: states.numpy() for name, states in found.items()}


def extracted(folder: Path, sound: np.ndarray) -> dict[str, torch.Tensor]:
    """Return what the extractor of a checkpoint makes of waveforms (batch, sample), by name."""
    said = json.loads((folder / "preprocessor_config.json").read_text())
    extractor = getattr(transformers, said["feature_extractor_type"]).from_pretrained(folder)
    heard = extractor(list(sound), sampling_rate=extractor.sampling_rate, return_tensors="pt")
    return {name: values for name, values in heard.items() if name != "padding_mask"}


def _speech(network: Any, heard: dict[str, torch.Tensor], n_samples: int) -> dict[str, Any]:
    # A mask matters where the extractor adds half a frame, in wav2vec2-BERT.
    output = network(**heard, output_hidden_states=True)
    states = _named(network, output)
    if "input_values" in heard:
        states["cnn"] = network.feature_extractor(heard["input_values"]).transpose(1, 2)
    if network.config.model_type in ("sew", "sew-d"):
        whole = states["cnn"].shape[1] // 2 * 2
        states["final"] = output.last_hidden_state[:, :whole]
        # Beyond are zeros, not frames.
        assert not output.last_hidden_state[:, whole:].any()
    if network.config.model_type == "wav2vec2-bert":
        # The last frame may be half of padding; the extractor masks it.
        whole = (n_samples - 560) // 320 + 1
        states = {name: values[:, :whole] for name, values in states.items()}
    return states


def _named(network: Any, output: Any) -> dict[str, Any]:
    states, parts = output.hidden_states, dict(network.named_modules())
    names = ["embed", *(f"block.{k}" for k in range(len(states) - 1))]
    found = dict(zip(names, states, strict=True))
    kind = network.config.model_type
    if not (
        kind in ("wav2vec2-conformer", "whisper", "audio-spectrogram-transformer")
        or getattr(network.config, "do_stable_layer_norm", False)
    ):
        return found
    norm = next(parts[name] for name in ("encoder.layer_norm", "layer_norm", "layernorm")
                if name in parts)  # fmt: skip
    if not torch.allclose(norm(states[-1]), output.last_hidden_state):
        del found[names[-1]]
    return found | {"final": output.last_hidden_state}


def _whisper(network: Any, heard: dict[str, torch.Tensor], n_samples: int) -> dict[str, Any]:
    encoder, spectra = network.encoder, heard["input_features"]
    output = encoder(spectra, output_hidden_states=True)
    states = _named(network, output)
    first = torch.nn.functional.gelu(encoder.conv1(spectra))
    states["cnn"] = torch.nn.functional.gelu(encoder.conv2(first)).transpose(1, 2)
    # The frames that any real frame of the spectrum goes into, by the convolutions' own kernels.
    mask = torch.zeros(1, 1, spectra.shape[2])
    mask[..., : -(-n_samples // 160)] = 1
    for convolution in (encoder.conv1, encoder.conv2):
        mask = torch.nn.functional.conv1d(
            mask, torch.ones(1, 1, 3), stride=convolution.stride, padding=convolution.padding
        )
    last = int(mask.nonzero()[:, -1].max())
    return {name: values[:, : last + 1] for name, values in states.items()}


def _patches(network: Any, heard: dict[str, torch.Tensor], n_samples: int) -> dict[str, Any]:
    output = network(heard["input_values"], output_hidden_states=True)
    n_high, n_long = network.embeddings.get_shape(network.config)
    n_spectra = (n_samples - 400) // 160 + 1
    n_frames = len([start for start in range(0, 10 * n_long, 10) if start < n_spectra])
    found = {}
    for name, states in _named(network, output).items():
        # The order in which the patches were laid out: that of a convolution, flattened.
        grid = states[:, 2:].transpose(1, 2).reshape(len(states), -1, n_high, n_long)
        found[name] = grid.mean(dim=2).transpose(1, 2)[:, :n_frames]
    return found


def _codec(network: Any, heard: dict[str, torch.Tensor], n_samples: int) -> dict[str, Any]:
    states = heard["input_values"]
    for part in network.encoder.layers:
        if "LSTM" in type(part).__name__:
            cnn, recurrent = states, part(states)
        states = part(states)
    final = network.encoder(heard["input_values"])
    assert torch.equal(states, final)
    found = {"cnn": cnn, "block.0": recurrent, "final": final}
    return {name: values.transpose(1, 2) for name, values in found.items()}
