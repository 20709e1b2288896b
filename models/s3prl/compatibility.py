"""What s3prl needs and a current torchaudio lacks, mended where the real import fails.

s3prl imports torchaudio for its filterbanks, which are pure PyTorch, while the
usual wheel of torchaudio is linked against another build of torch and then does
not load at all. In that case its compiled part is replaced by a stub; the two
functions that torchaudio 2.9 removed are replaced where they are missing. Without any
torchaudio the families that hear waveforms run all the same, but for one helper that
they import and do not call. What is replaced raises as soon as it is called.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from heschl.errors import MissingExtra

__all__ = ["applied", "make_compatible"]

_EXTENSION = "torchaudio._extension"
_SOX = "torchaudio.sox_effects"
_HELPER = "s3prl.util.pseudo_data"

_patches: list[str] = []
_lock = threading.Lock()


def applied() -> tuple[str, ...]:
    """Return what was replaced in this process, one sentence each."""
    return tuple(_patches)


def make_compatible() -> tuple[str, ...]:
    """Replace what fails to import, once a process, and return what `applied` does."""
    with _lock:
        if importlib.util.find_spec("torchaudio") is None:
            _do_without()
            return applied()
        try:
            torchaudio = importlib.import_module("torchaudio")
        except (ImportError, OSError, RuntimeError) as error:
            torchaudio = _without_extension(error)
        if not hasattr(torchaudio, "set_audio_backend"):
            vars(torchaudio)["set_audio_backend"] = _refusing("torchaudio.set_audio_backend")
            _patches.append(
                f"torchaudio {torchaudio.__version__} has no set_audio_backend; a stub stands in"
            )
        if _SOX not in sys.modules and importlib.util.find_spec(_SOX) is None:
            sox = ModuleType(_SOX)
            for name in ("apply_effects_tensor", "apply_effects_file"):
                vars(sox)[name] = _refusing(f"{_SOX}.{name}")
            sys.modules[_SOX] = sox
            vars(torchaudio)["sox_effects"] = sox
            _patches.append(
                f"torchaudio {torchaudio.__version__} has no sox_effects; a stub stands in"
            )
        return applied()


def _do_without() -> None:
    if _HELPER in sys.modules:
        return
    helper = ModuleType(_HELPER)
    vars(helper)["get_pseudo_wavs"] = _refusing(f"{_HELPER}.get_pseudo_wavs")
    sys.modules[_HELPER] = helper
    _patches.append(
        "torchaudio is not installed; the families that hear waveforms run, those on filterbanks "
        "do not"
    )


def _without_extension(error: Exception) -> ModuleType:
    """Return torchaudio with a stub for its compiled part, or raise what is wrong beyond it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        del sys.modules[name]
    extension = ModuleType(_EXTENSION)
    vars(extension).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        fail_if_no_align=lambda function: _refusing(function.__qualname__),
    )
    sys.modules[_EXTENSION] = extension
    try:
        torchaudio = importlib.import_module("torchaudio")
    except Exception as again:
        del sys.modules[_EXTENSION]
        raise MissingExtra(
            f"torchaudio cannot be imported, {type(again).__name__}: {again}; install the version "
            "of torchaudio that fits torch, from the same index, or uninstall it: many families "
            "of s3prl do without"
        ) from again
    _patches.append(
        f"torchaudio {torchaudio.__version__} does not load its compiled part "
        f"({type(error).__name__}); filterbanks run, forced alignment and transducer losses do not"
    )
    return torchaudio


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*_arguments: Any, **_settings: Any) -> Any:  # it stands for any function
        raise MissingExtra(
            f"{name} was called, which the installed torchaudio lacks; choose another upstream, or "
            "install a torchaudio that has it, built for the installed torch"
        )

    return refuse
