"""Score a memory map that is larger than the memory allowed, and print the peak.

python perf/memory.py --rows 59652 --units 90000    # 20 GiB on disk, sparse
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr

from heschl.metrics.ridge import Nested, Ridge
from heschl.splits import Fold

_MIB = 2**20


def main() -> None:
    """Score, and print sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--units", type=int, default=90000)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--varying", type=int, default=512, help="units that are not constant")
    parser.add_argument("--folder", help="where the file is made; by default a temporary folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "responses.dat"
        shape = given.rows, given.units
        written = np.memmap(path, dtype=np.float32, mode="w+", shape=shape)
        generator = np.random.default_rng(0)
        for start in range(0, given.rows, 1024):  # the rest of the file takes no disk
            part = written[start : start + 1024, : given.varying]
            part[:] = generator.standard_normal(part.shape)
        del written, part
        responses = np.memmap(path, dtype=np.float32, mode="r", shape=shape)
        design = generator.standard_normal((given.rows, given.features), dtype=np.float32)
        rows = np.arange(given.rows)
        folds = [
            Fold(f"part {number}", np.setdiff1d(rows, test), test)
            for number, test in enumerate(np.array_split(rows, 5))
        ]
        before, start_s = _peak_mib(), time.perf_counter()
        Ridge(Nested(criterion="pearson"))(
            xr.DataArray(design, dims=("time", "feature")),
            xr.DataArray(responses, dims=("time", "unit")),
            folds,
            seed=0,
        )
        seconds = time.perf_counter() - start_s
        print(
            f"{responses.nbytes / _MIB:.0f} MiB of responses: peak {_peak_mib():.0f} MiB "
            f"({before:.0f} before), {seconds:.0f} s"
        )


def _peak_mib() -> float:
    """Return the largest resident memory since the last call, in MiB, and begin anew."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return peak / 1024


if __name__ == "__main__":
    main()
