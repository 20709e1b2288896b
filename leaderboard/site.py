"""Writing a site's files: the same input gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from heschl._version import __version__
from heschl.disk import usable
from heschl.errors import MissingData
from heschl.leaderboard import numbers

__all__ = ["CARD", "STATIC", "Site", "breakable", "script_json"]

STATIC = Path(__file__).parent / "static"
"""Scripts, style and mesh: built from ``frontend/`` by maintainers, and copied into every site."""

CARD = "card.png"
"""The picture beside links to the site, where its address is known."""


def script_json(content: Any) -> str:  # whatever JSON can hold
    r"""Return compact JSON that may stand in a script: nothing in it can close or open a tag.

    >>> script_json({"name": "</script>"})
    '{"name":"\\u003c/script>"}'
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@lru_cache(maxsize=1024)
def breakable(label: str) -> Markup:
    """Return an id as HTML whose line may break after its joints alone, since ids are long words.

    >>> breakable("nh2015_components-ridge")
    Markup('nh2015_<wbr>components-<wbr>ridge')
    """
    return Markup("<wbr>").join(re.split(r"(?<=[_-])(?=.)", label))


class Site:
    """A folder that pages, payloads and files are written to.

    Pages link to each other by relative paths, since a site must work from disk.

    Parameters
    ----------
    folder
        Where to; files that are there are overwritten.
    data_date
        The day of the latest score, as every page's foot shows it.
    submissions
        The folder that boards were read from; without it, pages offer no score files.
    address
        Where the site will be, up to its last slash; without it, pages name no picture of theirs.
    """

    def __init__(
        self,
        folder: Path,
        data_date: str = "",
        submissions: Path | None = None,
        address: str = "",
    ) -> None:
        self.folder = folder
        self.submissions = submissions
        self.address = address
        self._data_date = data_date
        self._made: set[Path] = set()

    def page(self, path: str, template: str, **values: Any) -> None:  # what a template shows
        """Render a template of ``templates/``; it is given ``root``, the way up to the site."""
        root = "../" * path.count("/")
        shared = {"root": root, "path": path, "data_date": self._data_date}
        shared |= {"address": self.address, "card": CARD}
        text = _environment().get_template(template).render(shared | values)
        self.file(path, text.encode())

    def payload(self, path: str, content: Any) -> None:  # whatever JSON can hold
        """Write data as a classic script, which also loads from disk: ``data/….js``."""
        call = f"heschlReceive({script_json(path)},{script_json(content)});\n"
        self.file(path, call.encode())

    def file(self, path: str, content: bytes) -> None:
        """Write a file below the site's folder."""
        target = self.folder / path
        with usable(self.folder, "name another folder"):
            if target.parent not in self._made:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(target.parent)
            target.write_bytes(content)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("heschl.leaderboard"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=_asset, heschl_version=__version__)
    environment.filters.update(
        amount=numbers.amount,
        breakable=breakable,
        error=numbers.error,
        number=numbers.number,
        ramp_step=numbers.ramp_step,
        script_json=lambda content: Markup(script_json(content)),  # noqa: S704 - ends no script
        web_address=numbers.web_address,
    )
    return environment


@jinja2.pass_context
def _asset(context: jinja2.runtime.Context, name: str) -> str:
    # The version makes browsers take a new file, and is ignored on disk.
    return f"{context['root']}static/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    try:
        content = (STATIC / name).read_bytes()
    except FileNotFoundError:
        raise MissingData(
            f"leaderboard/static/{name} is missing; in leaderboard/frontend, "
            "npm ci && npm run build makes it"
        ) from None
    return hashlib.sha256(content).hexdigest()[:8]
