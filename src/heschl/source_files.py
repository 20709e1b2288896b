"""Plugins from a single file: ``file:./my_model.py:MyNet``."""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.util
import re
import sys
import threading
from pathlib import Path
from types import ModuleType

from heschl.errors import BrokenPlugin, InvalidInput, MissingData

__all__ = ["SourceFile"]

_LOCK = threading.RLock()


class SourceFile:
    """A Python file outside any package, and optionally a name within it.

    Parameters
    ----------
    location
        ``path.py`` or ``path.py:name``; a relative path counts from the working
        directory.
    """

    def __init__(self, location: str) -> None:
        path, colon, attribute = location, "", ""
        if not location.endswith(".py"):
            path, colon, attribute = location.rpartition(":")
        if not path.endswith(".py") or (colon and not attribute.isidentifier()):
            raise InvalidInput(
                f"'file:{location}' names no Python file; expected 'file:path/to/model.py' or "
                "'file:path/to/model.py:NameWithinIt'"
            )
        self.path = Path(path).expanduser().resolve()
        self.attribute = attribute
        try:
            self._source = self.path.read_bytes()
        except OSError as error:
            raise MissingData(
                f"'file:{location}' cannot be read ({error.strerror}): there is no readable file "
                f"{self.path}; paths count from the working directory, {Path.cwd()}"
            ) from error

    @property
    def digest(self) -> str:
        """The SHA-256 of the file; of the modules that it imports, nothing."""
        return hashlib.sha256(self._source).hexdigest()

    @property
    def module_name(self) -> str:
        """The name under which the file is imported, the same for the same path."""
        place = hashlib.sha256(str(self.path).encode()).hexdigest()[:12]
        return f"heschl_file_{place}_" + re.sub(r"\W", "_", self.path.stem)

    def module(self) -> ModuleType:
        """Import the file, anew if its content has changed since."""
        with _LOCK:
            known = sys.modules.get(self.module_name)
            if known is not None and known.__dict__.get("__source_digest__") == self.digest:
                return known
            loader = _BytesLoader(self.path, self._source)
            spec = importlib.util.spec_from_loader(self.module_name, loader)
            assert spec is not None  # noqa: S101  a loader is given
            module = importlib.util.module_from_spec(spec)
            module.__dict__["__source_digest__"] = self.digest
            sys.modules[self.module_name] = module
            try:
                loader.exec_module(module)
            except BaseException as error:
                del sys.modules[self.module_name]
                if not isinstance(error, (Exception, SystemExit)):
                    raise
                remedy = "mend the file"
                if isinstance(error, ModuleNotFoundError):
                    remedy = (
                        f"install {error.name}, if that is a package; a file is imported alone, "
                        "without the modules beside it"
                    )
                raise BrokenPlugin(
                    f"{self.path} cannot be imported, {type(error).__name__}: {error}; {remedy}"
                ) from error
            return module


class _BytesLoader(importlib.abc.SourceLoader):
    """Runs the very bytes that were hashed; the import system's own may run a stale cache."""

    def __init__(self, path: Path, source: bytes) -> None:
        self._path = path
        self._source = source

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002  the import system's signature
        return str(self._path)

    def get_data(self, path: bytes | str) -> bytes:  # noqa: ARG002  as above
        return self._source
