"""What every model refuses: waveforms of the wrong kind, and taps that it has not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heschl.contracts import Layer, SpeechModel
from heschl.errors import InvalidInput, UnknownName, near_names

__all__ = ["chosen_layers", "require_waveforms", "shared_stretch"]


def require_waveforms(model: SpeechModel, waveforms: np.ndarray) -> None:
    """Raise unless ``waveforms`` is a finite float32 (batch, sample) of a length that suits.

    Cost: one pass over the samples.
    """
    name, traits = model.card.id, model.traits
    if not isinstance(waveforms, np.ndarray):
        raise InvalidInput(
            f"{name!r} was given a {type(waveforms).__name__}; "
            "expected a NumPy array (batch, sample) of float32"
        )
    if waveforms.ndim != 2:  # noqa: PLR2004
        raise InvalidInput(
            f"{name!r} was given waveforms of shape {waveforms.shape}; "
            "expected (batch, sample): add the batch axis with waveform[None]"
        )
    if waveforms.dtype != np.float32:
        raise InvalidInput(
            f"{name!r} was given {waveforms.dtype} waveforms; expected float32: convert with "
            "astype(np.float32), after scaling integers to -1..1"
        )
    n_waveforms, n_samples = waveforms.shape
    if n_waveforms == 0:
        raise InvalidInput(f"{name!r} was given an empty batch; expected at least one waveform")
    if n_samples < traits.minimum_samples:
        raise InvalidInput(
            f"{name!r} was given {n_samples} samples; it needs at least {traits.minimum_samples} "
            f"at {model.sample_rate} Hz: use a longer window"
        )
    if traits.maximum_s is not None and n_samples > traits.maximum_s * model.sample_rate:
        raise InvalidInput(
            f"{name!r} was given {n_samples / model.sample_rate:.3f} s of sound; "
            f"it takes at most {traits.maximum_s} s: use a shorter window"
        )
    stretch, _ = shared_stretch(waveforms)
    if not np.isfinite(waveforms if stretch is None else stretch).all():
        raise InvalidInput(f"{name!r} was given samples that are not finite; check the recording")


def shared_stretch(waveforms: np.ndarray) -> tuple[np.ndarray | None, int]:
    """Return the samples (sample,) that overlapping rows share, and by how many rows move on.

    ``(None, 0)`` if rows lie apart in memory, as those of a plain array do.

    >>> rows = np.lib.stride_tricks.sliding_window_view(np.arange(7.0), 3)[::2]
    >>> shared_stretch(rows)
    (array([0., 1., 2., 3., 4., 5., 6.]), 2)
    """
    n_rows, n_samples = waveforms.shape
    between_rows, between_samples = waveforms.strides
    step, rest = divmod(between_rows, waveforms.itemsize)
    if between_samples != waveforms.itemsize or rest or not 0 < step < n_samples:
        return None, 0
    length = (n_rows - 1) * step + n_samples
    stretch = np.lib.stride_tricks.as_strided(
        waveforms, (length,), (waveforms.itemsize,), writeable=False
    )
    return stretch, step


def chosen_layers(name: str, layers: Sequence[Layer], taps: Sequence[str]) -> tuple[Layer, ...]:
    """Return the layers that ``taps`` names, each once and in the order asked for.

    >>> chosen_layers("m", [Layer("cnn", 4), Layer("embed", 2)], ["embed"])[0].width
    2
    """
    if isinstance(taps, str):
        raise InvalidInput(f"{name!r} was asked for taps={taps!r}; expected a list: [{taps!r}]")
    known = {layer.name: layer for layer in layers}
    for tap in taps:
        if tap not in known:
            raise UnknownName(f"{name!r} has no layer {tap!r}; {near_names(str(tap), known)}")
    return tuple(known[tap] for tap in dict.fromkeys(taps))
