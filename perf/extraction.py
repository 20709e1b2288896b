"""Extraction against the papers' loop, on one waveform, in one process.

    python perf/extraction.py                 # some windows of each, under two minutes on 2 cores
    python perf/extraction.py --full          # more of them, and 10 minutes of sound for memory
    python perf/extraction.py --device cuda   # all windows of 10 minutes of sound; not measured yet

The loop gives the network one window at a time, through the feature extractor, asks for every
hidden state with gradients off, and keeps the last frame of each. Loop and presets take turns; a
ratio is the median over rounds. Windows are full ones, from the end of a sound.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import Wav2Vec2FeatureExtractor

from heschl.extraction import extract_frames
from heschl.presets import PRESETS
from heschl.registry import models
from heschl.sound import Sound, Stimulus
from heschl.windowing import Plan, SlidingWindows

RATE = 16_000
PRECISIONS = ("float32", "bfloat16")
LOOP = "the papers' loop"


@dataclass(frozen=True)
class Last:
    """A windowing's first window, and its last ``n`` full ones."""

    windowing: Any
    n: int

    def windows(self, n_samples: int, sample_rate: int, **needs: int) -> Plan:
        """Return those windows."""
        plan = self.windowing.windows(n_samples, sample_rate, **needs)
        is_chunked = plan.hop_s is None
        last = plan.windows[-self.n - 1 : -1] if is_chunked else plan.windows[-self.n :]
        return replace(plan, windows=(plan.windows[0], *last))

    @property
    def is_sliding(self) -> bool:
        """Whether the last frames alone are kept."""
        return isinstance(self.windowing, SlidingWindows)

    @property
    def step_s(self) -> float:
        """The seconds of sound for which one window stands."""
        return float(self.windowing.hop_s if self.is_sliding else self.windowing.stride_s)

    @property
    def length_s(self) -> float:
        """The seconds that one window lasts."""
        if self.is_sliding:
            return float(self.windowing.context_s + self.windowing.hop_s)
        return float(self.windowing.window_s)


class Loop:
    """The papers' loop."""

    def __init__(self, network: torch.nn.Module, samples: np.ndarray, device: str) -> None:
        self.network, self.samples, self.device = network, samples, device
        self.extractor = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False)

    def __call__(self, stops: list[int]) -> np.ndarray:
        """Return the last frames (window, layer, unit) of the windows that end there."""
        kept = []
        with torch.no_grad():
            for stop in stops:
                window = self.samples[max(0, stop - 257_600) : stop]
                given = self.extractor(window, sampling_rate=RATE, return_tensors="pt")
                output = self.network(given.input_values.to(self.device), output_hidden_states=True)
                kept.append(np.stack([h[0, -1].cpu().numpy() for h in output.hidden_states]))
        return np.array(kept)


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and the result."""
    begin = time.perf_counter()
    result = run()
    return time.perf_counter() - begin, result


def ours(
    model: Any, stimulus: Stimulus, layers: list[str], last: Last, precision: Any
) -> tuple[float, np.ndarray]:
    """Return the seconds from the end of the first window on, and frames (window, layer, unit)."""
    ends: list[float] = []
    found = extract_frames(
        model,
        stimulus,
        layers,
        last,
        precision=precision,
        report=lambda _fraction: ends.append(time.perf_counter()),
    )
    return ends[-1] - ends[0], np.stack([found[name].values for name in layers], axis=1)[1:]


def n_flops(model: Any, n_samples: int, layers: list[str]) -> float:
    """Return the floating-point operations of a window."""
    with FlopCounterMode(display=False) as counter:
        model.forward(np.zeros((1, n_samples), np.float32), layers[-1:])
    return float(counter.get_total_flops())


def product_rate(device: str, precision: str) -> float:
    """Return the operations per second of a large product."""
    size = 8192 if device == "cuda" else 2048
    left = torch.randn(size, size, device=device, dtype=getattr(torch, precision))
    seconds = []
    for _ in range(5):
        begin = time.perf_counter()
        product = left @ left
        float(product[0, 0])  # waits for the device
        seconds.append(time.perf_counter() - begin)
    return 2 * size**3 / min(seconds)


def memory(method: str, minutes: float) -> dict[str, Any]:
    """Return what `flat_memory.py` prints, from a process of its own."""
    script = Path(__file__).with_name("flat_memory.py")
    command = [sys.executable, str(script), method, "--minutes", str(minutes)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    result: dict[str, Any] = json.loads(printed)
    return result


def ways_of(n_windows: int, is_cuda: bool) -> dict[str, tuple[Last, Any]]:
    """Return each preset, and some in bfloat16."""
    ways: dict[str, tuple[Last, Any]] = {}
    for name, windowing in PRESETS.items():
        # A window of 30 s is long enough for one to tell.
        n = 1 if name == "single-pass" and not is_cuda else n_windows
        ways[name] = Last(windowing, n), "float32"
    for name in PRESETS if is_cuda else ("sliding", "single-pass"):
        ways[f"{name}, bfloat16"] = ways[name][0], "bfloat16"
    return ways


def race(model: Any, chosen: argparse.Namespace, rounds: int) -> None:
    """Let loop and presets take turns, and print a line for each."""
    is_cuda = chosen.device == "cuda"
    n_windows = 200 if is_cuda else 2
    layers = [layer.name for layer in model.layers if layer.name != "cnn"]
    n_samples = (600 if is_cuda else 100) * RATE
    samples = np.random.default_rng(0).standard_normal(n_samples).astype(np.float32) * 0.1
    stimulus = Stimulus("noise", Sound.from_samples(samples, RATE))
    network = model._module  # noqa: SLF001  the loop calls the network itself
    loop = Loop(network, samples, chosen.device)
    stops = [len(samples) - 1600 * back for back in reversed(range(n_windows))]
    ways = ways_of(n_windows, is_cuda)
    ways = {name: ways[name] for name in chosen.ways or ways}

    ratios: dict[str, list[float]] = {name: [] for name in ways}
    per_s: dict[str, list[float]] = {name: [] for name in [LOOP, *ways]}
    frames: dict[str, np.ndarray] = {}
    loop(stops[:1])
    for _ in range(rounds):
        network.config._attn_implementation = chosen.attention  # noqa: SLF001
        seconds, expected = timed(lambda: loop(stops))
        network.config._attn_implementation = "sdpa"  # noqa: SLF001
        per_s[LOOP].append(seconds / n_windows / 0.1)
        for name, (last, precision) in ways.items():
            seconds, frames[name] = ours(model, stimulus, layers, last, precision)
            per_s[name].append(seconds / last.n / last.step_s)
            ratios[name].append(per_s[LOOP][-1] / per_s[name][-1])

    print(
        f"{chosen.model} on {chosen.device}, {torch.get_num_threads()} threads, {rounds} rounds; "
        f"the loop's attention: {chosen.attention}"
    )
    print(
        f"{'way':<22}{'s per s of sound':>17}{'× real time':>13}{'× the loop':>12}"
        f"{'range':>16}{'% of products':>15}{'differs by':>12}"
    )
    rates = {precision: product_rate(chosen.device, precision) for precision in PRECISIONS}
    loop_s = float(np.median(per_s[LOOP]))
    print(f"{LOOP:<22}{loop_s:>17.3f}{1 / loop_s:>13.2f}{1:>12.2f}")
    for name, (last, precision) in ways.items():
        second = float(np.median(per_s[name]))
        operations = n_flops(model, round(last.length_s * RATE), layers) / last.step_s
        share = operations / second / rates[precision]
        spread = f"{min(ratios[name]):.2f}–{max(ratios[name]):.2f}"
        differs = ""
        if last.is_sliding:  # its last window is the loop's
            error = np.linalg.norm(frames[name][-1] - expected[-1]) / np.linalg.norm(expected[-1])
            differs = f"{error:.1e}"
        print(
            f"{name:<22}{second:>17.3f}{1 / second:>13.2f}{np.median(ratios[name]):>12.2f}"
            f"{spread:>16}{100 * share:>14.0f}%{differs:>12}"
        )
    one = samples[None, :257_600]
    left = model.last_frames(one, layers)
    kept = sum(values.untyped_storage().nbytes() for values in left.values())
    whole = sum(values.nbytes for values in model.forward(one, layers).values())
    print(
        f"a window of 16.1 s lets {kept / 2**10:.0f} KiB leave the layers instead of "
        f"{whole / 2**10:.0f}: 1/{whole / kept:.0f}"
    )


def main() -> None:
    """Print a line for each way, and how memory grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--model", default="wav2vec2-base-random")
    parser.add_argument("--attention", default="sdpa", choices=["sdpa", "eager"], help="the loop's")
    parser.add_argument("--ways", nargs="+", help="some of the lines, by name")
    parser.add_argument("--skip-memory", action="store_true")
    chosen = parser.parse_args()
    rounds = chosen.rounds or (10 if chosen.full or chosen.device == "cuda" else 3)
    race(models.resolve(chosen.model).object.to(chosen.device), chosen, rounds)
    if chosen.skip_memory:
        return
    minutes = 10.0 if chosen.full else 2.0
    for method in ("loop", "ours"):
        result = memory(method, minutes)
        print(
            f"{minutes:g} min of sound, {method}: grew by {result['grown_mib']:.1f} MiB, "
            f"{result['beyond_matrix_mib']:.1f} beyond the design matrix of "
            f"{result['matrix_mib']:.1f}; {result['cpu_s']:.0f} cpu s"
        )


if __name__ == "__main__":
    main()
