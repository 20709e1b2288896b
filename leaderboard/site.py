"""Writing a site's files: the same input gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2

__all__ = ["Site", "script_json"]


def script_json(content: Any) -> str:  # whatever JSON can hold
    r"""Return compact JSON that may stand in a script: nothing in it can close or open a tag.

    >>> script_json({"name": "</script>"})
    '{"name":"\\u003c/script>"}'
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


class Site:
    """A folder that pages, payloads and files are written to.

    Pages link to each other by relative paths, since a site must work from disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("heschl.leaderboard"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, path: str, template: str, **values: Any) -> None:  # what a template shows
        """Render a template of ``templates/``; it is given ``root``, the way up to the site."""
        root = "../" * path.count("/")
        text = self._environment.get_template(template).render(root=root, path=path, **values)
        self.file(path, text.encode())

    def payload(self, path: str, content: Any) -> None:  # whatever JSON can hold
        """Write data as a classic script, which also loads from disk: ``data/….js``."""
        call = f"heschlReceive({script_json(path)},{script_json(content)});\n"
        self.file(path, call.encode())

    def file(self, path: str, content: bytes) -> None:
        """Write a file below the site's folder."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
