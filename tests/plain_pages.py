"""Reading pages as a browser without scripts would: tables as texts, links, what is text at all."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

_EMPTY = {"meta", "link", "input", "img", "br", "hr", "wbr"}


@dataclass
class Page(HTMLParser):
    """What is in a page."""

    content: str
    tables: list[list[list[str]]] = field(default_factory=list)
    """Rows of texts of cells, in the order of the page."""
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._cell: list[str] | None = None
        self.feed(self.content)
        assert self._open == [], f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        assert not {name for name in found if name.startswith("on") or name == "style"}
        self.links += [str(found[name]) for name in ("href", "src") if name in found]
        if "id" in found:
            self.identifiers.append(str(found["id"]))
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in {"td", "th"} and self._cell is not None:
            self.tables[-1][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if "script" in self._open:
            return
        self.texts.append(data)
        if self._cell is not None:
            self._cell.append(data)

    def table(self, first: str) -> list[list[str]]:
        """Return the first table whose first heading is this."""
        return next(table for table in self.tables if table[0] and table[0][0] == first)


def read_page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))
