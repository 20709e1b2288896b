"""ABX distances: ours, NumPy pair by pair, and fastabx where its own Python is named.

``python perf/abx.py --fastabx /path/to/python3.12`` runs fastabx's own distances and alignment
(torchdtw) in that interpreter on the same items, saved to disk; it measures itself. Ours divides
by the path's steps for that comparison, as fastabx does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

from heschl.metrics.abx import Measure, item_distances

PEER = """
import json, sys, time
import numpy as np, torch
from fastabx.distance import distance_function, distance_matrix
from torchdtw import dtw_batch
values, first, name, out, threads = np.load(sys.argv[1]), np.load(sys.argv[2]), *sys.argv[3:]
torch.set_num_threads(int(threads))
sizes = torch.tensor(np.diff(first))
items = torch.zeros(len(sizes), int(sizes.max()), values.shape[1])
for k in range(len(sizes)):
    items[k, : sizes[k]] = torch.tensor(values[first[k] : first[k + 1]])
if name == "angular":
    items = torch.nn.functional.normalize(items, dim=2)
def run(some):
    return distance_matrix(items[:some], sizes[:some], items[:some], sizes[:some],
                           distance_function(name), alignment=dtw_batch, symmetric=True)
run(50)
best = None
for _ in range(3):
    begin, cpu = time.perf_counter(), time.process_time()
    found = run(len(sizes))
    spent = time.perf_counter() - begin, time.process_time() - cpu
    best = spent if best is None else min(best, spent)
np.save(out, found.numpy())
print(json.dumps(best))
"""


def simulate(n_items: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return frames (frame, unit) and where those of each item begin: phones at 50 Hz."""
    generator = np.random.default_rng(seed)
    first = np.concatenate([[0], np.cumsum(generator.integers(4, 16, n_items))])
    return generator.standard_normal((first[-1], width)).astype(np.float32), first


def by_pair(one: np.ndarray, other: np.ndarray) -> float:
    """Return what is measured against: SciPy's distances and a double loop."""
    table = cdist(one, other)
    cost = np.full((table.shape[0] + 1, table.shape[1] + 1), np.inf)
    cost[0, 0] = 0
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            cost[i + 1, j + 1] = table[i, j] + min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
    return float(cost[-1, -1] / max(table.shape))


def timed(
    values: np.ndarray, first: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], measure: Measure
) -> tuple[np.ndarray, float, float]:
    """Return distances and the best of three times, in seconds and processor seconds."""
    item_distances(values, first, *(each[:2] for each in pairs), measure)  # compiles
    spent = []
    for _ in range(3):
        begin, cpu = time.perf_counter(), time.process_time()
        found = item_distances(values, first, *pairs, measure)
        spent.append((time.perf_counter() - begin, time.process_time() - cpu))
    return found, *min(spent)


def main() -> None:
    """Print microseconds a pair, and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=600)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--fastabx", type=Path)
    chosen = parser.parse_args()
    n = chosen.items
    values, first = simulate(n, chosen.width, 0)
    pairs = np.triu_indices(n, 1)
    n_pairs = len(pairs[0])
    print(f"{n_pairs} pairs of {n} items of 4 to 15 frames, {chosen.width} units")
    found, seconds, cpu = timed(values, first, pairs, Measure())
    some = np.random.default_rng(1).choice(n_pairs, 1000, replace=False)
    begin, begin_cpu = time.perf_counter(), time.process_time()
    expected = [
        by_pair(*(values[first[k] : first[k + 1]].astype(np.float64) for k in pair))
        for pair in zip(*(each[some] for each in pairs), strict=True)
    ]
    peer, peer_cpu = (time.perf_counter() - begin) / 1000, (time.process_time() - begin_cpu) / 1000
    off = np.abs(found[some] - expected).max()
    per_pair = 1e6 / n_pairs
    print(f"ours, euclidean: {seconds * per_pair:.2f} us a pair, {cpu * per_pair:.2f} of processor")
    print(
        f"NumPy by pair: {peer * 1e6:.1f} us, {peer_cpu * 1e6:.1f} of processor: x "
        f"{peer / (seconds / n_pairs):.1f}, x {peer_cpu / (cpu / n_pairs):.1f} of processor; "
        f"largest difference {off:.1e}"
    )
    if chosen.fastabx is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("values.npy", "first.npy", "found.npy")]
        np.save(paths[0], values)
        np.save(paths[1], first)
        for name in ("euclidean", "angular"):
            found, seconds, cpu = timed(values, first, pairs, Measure(name, "path"))
            threads = os.environ.get("OPENBLAS_NUM_THREADS", str(os.cpu_count()))
            answer = subprocess.run(  # noqa: S603  the interpreter that the user named
                [chosen.fastabx, "-c", PEER, *paths[:2], name, paths[2], threads],
                check=True, capture_output=True, text=True,
            ).stdout  # fmt: skip
            their_seconds, their_cpu = json.loads(answer.splitlines()[-1])
            off = np.abs(np.load(paths[2])[pairs] - found).max()
            print(
                f"{name} over the path: ours {seconds * per_pair:.2f} us a pair, "
                f"{cpu * per_pair:.2f} of processor; fastabx {their_seconds * per_pair:.2f}, "
                f"{their_cpu * per_pair:.2f}: x {their_seconds / seconds:.2f}, "
                f"x {their_cpu / cpu:.2f}; largest difference {off:.1e}"
            )


if __name__ == "__main__":
    main()
