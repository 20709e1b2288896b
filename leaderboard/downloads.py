"""What one can take away: each board as CSV, JSON, netCDF and LaTeX, and what to cite."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from heschl.leaderboard.bibliography import bibliography
from heschl.leaderboard.board import Board
from heschl.leaderboard.board_dataset import netcdf_bytes
from heschl.leaderboard.board_json import board_as_json, board_schema
from heschl.leaderboard.board_tables import board_as_csv, board_as_latex
from heschl.leaderboard.site import Site

__all__ = ["CHECKSUMS", "Download", "listing", "write"]

CHECKSUMS = "data/SHA256SUMS"

_KINDS = {
    "csv": "every number of the board, a line for each model and benchmark",
    "json": "the board, as its schema says",
    "nc": "the board with what can be told apart, for xarray",
    "tex": "the board as a LaTeX table",
}
_SHARED = {
    "data/board.schema.json": "the JSON schema of a board",
    "data/citations.bib": "what to cite: models, benchmarks and published numbers",
}


@dataclass(frozen=True)
class Download:
    """A file that a page offers."""

    path: str
    """From the site's folder on."""
    label: str
    bytes: int
    sha256: str


def write(site: Site, boards: Mapping[str, Board]) -> None:
    """Write every download, and their checksums as ``sha256sum --check`` reads them."""
    for section, board in boards.items():
        site.file(f"data/{section}.csv", board_as_csv(board).encode())
        site.file(f"data/{section}.json", _json_bytes(board_as_json(board)))
        site.file(f"data/{section}.nc", netcdf_bytes(board))
        site.file(f"data/{section}.tex", board_as_latex(board).encode())
    site.file("data/board.schema.json", _json_bytes(board_schema(), indent=2))
    site.file("data/citations.bib", bibliography(boards.values()).encode())
    sums = [f"{each.sha256}  {each.path.removeprefix('data/')}\n" for each in listing(site, boards)]
    site.file(CHECKSUMS, "".join(sums).encode())


def listing(site: Site, boards: Mapping[str, Board]) -> tuple[Download, ...]:
    """Return the downloads that `write` has written, with their sizes and checksums."""
    labels = {
        f"data/{section}.{kind}": f"{section}: {label}"
        for section in boards
        for kind, label in _KINDS.items()
    }
    return tuple(_download(site, path, label) for path, label in (labels | _SHARED).items())


def _download(site: Site, path: str, label: str) -> Download:
    content = (site.folder / path).read_bytes()
    return Download(path, label, len(content), hashlib.sha256(content).hexdigest())


def _json_bytes(content: object, indent: int | None = None) -> bytes:
    separators = (",", ":") if indent is None else None
    text = json.dumps(
        content, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators
    )
    return f"{text}\n".encode()
