"""The toy experiment with a phantom, as a stranger's plugin would register it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from toy import ToyDataset

EXPECTATION = {
    "benchmark": "toy-ridge",
    "model": "toy-loudness",
    "layer": "low",
    "roi": "A1",
    "quantity": "score",
    "expected": 0.9,
    "tolerance": 0.2,
    "source": "a formula",
}


@dataclass
class ToyPhantom:
    """Writes ``truth.json`` and nothing else: the toy experiment is in memory."""

    expectations: list[dict]
    noises: tuple[float, ...] = (0.5, 0.5, 0.5)

    def write(self, root, seed):
        (root / "truth.json").write_text(json.dumps({"expectations": self.expectations}))
        (root / "seed").write_text(str(seed))

    def load(self, root):
        return ToyDataset(noise=self.noises[int((root / "seed").read_text())])
