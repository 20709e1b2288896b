r"""Manifests: every file of a dataset with its size, hash and pinned address.

A manifest is a table of tab-separated columns (``path size hash s3_version s3_path``) below a few
``# key: value`` lines. Lines ``# pattern:`` hold regular expressions whose groups say what a file
belongs to; the group's name is the choice that `Manifest.select` offers::

    # pattern: derivative/preprocessed_data/(?P<subjects>[^/]+)/(?P<stories>[^/]+)\.hf5

A file is chosen if each of its groups is; a file that no pattern matches is always chosen. Lines
``# unlisted:`` hold regular expressions of files that belong to the dataset but of which no size
and hash are published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from heschl.errors import CorruptData, InvalidInput, UnknownName, near_names
from heschl.resources import read_text
from heschl.untrusted import first_repeated

if TYPE_CHECKING:
    from heschl.fetching import FetchReport, Patience
    from heschl.progress import Progress

__all__ = ["Manifest", "ManifestFile"]

_COLUMNS = ("path", "size", "hash", "s3_version", "s3_path")
_HASHES = {"md5": 32, "sha256": 64}
_MAXIMUM_FILES = 200_000


@dataclass(frozen=True)
class ManifestFile:
    """One file: where it belongs below the root, and what it must contain."""

    path: str
    """Relative, with forward slashes."""
    size: int
    hash: str
    """``md5:...`` or ``sha256:...``."""
    version: str = ""
    """The version id that pins the object."""
    key: str = ""
    """The path it was uploaded under; empty if it is ``path``."""

    def is_on_disk(self, root: Path, *, verify: bool = False) -> bool:
        """Return whether the file lies below ``root`` with this size, and hash if ``verify``."""
        target = root / self.path
        if not target.is_file() or target.stat().st_size != self.size:
            return False
        if not verify:
            return True
        import pooch

        algorithm, _, expected = self.hash.partition(":")
        return bool(pooch.file_hash(str(target), alg=algorithm) == expected)


@dataclass(frozen=True)
class Manifest:
    """The files of a dataset, or the part of them that was selected.

    Examples
    --------
    >>> manifest = Manifest.read("heschl.data_registry:lebel_moth/manifest.tsv")
    >>> part = manifest.select(subjects=["UTS03"], stories=["wheretheressmoke"])
    >>> [file.path for file in part.files if file.path.endswith("hf5")]
    ['derivative/preprocessed_data/UTS03/wheretheressmoke.hf5']
    """

    dataset: str
    """The folder's name in the bucket and in a mirror."""
    base_url: str
    """What comes before a path in a public address."""
    files: tuple[ManifestFile, ...]
    patterns: tuple[re.Pattern[str], ...] = ()
    datalad: str = ""
    """The repository that DataLad installs, the last resort."""
    unlisted: tuple[re.Pattern[str], ...] = ()
    whole: tuple[ManifestFile, ...] = ()
    """The files before any were selected; empty if none were."""

    @classmethod
    def read(cls, resource: str | Path) -> Manifest:
        """Return the manifest of a card's ``"package:relative/path.tsv"``, or of a file."""
        origin, text = str(resource), read_text(resource)
        header: dict[str, list[str]] = {}
        lines = text.splitlines()
        n_header = next((n for n, line in enumerate(lines) if line[:1] != "#"), len(lines))
        for line in lines[:n_header]:
            key, _, value = line[1:].partition(":")
            header.setdefault(key.strip(), []).append(value.strip())
        lines = lines[n_header:]
        for key in ("dataset", "base_url"):
            if len(header.get(key, [])) != 1:
                raise CorruptData(f"{origin} needs exactly one line '# {key}: ...' at its top")
        if not lines or tuple(lines[0].split("\t")) != _COLUMNS:
            raise CorruptData(
                f"{origin} lacks the header row; expected the tab-separated columns "
                + " ".join(_COLUMNS)
            )
        if len(lines) - 1 > _MAXIMUM_FILES:
            raise CorruptData(
                f"{origin} lists {len(lines) - 1} files; at most {_MAXIMUM_FILES} are read"
            )
        files = tuple(
            _parse(line, f"{origin}, row {number}")
            for number, line in enumerate(lines[1:], start=1)
            if line
        )
        twice = first_repeated(file.path for file in files)
        if twice is not None:
            raise CorruptData(f"{origin} lists {twice!r} twice; every path must be there once")
        try:
            patterns, unlisted = (
                tuple(re.compile(pattern) for pattern in header.get(key, []))
                for key in ("pattern", "unlisted")
            )
        except re.error as error:
            raise CorruptData(
                f"{origin} has a pattern that is no regular expression: {error}"
            ) from error
        return cls(
            dataset=header["dataset"][0],
            base_url=header["base_url"][0].rstrip("/"),
            files=files,
            patterns=patterns,
            datalad=header.get("datalad", [""])[0],
            unlisted=unlisted,
        )

    def groups(self, path: str) -> dict[str, str]:
        """Return what the file belongs to, such as ``{"subjects": "UTS01"}``."""
        for pattern in self.patterns:
            if match := pattern.fullmatch(path):
                return match.groupdict()
        return {}

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Return what `select` takes: for each group its values, in the manifest's order."""
        found: dict[str, dict[str, None]] = {}
        for file in self.files:
            for group, value in self.groups(file.path).items():
                found.setdefault(group, {})[value] = None
        return {group: tuple(values) for group, values in found.items()}

    def select(self, **choices: Sequence[str] | None) -> Manifest:
        """Return the part with these values of each group; ``None`` chooses all.

        Raises
        ------
        UnknownName
            If a group or a value does not occur.
        """
        known = self.choices()
        wanted = {group: values for group, values in choices.items() if values is not None}
        for group, values in wanted.items():
            if isinstance(values, str):
                raise InvalidInput(f"{group}={values!r} is one text; give a list of names")
            if group not in known:
                raise UnknownName(
                    f"{self.dataset} cannot be selected by {group!r}; {near_names(group, known)}"
                )
            for value in values:
                if value not in known[group]:
                    raise UnknownName(
                        f"{self.dataset} has no {value!r} among its {group}; "
                        + near_names(value, known[group])
                    )

        def is_wanted(file: ManifestFile) -> bool:
            groups = self.groups(file.path)
            return all(groups[g] in values for g, values in wanted.items() if g in groups)

        if not wanted:
            return self
        return replace(self, files=tuple(filter(is_wanted, self.files)), whole=self.whole_files)

    @property
    def whole_files(self) -> tuple[ManifestFile, ...]:
        """All files of the dataset, whatever was selected."""
        return self.whole or self.files

    def expects(self, path: str) -> bool:
        """Return whether a file belongs to the dataset though its content is not published."""
        return any(pattern.fullmatch(path) for pattern in self.unlisted)

    @property
    def n_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.size for file in self.files)

    def missing(self, root: str | Path, *, verify: bool = False) -> Manifest:
        """Return the part that is not below ``root`` with the right size (and hash)."""
        place = Path(root)
        return replace(
            self,
            files=tuple(file for file in self.files if not file.is_on_disk(place, verify=verify)),
        )

    def addresses(self, file: ManifestFile) -> Iterator[str]:
        """Yield the public addresses of a file, the pinned one first.

        Versions can be withdrawn from the bucket; the newest object often still has
        the content that the hash asks for, so the unpinned address follows.
        """
        key = file.key or file.path
        if file.version:
            yield f"{self.base_url}/{quote(key)}?versionId={quote(file.version, safe='')}"
        yield f"{self.base_url}/{quote(key)}"
        if key != file.path:
            yield f"{self.base_url}/{quote(file.path)}"

    def fetch(
        self,
        root: str | Path,
        *,
        progress: Progress | None = None,
        verify: bool = False,
        patience: Patience | None = None,
    ) -> FetchReport:
        """Bring what is missing below ``root``; see `heschl.fetching.fetch`."""
        from heschl.fetching import fetch

        return fetch(self, Path(root), progress=progress, verify=verify, patience=patience)


def _parse(line: str, where: str) -> ManifestFile:
    """Return the file of one row, refusing what could leave the root or cannot be checked."""
    cells = line.split("\t")
    if len(cells) != len(_COLUMNS):
        raise CorruptData(f"{where} has {len(cells)} columns; expected {len(_COLUMNS)}")
    path, size, checksum, version, key = cells
    for name in (path, key or path):
        parts = name.split("/")
        if (
            not all(parts)
            or any(part in (".", "..") for part in parts)
            or "\\" in name
            or re.match(r"[A-Za-z]:", name)
            or not name.isprintable()
        ):
            raise CorruptData(
                f"{where} has the path {name!r}; only relative paths below the root are allowed, "
                "with forward slashes and no '..'"
            )
    if not size.isascii() or not size.isdigit():
        raise CorruptData(f"{where} has the size {size!r}; expected a number of bytes")
    algorithm, _, digest = checksum.partition(":")
    if not re.fullmatch(r"[0-9a-f]+", digest) or _HASHES.get(algorithm) != len(digest):
        raise CorruptData(
            f"{where} has the hash {checksum!r}; expected 'md5:' or 'sha256:' and lower-case hex"
        )
    return ManifestFile(path=path, size=int(size), hash=checksum, version=version, key=key)
