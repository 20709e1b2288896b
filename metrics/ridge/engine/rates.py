"""How fast matrices are multiplied here: measured, since every guess about BLAS is wrong somewhere.

The same processor multiplies at half its speed where OPENBLAS_CORETYPE names an older kernel, at a
hundredth without an optimised BLAS; and a small GPU may be slower than a large processor.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from threadpoolctl import threadpool_info

from heschl.wording import counted

__all__ = [
    "Rate",
    "advice",
    "blas_name",
    "may_have_gpu",
    "measured_on_torch",
    "measured_with_numpy",
    "rates",
]

BUDGET_S = 0.12
"""Seconds for the products of one type."""

SIZES = (256, 512, 1024, 2048, 4096)
"""Rows and columns of what is multiplied."""

SLOW = 4e9
"""Operations of a core in float32 a second that any optimised BLAS exceeds."""

_AVX512 = {"skylakex", "cooperlake", "sapphirerapids"}
_AVX2 = {"haswell", "zen", "excavator"}


@dataclass(frozen=True)
class Rate:
    """What one library does on one device.

    Parameters
    ----------
    backend
        Who multiplies.
    device
        ``cpu``, ``cuda:0``, ...
    library
        Its name, version and threads, in words.
    float32, float64
        Additions and multiplications in a second; full precision, without TF32.
    """

    backend: Literal["numpy", "torch"]
    device: str
    library: str
    float32: float
    float64: float

    def of(self, dtype: np.dtype | type | str) -> float:
        """Return the rate for a type."""
        return float(getattr(self, np.dtype(dtype).name))


@functools.cache
def measured_with_numpy() -> Rate:
    """Return the rate of the BLAS that NumPy calls, with the threads that it has at first."""

    def timed(size: int, dtype: str) -> Callable[[], object]:
        matrix = np.ones((size, size), dtype=dtype)
        return lambda: matrix @ matrix

    return Rate("numpy", "cpu", blas_name(), *(_rate(timed, name) for name in _DTYPES))


@functools.cache
def measured_on_torch(device: str) -> Rate:
    """Return the rate of torch on ``cpu``, ``cuda:0``, ...; imports torch."""
    import torch

    place = torch.device(device)

    def timed(size: int, dtype: str) -> Callable[[], object]:
        matrix = torch.ones((size, size), dtype=getattr(torch, dtype), device=place)

        def multiply() -> None:
            matrix @ matrix
            if place.type == "cuda":
                torch.cuda.synchronize(place)

        return multiply

    about = f"torch {torch.__version__}"
    if place.type == "cuda":
        about += f", {torch.cuda.get_device_name(place)}"
    else:
        about += f", {counted(torch.get_num_threads(), 'thread')}"
    return Rate("torch", device, about, *(_rate(timed, name) for name in _DTYPES))


def rates() -> list[Rate]:
    """Return all that can be measured here: torch only if it is loaded, or could have a GPU."""
    found = [measured_with_numpy()]
    if "torch" in sys.modules or may_have_gpu():
        import torch

        found.append(measured_on_torch("cpu"))
        found += [measured_on_torch(f"cuda:{n}") for n in range(torch.cuda.device_count())]
    return found


def may_have_gpu() -> bool:
    """Return whether it is worth importing torch to ask for a GPU: whether a driver is there."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return bool(torch.cuda.is_available())
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", "")) / "System32" / "nvcuda.dll").exists()
    return any(Path(name).exists() for name in ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd"))


def advice(
    rate: Rate,
    *,
    blas: Mapping[str, Any] | None = None,  # as threadpoolctl describes it
    features: Sequence[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    n_cores: int | None = None,
) -> list[str]:
    """Return what slows the BLAS of NumPy down, and what to do about it, a sentence each.

    Parameters
    ----------
    rate
        As measured.
    blas, features, environment, n_cores
        The library as threadpoolctl describes it, the processor's vector instructions as NumPy
        names them, environment variables and usable cores; by default those here.

    >>> slow = Rate("numpy", "cpu", "none", 1e9, 1e9)
    >>> advice(slow, blas={}, features=[], environment={}, n_cores=1)[0]
    "NumPy multiplies at 1 Gflop/s: it lacks an optimised BLAS; install NumPy's wheel from PyPI"
    """
    blas = _blas() if blas is None else blas
    features = _vector_instructions() if features is None else features
    n_cores = n_cores or _usable_cores()
    found = []
    pinned = environment.get("OPENBLAS_CORETYPE", "")
    kernel = str(blas.get("architecture", pinned)).lower()
    if pinned and _width(kernel) < _processor_width(features):
        found.append(
            f"OPENBLAS_CORETYPE={pinned} has OpenBLAS use instructions older than this "
            "processor's; unset it"
        )
    n_threads = int(blas.get("num_threads", n_cores))
    if n_threads == 1 < n_cores:
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        limits = [f"{name}={environment[name]}" for name in names if name in environment]
        found.append(
            f"BLAS uses 1 thread of {n_cores}; "
            + (f"unset {' and '.join(limits)}" if limits else "install a BLAS with threads")
        )
    if not blas and rate.float32 < SLOW * n_cores:
        found.append(
            f"NumPy multiplies at {rate.float32 / 1e9:.3g} Gflop/s: it lacks an optimised BLAS; "
            "install NumPy's wheel from PyPI"
        )
    return found


_DTYPES = ("float32", "float64")


def _rate(timed: Callable[[int, str], Callable[[], object]], dtype: str) -> float:
    """Return operations in a second, the best of products that grow until time is up.

    Where others work, too, a small product waits longer for its threads than it takes.
    """
    best, end = 0.0, time.perf_counter() + BUDGET_S
    for size in SIZES:
        multiply = timed(size, dtype)
        multiply()
        for _ in range(3):
            begin = time.perf_counter()
            multiply()
            seconds = time.perf_counter() - begin
            best = max(best, 2.0 * size**3 / seconds)
            if begin + 2 * seconds > end:
                break
        if time.perf_counter() + 2 * 8 * seconds > end:
            break
    return best


def _blas() -> Mapping[str, Any]:
    """Return what threadpoolctl knows of the BLAS that NumPy has loaded; nothing on a Mac."""
    known = [each for each in threadpool_info() if each["user_api"] == "blas"]
    of_numpy = [each for each in known if "numpy" in each["filepath"]]
    found: Mapping[str, Any] = (of_numpy or known or [{}])[0]
    return found


def blas_name() -> str:
    """Return name, version and threads of the library that NumPy multiplies with."""
    blas = _blas()
    if not blas:
        build = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{build.get('name', 'unknown')} {build.get('version', '')}".strip()
    names = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS", "flexiblas": "FlexiBLAS"}
    name = names.get(blas["internal_api"], blas["internal_api"])
    kernel = f" for {blas['architecture']}" if "architecture" in blas else ""
    return f"{name} {blas['version']}{kernel}, {counted(blas['num_threads'], 'thread')}"


def _vector_instructions() -> list[str]:
    simd = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return [*simd.get("baseline", []), *simd.get("found", [])]


def _processor_width(features: Sequence[str]) -> int:
    if any(name.startswith("AVX512") or name == "X86_V4" for name in features):
        return 512
    return 256 if {"AVX2", "X86_V3"} & {*features} else 128


def _width(kernel: str) -> int:
    return 512 if kernel in _AVX512 else 256 if kernel in _AVX2 else 128


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
