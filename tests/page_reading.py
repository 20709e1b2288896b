"""A page's HTML, read strictly: every element closed, and nothing that acts in it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
_SVG_CLOSED = {"circle", "line", "path", "rect", "polyline", "polygon", "use", "stop", "ellipse"}


@dataclass
class ReadPage:
    """What a page's text says, and what is wrong with it."""

    elements: list[tuple[int, str]] = field(default_factory=list)
    """Depth and name of each element, in order."""
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = ReadPage()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._note(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._note(tag, attributes)
        if tag not in VOID | _SVG_CLOSED and "svg" not in self.open:
            self._complain(f"<{tag}/> closes nothing in HTML")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self._complain(f"</{tag}> where {self.open[-1:]} is open")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def _note(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.page.elements.append((len(self.open), tag))
        names = [name for name, _ in attributes]
        if len(set(names)) != len(names):
            self._complain(f"<{tag}> has an attribute twice: {names}")
        found = dict(attributes)
        if "style" in found or any(name.startswith("on") for name in names):
            self._complain(f"<{tag}> has style or script of its own: {found}")
        if tag == "style" or (tag == "script" and not self._is_allowed_script(found)):
            self._complain(f"<{tag}> within the page: {found}")
        if "id" in found:
            self.page.ids.append(found["id"] or "")
        # A <use> names an element of the page, a link names a page.
        self.page.links += [
            found[name] or "" for name in ("href", "src", "poster") if name in found
        ]

    @staticmethod
    def _is_allowed_script(found: dict[str, str | None]) -> bool:
        return bool(found.get("src")) or found.get("type") == "application/json"

    def _complain(self, what: str) -> None:
        line, column = self.getpos()
        self.page.problems.append(f"{line}:{column}: {what}")


def read_page(text: str) -> ReadPage:
    """Return what a page says; what is wrong with it is in ``problems``."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    page = reader.page
    if reader.open:
        page.problems.append(f"never closed: {reader.open}")
    twice = sorted({each for each in page.ids if page.ids.count(each) > 1})
    if twice:
        page.problems.append(f"ids that are there twice: {twice}")
    return page
