"""Progress over many files, as a bar on a terminal and as plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol, TextIO

from heschl.wording import counted

if TYPE_CHECKING:
    import rich.progress

__all__ = ["BarProgress", "LineProgress", "Progress", "choose_progress", "readable_size"]


class Progress(Protocol):
    """What a fetch or a check of a folder tells while it works."""

    def begin(self, n_files: int, n_bytes: int) -> None:
        """Hear how much is to come."""

    def advance(self, n_bytes: int) -> None:
        """Hear of so many more bytes done; fewer than 0 when a file starts anew."""

    def fetched(self, path: str) -> None:
        """Hear that a file is done."""

    def end(self) -> None:
        """Hear that nothing more comes, after success and failure alike."""


class LineProgress:
    """One line every few seconds and one at the end, for logs; ``doing`` says of what."""

    def __init__(
        self, stream: TextIO | None = None, *, every_s: float = 10.0, doing: str = "fetching"
    ) -> None:
        self._doing = doing
        self._stream = stream or sys.stderr
        self._every_s = every_s
        self._n_files = self._n_bytes = self._files_done = self._bytes_done = 0
        self._next = 0.0

    def begin(self, n_files: int, n_bytes: int) -> None:
        """Say how much is to come."""
        self._n_files, self._n_bytes = n_files, n_bytes
        self._next = time.monotonic() + self._every_s
        self._print(f"{self._doing} {counted(n_files, 'file')}, {readable_size(n_bytes)}")

    def advance(self, n_bytes: int) -> None:
        """Count, and print if it is time."""
        self._bytes_done += n_bytes
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every_s
            self._print(self._state())

    def fetched(self, path: str) -> None:  # noqa: ARG002 - a line for each of 700 files is noise
        """Count the file."""
        self._files_done += 1

    def end(self) -> None:
        """Say how far it came."""
        self._print(self._state())

    def _state(self) -> str:
        return (
            f"{self._files_done} of {counted(self._n_files, 'file')}, "
            f"{readable_size(self._bytes_done)} of {readable_size(self._n_bytes)}"
        )

    def _print(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class BarProgress:
    """A bar with speed and remaining time, for terminals."""

    def __init__(self) -> None:
        self._bar: rich.progress.Progress | None = None

    def begin(self, n_files: int, n_bytes: int) -> None:
        """Draw the empty bar."""
        import rich.console
        import rich.progress as parts

        self._bar = parts.Progress(
            parts.TextColumn("{task.description}"),
            parts.BarColumn(),
            parts.DownloadColumn(),
            parts.TransferSpeedColumn(),
            parts.TimeRemainingColumn(),
            console=rich.console.Console(stderr=True),
        )
        self._task = self._bar.add_task(counted(n_files, "file"), total=n_bytes)
        self._bar.start()

    def advance(self, n_bytes: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.advance(self._task, n_bytes)

    def fetched(self, path: str) -> None:
        """Name the newest file."""
        if self._bar is not None:
            self._bar.update(self._task, description=path.rsplit("/", 1)[-1])

    def end(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.stop()


def choose_progress(doing: str = "fetching") -> Progress:
    """Return the bar if standard error is a terminal, else the lines."""
    return BarProgress() if sys.stderr.isatty() else LineProgress(doing=doing)


def readable_size(n_bytes: float) -> str:
    """Return a size in decimal units.

    >>> readable_size(136_657_309_380)
    '136.7 GB'
    >>> readable_size(512)
    '512 B'
    """
    size, unit = float(n_bytes), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(size) < 999.95 or unit == "TB":  # noqa: PLR2004 - what would round to 1000.0
            break
        size /= 1000
    return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
