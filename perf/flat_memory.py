"""How far memory grows while a long sound is heard: the papers' loop, or ours.

    python perf/flat_memory.py ours --minutes 10
    python perf/flat_memory.py loop --minutes 10
    python perf/flat_memory.py ours --minutes 120 --preset single-pass

The network is a stand-in with the layers of wav2vec 2.0 in the base size, 13 of 768 units at
50 Hz, and next to none of its arithmetic. Growth is counted from the first full windows on: what
one pass needs, and what is loaded, is there by then. Both end with the design matrix on a clock of
2 s, which ours fills as it goes; ``--clock 20`` leaves a tenth of it. Linux only.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from clocks import dense_lanczos

from heschl.extraction import extract
from heschl.models.torch_module import TorchModel
from heschl.presets import PRESETS, preset
from heschl.sound import Sound, Stimulus
from heschl.temporal import Lanczos

RATE = 16_000
N_LAYERS, WIDTH = 13, 768
STRIDE, FIELD = 320, 400
WARM = 0.3
"""The share of the windows that pass before growth counts, those that grow among them."""


class StandIn(torch.nn.Module):
    """A convolution and twelve blocks that only add."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv1d(1, WIDTH, FIELD, stride=STRIDE)
        self.blocks = torch.nn.ModuleList(torch.nn.Identity() for _ in range(N_LAYERS))

    def forward(self, waveforms: torch.Tensor) -> list[torch.Tensor]:
        """Return every hidden state, as networks do when asked for all."""
        hidden = self.convolution(waveforms[:, None]).transpose(1, 2)
        states = []
        for block in self.blocks:
            hidden = block(hidden + 1.0)
            states.append(hidden)
        return states if self.returns_all else states[-1:]

    returns_all = False


class Resident:
    """The resident size of this process, looked at every 2 ms."""

    def __init__(self) -> None:
        self.peak = self.now()
        self._is_over = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    @staticmethod
    def now() -> int:
        """Return bytes."""
        return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4096

    def _look(self) -> None:
        while not self._is_over.wait(0.002):
            self.peak = max(self.peak, self.now())

    def grown(self) -> int:
        """Return the peak since the warm-up, over the peak until then, and stop looking."""
        self._is_over.set()
        return max(0, max(self.peak, self.now()) - self.at_warm_up)

    at_warm_up = 0

    def warm(self) -> None:
        """Count from here."""
        if not self.at_warm_up:
            self.at_warm_up = max(self.peak, self.now())


def main() -> None:
    """Print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=["loop", "ours"])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--preset", choices=[*PRESETS], default="sliding")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clock", type=float, default=2.0, help="seconds of a row of the result")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    targets_s = np.arange(1.0, 60 * chosen.minutes, chosen.clock)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise.wav"
        generator = np.random.default_rng(0)
        with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
            for _ in range(round(60 * chosen.minutes)):
                file.write(generator.uniform(-0.3, 0.3, RATE))
        begin = time.process_time()
        run = ours if chosen.method == "ours" else loop
        grown, matrices = run(path, targets_s, chosen.preset)
    matrix = sum(each.nbytes for each in matrices)
    # Ours fills the matrix as it goes, the loop makes it at the end.
    filled = matrix if chosen.method == "loop" else (1 - WARM) * matrix
    print(
        json.dumps(
            {
                "method": chosen.method,
                "preset": chosen.preset,
                "minutes": chosen.minutes,
                "grown_mib": grown / 2**20,
                "matrix_mib": matrix / 2**20,
                "beyond_matrix_mib": max(0.0, grown - filled) / 2**20,
                "cpu_s": time.process_time() - begin,
            }
        )
    )


def ours(path: Path, targets_s: np.ndarray, name: str) -> tuple[int, list[np.ndarray]]:
    """Return how memory grew, and the design matrices."""
    network = StandIn()
    model = TorchModel(
        "stand-in",
        network,
        sample_rate=RATE,
        taps={"block.{i}": network.blocks},
        stride=STRIDE,
        receptive_field=FIELD,
    )
    resident = Resident()
    found = extract(
        model,
        Stimulus("noise", Sound.from_file(path)),
        [layer.name for layer in model.layers],
        preset(name),
        Lanczos(),
        targets_s,
        report=lambda fraction: resident.warm() if fraction > WARM else None,
    )
    return resident.grown(), list(found.values())


def loop(path: Path, targets_s: np.ndarray, _name: str) -> tuple[int, list[np.ndarray]]:
    """Return the same for the loop: every hidden state of every window, then resampling."""
    network = StandIn().eval()
    network.returns_all = True
    waveform = soundfile.read(path, dtype="float32")[0]
    resident = Resident()
    kept: list[list[np.ndarray]] = [[] for _ in range(N_LAYERS)]
    stops = range(1600, len(waveform) + 1, 1600)
    for n_done, stop in enumerate(stops):
        window = waveform[max(0, stop - 257_600) : stop]
        with torch.no_grad():
            states = network(torch.from_numpy(window[None]))
        for frames, state in zip(kept, states, strict=True):
            frames.append(state[:, -1].numpy().copy())
        if n_done > WARM * len(stops):
            resident.warm()
    features = [np.concatenate(frames) for frames in kept]
    times_s = np.array(stops) / RATE
    matrices = [dense_lanczos(each, times_s, targets_s).astype(np.float32) for each in features]
    return resident.grown(), matrices


if __name__ == "__main__":
    main()
