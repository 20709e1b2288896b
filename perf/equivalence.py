"""What may be changed about extraction without changing features: relative differences.

    python perf/equivalence.py                                   # two untrained networks
    python perf/equivalence.py --models hf:facebook/wav2vec2-base@<commit>
    python perf/equivalence.py --other /path/to/python           # another version of transformers

Each cell is |a - b| / |b| over all frames compared, of the convolutions where they can be told
apart and of the last layer. `wav2vec2-large-untrained` has the sizes of the large checkpoints:
convolutions with layer norms, a last layer norm, 24 blocks of 1024 units. Networks that are not
built like wav2vec 2.0 in transformers have no number where their parts would be called.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from heschl.extraction import ChunkedWindows, WholeStimulus, extract_frames
from heschl.models.huggingface.random_wav2vec2 import random_wav2vec2
from heschl.phantom.corpus import utterances
from heschl.presets import PRESETS
from heschl.registry import models
from heschl.sound import Sound, Stimulus

RATE = 16_000
FRAME = 320
LARGE_KIND: dict[str, Any] = {
    "feat_extract_norm": "layer",
    "conv_bias": True,
    "do_stable_layer_norm": True,
}
LARGE: dict[str, Any] = LARGE_KIND | {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
UNTRAINED: Mapping[str, Callable[[], Any]] = {
    "wav2vec2-large-untrained": lambda: random_wav2vec2("wav2vec2-large-untrained", **LARGE),
}

Found = dict[str, float]
"""A relative difference for each part that was compared."""


def speech(seconds: float) -> np.ndarray:
    """Return English sentences of several speakers, one after the other, as float32 (sample,)."""
    spoken = [each.sound.waveform(RATE) for each in utterances("en")]
    repeated = np.concatenate(spoken * (1 + int(seconds // 100)))
    return np.asarray(repeated[: round(seconds * RATE)])


def difference(found: Any, expected: Any) -> float:
    """Return |found - expected| / |expected|."""
    one, other = (torch.as_tensor(each).double() for each in (found, expected))
    return float((one - other).norm() / other.norm())


def standardised(waveforms: np.ndarray, like: np.ndarray | None = None) -> torch.Tensor:
    """Return waveforms with the mean 0 and the variance 1 that ``like`` would have."""
    reference = waveforms if like is None else like
    return torch.tensor((waveforms - reference.mean()) / np.sqrt(reference.var() + 1e-7))


def batched(model: Any, samples: np.ndarray, window_s: float) -> Found:
    """Compare four windows in one pass with one by one."""
    length = round(window_s * RATE)
    starts = np.linspace(0, len(samples) - length, 4).astype(int)
    windows = np.stack([samples[start : start + length] for start in starts])
    names = [model.layers[0].name, model.layers[-1].name]
    together = model.forward(windows, names)
    alone = [model.forward(window[None], names) for window in windows]
    return {
        part: difference(together[name], torch.cat([one[name] for one in alone]))
        for part, name in zip(("cnn", "last"), names, strict=True)
    }


def normalised_over_all(model: Any, samples: np.ndarray, window_s: float) -> Found:
    """Compare a window standardised with the whole sound with one that is on its own."""
    window = samples[-round(window_s * RATE) :][None]
    return _compared(
        _parts(model, standardised(window, samples)), _parts(model, standardised(window))
    )


def shared_convolutions(model: Any, samples: np.ndarray, window_s: float) -> Found:
    """Compare a window of the convolutions' output for all of the sound with one of the sound."""
    start = (len(samples) - round(window_s * RATE)) // FRAME * FRAME
    whole = standardised(samples)[None]
    expected = _parts(model, whole[:, start:])
    shared = _convolved(model, whole)[:, start // FRAME :][:, : expected[0].shape[1]]
    return _compared((shared, _transformed(model, shared)), expected)


def padded(model: Any, samples: np.ndarray, window_s: float, share: float) -> Found:
    """Compare a window that ends with zeros, and with a mask that says so, with one without."""
    n_samples = round(window_s * RATE)
    window = standardised(samples[None, :n_samples])
    n_zeros = round(share * n_samples / (1 - share))
    mask = torch.ones((1, n_samples + n_zeros), dtype=torch.long)
    mask[:, n_samples:] = 0
    with torch.inference_mode():
        masked = model._module(torch.nn.functional.pad(window, (0, n_zeros)), attention_mask=mask)  # noqa: SLF001
        expected = model._module(window).last_hidden_state  # noqa: SLF001
    return {"last": difference(masked.last_hidden_state[:, : expected.shape[1]], expected)}


def in_bfloat16(model: Any, samples: np.ndarray, window_s: float) -> Found:
    """Compare products in bfloat16 with float32."""
    window = samples[None, : round(window_s * RATE)]
    names = [model.layers[0].name, model.layers[-1].name]
    found = model.with_precision("bfloat16").forward(window, names)
    expected = model.forward(window, names)
    return {
        part: difference(found[name], expected[name])
        for part, name in zip(("cnn", "last"), names, strict=True)
    }


def in_chunks(model: Any, samples: np.ndarray, windowing: ChunkedWindows) -> Found:
    """Compare overlapping chunks, of which the middle is kept, with one pass."""
    stimulus = Stimulus("speech", Sound.from_samples(samples, RATE))
    names = [model.layers[0].name, model.layers[-1].name]
    found, expected = (
        extract_frames(model, stimulus, names, each) for each in (windowing, WholeStimulus())
    )
    return {
        part: difference(found[name].values, expected[name].values)
        for part, name in zip(("cnn", "last"), names, strict=True)
    }


def _convolved(model: Any, waveforms: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return torch.as_tensor(model._module.feature_extractor(waveforms)).transpose(1, 2)  # noqa: SLF001


def _transformed(model: Any, convolved: torch.Tensor) -> torch.Tensor:
    network = model._module  # noqa: SLF001
    with torch.inference_mode():
        projected = network.feature_projection(convolved)
        hidden = projected[0] if isinstance(projected, tuple) else projected
        return torch.as_tensor(network.encoder(hidden)[0])


def _parts(model: Any, waveforms: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    convolved = _convolved(model, waveforms)
    return convolved, _transformed(model, convolved)


def _compared(found: Sequence[torch.Tensor], expected: Sequence[torch.Tensor]) -> Found:
    pairs = zip(("cnn", "last"), found, expected, strict=True)
    return {part: difference(one, other) for part, one, other in pairs}


def table(model: Any, samples: np.ndarray, window_s: float) -> dict[str, Found | None]:
    """Return each change and how far it moves the features; None where it cannot be made."""
    seconds = len(samples) / RATE
    rows: dict[str, Callable[[], Found]] = {
        "equal windows in one batch": lambda: batched(model, samples, window_s),
        "waveform standardised over the sound": lambda: normalised_over_all(
            model, samples, window_s
        ),
        "convolutions shared over the sound": lambda: shared_convolutions(model, samples, window_s),
        "5 % of zeros, with a mask": lambda: padded(model, samples, window_s, 0.05),
        "50 % of zeros, with a mask": lambda: padded(model, samples, window_s, 0.5),
        "products in bfloat16": lambda: in_bfloat16(model, samples, window_s),
    }
    for name in ("chunked", "single-pass"):
        windowing = PRESETS[name]
        if isinstance(windowing, ChunkedWindows) and windowing.window_s < seconds:
            rows[f"{name}, against one pass"] = lambda w=windowing: in_chunks(model, samples, w)
    found: dict[str, Found | None] = {}
    for row, run in rows.items():
        try:
            found[row] = run()
        except (AttributeError, TypeError):
            found[row] = None
    return found


TUPLE = "hidden_states[-1]"


def everything(model: Any, samples: np.ndarray) -> dict[str, Any]:
    """Return every layer of a window, and what the library itself calls the last one."""
    window = samples[None, : 10 * RATE]
    layers = model.forward(window, [layer.name for layer in model.layers])
    with torch.inference_mode():
        network = model._module  # noqa: SLF001
        states = network(standardised(window), output_hidden_states=True).hidden_states
    return {**layers, TUPLE: states[-1]}


def other_version(model: Any, name: str, python: str, samples: np.ndarray) -> Found:
    """Compare every layer with what another interpreter gives for the same weights."""
    expected = everything(model, samples)
    with tempfile.TemporaryDirectory() as folder:
        weights, layers = Path(folder) / "weights.pt", Path(folder) / "layers.npz"
        torch.save(model._module.state_dict(), weights)  # noqa: SLF001
        words = [python, __file__, "--models", name, "--weights", str(weights)]
        subprocess.run([*words, "--dump", str(layers)], check=True)  # noqa: S603
        with np.load(layers) as stored:
            found = {layer: difference(stored[layer], expected[layer]) for layer in expected}
    by_library = found.pop(TUPLE)
    return {"any layer": max(found.values()), TUPLE: by_library}


def opened(name: str) -> Any:
    """Return a model by its id, URI, or name among the untrained ones of this file."""
    return UNTRAINED[name]() if name in UNTRAINED else models.resolve(name).object


def main() -> None:
    """Print a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["wav2vec2-base-random", *UNTRAINED])
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--window", type=float, default=16.1, help="seconds")
    parser.add_argument("--other", help="an interpreter with another version of transformers")
    parser.add_argument("--weights", help=argparse.SUPPRESS)
    parser.add_argument("--dump", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    samples = speech(chosen.seconds)
    if chosen.dump:
        model = opened(chosen.models[0])
        model._module.load_state_dict(torch.load(chosen.weights, weights_only=True))  # noqa: SLF001
        given = everything(model, samples)
        np.savez(chosen.dump, **{layer: values.numpy() for layer, values in given.items()})
        return
    print(
        f"{chosen.seconds:g} s of speech, windows of {chosen.window:g} s; torch "
        f"{torch.__version__}, transformers {transformers.__version__}\n"
    )
    columns: dict[str, dict[str, Found | None]] = {}
    for name in chosen.models:
        model = opened(name)
        columns[name] = table(model, samples, chosen.window)
        if chosen.other:
            found = other_version(model, name, chosen.other, samples)
            columns[name]["the other interpreter"] = dict(found)
        del model
    print(f"| change | {' | '.join(columns)} |\n|{' --- |' * (1 + len(columns))}")
    for row in dict.fromkeys(row for column in columns.values() for row in column):
        cells = [
            ", ".join(f"{part} {value:.1e}" for part, value in (column.get(row) or {}).items())
            for column in columns.values()
        ]
        print(f"| {row} | {' | '.join(cell or '–' for cell in cells)} |")


if __name__ == "__main__":
    main()
