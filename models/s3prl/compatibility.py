"""What s3prl needs and a current torchaudio lacks, mended where the real import fails.

s3prl imports torchaudio for its filterbanks, which run even where its compiled part does not
load: see `heschl.models.torchaudio_stub`. The two functions that torchaudio 2.9 removed are
replaced where they are missing. Without any torchaudio the families that hear waveforms run all
the same, but for one helper that they import and do not call. What is replaced raises as soon as
it is called.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from types import ModuleType

from heschl.models.torchaudio_stub import importable_torchaudio, refusing, replaced

__all__ = ["applied", "make_compatible"]

_SOX = "torchaudio.sox_effects"
_HELPER = "s3prl.util.pseudo_data"

_patches: list[str] = []
_lock = threading.Lock()


def applied() -> tuple[str, ...]:
    """Return what was replaced in this process, one sentence each."""
    return (*replaced(), *_patches)


def make_compatible() -> tuple[str, ...]:
    """Replace what fails to import, once a process, and return what `applied` does."""
    with _lock:
        torchaudio = importable_torchaudio()
        if torchaudio is None:
            _do_without()
            return applied()
        if not hasattr(torchaudio, "set_audio_backend"):
            vars(torchaudio)["set_audio_backend"] = refusing("torchaudio.set_audio_backend")
            _patches.append(
                f"torchaudio {torchaudio.__version__} has no set_audio_backend; a stub stands in"
            )
        if _SOX not in sys.modules and importlib.util.find_spec(_SOX) is None:
            sox = ModuleType(_SOX)
            for name in ("apply_effects_tensor", "apply_effects_file"):
                vars(sox)[name] = refusing(f"{_SOX}.{name}")
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
    vars(helper)["get_pseudo_wavs"] = refusing(f"{_HELPER}.get_pseudo_wavs")
    sys.modules[_HELPER] = helper
    _patches.append(
        "torchaudio is not installed; the families that hear waveforms run, those on filterbanks "
        "do not"
    )
