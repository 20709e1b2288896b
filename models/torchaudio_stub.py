"""Let transformers and s3prl import torchaudio where the installed one does not load.

Both import it wherever it is installed, for parts that are pure PyTorch, while the usual wheel is
linked against another build of torch and then fails as a whole. In that case its compiled part is
replaced by a stub that raises as soon as it is called; where the real import works, and where
there is no torchaudio, nothing is touched.
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

__all__ = ["importable_torchaudio", "refusing", "replaced"]

_EXTENSION = "torchaudio._extension"

_replaced: list[str] = []
_lock = threading.Lock()


def replaced() -> tuple[str, ...]:
    """Return what was replaced in this process, one sentence each."""
    return tuple(_replaced)


def importable_torchaudio() -> ModuleType | None:
    """Return torchaudio, with a stub for its compiled part if need be; None if it is not there."""
    with _lock:
        if importlib.util.find_spec("torchaudio") is None:
            return None
        try:
            return importlib.import_module("torchaudio")
        except (ImportError, OSError, RuntimeError) as error:
            return _without_extension(error)


def refusing(name: str) -> Callable[..., Any]:
    """Return a function that stands for ``name`` and raises when it is called."""

    def refuse(*_arguments: Any, **_settings: Any) -> Any:  # it stands for any function
        raise MissingExtra(
            f"{name} was called, which the installed torchaudio lacks; choose another model, or "
            "install a torchaudio that has it, built for the installed torch"
        )

    return refuse


def _without_extension(error: Exception) -> ModuleType:
    """Return torchaudio with a stub for its compiled part, or raise what is wrong beyond it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        del sys.modules[name]
    extension = ModuleType(_EXTENSION)
    vars(extension).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        fail_if_no_align=lambda function: refusing(function.__qualname__),
    )
    sys.modules[_EXTENSION] = extension
    try:
        torchaudio = importlib.import_module("torchaudio")
    except Exception as again:
        del sys.modules[_EXTENSION]
        raise MissingExtra(
            f"torchaudio cannot be imported, {type(again).__name__}: {again}; install the version "
            "of torchaudio that fits torch, from the same index, or uninstall it: most models do "
            "without"
        ) from again
    _replaced.append(
        f"torchaudio {torchaudio.__version__} does not load its compiled part "
        f"({type(error).__name__}); filterbanks run, forced alignment and transducer losses do not"
    )
    return torchaudio
