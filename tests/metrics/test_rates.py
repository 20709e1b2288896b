"""The measured rate of matrix products, and what is said of a slow BLAS."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from heschl.metrics.ridge.engine import rates
from heschl.metrics.ridge.engine.rates import Rate, advice, measured_on_torch, measured_with_numpy

FAST = Rate("numpy", "cpu", "OpenBLAS", 5e11, 2e11)
NEW = ("X86_V2", "X86_V3", "X86_V4", "AVX512_SKX")
OPENBLAS = {"architecture": "SkylakeX", "num_threads": 8}


@pytest.fixture
def one_thread():
    """Threads that wait for each other are slow on a busy machine, and no two times alike."""
    torch = pytest.importorskip("torch")
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(n_threads)


def rate_of(multiply, size):
    """Return operations in a second, the best of several products that take longer."""
    seconds = []
    for _ in range(6):
        begin = time.perf_counter()
        multiply()
        seconds.append(time.perf_counter() - begin)
    return 2 * size**3 / min(seconds)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rate_is_that_of_a_larger_product(dtype, one_thread):
    rate = measured_with_numpy.__wrapped__()

    matrix = np.ones((1500, 1500), dtype)
    found = rate_of(lambda: matrix @ matrix, 1500)
    assert found / 4 <= rate.of(dtype) <= found * 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rate_of_torch_is_that_of_its_product(dtype, one_thread):
    torch = pytest.importorskip("torch")

    rate = measured_on_torch.__wrapped__("cpu")

    matrix = torch.ones(1500, 1500, dtype=getattr(torch, dtype))
    found = rate_of(lambda: matrix @ matrix, 1500)
    assert found / 4 <= rate.of(dtype) <= found * 4
    assert "torch" in rate.library


def test_measuring_takes_little_time_and_is_done_once(one_thread):
    begin = time.process_time()
    measured_with_numpy.__wrapped__()
    assert time.process_time() - begin < 1.0  # 0.3 on a quiet machine

    assert measured_with_numpy() is measured_with_numpy()


@pytest.mark.parametrize(
    ("blas", "features", "environment", "expected"),
    [
        (OPENBLAS, NEW, {}, []),
        (
            {**OPENBLAS, "architecture": "Haswell"},
            NEW,
            {"OPENBLAS_CORETYPE": "Haswell"},
            ["OPENBLAS_CORETYPE=Haswell"],
        ),
        (OPENBLAS, NEW, {"OPENBLAS_CORETYPE": "SkylakeX"}, []),
        ({**OPENBLAS, "architecture": "Zen"}, NEW[:2], {"OPENBLAS_CORETYPE": "Zen"}, []),
        (
            {**OPENBLAS, "num_threads": 1},
            NEW,
            {"OMP_NUM_THREADS": "1"},
            ["1 thread of 8; unset OMP_NUM_THREADS=1"],
        ),
        ({**OPENBLAS, "num_threads": 1}, NEW, {}, ["install a BLAS with threads"]),
        ({}, NEW, {}, []),
    ],
)
def test_advice_names_what_slows_blas(blas, features, environment, expected):
    found = advice(FAST, blas=blas, features=features, environment=environment, n_cores=8)

    assert len(found) == len(expected)
    for sentence, part in zip(found, expected, strict=True):
        assert part in sentence


def test_loops_in_the_place_of_blas_are_noticed():
    slow = Rate("numpy", "cpu", "reference", 1.5e9, 1.4e9)

    (sentence,) = advice(slow, blas={}, features=NEW, environment={}, n_cores=2)

    assert sentence.startswith("NumPy multiplies at 1.5 Gflop/s")


def test_torch_is_not_imported_to_measure_numpy():
    code = (
        "import sys; from heschl.metrics.ridge.engine import rates; "
        "rates.may_have_gpu = lambda: False; print(len(rates.rates()), 'torch' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["1", "False"]


def test_every_gpu_is_measured(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(rates, "measured_on_torch", lambda device: device)

    assert rates.rates()[1:] == ["cpu", "cuda:0", "cuda:1"]
