"""Where products with units are done: on the processor by NumPy, or on a GPU by torch."""

from __future__ import annotations

import numpy as np

from heschl.errors import InvalidInput
from heschl.metrics.ridge.engine.rates import (
    blas_name,
    may_have_gpu,
    measured_on_torch,
    measured_with_numpy,
)

__all__ = ["chosen_device", "described_device", "multiplies_in_full"]


def chosen_device(device: str, dtype: np.dtype | type | str) -> str:
    """Return ``cpu`` or ``cuda:<number>``; for ``auto`` the one that multiplies fastest.

    Rates are measured. A GPU that would multiply in reduced precision, because somebody allowed
    TF32 in this process, is not taken; what others have set is left as it is.

    >>> chosen_device("cpu", "float32")
    'cpu'
    """
    if device == "cpu" or (device == "auto" and not may_have_gpu()):
        return "cpu"
    try:
        import torch

        n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    except (ImportError, OSError) as error:
        if device == "auto":
            return "cpu"
        raise InvalidInput(f"device={device!r} needs torch, which says: {error}") from error
    if device == "auto":
        gpus = [f"cuda:{number}" for number in range(n_gpus)]
        usable = [measured_on_torch(each) for each in gpus if multiplies_in_full(each)]
        return max([measured_with_numpy(), *usable], key=lambda rate: rate.of(dtype)).device
    number = int(device.partition(":")[2] or 0)
    if number >= n_gpus:
        raise InvalidInput(
            f"device={device!r}, but torch finds {n_gpus} GPUs here; expected 'auto', 'cpu' or one "
            "of them"
        )
    if not multiplies_in_full(f"cuda:{number}"):
        raise InvalidInput(
            f"device={device!r} multiplies float32 in reduced precision, with too few digits for "
            "a penalty; call torch.set_float32_matmul_precision('highest'), or give 'cpu'"
        )
    return f"cuda:{number}"


def described_device(device: str) -> str:
    """Return in words what multiplies on a chosen device.

    >>> described_device("cpu").partition(" ")[0]
    'cpu:'
    """
    if device == "cpu":
        return f"cpu: NumPy with {blas_name()}"
    import torch

    place = device.removeprefix("torch:")
    name = torch.cuda.get_device_name(place) if place.startswith("cuda") else "the processor"
    return f"{place}: torch {torch.__version__} on {name}"


def multiplies_in_full(device: str) -> bool:
    """Return whether float32 products on a device keep all digits of their factors."""
    import torch

    last_digit = 1.0 + 2.0**-12  # 1 in TF32 and in bfloat16
    matrix = torch.full((512, 512), last_digit, device=device)
    return abs(float((matrix @ matrix)[0, 0]) / 512 - last_digit**2) < 2.0**-16
